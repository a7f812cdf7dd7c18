package io.mirrorbootstrap;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The packaged {@code send} encrypts its frames by itself. */
class SendOverTlsIT extends WithSidecar {

    private static final int BYTES = 9 * 1024 * 1024 + 1;

    /** On a JVM with new keys for each 256 KiB: Java has them after 128 GiB, where no test comes. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void whatIsSentIsWhatArrives(String version) throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service(), Map.of("QUARKUS_TLS_PROTOCOLS", version));
        TestAuthority.Identity source = authority.issue("source", "CN=cluster-a");
        byte[] snapshot = random(BYTES, 1);
        Path file = Files.write(directory.resolve("file"), snapshot);
        Path security = Files.writeString(directory.resolve("security"),
                "jdk.tls.keyLimits=AES/GCM/NoPadding KeyUpdate 2^18");
        ProcessBuilder send = SidecarProcess.command("send", file.toString(), "--url", sidecar.secureUri().toString(),
                "--cluster", "cluster-a", "--database", "orders", "--lsn", "1", "--ca", authority.file().toString(),
                "--certificate", source.certificateFile().toString(), "--key", source.keyFile().toString())
                .redirectErrorStream(true);
        send.environment().put("JAVA_TOOL_OPTIONS", "-Djava.security.properties=" + security);
        Process process = send.start();
        String said = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), said);
        assertArrayEquals(snapshot, Files.readAllBytes(file("orders.snapshot")));
    }
}
