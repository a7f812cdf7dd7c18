package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A wrong value stops the start, and says which key it is. */
class ConfigurationIT {

    @TempDir
    Path data;

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"MAX_CHUNK_BYTES|abc|mirror-bootstrap.max-chunk-bytes is \"abc\"",
            "MAX_CHUNK_BYTES|0|mirror-bootstrap.max-chunk-bytes is 0",
            "MAX_CHUNK_BYTES|2G|mirror-bootstrap.max-chunk-bytes is 2147483648",
            "CHECKPOINT_BYTES|64MB|mirror-bootstrap.checkpoint-bytes is \"64MB\", it must be a number of bytes",
            "WINDOW_BYTES|9223372036854775808|mirror-bootstrap.window-bytes is \"9223372036854775808\", it must be",
            "MAX_CHUNK_BYTES|9007199254740992G|mirror-bootstrap.max-chunk-bytes is \"9007199254740992G\", it must be",
            "DISK_RESERVE_BYTES|99999999999999999999999|less than 2^63 bytes in all",
            "WINDOW_BYTES|0|mirror-bootstrap.window-bytes is 0", "BUFFER_BYTES|0|mirror-bootstrap.buffer-bytes is 0",
            "MAX_BOOTSTRAPS|0|mirror-bootstrap.max-bootstraps is 0",
            "MAX_BOOTSTRAPS||mirror-bootstrap.max-bootstraps is empty",
            "MAX_BOOTSTRAPS|many|mirror-bootstrap.max-bootstraps is \"many\", it must be a whole number",
            "IDLE_TIMEOUT|0S|mirror-bootstrap.idle-timeout is",
            "IDLE_TIMEOUT|86401S|mirror-bootstrap.idle-timeout is PT24H1S, it must be from 1MS to P1D",
            "IDLE_TIMEOUT|PT2562047788015215H|mirror-bootstrap.idle-timeout is PT2562047788015215H, it must be from",
            "IDLE_TIMEOUT|99999999999999999D|mirror-bootstrap.idle-timeout is \"99999999999999999D\", it must be",
            "PARTIAL_RETENTION|36501D|mirror-bootstrap.partial-retention is PT876024H, it must be from 1MS to P36500D",
            "IDLE_TIMEOUT|soon|mirror-bootstrap.idle-timeout is \"soon\", it must be a time",
            "INSECURE|maybe|mirror-bootstrap.insecure is \"maybe\", it must be true or false",
            "EXPECTED_DATABASES|a, b/c|mirror-bootstrap.expected-databases has \"b/c\"",
            "TRUSTED_PROXIES|proxy.example|mirror-bootstrap.trusted-proxies has \"proxy.example\"",
            "SEED_CERTIFICATE|/c|mirror-bootstrap.seed-certificate is set, and mirror-bootstrap.seed-key is not",
            "SEED_KEY|/k|mirror-bootstrap.seed-key is set, and mirror-bootstrap.seed-certificate is not",
            "MAX_DOWNLOADS|33|mirror-bootstrap.max-downloads is 33, it must be from 0 to 32",
            "SEED_FROM|https://s/o.tar?sign=1|mirror-bootstrap.seed-from has https://s/o.tar?…, which is an object in",
            "SEED_CLUSTER|c|mirror-bootstrap.seed-cluster is for objects in storage",
            "DATA_DIR|/proc/none|mirror-bootstrap.data-dir: /proc/none",
            "DATA_DIR|/dev/null|mirror-bootstrap.data-dir: /dev/null",
            "AUTH_TOKEN_FILE|/none|mirror-bootstrap.auth-token-file: /none cannot be read: there is no such file"})
    void aWrongValueStopsTheStart(String key, String value, String said) throws Exception {
        assertStopped(Map.of("MIRROR_BOOTSTRAP_" + key, value == null ? "" : value), said);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"QUARKUS_HTTP_PORT|abc|quarkus.http.port is \"abc\"",
            "QUARKUS_HTTP_LIMITS_MAX_HEADER_SIZE|4X|is \"4X\", it must be a number of bytes",
            "QUARKUS_HTTP_INSECURE_REQUESTS|maybe|it must be one of redirect, disabled, enabled",
            "QUARKUS_HTTP_PORT|70000|quarkus.http.port is 70000",
            "QUARKUS_HTTP_HOST|no.host.invalid|which is no address",
            "QUARKUS_HTTP_HOST|192.0.2.1|no address of this machine",
            "QUARKUS_LOG_LEVEL|LOUD|quarkus.log.level is \"LOUD\"",
            "QUARKUS_HTTP_IDLE_TIMEOUT|soon|quarkus.http.idle-timeout is \"soon\"",
            "QUARKUS_HTTP_IDLE_TIMEOUT|P100000D|quarkus.http.idle-timeout is PT2400000H, it must be from 0S to P1D",
            "QUARKUS_HTTP_LIMITS_MAX_HEADER_SIZE|3G|quarkus.http.limits.max-header-size is 3221225472, it must be from",
            "QUARKUS_TLS_RELOAD_PERIOD|soon|is \"soon\", it must be a time, as in",
            "QUARKUS_TLS_RELOAD_PERIOD|0S|is PT0S, it must be at least PT0.001S",
            "QUARKUS_HTTP_HTTP2|true|quarkus.http.http2 is true",
            "QUARKUS_HTTP_PROXY_USE_PROXY_PROTOCOL|true|see mirror-bootstrap.trusted-proxies"})
    void aWrongValueOfAnotherKeyStopsTheStartToo(String key, String value, String said) throws Exception {
        assertStopped(Map.of("MIRROR_BOOTSTRAP_INSECURE", "true", key, value), said);
    }

    @ParameterizedTest
    @ValueSource(strings = {"seed-token-file", "seed-ca", "seed-header-file"})
    void aFileThatSeedingCannotReadStopsTheStart(String key) throws Exception {
        assertStopped(Map.of("MIRROR_BOOTSTRAP_SEED_FROM", "https://s/o.tar", "MIRROR_BOOTSTRAP_SEED_CLUSTER", "c",
                "MIRROR_BOOTSTRAP_" + key.replace('-', '_').toUpperCase(Locale.ROOT), "/none"),
                "mirror-bootstrap." + key + ": /none ");
    }

    @Test
    void aPortThatIsTakenIsToldWithWhatNamesAnother() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertStopped(Map.of("QUARKUS_HTTP_PORT", String.valueOf(taken.getLocalPort())),
                    "port " + taken.getLocalPort() + " of 127.0.0.1 is in use by another process: quarkus.http.port");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"none|key|CERT: %s/none cannot be read: there is no such file",
            "key|key|CERT: %s/key has no certificate, but a private key",
            "certificate|none|KEY: %s/none cannot be read",
            "certificate|certificate|KEY: %s/certificate has no key, but a certificate",
            "empty|key|CERT: %s/empty is empty: it must have a certificate",
            "certificate|locked|KEY: %s/locked has a key that is encrypted with a password",
            "certificate|other|KEY: the key in %s/other is not that of the certificate in %s/certificate",
            "certificate|longer|KEY: the key in %s/longer is not that",
            "certificate|curve|KEY: the key in %s/curve is not that"})
    void aCertificateThatCannotBeUsedIsNamed(String certificate, String key, String said) throws Exception {
        writeCertificates();
        assertStopped(tls(certificate, key), said.replace("%s", data.toString()));
    }

    @Test
    void aTrustFileThatCannotBeUsedIsNamed() throws Exception {
        writeCertificates();
        Map<String, String> settings = new HashMap<>(tls("certificate", "key"));
        settings.put("QUARKUS_TLS_TRUST_STORE_PEM_CERTS", data.resolve("key").toString());
        assertStopped(settings, "CERTS: " + data + "/key has no certificate");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"none|cannot be read: there is no such file",
            "empty|is empty: it must have a list of revoked certificates",
            "certificate|has no list of revoked certificates"})
    void aListOfRevokedCertificatesThatCannotBeUsedIsNamed(String list, String said) throws Exception {
        writeCertificates();
        Map<String, String> settings = new HashMap<>(tls("certificate", "key"));
        settings.put("QUARKUS_TLS_TRUST_STORE_PEM_CERTS", data.resolve("certificate").toString());
        settings.put("QUARKUS_TLS_CERTIFICATE_REVOCATION_LIST", data.resolve(list).toString());
        assertStopped(settings, "QUARKUS_TLS_CERTIFICATE_REVOCATION_LIST: " + data.resolve(list) + " " + said);
    }

    @Test
    void aKeyStoreThatCannotBeUsedIsNamed() throws Exception {
        writeCertificates();
        assertStopped(Map.of("QUARKUS_TLS_KEY_STORE_P12_PATH", data.resolve("key").toString(),
                "QUARKUS_TLS_KEY_STORE_P12_PASSWORD", "x"),
                "QUARKUS_TLS_KEY_STORE_P12_PATH: " + data.resolve("key") + " cannot be read as a key store (PKCS12)");
    }

    @ParameterizedTest
    @CsvSource({"FAIL_FORCE_ONCE,a file in it cannot be made durable: Input/output error",
            "REFUSED_WHILE,cannot be written to: Read-only file system"})
    void whatCannotBeDoneInTheDataDirectoryIsNamed(String fault, String said) throws Exception {
        Files.createDirectory(data.resolve("data")); // else its name is forced first
        assertStopped(Preloaded.disk(fault, Files.writeString(data.resolve("happens"), "30")), said);
    }

    @Test
    void aDiskThatIsFullStopsNoStart() throws Exception {
        Path directory = Files.createDirectory(data.resolve("data"));
        SidecarProcess.start(directory, List.of("-Xmx64m"), Map.of()).close();
        Path full = Files.createFile(data.resolve("full"));
        try (SidecarProcess sidecar = SidecarProcess.start(directory, List.of("-Xmx64m"),
                Preloaded.disk("NO_INODE_WHILE", full))) {
            sidecar.assertLogged("has no room now: no file can be made in it: No space left on device");
        }
    }

    @Test
    void aSettingThatIsNoneIsTold() throws Exception {
        Path directory = Files.createDirectory(data.resolve("data"));
        try (SidecarProcess sidecar = SidecarProcess.start(directory,
                List.of("-Xmx64m", "-Dmirror-bootstrap.max-link=1"),
                Map.of("MIRROR_BOOTSTRAP_CHEKPOINT_BYTES", "1M", "MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "a, b"))) {
            sidecar.assertLogged("MIRROR_BOOTSTRAP_CHEKPOINT_BYTES is no setting");
            sidecar.assertLogged("MIRROR_BOOTSTRAP_CHECKPOINT_BYTES is");
            sidecar.assertLogged("mirror-bootstrap.max-links is");
        }
    }

    private Map<String, String> tls(String certificate, String key) {
        return Map.of("QUARKUS_TLS_KEY_STORE_PEM__0__CERT", data.resolve(certificate).toString(),
                "QUARKUS_TLS_KEY_STORE_PEM__0__KEY", data.resolve(key).toString(), "QUARKUS_HTTP_SSL_PORT", "0");
    }

    private void writeCertificates() throws Exception {
        for (String command : List.of(
                "openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out certificate -days 2 -subj /CN=x",
                "openssl genrsa -out other 2048", "openssl genrsa -out longer 3072",
                "openssl ecparam -name prime256v1 -genkey -noout -out curve",
                "openssl pkcs8 -topk8 -in key -passout pass:x -out locked", "touch empty")) {
            Process openssl = new ProcessBuilder(command.split(" ")).directory(data.toFile())
                    .redirectErrorStream(true).redirectOutput(data.resolve("openssl").toFile()).start();
            assertEquals(0, openssl.waitFor(), command);
        }
    }

    /** One line says what is wrong, and nothing of Java is in it. */
    private void assertStopped(Map<String, String> environment, String said) throws Exception {
        Path output = Files.createTempFile(data, "output", ".log");
        ProcessBuilder builder = SidecarProcess.command("serve").redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("MIRROR_BOOTSTRAP_DATA_DIR", data.resolve("data").toString());
        builder.environment().put("QUARKUS_HTTP_PORT", "0");
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertTrue(process.waitFor(30, TimeUnit.SECONDS), "it has started");
            String told = Files.readString(output);
            assertEquals(2, process.exitValue(), told);
            assertTrue(told.contains(said), told);
            assertFalse(told.contains("Exception") || told.contains("kill"), told);
            assertEquals(1, told.lines().count(), told);
        } finally {
            process.destroyForcibly();
        }
    }
}
