package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;

/** A setting that is none. */
class SettingsKeysTest {

    private static final Pattern DOCUMENTED = Pattern.compile("\\| `([a-z0-9-]+)` \\| `([A-Z0-9_]+)` \\|.*");

    @Test
    void theKnownKeysAreThoseThatAreDocumented() throws IOException {
        List<String> documented = Files.readAllLines(Path.of("docs/configuration.md")).stream().map(DOCUMENTED::matcher)
                .filter(row -> row.matches()).map(row -> row.group(1)).sorted().toList();
        assertEquals(documented, SettingsKeys.all());
    }

    @Test
    void theKnownKeysAreThoseThatAreRead() throws IOException {
        List<String> read = List.of("mirror/MirrorSettings", "access/AccessSettings").stream()
                .flatMap(name -> methods(Path.of("src/main/java/io/mirrorbootstrap/" + name + ".java")).stream())
                .map(method -> method.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT)).sorted().toList();
        assertEquals(read, SettingsKeys.all());
    }

    private static List<String> methods(Path source) {
        try {
            return Pattern.compile("(?m)^ {4}[\\w<>@(). ]+ (\\w+)\\(\\);$").matcher(Files.readString(source)).results()
                    .map(method -> method.group(1)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @CsvSource({"MIRROR_BOOTSTRAP_CHEKPOINT_BYTES,MIRROR_BOOTSTRAP_CHECKPOINT_BYTES",
            "MIRROR_BOOTSTRAP_EXPECTED_DATABASE,MIRROR_BOOTSTRAP_EXPECTED_DATABASES",
            "mirror_bootstrap_data_dirs,MIRROR_BOOTSTRAP_DATA_DIR",
            "Mirror_Bootstrap_Data_Dir,MIRROR_BOOTSTRAP_DATA_DIR"})
    void aVariableThatIsNoneIsToldWithTheNearest(String variable, String nearest) {
        String sentence = mistyped(Map.of(variable, "1"), Map.of()).get(0);
        assertTrue(sentence.startsWith(variable + " is no setting"), sentence);
        assertTrue(sentence.endsWith(nearest + " is"), sentence);
    }

    @ParameterizedTest
    @ValueSource(strings = {"mirror-bootstrap.max-link", "%prod.mirror-bootstrap.max-link"})
    void aKeyThatIsNoneIsToldWithTheNearest(String key) {
        String sentence = mistyped(Map.of(), Map.of(key, "1")).get(0);
        assertTrue(sentence.startsWith(key + " is no setting"), sentence);
        assertTrue(sentence.endsWith("mirror-bootstrap.max-links is"), sentence);
    }

    @Test
    void ofWhatResemblesNoneNoneIsNamed() {
        assertEquals(List.of("MIRROR_BOOTSTRAP_FOO is no setting, and changes nothing"),
                mistyped(Map.of("MIRROR_BOOTSTRAP_FOO", "1"), Map.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"MIRROR_BOOTSTRAP_DATA_DIR", "mirror_bootstrap_data_dir", "MIRROR_BOOTSTRAP_SERVICE_HOST",
            "MIRROR_BOOTSTRAP_SERVICE_PORT_HTTP", "MIRROR_BOOTSTRAP_PORT_8080_TCP_ADDR",
            "MIRROR_BOOTSTRAP_METRICS_SERVICE_PORT", "MIRROR_BOOTSTRAP_EXPECTED_DATABASES_0_", "PATH",
            "MIRRORBOOTSTRAP_LC_ALL", "MIRROR_BOOTSTRAP_URL", "MIRROR_BOOTSTRAP_KEY",
            "MIRRORBOOTSTRAP_MALLOC_ARENA_MAX"})
    void whatIsKnownAndWhatAClusterTellsAreNoMistakes(String variable) {
        assertEquals(List.of(), mistyped(Map.of(variable, "1", "MIRROR_BOOTSTRAP_PORT", "tcp://10.0.0.1:8080"),
                Map.of("mirror-bootstrap.data-dir", "x", "mirror-bootstrap.trusted-proxies[0]", "z", "mirror.other",
                        "y")));
    }

    private static List<String> mistyped(Map<String, String> environment, Map<String, String> file) {
        SmallRyeConfig config = new SmallRyeConfigBuilder().withSources(new EnvConfigSource(environment, 300),
                new PropertiesConfigSource(file, "file", 260)).build();
        return SettingsKeys.mistyped(config);
    }
}
