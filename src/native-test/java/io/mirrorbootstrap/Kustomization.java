package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

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
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;

/**
 * What {@code kubectl kustomize} makes of a directory of k8s, read as Kubernetes reads it: a field that is not known there
 * is an error. A test that asks for one is skipped where there is no {@code kubectl}.
 *
 * @param documents all that was rendered, as it is written
 * @param objects the same by their kinds, without {@code outside} and {@code siblings}
 * @param outside the Service that is not the headless one; null where there is none
 * @param siblings what lets replicas ask each other; null where there is none
 */
record Kustomization(List<JsonNode> documents, Map<Class<?>, HasMetadata> objects, Service outside,
        NetworkPolicy siblings) {

    private static final Map<String, Class<? extends HasMetadata>> KINDS = Map.of("StatefulSet", StatefulSet.class,
            "Service", Service.class, "ServiceAccount", ServiceAccount.class, "ConfigMap", ConfigMap.class,
            "NetworkPolicy", NetworkPolicy.class, "PodDisruptionBudget", PodDisruptionBudget.class);

    /** Of components and examples alone. */
    private static final Map<String, Class<? extends HasMetadata>> MORE_KINDS = Map.of("Certificate", Certificate.class,
            "PodMonitor", PodMonitor.class, "PrometheusRule", PrometheusRule.class, "Job", Job.class);

    /** The one kustomization that is no mirror. */
    static final String SOURCE = "k8s/examples/postgres-source";

    static final int PORT = setting("quarkus.http.port");
    static final int TLS_PORT = 8443; // Quarkus' own default

    /** What has been rendered: once for all tests. */
    private static final Map<String, String> RENDERED = new ConcurrentHashMap<>();

    private static final ObjectMapper STRICT = new ObjectMapper(new YAMLFactory())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .setAnnotationIntrospector(new JacksonAnnotationIntrospector() {
                @Override
                public Boolean hasAnySetter(Annotated member) {
                    return false; // the models would keep what they do not know
                }
            });

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
        all.add(everything());
        return all;
    }

    /** One with all the components. Made in one step: other processes of tests make it, too, and read it. */
    static String everything() throws IOException {
        Path everything = Path.of("target/k8s/everything");
        Files.createDirectories(everything); // which may return another spelling of it
        Path made = Files.createTempFile(everything, "kustomization", ".made");
        Files.writeString(made, """
                apiVersion: kustomize.config.k8s.io/v1beta1
                kind: Kustomization
                namespace: orders-mirror
                resources: [../../../k8s/examples/postgres-mirror]
                components:
                  - ../../../k8s/components/mtls
                  - ../../../k8s/components/outside
                  - ../../../k8s/components/prometheus
                  - ../../../k8s/components/horizontal
                  - ../../../k8s/components/seed-tls
                """);
        Files.move(made, everything.resolve("kustomization.yaml"), StandardCopyOption.ATOMIC_MOVE);
        return everything.toString();
    }

    /** These, and the one that is no mirror. */
    static List<String> all() throws IOException {
        List<String> all = mirrors();
        all.add(SOURCE);
        return all;
    }

    /** That of a mirror, which has all that a mirror needs. */
    static Kustomization mirror(String directory) throws IOException {
        Kustomization mirror = any(directory);
        assertTrue(mirror.objects.keySet().containsAll(KINDS.values()), mirror.objects.keySet()::toString);
        return mirror;
    }

    static Kustomization any(String directory) throws IOException {
        List<JsonNode> documents = new ArrayList<>();
        Map<Class<?>, HasMetadata> objects = new HashMap<>();
        Service outside = null;
        NetworkPolicy siblings = null;
        try (MappingIterator<JsonNode> rendered = STRICT.readerFor(JsonNode.class).readValues(yaml(directory))) {
            while (rendered.hasNext()) {
                JsonNode document = rendered.next();
                documents.add(document);
                String name = document.path("kind").asText();
                Class<? extends HasMetadata> kind = KINDS.getOrDefault(name, MORE_KINDS.get(name));
                assertNotNull(kind, document::toString);
                HasMetadata object = STRICT.treeToValue(document, kind);
                assertEquals(document.path("apiVersion").asText(), HasMetadata.getApiVersion(kind), name);
                if (object instanceof ConfigMap map && map.getMetadata().getName().endsWith("-dashboard")) {
                    continue; // no setting: MonitoringIT looks at it
                }
                if (object instanceof Service service && service.getSpec().getType() != null) {
                    outside = service;
                } else if (object instanceof NetworkPolicy policy
                        && policy.getMetadata().getName().endsWith("-siblings")) {
                    siblings = policy;
                } else {
                    assertNull(objects.put(kind, object), name);
                }
            }
        }
        return new Kustomization(documents, objects, outside, siblings);
    }

    private static String yaml(String directory) throws IOException {
        Programs.assume(Programs.isInstalled("kubectl"), "kubectl", "KUSTOMIZATIONS ARE NOT CHECKED");
        String key = directory + Files.getLastModifiedTime(Path.of(directory, "kustomization.yaml"));
        return RENDERED.computeIfAbsent(key, any -> kustomize(directory));
    }

    private static String kustomize(String directory) {
        try {
            Process kustomize = new ProcessBuilder("kubectl", "kustomize", directory)
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start();
            String yaml = new String(kustomize.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, kustomize.waitFor());
            return yaml;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The one object of this kind; of Services, the headless one. */
    <T extends HasMetadata> T get(Class<T> kind) {
        return kind.cast(objects.get(kind));
    }

    /** The pod of the mirror. */
    PodSpec pod() {
        return get(StatefulSet.class).getSpec().getTemplate().getSpec();
    }

    Container init(String name) {
        return pod().getInitContainers().stream().filter(container -> container.getName().equals(name)).findFirst()
                .orElseThrow();
    }

    List<Container> containers() {
        return containers(pod());
    }

    static List<Container> containers(PodSpec pod) {
        List<Container> all = new ArrayList<>(pod.getInitContainers());
        all.addAll(pod.getContainers());
        return all;
    }
}
