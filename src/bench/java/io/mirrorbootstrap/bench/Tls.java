package io.mirrorbootstrap.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** TLS in front of a sender that knows nothing of it: another process encrypts, and so takes the same of the machine for each receiver. */
final class Tls {

    private final Path certificate;
    private final Path key;

    private Tls(Path certificate, Path key) {
        this.certificate = certificate;
        this.key = key;
    }

    /** With a certificate of its own, in {@code directory}. */
    static Tls in(Path directory) throws IOException, InterruptedException {
        Tls tls = new Tls(directory.resolve("tls.crt").toAbsolutePath(), directory.resolve("tls.key").toAbsolutePath());
        Process openssl = new ProcessBuilder("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", tls.key.toString(),
                "-out", tls.certificate.toString())
                .redirectErrorStream(true).redirectOutput(directory.resolve("openssl.log").toFile()).start();
        if (openssl.waitFor() != 0) {
            throw new IOException("openssl makes no certificate: see " + directory.resolve("openssl.log"));
        }
        return tls;
    }

    String certificate() {
        return certificate.toString();
    }

    String key() {
        return key.toString();
    }

    /** That of a service that takes nothing that is not encrypted, for one that has {@code environment} otherwise. */
    Map<String, String> added(Map<String, String> environment) {
        Map<String, String> encrypted = new LinkedHashMap<>(environment);
        encrypted.remove("QUARKUS_HTTP_PORT");
        encrypted.putAll(Map.of("QUARKUS_HTTP_SSL_PORT", "PORT", "QUARKUS_HTTP_INSECURE_REQUESTS", "disabled",
                "QUARKUS_HTTP_SSL_CERTIFICATE_FILES", certificate(), "QUARKUS_HTTP_SSL_CERTIFICATE_KEY_FILES", key()));
        return encrypted;
    }

    /** Has {@code sender} send to a port from which all goes encrypted to that of the receiver. */
    Compare.Sender before(Compare.Sender sender) {
        return port -> {
            int plain = Receiver.freePort();
            Process relay = new ProcessBuilder(List.of("socat", "-b", "131072",
                    "TCP-LISTEN:" + plain + ",bind=127.0.0.1,reuseaddr,fork",
                    "OPENSSL:127.0.0.1:" + port + ",verify=0,openssl-min-proto-version=TLS1.3")).inheritIO().start();
            try {
                awaitListening(relay, plain);
                sender.send(plain);
            } finally {
                relay.destroy();
            }
        };
    }

    private static void awaitListening(Process relay, int port) throws IOException, InterruptedException {
        while (relay.isAlive()) {
            if (Receiver.listens(port)) {
                return;
            }
            Thread.sleep(5);
        }
        throw new IOException("socat does not start");
    }
}
