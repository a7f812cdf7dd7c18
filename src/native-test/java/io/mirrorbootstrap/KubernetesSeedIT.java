package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.fabric8.certmanager.api.model.v1.Certificate;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicySpec;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Outcome;

/** Replicas with k8s/components/seed: they are let through to each other, ask where they are answered, and are believed. */
class KubernetesSeedIT {

    private static final String PREFIX = "MIRROR_BOOTSTRAP_";
    private static final String PLAIN = "k8s/examples/three-replicas";
    private static final String TLS = "target/k8s/everything";

    @TempDir
    Path directory;
    private final List<SidecarProcess> running = new ArrayList<>();

    @BeforeAll
    static void makeTheOneWithTls() throws IOException {
        assertEquals(TLS, Kustomization.everything());
    }

    @AfterEach
    void stop() {
        running.forEach(SidecarProcess::close);
    }

    @ParameterizedTest
    @MethodSource("io.mirrorbootstrap.Kustomization#mirrors")
    void replicasReachEachOtherWhereTheyAskAndNowhereElse(String kustomization) throws Exception {
        Kustomization rendered = Kustomization.mirror(kustomization);
        String from = settings(rendered).get(PREFIX + "SEED_FROM");
        if (!kustomization.equals(PLAIN) && !kustomization.equals(TLS)) {
            assertEquals("", from);
            assertNull(rendered.siblings());
            return;
        }
        Service service = rendered.get(Service.class);
        URI asked = URI.create(from);
        assertEquals(service.getMetadata().getName(), asked.getHost(), "a name that is known in each namespace");
        assertEquals(service.getSpec().getPorts().get(0).getPort(), asked.getPort());
        assertEquals(asked.getPort() == Kustomization.TLS_PORT ? "https" : "http", asked.getScheme());
        assertTrue(service.getSpec().getPublishNotReadyAddresses(), "a replica that restores has a snapshot, too");

        NetworkPolicySpec policy = rendered.siblings().getSpec();
        assertEquals(List.of("Ingress", "Egress"), policy.getPolicyTypes());
        assertEquals(service.getSpec().getSelector(), policy.getPodSelector().getMatchLabels());
        assertEquals(1, policy.getIngress().size());
        assertEquals(List.of(policy.getPodSelector()),
                policy.getIngress().get(0).getFrom().stream().map(each -> each.getPodSelector()).toList());
        assertEquals(policy.getIngress().get(0).getFrom(), policy.getEgress().get(0).getTo());
        assertNull(policy.getIngress().get(0).getFrom().get(0).getNamespaceSelector(), "those of its own");
        assertEquals(List.of(asked.getPort()), ports(policy.getIngress().get(0).getPorts()));
        assertEquals(List.of(asked.getPort()), ports(policy.getEgress().get(0).getPorts()));
        assertEquals(List.of(53, 53), ports(policy.getEgress().get(1).getPorts()));
        assertEquals(2, policy.getEgress().size());
    }

    private static List<Integer> ports(List<NetworkPolicyPort> ports) {
        return ports.stream().map(port -> port.getPort().getIntVal()).toList();
    }

    /** Whoever composes them need not know what patches what. */
    @Test
    void theOrderOfTheComponentsDoesNotMatter() throws Exception {
        assertEquals(composed("k8s/seed-last", "mtls", "horizontal", "seed-tls"),
                composed("k8s/seed-first", "seed-tls", "horizontal", "mtls"));
    }

    private static Set<Object> composed(String name, String... components) throws IOException {
        Path place = Files.createDirectories(Path.of("target", name));
        StringBuilder text = new StringBuilder("resources: [../../../k8s/base]\ncomponents:\n");
        for (String component : components) {
            text.append("  - ../../../k8s/components/").append(component).append('\n');
        }
        Files.writeString(place.resolve("kustomization.yaml"), text);
        return new HashSet<>(Kustomization.mirror(place.toString()).documents());
    }

    @Test
    void theCertificateIsGoodForTheNameThatSiblingsAskAndForReading() throws Exception {
        Kustomization rendered = Kustomization.mirror(TLS);
        Certificate certificate = rendered.get(Certificate.class);
        Map<String, String> settings = settings(rendered);
        String asked = URI.create(settings.get(PREFIX + "SEED_FROM")).getHost();
        assertTrue(certificate.getSpec().getDnsNames().contains(asked), "of the component");
        assertTrue(Kustomization.mirror("k8s/examples/mtls-monitored").get(Certificate.class).getSpec().getDnsNames()
                .contains(asked), "of the example, which has its own list");
        assertEquals(certificate.getSpec().getCommonName(), settings.get(PREFIX + "READER_CLUSTERS"));
    }

    /** Two processes with the settings of the manifests, and files where the pod has them. */
    @ParameterizedTest
    @ValueSource(strings = {PLAIN, TLS})
    void aReplicaReadsWhatItsSiblingHas(String kustomization) throws Exception {
        Kustomization rendered = Kustomization.mirror(kustomization);
        Optional<String> name = Optional.ofNullable(rendered.get(Certificate.class))
                .map(certificate -> certificate.getSpec().getCommonName());
        TestAuthority authority = new TestAuthority(directory, "ca");
        TestAuthority.Identity own = authority.issue("tls", "CN=" + name.orElse("none"));
        Map<String, String> files = Map.of("/token/token", Files.writeString(directory.resolve("token"),
                "secret = replicas\nother = orders-primary: orders\n").toString(),
                "/tls/ca.crt", authority.file().toString(), "/tls/tls.crt", own.certificateFile().toString(),
                "/tls/tls.key", own.keyFile().toString());

        SidecarProcess sibling = start("0", settings(rendered), files, "");
        URI uri = name.isPresent() ? sibling.secureUri() : sibling.uri();
        TestAuthority.Identity primary = authority.issue("primary", "CN=orders-primary");
        Credentials credentials = new Credentials(
                Optional.of(Files.writeString(directory.resolve("other"), "other\n")), Optional.of(authority.file()),
                Optional.of(new Credentials.Own(primary.certificateFile(), primary.keyFile())));
        assertInstanceOf(Outcome.Committed.class, TestSender.send(uri, "orders-primary", credentials));

        SidecarProcess replica = start("1", settings(rendered), files, uri.toString());
        replica.assertLogged("seeded: database=orders");
        assertEquals(-1, Files.mismatch(snapshot("0"), snapshot("1")));
    }

    private Path snapshot(String replica) {
        return directory.resolve(replica).resolve("data/recv_snapshots/orders.snapshot");
    }

    private SidecarProcess start(String replica, Map<String, String> settings, Map<String, String> files, String from)
            throws IOException {
        Map<String, String> environment = new HashMap<>(settings);
        environment.replaceAll((key, value) -> files.getOrDefault(value, value));
        assertNotEquals(settings, environment, "files of the pod");
        Path data = Files.createDirectories(directory.resolve(replica).resolve("data"));
        environment.putAll(Map.of(PREFIX + "DATA_DIR", data.toString(), PREFIX + "SEED_FROM", from,
                "QUARKUS_HTTP_SSL_PORT", "0"));
        SidecarProcess sidecar = SidecarProcess.start(data, List.of("-Xmx64m"), environment);
        running.add(sidecar);
        return sidecar;
    }

    private static Map<String, String> settings(Kustomization rendered) {
        return rendered.get(ConfigMap.class).getData();
    }
}
