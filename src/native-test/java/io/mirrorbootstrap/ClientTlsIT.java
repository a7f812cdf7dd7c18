package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLException;

import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.ScriptedSidecar;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.WebSocketInternal;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;

/** What the packaged {@code send} and {@code wait} say of TLS that does not come about: in one line, and at once. */
@Timeout(120)
class ClientTlsIT {

    private static final String NOBODY = "no authority that is trusted here has signed its certificate: --ca FILE names one";

    @TempDir
    Path directory;

    private TestAuthority authority;
    private Path file;

    @BeforeEach
    void files() throws Exception {
        authority = new TestAuthority(directory, "authority");
        file = Files.writeString(directory.resolve("file"), "x");
    }

    @Test
    void aCertificateThatCannotBeReliedOnIsTold() throws Exception {
        TestAuthority other = new TestAuthority(Files.createDirectory(directory.resolve("other")), "authority");
        try (ScriptedSidecar sidecar = serving(authority.issue("server", "CN=localhost"), ClientAuth.NONE)) {
            String url = "https://localhost:" + sidecar.port();
            assertBothSay(NOBODY, url);
            assertBothSay(NOBODY, url, "--ca", other.file().toString());
            assertBothSay("its certificate is not for other.localhost (", "https://other.localhost:" + sidecar.port(),
                    "--ca",
                    authority.file().toString());
            assertBothSay("what listens there speaks TLS: is https:// meant?", url.replace("https", "http"));
        }
        try (ScriptedSidecar sidecar = serving(
                authority.issue("expired", "CN=localhost", Instant.now().minusSeconds(60)), ClientAuth.NONE)) {
            assertBothSay("its certificate has expired (", "https://localhost:" + sidecar.port(), "--ca",
                    authority.file().toString());
        }
    }

    @Test
    void aCertificateThatIsMissingOrRefusedIsTold() throws Exception {
        try (ScriptedSidecar sidecar = serving(authority.issue("server", "CN=localhost"), ClientAuth.REQUIRED)) {
            String[] trusted = {"--ca", authority.file().toString()};
            String url = "https://localhost:" + sidecar.port();
            assertBothSay("asks for ", url, trusted);
            TestAuthority.Identity stranger = new TestAuthority(Files.createDirectory(directory.resolve("other")),
                    "authority")
                    .issue("stranger", "CN=c");
            assertBothSay("it does not ", url, "--ca", authority.file().toString(), "--certificate",
                    stranger.certificateFile().toString(), "--key", stranger.keyFile().toString());
        }
    }

    @Test
    void aFileThatCannotBeUsedIsToldBeforeAnythingIsDone() throws Exception {
        TestAuthority.Identity own = authority.issue("own", "CN=c");
        TestAuthority.Identity next = authority.issue("next", "CN=c");
        PrivateKey rsa = KeyPairGenerator.getInstance("RSA").generateKeyPair().getPrivate();
        byte[] sec1 = new org.bouncycastle.asn1.sec.ECPrivateKey(256,
                ((ECPrivateKey) own.keys().getPrivate()).getS(), SECObjectIdentifiers.secp256r1).getEncoded(); // as openssl's
        byte[] pkcs1 = PrivateKeyInfo.getInstance(rsa.getEncoded()).parsePrivateKey().toASN1Primitive().getEncoded();
        assertDoesNotThrow(() -> check(own.certificateFile(), own.keyFile()));
        assertDoesNotThrow(() -> check(own.certificateFile(), pem("EC PRIVATE KEY", sec1)));
        assertWrong(" is not that of the certificate in ", own.certificateFile(), next.keyFile());
        assertWrong(" is not that of the certificate in ", own.certificateFile(), pem("RSA PRIVATE KEY", pkcs1));
        assertWrong(" has no key, but a certificate", own.certificateFile(), own.certificateFile());
        assertWrong(" has no certificate, but a private key", own.keyFile(), own.keyFile());
        assertWrong(" has a key that is encrypted with a password", own.certificateFile(),
                pem("ENCRYPTED PRIVATE KEY", pkcs1));
        assertWrong(" has a key that cannot be read", own.certificateFile(), pem("PRIVATE KEY", new byte[40]));
        assertWrong(" has a certificate that cannot be read", pem("CERTIFICATE", new byte[40]), own.keyFile());
        assertWrong(" is empty", Files.createFile(directory.resolve("empty")), own.keyFile());
        assertWrong(" is binary (DER", Files.write(directory.resolve("der"), own.certificate().getEncoded()),
                own.keyFile());
        assertWrong(" has no certificate: ", Files.writeString(directory.resolve("text"), "hello"), own.keyFile());
        assertWrong(" cannot be read: there is no such file", directory.resolve("none"), own.keyFile());
        assertWrong(" is a directory", directory, own.keyFile());

        for (String[] command : commands("https://localhost:1")) {
            Ended ended = run(command, "--certificate", own.certificateFile().toString(), "--key",
                    next.keyFile().toString());
            assertEquals(2, ended.code(), ended.said());
            assertTrue(ended.said().contains("the key in " + next.keyFile() + " is not that of the certificate in "
                    + own.certificateFile()), ended.said());
        }
    }

