package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import io.fabric8.certmanager.api.model.v1.Certificate;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;

/** The examples of k8s and of docs/kubernetes.md: what one says of another is so. */
class KubernetesExamplesIT {

    /** Where a pod finds its number among those of its StatefulSet or Job. */
    private static final Set<String> NUMBERS = Set.of("metadata.labels['apps.kubernetes.io/pod-index']",
            "metadata.annotations['batch.kubernetes.io/job-completion-index']");

    @Test
    void theCertificateIsWhereTheServiceLooksForIt() throws Exception {
        Kustomization rendered = Kustomization.mirror("k8s/examples/mtls-monitored");
        String secret = rendered.get(Certificate.class).getSpec().getSecretName();
        Volume volume = rendered.pod().getVolumes().stream().filter(each -> each.getSecret() != null)
                .filter(each -> each.getSecret().getSecretName().equals(secret)).findFirst().orElseThrow();
        String place = rendered.init("sidecar").getVolumeMounts().stream()
                .filter(mount -> mount.getName().equals(volume.getName())).findFirst().orElseThrow().getMountPath();
        Map<String, String> settings = rendered.get(ConfigMap.class).getData();
        assertEquals(place + "/tls.crt", settings.get("QUARKUS_TLS_KEY_STORE_PEM__0__CERT"));
        assertEquals(place + "/tls.key", settings.get("QUARKUS_TLS_KEY_STORE_PEM__0__KEY"));
        assertEquals(place + "/ca.crt", settings.get("QUARKUS_TLS_TRUST_STORE_PEM_CERTS"));
        assertTrue(
                rendered.init("wait").getArgs()
                        .containsAll(List.of(place + "/ca.crt", place + "/tls.crt", place + "/tls.key")));
    }

    @Test
    void theCertificateHasTheNamesThatSourcesUse() throws Exception {
        Kustomization rendered = Kustomization.mirror("k8s/examples/mtls-monitored");
        List<String> names = rendered.get(Certificate.class).getSpec().getDnsNames();
        String pod = rendered.get(StatefulSet.class).getMetadata().getName() + "-0."
                + rendered.get(Service.class).getMetadata().getName()
                + "." + rendered.get(StatefulSet.class).getMetadata().getNamespace() + ".svc";
        assertTrue(names.contains(pod.replaceFirst("^[^.]+", "*")), names::toString);
        assertTrue(names.contains("localhost"), names::toString);
        assertTrue(Files.readString(Path.of("docs/kubernetes.md"))
                .contains("https://" + pod + ":" + Kustomization.TLS_PORT));
    }

    @Test
    void theSourceOfTheExampleSendsWhatTheMirrorOfTheExampleWaitsFor() throws Exception {
        Kustomization rendered = Kustomization.mirror("k8s/examples/postgres-mirror");
        String expected = rendered.get(ConfigMap.class).getData().get("MIRROR_BOOTSTRAP_EXPECTED_DATABASES");
        String namespace = rendered.get(StatefulSet.class).getMetadata().getNamespace();
        String name = rendered.get(StatefulSet.class).getMetadata().getName();
        String service = rendered.get(Service.class).getMetadata().getName();
        Container mirror = rendered.pod().getContainers().get(0);

        JobSpec job = Kustomization.any(Kustomization.SOURCE).get(Job.class).getSpec();
        PodSpec source = job.getTemplate().getSpec();
        KubernetesIT.assertRestricted(source);
        assertEquals("Indexed", job.getCompletionMode());
        assertEquals(1, job.getCompletions(), "a number that a patch can replace");
        assertEquals(1, job.getParallelism(), "one base backup of the primary at a time");
        for (int number : List.of(0, 2)) {
            Map<String, String> numbers = environment(source.getContainers().get(0), number);
            List<String> send = source.getContainers().get(0).getArgs().stream()
                    .map(each -> expanded(each, numbers)).toList();
            assertEquals("send", send.get(0));
            assertEquals(
                    "http://" + name + "-" + number + "." + service + "." + namespace + ".svc:" + Kustomization.PORT,
                    send.get(send.indexOf("--url") + 1));
            assertEquals(expected, send.get(send.indexOf("--database") + 1));
            Map<String, String> backup = environment(source.getInitContainers().get(0), number);
            assertEquals(environment(mirror, number).get("PRIMARY"), backup.get("PGHOST"));
            assertEquals("orders_mirror_" + number, backup.get("SLOTS"), "two standbys cannot share one");
            assertEquals(backup.get("SLOTS"), environment(mirror, number).get("SLOT"));
            assertEquals(backup.get("PGHOST"), numbers.get("PGHOST"));
            List<String> producer = send.subList(send.indexOf("--") + 1, send.size());
            assertEquals("pg_basebackup -D - -Ft -X fetch -c fast", String.join(" ", producer));
            assertFalse(send.contains("--lsn"), "the backup says it");
        }
    }

