package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.openshift.api.model.monitoring.v1.PodMetricsEndpoint;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;

/** What the manifests of k8s say of the service, held against the service itself. */
class KubernetesServiceIT extends WithSidecar {

    @Test
    void theServiceStartsWithTheConfigMapAndAnswersItsProbes() throws Exception {
        Kustomization rendered = Kustomization.mirror("k8s/base");
        Map<String, String> environment = new HashMap<>(rendered.get(ConfigMap.class).getData());
        String tokenFile = environment.get("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE");
        assertEquals("/token/token", tokenFile);
        environment.put("MIRROR_BOOTSTRAP_DATA_DIR", data().toString());
        environment.putAll(tokens("secret"));
        environment.put("QUARKUS_HTTP_HOST", "");
        start(environment);
        Container container = rendered.init("sidecar");
        for (Function<Container, Probe> probe : List.<Function<Container, Probe>>of(Container::getStartupProbe,
                Container::getLivenessProbe, Container::getReadinessProbe)) {
            String path = probe.apply(container).getHttpGet().getPath();
            assertEquals("bootstrap", probe.apply(container).getHttpGet().getPort().getStrVal());
            assertEquals(200, sidecar.status(path), path);
        }
        assertFalse(sidecar.log().contains("nrecognized"), sidecar.log());
        assertLogged("http://0.0.0.0:");
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
        Kustomization rendered = Kustomization.mirror("k8s/base");
        assertEquals(known, new TreeSet<>(rendered.get(ConfigMap.class).getData().keySet()));
        assertEquals(known,
                Pattern.compile("^\\| `[a-z0-9-]+` \\| `([A-Z0-9_]+)` \\|", Pattern.MULTILINE)
                        .matcher(Files.readString(Path.of("docs/configuration.md"))).results()
                        .map(match -> "MIRROR_BOOTSTRAP_" + match.group(1))
                        .collect(Collectors.toCollection(TreeSet::new)));
    }

    @Test
    void whatPrometheusAsksForIsThere() throws Exception {
        Kustomization rendered = Kustomization.mirror("k8s/examples/mtls-monitored");
        PodMetricsEndpoint endpoint = rendered.get(PodMonitor.class).getSpec().getPodMetricsEndpoints().get(0);
        assertEquals(Kustomization.PORT, rendered.init("sidecar").getPorts().stream()
                .filter(port -> port.getName().equals(endpoint.getPort())).findFirst().orElseThrow()
                .getContainerPort());
        assertEquals(rendered.pod().getVolumes().stream().filter(each -> each.getName().equals("token")).findFirst()
                .orElseThrow().getSecret().getSecretName(),
                endpoint.getAuthorization().getCredentials().getName());
        start();
        assertEquals(200, sidecar.status(endpoint.getPath()));
    }
}