    /** Java keeps something of each request for new keys as long as the session lives. */
    @Test
    void aSidecarThatAsksForNewKeysWithoutEndIsLeft() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        CompletableFuture<Void> left = new CompletableFuture<>();
        try (ScriptedSidecar sidecar = serving(authority.issue("sidecar", "CN=localhost"), ClientAuth.NONE,
                (vertx, link) -> {
                    link.closeHandler(closed -> left.complete(null));
                    askForNewKeys(((WebSocketInternal) link).channelHandlerContext().channel(), asked);
                })) {
            Process send = SidecarProcess
                    .command("send", file.toString(), "--url", "https://localhost:" + sidecar.port(), "--cluster", "c",
                            "--database", "d", "--lsn", "1", "--ca", authority.file().toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            try {
                left.get(60, TimeUnit.SECONDS);
                assertTrue(send.isAlive(), "it has ended by that, and should come back");
                assertTrue(asked.get() < 200_000, () -> asked + " times");
            } finally {
                send.destroyForcibly();
            }
        }
    }

    private static void askForNewKeys(Channel channel, AtomicInteger asked) {
        try {
            for (int i = 0; i < 100; i++) {
                asked.incrementAndGet();
                channel.pipeline().get(SslHandler.class).engine().beginHandshake();
                channel.writeAndFlush(Unpooled.EMPTY_BUFFER);
            }
            channel.eventLoop().execute(() -> {
                if (channel.isActive()) {
                    askForNewKeys(channel, asked);
                }
            });
        } catch (SSLException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void check(Path certificate, Path key) throws IOException {
        new Credentials(Optional.empty(), Optional.empty(), Optional.of(new Credentials.Own(certificate, key))).check();
    }

    private void assertWrong(String words, Path certificate, Path key) {
        String message = assertThrows(IOException.class, () -> check(certificate, key)).getMessage();
        assertTrue(message.contains(words), message);
        assertTrue(message.contains(certificate.toString()) || message.contains(key.toString()), message);
        assertTrue(message.lines().count() == 1 && !message.contains("Exception"), message);
    }

    private Path pem(String what, byte[] der) throws IOException {
        return Files.writeString(Files.createTempFile(directory, "pem", ""), "-----BEGIN " + what + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der)
                + "\n-----END "
                + what + "-----\n");
    }

    private ScriptedSidecar serving(TestAuthority.Identity own, ClientAuth clients) throws Exception {
        return serving(own, clients, (vertx, link) -> link.close());
    }

    private ScriptedSidecar serving(TestAuthority.Identity own, ClientAuth clients,
            ScriptedSidecar.Script script) throws Exception {
        return new ScriptedSidecar(new HttpServerOptions().setSsl(true).setClientAuth(clients)
                .setKeyCertOptions(new PemKeyCertOptions().addCertPath(own.certificateFile().toString())
                        .addKeyPath(own.keyFile().toString()))
                .setTrustOptions(new PemTrustOptions().addCertPath(authority.file().toString())),
                script);
    }

    private List<String[]> commands(String url) {
        return List.of(
                new String[]{"send", file.toString(), "--url", url, "--cluster", "c", "--database", "d", "--lsn", "1"},
                new String[]{"wait", "--database", "d", "--url", url});
    }

    /** Neither of them comes back, though they are told to. */
    private void assertBothSay(String words, String url, String... options) throws Exception {
        for (String[] command : commands(url)) {
            Ended ended = run(command, options);
            String last = ended.said().lines().reduce("", (one, next) -> next);
            assertTrue(last.contains(words), ended.said());
            assertFalse(last.contains("Exception") || last.contains("sun.") || last.contains("javax."), last);
            assertEquals(3, ended.code(), ended.said());
        }
    }

    /** What became of a command, and what it printed. */
    private record Ended(int code, String said) {
    }

    private Ended run(String[] command, String... options) throws Exception {
        List<String> line = new ArrayList<>(Arrays.asList(command));
        line.addAll(List.of(options));
        line.addAll(List.of(command[0].equals("send") ? "--give-up-after" : "--timeout", "20")); // they would end with 4 then
        Process process = SidecarProcess.command(line.toArray(String[]::new)).redirectErrorStream(true).start();
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(process.waitFor(50, TimeUnit.SECONDS));
            return new Ended(process.exitValue(), said);
        } finally {
            process.destroyForcibly();
        }
    }
}
