package io.mirrorbootstrap.bench;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Map;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A key with a certificate that signs itself: the service's, that of all who speak to it, and what both believe.
 *
 * @param directory where they are, for the service, too
 */
record Keys(Path directory, KeyStore store) {

    private static final String PASSWORD = "changeit";
    private static final String NAME = "bench";

    /** Those of {@code directory}, made where there are none. */
    static Keys in(Path directory) throws IOException, InterruptedException, GeneralSecurityException {
        Path file = directory.resolve("keys.p12");
        if (!Files.exists(file)) {
            Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair", "-alias", NAME, "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=localhost",
                    "-ext", "SAN=dns:localhost,ip:127.0.0.1", "-validity", "30", "-storetype", "PKCS12", "-keystore",
                    file.toString(), "-storepass", PASSWORD).redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
            if (keytool.waitFor() != 0) {
                throw new IOException("keytool failed");
            }
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = new FileInputStream(file.toFile())) {
            keys.load(in, PASSWORD.toCharArray());
        }
        return new Keys(directory, keys);
    }

    /** Of a client, without a session yet. */
    SSLContext context() throws GeneralSecurityException, IOException {
        KeyManagerFactory shown = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        shown.init(store, PASSWORD.toCharArray());
        KeyStore believed = KeyStore.getInstance("PKCS12");
        believed.load(null, null);
        believed.setCertificateEntry(NAME, store.getCertificate(NAME));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(believed);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(shown.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    /** Of a service that asks for certificates on {@code port}. */
    Map<String, String> environment(int port) throws IOException, GeneralSecurityException {
        String certificate = pem("tls.crt", "CERTIFICATE", store.getCertificate(NAME).getEncoded());
        return Map.of("QUARKUS_HTTP_SSL_PORT", String.valueOf(port), "QUARKUS_TLS_KEY_STORE_PEM__0__CERT", certificate,
                "QUARKUS_TLS_KEY_STORE_PEM__0__KEY",
                pem("tls.key", "PRIVATE KEY", store.getKey(NAME, PASSWORD.toCharArray()).getEncoded()),
                "QUARKUS_TLS_TRUST_STORE_PEM_CERTS", certificate);
    }

    private String pem(String name, String what, byte[] der) throws IOException {
        String body = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
        return Files.writeString(directory.resolve(name),
                "-----BEGIN " + what + "-----\n" + body + "\n-----END " + what + "-----\n").toString();
    }
}
