package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;

import io.fabric8.certmanager.api.model.v1.Certificate;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PodMetricsEndpoint;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;

/** What {@code kubectl kustomize} makes of k8s: known to Kubernetes to the last field, and true of the service. */
class KubernetesIT {

    private static final Map<String, Class<? extends HasMetadata>> KINDS = Map.of("StatefulSet", StatefulSet.class,
            "Service", Service.class, "ServiceAccount", ServiceAccount.class, "ConfigMap", ConfigMap.class,
            "NetworkPolicy", NetworkPolicy.class, "PodDisruptionBudget", PodDisruptionBudget.class);

    /** Of components and examples alone. */
    private static final Map<String, Class<? extends HasMetadata>> MORE_KINDS = Map.of("Certificate", Certificate.class,
            "PodMonitor", PodMonitor.class, "PrometheusRule", PrometheusRule.class, "Job", Job.class);

    /** The one kustomization that is no mirror. */
    private static final String SOURCE = "k8s/examples/postgres-source";

    /** What is nothing if it is empty, and yet kept: these are there or not. */
    private static final Set<String> KEPT_EMPTY = Set.of("emptyDir", "podSelector", "namespaceSelector");

    /** Where a pod finds its number among those of its StatefulSet or Job. */
    private static final Set<String> NUMBERS = Set.of("metadata.labels['apps.kubernetes.io/pod-index']",
            "metadata.annotations['batch.kubernetes.io/job-completion-index']");

    private static final int PORT = setting("quarkus.http.port");
    private static final int TLS_PORT = 8443; // Quarkus' own default

    @TempDir
    Path temp;

    /** All that was rendered, as it is written. */
    private final List<JsonNode> documents = new ArrayList<>();
    private final Map<Class<?>, HasMetadata> objects = new HashMap<>();
    /** The Service that is not the headless one. */
    private Service outside;
    private PodSpec pod;