    @Test
    void theKustomizationsOfThePageCanBeCopied() throws Exception {
        List<String> blocks = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("docs/kubernetes.md"))).results().map(block -> block.group(1))
                .toList();
        assertEquals(5, blocks.size(), "the last is a line of a rule");
        Path copy = Files.createDirectories(Path.of("target/k8s/copy"));
        String mirror = blocks.get(0).replace("[mirror-bootstrap/k8s/base]", "[../../../k8s/base]");
        Files.writeString(copy.resolve("kustomization.yaml"), mirror);
        assertEquals("orders", Kustomization.mirror(copy.toString()).get(ConfigMap.class).getData()
                .get("MIRROR_BOOTSTRAP_EXPECTED_DATABASES"));

        Files.writeString(copy.resolve("kustomization.yaml"), "resources: [../../../k8s/base]\n" + blocks.get(1));
        Container wait = Kustomization.mirror(copy.toString()).pod().getInitContainers().get(1);
        assertEquals("wait", wait.getName());
        assertTrue(wait.getArgs().contains("--remove-after"), wait::toString);

        Files.writeString(copy.resolve("kustomization.yaml"),
                "resources: [../../../" + Kustomization.SOURCE + "]\n" + blocks.get(2));
        JobSpec job = Kustomization.any(copy.toString()).get(Job.class).getSpec();
        assertEquals(1, job.getCompletions(), "one base backup");
        assertEquals(
                slots(Kustomization.mirror("k8s/examples/postgres-mirror").pod().getContainers().get(0),
                        Kustomization.mirror("k8s/examples/three-replicas").get(StatefulSet.class).getSpec()
                                .getReplicas()),
                environment(job.getTemplate().getSpec().getInitContainers().get(0), 0).get("SLOTS"));

        Files.writeString(copy.resolve("kustomization.yaml"), "resources: [../../../k8s/base]\n" + blocks.get(3));
        Kustomization storage = Kustomization.mirror(copy.toString());
        EnvVar from = storage.pod().getInitContainers().get(0).getEnv().get(0);
        assertEquals("MIRROR_BOOTSTRAP_SEED_FROM", from.getName(), "it wins over the empty one of the ConfigMap");
        assertEquals("url", from.getValueFrom().getSecretKeyRef().getKey());
        assertEquals("orders-primary", storage.get(ConfigMap.class).getData().get("MIRROR_BOOTSTRAP_SEED_CLUSTER"));
        assertEquals(2, storage.get(NetworkPolicy.class).getSpec().getEgress().size());
    }

    /** Those of all replicas, as they name them. */
    private static String slots(Container mirror, int replicas) {
        return IntStream.range(0, replicas).mapToObj(number -> environment(mirror, number).get("SLOT"))
                .collect(Collectors.joining(" "));
    }

    @Test
    void theStandbyOfTheExampleGetsComponentsAsThePageSays() throws Exception {
        String components = "components: [../../components/horizontal, ../../components/seed]";
        assertTrue(Files.readString(Path.of("docs/kubernetes.md")).contains("`" + components + "`"));
        Path from = Path.of("k8s/examples/postgres-mirror");
        Path copy = Files.createDirectories(Path.of("target/k8s/standbys"));
        Files.copy(from.resolve("postgres.yaml"), copy.resolve("postgres.yaml"), StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(copy.resolve("kustomization.yaml"),
                (Files.readString(from.resolve("kustomization.yaml")) + components + "\n").replace("../../",
                        "../../../k8s/"));
        Kustomization alone = Kustomization.mirror(from.toString());
        Kustomization several = Kustomization.mirror(copy.toString());
        assertEquals(3, several.get(StatefulSet.class).getSpec().getReplicas());
        assertEquals(1, several.siblings().getSpec().getIngress().size());
        assertEquals(alone.get(NetworkPolicy.class).getSpec(), several.get(NetworkPolicy.class).getSpec());
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
}
