package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;

/** The pod of a mirror: its containers find each other, the same files and the same ports, and come and go in order. */
class KubernetesPodIT {

    @ParameterizedTest
    @MethodSource("io.mirrorbootstrap.Kustomization#mirrors")
    void portsAgree(String kustomization) throws Exception {
        Kustomization rendered = Kustomization.mirror(kustomization);
        boolean tls = rendered.get(ConfigMap.class).getData().containsKey("QUARKUS_TLS_TRUST_STORE_PEM_CERTS");
        int sources = tls ? Kustomization.TLS_PORT : Kustomization.PORT;
        assertEquals(tls ? List.of(Kustomization.PORT, Kustomization.TLS_PORT) : List.of(Kustomization.PORT),
                rendered.init("sidecar").getPorts().stream().map(ContainerPort::getContainerPort).toList());
        assertEquals(sources, rendered.get(Service.class).getSpec().getPorts().get(0).getTargetPort().getIntVal());
        assertEquals(sources,
                rendered.get(NetworkPolicy.class).getSpec().getIngress().get(0).getPorts().get(0).getPort()
                        .getIntVal());
        assertEquals(tls, rendered.init("wait").getArgs().contains("https://localhost:" + Kustomization.TLS_PORT));
        assertEquals(kustomization.contains("mtls-monitored") || kustomization.contains("everything"),
                rendered.outside() != null);
        if (rendered.outside() != null) {
            assertTrue(tls, "what crosses the outside is secret");
            assertEquals(Kustomization.TLS_PORT,
                    rendered.outside().getSpec().getPorts().get(0).getTargetPort().getIntVal());
            assertEquals(Map.of("statefulset.kubernetes.io/pod-name",
                    rendered.get(StatefulSet.class).getMetadata().getName() + "-0"),
                    rendered.outside().getSpec().getSelector());
            assertTrue(rendered.outside().getSpec().getPublishNotReadyAddresses());
        }
        assertTrue(rendered.get(Service.class).getSpec().getPublishNotReadyAddresses());
        assertEquals("None", rendered.get(Service.class).getSpec().getClusterIP());
        assertEquals(rendered.get(Service.class).getMetadata().getName(),
                rendered.get(StatefulSet.class).getSpec().getServiceName());
    }

    @ParameterizedTest
    @MethodSource("io.mirrorbootstrap.Kustomization#mirrors")
    void everyContainerFindsTheSameFilesInTheSamePlace(String kustomization) throws Exception {
        Kustomization rendered = Kustomization.mirror(kustomization);
        String data = rendered.get(ConfigMap.class).getData().get("MIRROR_BOOTSTRAP_DATA_DIR");
        for (Container container : rendered.containers()) {
            assertEquals(List.of(data),
                    container.getVolumeMounts().stream().filter(mount -> mount.getName().equals("data"))
                            .map(VolumeMount::getMountPath).toList(),
                    container.getName());
        }
        Set<String> volumes = rendered.pod().getVolumes().stream().map(volume -> volume.getName())
                .collect(Collectors.toSet());
        volumes.add(rendered.get(StatefulSet.class).getSpec().getVolumeClaimTemplates().get(0).getMetadata().getName());
        for (Container container : rendered.containers()) {
            container.getVolumeMounts()
                    .forEach(mount -> assertTrue(volumes.contains(mount.getName()), mount.toString()));
        }
    }

    /** Else a sidecar that hangs has the grace of the whole pod, which is the mirror's, before it is killed. */
    @ParameterizedTest
    @MethodSource("io.mirrorbootstrap.Kustomization#mirrors")
    void aSidecarThatHangsIsKilledWhenItsOwnEndWouldHaveTaken(String kustomization) throws Exception {
        Kustomization rendered = Kustomization.mirror(kustomization);
        for (Probe probe : List.of(rendered.init("sidecar").getLivenessProbe(),
                rendered.init("sidecar").getStartupProbe())) {
            assertEquals(Long.valueOf(SidecarProcess.SHUTDOWN_SECONDS), probe.getTerminationGracePeriodSeconds());
        }
        assertNull(rendered.init("sidecar").getReadinessProbe().getTerminationGracePeriodSeconds(), "it ends nothing");
    }