    @BeforeAll
    static void findKubectl() {
        boolean kubectl = Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, "kubectl")));
        if (!kubectl) {
            System.err.println("KubernetesIT IS SKIPPED: THERE IS NO kubectl, AND k8s/ IS NOT CHECKED");
        }
        Assumptions.assumeTrue(kubectl, "there is no kubectl");
    }

    private static int setting(String key) {
        Properties settings = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of("src/main/resources/application.properties"))) {
            settings.load(reader);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Integer.parseInt(settings.getProperty(key));
    }

    /** Every kustomization of a mirror that there is, and one with all the components. */
    static List<String> mirrors() throws IOException {
        List<String> all = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Path.of("k8s"))) {
            for (Path file : files.filter(each -> each.endsWith("kustomization.yaml")).sorted().toList()) {
                if (Files.readString(file).contains("kind: Kustomization")
                        && !SOURCE.equals(file.getParent().toString())) {
                    all.add(file.getParent().toString());
                }
            }
        }
        assertTrue(all.size() >= 4, all::toString);
        Path everything = Files.createDirectories(Path.of("target/k8s/everything"));
        Files.writeString(everything.resolve("kustomization.yaml"), """
                apiVersion: kustomize.config.k8s.io/v1beta1
                kind: Kustomization
                namespace: orders-mirror
                resources: [../../../k8s/examples/postgres-mirror]
                components:
                  - ../../../k8s/components/mtls
                  - ../../../k8s/components/outside
                  - ../../../k8s/components/prometheus
                  - ../../../k8s/components/horizontal
                """);
        all.add(everything.toString());
        return all;
    }

    /** These, and the one that is no mirror. */
    static List<String> all() throws IOException {
        List<String> all = mirrors();
        all.add(SOURCE);
        return all;
    }

    private void render(String kustomization) throws Exception {
        renderAll(kustomization);
        assertTrue(objects.keySet().containsAll(KINDS.values()), objects.keySet()::toString);
        pod = get(StatefulSet.class).getSpec().getTemplate().getSpec();
    }

    private void renderAll(String kustomization) throws Exception {
        Process kustomize = new ProcessBuilder("kubectl", "kustomize", kustomization)
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String yaml = new String(kustomize.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, kustomize.waitFor());
        ObjectMapper strict = new ObjectMapper(new YAMLFactory())
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .setAnnotationIntrospector(new JacksonAnnotationIntrospector() {
                    @Override
                    public Boolean hasAnySetter(Annotated member) {
                        return false; // the models would keep what they do not know
                    }
                });
        documents.clear();
        objects.clear();
        outside = null;
        try (MappingIterator<JsonNode> rendered = strict.readerFor(JsonNode.class).readValues(yaml)) {
            while (rendered.hasNext()) {
                JsonNode document = rendered.next();
                documents.add(document);
                String name = document.path("kind").asText();
                Class<? extends HasMetadata> kind = KINDS.getOrDefault(name, MORE_KINDS.get(name));
                assertNotNull(kind, document::toString);
                HasMetadata object = strict.treeToValue(document, kind);
                assertEquals(document.path("apiVersion").asText(), HasMetadata.getApiVersion(kind), name);
                if (object instanceof Service service && service.getSpec().getType() != null) {
                    outside = service;
                } else {
                    assertNull(objects.put(kind, object), name);
                }
            }
        }
    }

    @Test
    void theServiceStartsWithTheConfigMapAndAnswersItsProbes() throws Exception {
        render("k8s/base");
        Map<String, String> environment = new HashMap<>(get(ConfigMap.class).getData());
        String tokenFile = environment.get("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE");
        assertEquals("/token/token", tokenFile);
        environment.put("MIRROR_BOOTSTRAP_DATA_DIR", temp.resolve("data").toString());
        environment.put("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE",
                Files.writeString(temp.resolve("token"), "secret").toString());
        environment.put("QUARKUS_HTTP_HOST", "");
        try (SidecarProcess sidecar = SidecarProcess.start(temp.resolve("data"), List.of("-Xmx64m"), environment)) {
            Container container = init("sidecar");
            for (Function<Container, Probe> probe : List.<Function<Container, Probe>>of(Container::getStartupProbe,
                    Container::getLivenessProbe, Container::getReadinessProbe)) {
                String path = probe.apply(container).getHttpGet().getPath();
                assertEquals("bootstrap", probe.apply(container).getHttpGet().getPort().getStrVal());
                assertEquals(200, ((HttpURLConnection) sidecar.uri().resolve(path).toURL().openConnection())
                        .getResponseCode(), path);
            }
            assertFalse(sidecar.log().contains("nrecognized"), sidecar.log());
            assertTrue(sidecar.log().contains("http://0.0.0.0:"), sidecar.log());
        }
    }

    @Test
    void theConfigMapHasEveryKeyOfTheServiceAndNoOtherAndSoHaveTheDocuments() throws Exception {
        Set<String> known = new TreeSet<>();
        for (String settings : List.of("io.mirrorbootstrap.mirror.MirrorSettings",
                "io.mirrorbootstrap.access.AccessSettings")) {
            for (Method setting : Class.forName(settings).getMethods()) {
                known.add("MIRROR_BOOTSTRAP_"
                        + setting.getName().replaceAll("[A-Z]", "_$0").toUpperCase(Locale.ROOT));
            }
        }
        render("k8s/base");
        assertEquals(known, new TreeSet<>(get(ConfigMap.class).getData().keySet()));
        assertEquals(known,
                Pattern.compile("^\\| `[a-z0-9-]+` \\| `([A-Z0-9_]+)` \\|", Pattern.MULTILINE)
                        .matcher(Files.readString(Path.of("docs/configuration.md"))).results()
                        .map(match -> "MIRROR_BOOTSTRAP_" + match.group(1))
                        .collect(Collectors.toCollection(TreeSet::new)));
    }

    @ParameterizedTest
    @MethodSource("mirrors")
    void portsAgree(String kustomization) throws Exception {
        render(kustomization);
        boolean tls = get(ConfigMap.class).getData().containsKey("QUARKUS_TLS_TRUST_STORE_PEM_CERTS");
        int sources = tls ? TLS_PORT : PORT;
        assertEquals(tls ? List.of(PORT, TLS_PORT) : List.of(PORT),
                init("sidecar").getPorts().stream().map(ContainerPort::getContainerPort).toList());
        assertEquals(sources, get(Service.class).getSpec().getPorts().get(0).getTargetPort().getIntVal());
        assertEquals(sources,
                get(NetworkPolicy.class).getSpec().getIngress().get(0).getPorts().get(0).getPort().getIntVal());
        assertEquals(tls, init("wait").getArgs().contains("https://localhost:" + TLS_PORT));
        assertEquals(kustomization.contains("mtls-monitored") || kustomization.contains("everything"), outside != null);
        if (outside != null) {
            assertTrue(tls, "what crosses the outside is secret");
            assertEquals(TLS_PORT, outside.getSpec().getPorts().get(0).getTargetPort().getIntVal());
            assertEquals(Map.of("statefulset.kubernetes.io/pod-name",
                    get(StatefulSet.class).getMetadata().getName() + "-0"), outside.getSpec().getSelector());
            assertTrue(outside.getSpec().getPublishNotReadyAddresses());
        }
        assertTrue(get(Service.class).getSpec().getPublishNotReadyAddresses());
        assertEquals("None", get(Service.class).getSpec().getClusterIP());
        assertEquals(get(Service.class).getMetadata().getName(), get(StatefulSet.class).getSpec().getServiceName());
    }

    @ParameterizedTest
    @MethodSource("mirrors")
    void everyContainerFindsTheSameFilesInTheSamePlace(String kustomization) throws Exception {
        render(kustomization);
        String data = get(ConfigMap.class).getData().get("MIRROR_BOOTSTRAP_DATA_DIR");
        for (Container container : containers()) {
            assertEquals(List.of(data),
                    container.getVolumeMounts().stream().filter(mount -> mount.getName().equals("data"))
                            .map(VolumeMount::getMountPath).toList(),
                    container.getName());
        }
        Set<String> volumes = pod.getVolumes().stream().map(volume -> volume.getName()).collect(Collectors.toSet());
        volumes.add(get(StatefulSet.class).getSpec().getVolumeClaimTemplates().get(0).getMetadata().getName());
        for (Container container : containers()) {
            container.getVolumeMounts()
                    .forEach(mount -> assertTrue(volumes.contains(mount.getName()), mount.toString()));
        }
    }

    @ParameterizedTest
    @MethodSource("mirrors")
    void nothingIsAllowedThatIsNotNeeded(String kustomization) throws Exception {
        render(kustomization);
        assertRestricted(pod);
        assertEquals(false, get(ServiceAccount.class).getAutomountServiceAccountToken());
        if (kustomization.equals("k8s/base")) {
            assertEquals(List.of(), get(NetworkPolicy.class).getSpec().getEgress(), "with its type: nothing may leave");
        }
        assertEquals(Set.of("Ingress", "Egress"), Set.copyOf(get(NetworkPolicy.class).getSpec().getPolicyTypes()));
        get(NetworkPolicy.class).getSpec().getIngress()
                .forEach(rule -> assertFalse(rule.getFrom().isEmpty() || rule.getPorts().isEmpty(), rule::toString));
    }

    /** What the Pod Security Standard "restricted" demands, and a file system that nobody writes to. */
    private static void assertRestricted(PodSpec pod) {
        assertEquals(true, pod.getSecurityContext().getRunAsNonRoot());
        assertTrue(pod.getSecurityContext().getRunAsUser() > 0);
        assertTrue(pod.getSecurityContext().getRunAsGroup() > 0);
        assertEquals(pod.getSecurityContext().getRunAsGroup(), pod.getSecurityContext().getFsGroup());
        assertEquals("RuntimeDefault", pod.getSecurityContext().getSeccompProfile().getType());
        assertEquals(false, pod.getAutomountServiceAccountToken());
        for (Boolean shared : Arrays.asList(pod.getHostNetwork(), pod.getHostPID(), pod.getHostIPC())) {
            assertNull(shared);
        }
        for (Volume volume : pod.getVolumes()) {
            assertNull(volume.getHostPath(), volume.getName());
        }
        for (Container container : containers(pod)) {
            SecurityContext security = container.getSecurityContext();
            assertEquals(false, security.getAllowPrivilegeEscalation(), container.getName());
            assertEquals(true, security.getReadOnlyRootFilesystem(), container.getName());
            assertEquals(List.of("ALL"), security.getCapabilities().getDrop(), container.getName());
            assertEquals(List.of(), security.getCapabilities().getAdd(), container.getName());
            assertNull(security.getPrivileged(), container.getName());
            assertNull(security.getRunAsUser(), container.getName());
            assertNull(security.getRunAsNonRoot(), container.getName());
            assertNull(security.getSeccompProfile(), container.getName());
            container.getPorts().forEach(port -> assertNull(port.getHostPort(), container.getName()));
        }
    }

    /** So that one selector finds all of it, also what {@code kubectl delete -k} leaves. */
    @ParameterizedTest
    @MethodSource("all")
    void everyObjectAndEachTemplateOfOneHasTheName(String kustomization) throws Exception {
        renderAll(kustomization);
        String name = kustomization.equals(SOURCE) ? "mirror-bootstrap-source" : "mirror-bootstrap";
        for (JsonNode document : documents) {
            List<JsonNode> labelled = new ArrayList<>(document.findValues("volumeClaimTemplate"));
            document.findValues("volumeClaimTemplates").forEach(templates -> templates.forEach(labelled::add));
            labelled.addAll(document.at("/spec").findValues("template"));
            labelled.add(document);
            for (JsonNode object : labelled) {
                assertEquals(name, object.path("metadata").path("labels").path("app.kubernetes.io/name").asText(),
                        object::toString);
            }
            if (document.path("kind").asText().equals("Certificate")) {
                assertEquals(name, document.at("/spec/secretTemplate/labels").path("app.kubernetes.io/name").asText(),
                        "the secret that cert-manager makes");
            }
        }
    }

    /**
     * What the API server would drop makes {@code kubectl diff} differ for ever; what it would add within a list that is one
     * value to it, or write in another way, makes a server-side apply conflict with whoever applied before.
     */
    @ParameterizedTest
    @MethodSource("all")
    void theApiServerKeepsEachObjectAsItIsWritten(String kustomization) throws Exception {
        renderAll(kustomization);
        for (JsonNode document : documents) {
            assertFalse(document.has("status"), document::toString);
            assertKept(document, "/" + document.path("kind").asText());
        }
    }

    private static void assertKept(JsonNode node, String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        assertFalse(node.isNull(), path);
        assertFalse(node.isContainerNode() && node.isEmpty() && !KEPT_EMPTY.contains(name), path);
        assertFalse(node.isTextual() && node.asText().isEmpty() && !path.startsWith("/ConfigMap/data/"), path);
        if (path.matches(".*/ports/[0-9]+")) {
            assertTrue(node.has("protocol"), path + ": " + node);
        }
        if (path.matches(".*/volumeClaimTemplates/[0-9]+")) {
            assertEquals("v1 PersistentVolumeClaim Filesystem", node.path("apiVersion").asText() + " "
                    + node.path("kind").asText() + " " + node.at("/spec/volumeMode").asText(), path);
        }
        if (name.equals("fieldRef")) {
            assertEquals("v1", node.path("apiVersion").asText(), path);
        }
        if (path.matches(".*/(requests|limits)/[^/]+|.*/sizeLimit")) {
            assertCanonical(node, path);
        }
        if (name.equals("metadata")) {
            assertFalse(node.has("creationTimestamp"), path);
        }
        node.fields().forEachRemaining(field -> assertKept(field.getValue(), path + "/" + field.getKey()));
        for (int i = 0; node.isArray() && i < node.size(); i++) {
            assertKept(node.get(i), path + "/" + i);
        }
    }

    /** Whether a quantity is written as the API server writes it: text, whole, the largest suffix that leaves it whole. */
    private static void assertCanonical(JsonNode quantity, String path) {
        assertTrue(quantity.isTextual(), path + ": " + quantity);
        Matcher parts = Pattern.compile("([1-9][0-9]*)(m|[KMGTPE]i|[kMGTPE]?)").matcher(quantity.asText());
        assertTrue(parts.matches(), path + ": " + quantity);
        assertTrue(Long.parseLong(parts.group(1)) % (parts.group(2).endsWith("i") ? 1024 : 1000) != 0,
                path + ": " + quantity);
    }

    /** Else a sidecar that hangs has the grace of the whole pod, which is the mirror's, before it is killed. */
    @ParameterizedTest
    @MethodSource("mirrors")
    void aSidecarThatHangsIsKilledWhenItsOwnEndWouldHaveTaken(String kustomization) throws Exception {
        render(kustomization);
        for (Probe probe : List.of(init("sidecar").getLivenessProbe(), init("sidecar").getStartupProbe())) {
            assertEquals(Long.valueOf(SidecarProcess.SHUTDOWN_SECONDS), probe.getTerminationGracePeriodSeconds());
        }
        assertNull(init("sidecar").getReadinessProbe().getTerminationGracePeriodSeconds(), "it ends nothing");
    }

    @ParameterizedTest
    @MethodSource("mirrors")
    void theOrderOfTheHandoverIsKept(String kustomization) throws Exception {
        render(kustomization);
        assertEquals(List.of("sidecar", "wait"), pod.getInitContainers().stream().map(Container::getName).toList());
        assertEquals("Always", init("sidecar").getRestartPolicy());
        assertEquals("wait", init("wait").getArgs().get(0));
        assertEquals(List.of("mirror"), pod.getContainers().stream().map(Container::getName).toList());
        List<String> wait = init("wait").getArgs();
        String restored = environment(pod.getContainers().get(0), 0).get("PGDATA");
        int unless = wait.indexOf("--unless");
        assertEquals(restored == null ? List.of() : List.of("--unless", restored + "/PG_VERSION"),
                unless < 0 ? List.of() : wait.subList(unless, unless + 2));
        assertEquals("Parallel", get(StatefulSet.class).getSpec().getPodManagementPolicy(),
                "one by one, each pod would wait for a source before the next has a name");
        EnvVar databases = init("wait").getEnv().get(0);
        assertTrue(init("wait").getArgs().contains("$(" + databases.getName() + ")"));
        assertEquals(get(ConfigMap.class).getMetadata().getName(),
                databases.getValueFrom().getConfigMapKeyRef().getName());
        assertFalse(get(ConfigMap.class).getData().get(databases.getValueFrom().getConfigMapKeyRef().getKey())
                .isEmpty());
        assertTrue(pod.getTerminationGracePeriodSeconds() > SidecarProcess.SHUTDOWN_SECONDS);
        assertEquals(get(Service.class).getSpec().getSelector(),
                get(StatefulSet.class).getSpec().getSelector().getMatchLabels());
        for (Map<String, String> selector : List.of(
                get(PodDisruptionBudget.class).getSpec().getSelector().getMatchLabels(),
                get(NetworkPolicy.class).getSpec().getPodSelector().getMatchLabels())) {
            assertEquals(get(StatefulSet.class).getSpec().getTemplate().getMetadata().getLabels(), selector);
        }
    }

    @Test
    void replicasStartTogetherAndEachHasAName() throws Exception {
        render("k8s/examples/three-replicas");
        StatefulSet set = get(StatefulSet.class);
        assertEquals(3, set.getSpec().getReplicas());
        assertEquals(set.getSpec().getSelector().getMatchLabels(),
                pod.getTopologySpreadConstraints().get(0).getLabelSelector().getMatchLabels());
        assertTrue(Files.readString(Path.of("docs/kubernetes.md")).contains(
                set.getMetadata().getName() + "-$n." + get(Service.class).getMetadata().getName()
                        + ".orders-mirror.svc"));
    }

    @Test
    void whatPrometheusAsksForIsThere() throws Exception {
        render("k8s/examples/mtls-monitored");
        PodMetricsEndpoint endpoint = get(PodMonitor.class).getSpec().getPodMetricsEndpoints().get(0);
        Set<String> asked = get(PrometheusRule.class).getSpec().getGroups().stream()
                .flatMap(group -> group.getRules().stream())
                .flatMap(rule -> Pattern.compile("mirror_bootstrap_\\w+")
                        .matcher(String.valueOf(rule.getExpr().getValue()))
                        .results().map(MatchResult::group))
                .collect(Collectors.toSet());
        assertFalse(asked.isEmpty());
        assertEquals(PORT, init("sidecar").getPorts().stream()
                .filter(port -> port.getName().equals(endpoint.getPort())).findFirst().orElseThrow()
                .getContainerPort());
        try (SidecarProcess sidecar = SidecarProcess.start(temp.resolve("data"), List.of("-Xmx64m"), Map.of())) {
            String metrics = new String(sidecar.uri().resolve(endpoint.getPath()).toURL().openStream().readAllBytes(),
                    StandardCharsets.UTF_8);
            for (String metric : asked) {
                assertTrue(Pattern.compile("(?m)^" + metric + "[ {]").matcher(metrics).find(), metric);
            }
        }
    }

    @Test
    void theCertificateIsWhereTheServiceLooksForIt() throws Exception {
        render("k8s/examples/mtls-monitored");
        String secret = get(Certificate.class).getSpec().getSecretName();
        Volume volume = pod.getVolumes().stream().filter(each -> each.getSecret() != null)
                .filter(each -> each.getSecret().getSecretName().equals(secret)).findFirst().orElseThrow();
        String place = init("sidecar").getVolumeMounts().stream()
                .filter(mount -> mount.getName().equals(volume.getName())).findFirst().orElseThrow().getMountPath();
        Map<String, String> settings = get(ConfigMap.class).getData();
        assertEquals(place + "/tls.crt", settings.get("QUARKUS_TLS_KEY_STORE_PEM__0__CERT"));
        assertEquals(place + "/tls.key", settings.get("QUARKUS_TLS_KEY_STORE_PEM__0__KEY"));
        assertEquals(place + "/ca.crt", settings.get("QUARKUS_TLS_TRUST_STORE_PEM_CERTS"));
        assertTrue(
                init("wait").getArgs().containsAll(List.of(place + "/ca.crt", place + "/tls.crt", place + "/tls.key")));
    }

    @Test
    void theCertificateHasTheNamesThatSourcesUse() throws Exception {
        render("k8s/examples/mtls-monitored");
        List<String> names = get(Certificate.class).getSpec().getDnsNames();
        String pod = get(StatefulSet.class).getMetadata().getName() + "-0." + get(Service.class).getMetadata().getName()
                + "." + get(StatefulSet.class).getMetadata().getNamespace() + ".svc";
        assertTrue(names.contains(pod.replaceFirst("^[^.]+", "*")), names::toString);
        assertTrue(names.contains("localhost"), names::toString);
        assertTrue(Files.readString(Path.of("docs/kubernetes.md")).contains("https://" + pod + ":" + TLS_PORT));
    }

    @Test
    void theSourceOfTheExampleSendsWhatTheMirrorOfTheExampleWaitsFor() throws Exception {
        render("k8s/examples/postgres-mirror");
        String expected = get(ConfigMap.class).getData().get("MIRROR_BOOTSTRAP_EXPECTED_DATABASES");
        String namespace = get(StatefulSet.class).getMetadata().getNamespace();
        String name = get(StatefulSet.class).getMetadata().getName();
        String service = get(Service.class).getMetadata().getName();
        Container mirror = pod.getContainers().get(0);

        renderAll(SOURCE);
        JobSpec job = get(Job.class).getSpec();
        PodSpec source = job.getTemplate().getSpec();
        assertRestricted(source);
        assertEquals("Indexed", job.getCompletionMode());
        assertEquals(1, job.getCompletions(), "a number that a patch can replace");
        assertEquals(1, job.getParallelism(), "one base backup of the primary at a time");
        for (int number : List.of(0, 2)) {
            Map<String, String> numbers = environment(source.getContainers().get(0), number);
            List<String> send = source.getContainers().get(0).getArgs().stream()
                    .map(each -> expanded(each, numbers)).toList();
            assertEquals("send", send.get(0));
            assertEquals("http://" + name + "-" + number + "." + service + "." + namespace + ".svc:" + PORT,
                    send.get(send.indexOf("--url") + 1));
            assertEquals(expected, send.get(send.indexOf("--database") + 1));
            Map<String, String> backup = environment(source.getInitContainers().get(0), number);
            assertEquals(environment(mirror, number).get("PRIMARY"), backup.get("PGHOST"));
            assertEquals("orders_mirror_" + number, backup.get("SLOT"), "two standbys cannot share one");
            assertEquals(backup.get("SLOT"), environment(mirror, number).get("SLOT"));
            assertTrue(send.containsAll(
                    List.of(backup.get("WORK") + "/base/base.tar", "@" + backup.get("WORK") + "/lsn")));
        }
    }

    @Test
    void theKustomizationsOfThePageCanBeCopied() throws Exception {
        List<String> blocks = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("docs/kubernetes.md"))).results().map(block -> block.group(1))
                .toList();
        assertEquals(3, blocks.size(), "the third is a line of a rule");
        Path copy = Files.createDirectories(Path.of("target/k8s/copy"));
        String mirror = blocks.get(0).replace("[mirror-bootstrap/k8s/base]", "[../../../k8s/base]");
        Files.writeString(copy.resolve("kustomization.yaml"), mirror);
        render(copy.toString());
        assertEquals("orders", get(ConfigMap.class).getData().get("MIRROR_BOOTSTRAP_EXPECTED_DATABASES"));

        render("k8s/examples/three-replicas");
        int replicas = get(StatefulSet.class).getSpec().getReplicas();
        Files.writeString(copy.resolve("kustomization.yaml"), "resources: [../../../" + SOURCE + "]\n" + blocks.get(1));
        renderAll(copy.toString());
        assertEquals(replicas, get(Job.class).getSpec().getCompletions(), "a base backup and a slot for each");
    }

    @Test
    void aMirrorThatIsNotReadyHoldsUpNoDrainAndAStandbyCanGetReady() throws Exception {
        render("k8s/examples/postgres-mirror");
        assertEquals("AlwaysAllow", get(PodDisruptionBudget.class).getSpec().getUnhealthyPodEvictionPolicy());
        List<String> ready = pod.getContainers().get(0).getReadinessProbe().getExec().getCommand();
        assertTrue(ready.contains("-U"), "the user of the container has no name that pg_isready could take");
    }

    /** What is set there itself, and not taken from elsewhere but from the number of the pod, as the kubelet puts it together. */
    static Map<String, String> environment(Container container, int number) {
        Map<String, String> environment = new HashMap<>();
        for (EnvVar variable : container.getEnv()) {
            if (variable.getValue() != null) {
                environment.put(variable.getName(), expanded(variable.getValue(), environment));
            } else if (variable.getValueFrom().getFieldRef() != null) {
                assertTrue(NUMBERS.contains(variable.getValueFrom().getFieldRef().getFieldPath()), variable.toString());
                environment.put(variable.getName(), String.valueOf(number));
            }
        }
        return environment;
    }

    /** With the variables in it that were set before; what is not known stays as it is. */
    private static String expanded(String value, Map<String, String> environment) {
        return Pattern.compile("\\$\\(([A-Z_]+)\\)").matcher(value).replaceAll(name -> Matcher
                .quoteReplacement(environment.getOrDefault(name.group(1), name.group())));
    }

    private <T extends HasMetadata> T get(Class<T> kind) {
        return kind.cast(objects.get(kind));
    }

    private Container init(String name) {
        return pod.getInitContainers().stream().filter(container -> container.getName().equals(name)).findFirst()
                .orElseThrow();
    }

    private List<Container> containers() {
        return containers(pod);
    }

    private static List<Container> containers(PodSpec pod) {
        List<Container> all = new ArrayList<>(pod.getInitContainers());
        all.addAll(pod.getContainers());
        return all;
    }
}
