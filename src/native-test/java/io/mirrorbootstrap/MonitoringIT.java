package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import org.junit.jupiter.api.Test;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;

import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Outcome;

/** The alerts and the dashboard of k8s/components/prometheus: they ask for what there is, and fire when they should. */
class MonitoringIT extends WithSidecar {

    private static final Path COMPONENT = Path.of("k8s/components/prometheus");
    private static final Path RULES = COMPONENT.resolve("rules.yaml");
    private static final Path RULE_TESTS = COMPONENT.resolve("test.yaml");
    private static final Path DASHBOARD = COMPONENT.resolve("dashboard.json");
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    @Test
    void eachMetricThatIsAskedForIsThereAfterATransfer() throws Exception {
        start(new TestAuthority(directory, "authority").serviceWithoutTrust(), tokens("secret"));
        assertInstanceOf(Outcome.Committed.class, TestSender.send(sidecar.uri(), "cluster-a",
                new Credentials(Optional.of(tokenFile()), Optional.empty(), Optional.empty())));
        String told = PlainSocket
                .ask(sidecar.uri(), "GET /q/metrics", "Authorization: Bearer secret", "Accept: text/plain").text();
        for (Path file : new Path[]{RULES, DASHBOARD}) {
            Set<String> asked = found("mirror_bootstrap_\\w+", Files.readString(file));
            assertTrue(asked.size() > 5, asked::toString);
            for (String metric : asked) {
                // of a transfer under way there is a series while there is one
                assertTrue(Pattern.compile("(?m)^(# TYPE )?" + metric + "[ {]").matcher(told).find(),
                        file + " asks for " + metric);
            }
        }
    }

    @Test
    void eachAlertHasAnEntryAndATestInWhichItFires() throws Exception {
        Set<String> alerts = values(YAML.readTree(RULES.toFile()).findValues("alert").stream());
        assertFalse(alerts.isEmpty());
        assertEquals(alerts,
                found("(?m)(?<=^### )MirrorBootstrap\\w+", Files.readString(Path.of("docs/operations.md"))));
        Stream<JsonNode> cases = YAML.readTree(RULE_TESTS.toFile()).findValues("alert_rule_test").stream()
                .flatMap(each -> StreamSupport.stream(each.spliterator(), false));
        assertEquals(alerts, values(cases.filter(each -> each.path("exp_alerts").size() > 0)
                .map(each -> each.path("alertname"))));
    }

    @Test
    void theAlertsFireWhenTheyShouldAndNotBefore() throws Exception {
        Programs.assume(Programs.isInstalled("promtool"), "promtool", "ALERTS ARE NOT TESTED");
        YAML.writeValue(directory.resolve("groups.yaml").toFile(), YAML.readTree(RULES.toFile()).path("spec"));
        Files.copy(RULE_TESTS, directory.resolve("test.yaml"));
        assertPasses("promtool", "check", "rules", "groups.yaml");
        assertPasses("promtool", "test", "rules", "test.yaml");
    }

    private void assertPasses(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
    }

    private static Set<String> found(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results().map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> values(Stream<JsonNode> nodes) {
        return nodes.map(JsonNode::asText).collect(Collectors.toCollection(TreeSet::new));
    }
}
