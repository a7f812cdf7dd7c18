package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import com.fasterxml.jackson.databind.JsonNode;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;

/** What {@code kubectl kustomize} makes of k8s: known to Kubernetes to the last field, kept by it as it is written, and allowed no more than it needs. */
class KubernetesIT {

    /** What is nothing if it is empty, and yet kept: these are there or not. */
    private static final Set<String> KEPT_EMPTY = Set.of("emptyDir", "podSelector", "namespaceSelector");

    @ParameterizedTest
    @MethodSource("io.mirrorbootstrap.Kustomization#mirrors")
    void nothingIsAllowedThatIsNotNeeded(String kustomization) throws Exception {
        Kustomization rendered = Kustomization.mirror(kustomization);
        assertRestricted(rendered.pod());
        assertEquals(false, rendered.get(ServiceAccount.class).getAutomountServiceAccountToken());
        if (kustomization.equals("k8s/base")) {
            assertEquals(List.of(), rendered.get(NetworkPolicy.class).getSpec().getEgress(),
                    "with its type: nothing may leave");
        }
        assertEquals(Set.of("Ingress", "Egress"),
                Set.copyOf(rendered.get(NetworkPolicy.class).getSpec().getPolicyTypes()));
        rendered.get(NetworkPolicy.class).getSpec().getIngress()
                .forEach(rule -> assertFalse(rule.getFrom().isEmpty() || rule.getPorts().isEmpty(), rule::toString));
    }

    /** So that one selector finds all of it, also what {@code kubectl delete -k} leaves. */
    @ParameterizedTest
    @MethodSource("io.mirrorbootstrap.Kustomization#all")
    void everyObjectAndEachTemplateOfOneHasTheName(String kustomization) throws Exception {
        Kustomization rendered = Kustomization.any(kustomization);
        String name = kustomization.equals(Kustomization.SOURCE) ? "mirror-bootstrap-source" : "mirror-bootstrap";
        for (JsonNode document : rendered.documents()) {
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
    @MethodSource("io.mirrorbootstrap.Kustomization#all")
    void theApiServerKeepsEachObjectAsItIsWritten(String kustomization) throws Exception {
        Kustomization rendered = Kustomization.any(kustomization);
        for (JsonNode document : rendered.documents()) {
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

    /** What the Pod Security Standard "restricted" demands, and a file system that nobody writes to. */
    static void assertRestricted(PodSpec pod) {
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
        for (Container container : Kustomization.containers(pod)) {
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
}