    @ParameterizedTest
    @MethodSource("io.mirrorbootstrap.Kustomization#mirrors")
    void theOrderOfTheHandoverIsKept(String kustomization) throws Exception {
        Kustomization rendered = Kustomization.mirror(kustomization);
        assertEquals(List.of("sidecar", "wait"),
                rendered.pod().getInitContainers().stream().map(Container::getName).toList());
        assertEquals("Always", rendered.init("sidecar").getRestartPolicy());
        assertEquals(List.of("serve"), rendered.init("sidecar").getArgs());
        assertEquals("wait", rendered.init("wait").getArgs().get(0));
        assertEquals(List.of("mirror"), rendered.pod().getContainers().stream().map(Container::getName).toList());
        List<String> wait = rendered.init("wait").getArgs();
        String restored = KubernetesExamplesIT.environment(rendered.pod().getContainers().get(0), 0).get("PGDATA");
        int unless = wait.indexOf("--unless");
        assertEquals(restored == null ? List.of() : List.of("--unless", restored + "/PG_VERSION"),
                unless < 0 ? List.of() : wait.subList(unless, unless + 2));
        assertEquals("Parallel", rendered.get(StatefulSet.class).getSpec().getPodManagementPolicy(),
                "one by one, each pod would wait for a source before the next has a name");
        EnvVar databases = rendered.init("wait").getEnv().get(0);
        assertTrue(rendered.init("wait").getArgs().contains("$(" + databases.getName() + ")"));
        assertEquals(rendered.get(ConfigMap.class).getMetadata().getName(),
                databases.getValueFrom().getConfigMapKeyRef().getName());
        assertFalse(rendered.get(ConfigMap.class).getData().get(databases.getValueFrom().getConfigMapKeyRef().getKey())
                .isEmpty());
        assertTrue(rendered.pod().getTerminationGracePeriodSeconds() > SidecarProcess.SHUTDOWN_SECONDS);
        assertEquals(rendered.get(Service.class).getSpec().getSelector(),
                rendered.get(StatefulSet.class).getSpec().getSelector().getMatchLabels());
        for (Map<String, String> selector : List.of(
                rendered.get(PodDisruptionBudget.class).getSpec().getSelector().getMatchLabels(),
                rendered.get(NetworkPolicy.class).getSpec().getPodSelector().getMatchLabels())) {
            assertEquals(rendered.get(StatefulSet.class).getSpec().getTemplate().getMetadata().getLabels(), selector);
        }
    }

    @Test
    void replicasStartTogetherAndEachHasAName() throws Exception {
        Kustomization rendered = Kustomization.mirror("k8s/examples/three-replicas");
        StatefulSet set = rendered.get(StatefulSet.class);
        assertEquals(3, set.getSpec().getReplicas());
        assertEquals(set.getSpec().getSelector().getMatchLabels(),
                rendered.pod().getTopologySpreadConstraints().get(0).getLabelSelector().getMatchLabels());
        String docs = Files.readString(Path.of("docs/kubernetes.md"));
        assertTrue(
                docs.contains("host=" + rendered.get(Service.class).getMetadata().getName() + ".orders-mirror.svc:"));
        for (int ordinal = 0; ordinal < set.getSpec().getReplicas(); ordinal++) {
            assertTrue(docs.contains(" --url http://" + set.getMetadata().getName() + "-" + ordinal + ".$host"), docs);
        }
    }

    @Test
    void aMirrorThatIsNotReadyHoldsUpNoDrainAndAStandbyCanGetReady() throws Exception {
        Kustomization rendered = Kustomization.mirror("k8s/examples/postgres-mirror");
        assertEquals("AlwaysAllow", rendered.get(PodDisruptionBudget.class).getSpec().getUnhealthyPodEvictionPolicy());
        List<String> ready = rendered.pod().getContainers().get(0).getReadinessProbe().getExec().getCommand();
        assertTrue(ready.contains("-U"), "the user of the container has no name that pg_isready could take");
    }
}
