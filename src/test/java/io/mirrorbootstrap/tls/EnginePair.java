package io.mirrorbootstrap.tls;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;

/**
 * Both ends of a TLS session, without a connection.
 *
 * @param client the end that says something
 * @param server the end that hears it
 */
record EnginePair(SSLEngine client, SSLEngine server) {

    private static final int PACKET_BYTES = 40_000;

    /** Both ends have the same certificate. */
    record Keys(SSLContext context) {

        static Keys in(Path directory) throws Exception {
            Path file = directory.resolve("keys.p12");
            Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair", "-alias", "both", "-keyalg", "EC", "-dname", "CN=localhost", "-validity", "5",
                    "-storetype", "PKCS12", "-storepass", "secret", "-keystore", file.toString()).inheritIO().start();
            if (keytool.waitFor() != 0) {
                throw new IllegalStateException("no keys");
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                store.load(in, "secret".toCharArray());
            }
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("both", store.getCertificate("both"));
            KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            own.init(store, "secret".toCharArray());
            TrustManagerFactory others = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            others.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(own.getKeyManagers(), others.getTrustManagers(), null);
            return new Keys(context);
        }
    }

    /** With the handshake done. */
    static EnginePair after(Keys keys, String version) throws SSLException {
        EnginePair pair = new EnginePair(keys.context().createSSLEngine(), keys.context().createSSLEngine());
        pair.client.setUseClientMode(true);
        pair.server.setUseClientMode(false);
        pair.client.setEnabledProtocols(new String[]{version});
        pair.client.beginHandshake();
        ByteBuffer toServer = ByteBuffer.allocate(PACKET_BYTES);
        ByteBuffer toClient = ByteBuffer.allocate(PACKET_BYTES);
        boolean moves = true;
        while (moves) {
            moves = step(pair.client, toServer, toClient);
            moves |= step(pair.server, toClient, toServer);
        }
        return pair;
    }

    private static boolean step(SSLEngine engine, ByteBuffer out, ByteBuffer in) throws SSLException {
        HandshakeStatus status = engine.getHandshakeStatus();
        if (status == HandshakeStatus.NEED_TASK) {
            engine.getDelegatedTask().run();
            return true;
        } else if (status == HandshakeStatus.NEED_WRAP) {
            return engine.wrap(ByteBuffer.allocate(0), out).bytesProduced() > 0;
        }
        in.flip();
        SSLEngineResult result = engine.unwrap(in, ByteBuffer.allocate(PACKET_BYTES));
        in.compact();
        return result.bytesConsumed() > 0 || result.getHandshakeStatus() != status;
    }

    /** What the client sends to say {@code bytes}, or what it has to say beside them. */
    byte[] encrypt(byte[] bytes) throws SSLException {
        return encrypt(client, bytes);
    }

    /** The server says what it owes, and the client hears it. */
    void answer() throws SSLException {
        ByteBuffer records = ByteBuffer.wrap(encrypt(server, new byte[0]));
        while (records.hasRemaining()) {
            client.unwrap(records, ByteBuffer.allocate(PACKET_BYTES));
        }
    }

    private static byte[] encrypt(SSLEngine engine, byte[] bytes) throws SSLException {
        ByteArrayOutputStream records = new ByteArrayOutputStream();
        ByteBuffer plain = ByteBuffer.wrap(bytes);
        do {
            ByteBuffer record = ByteBuffer.allocate(PACKET_BYTES);
            engine.wrap(plain, record);
            records.write(record.array(), 0, record.position());
        } while (plain.hasRemaining() || engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP);
        return records.toByteArray();
    }
}
