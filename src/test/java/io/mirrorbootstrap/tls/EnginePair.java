package io.mirrorbootstrap.tls;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

import io.mirrorbootstrap.TestAuthority;

/**
 * Both ends of a TLS session, without a connection.
 *
 * @param client the end that says something
 * @param server the end that hears it
 */
record EnginePair(SSLEngine client, SSLEngine server) {

    private static final int PACKET_BYTES = 40_000;

    /** What both ends may believe and show; its files are in {@code directory}. */
    static SSLContext keys(Path directory) throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        return authority.client(authority.issue("both", "CN=localhost"));
    }

    /** With the handshake done; both ends believe and show what {@code both} has. */
    static EnginePair after(SSLContext both, String version) throws SSLException {
        EnginePair pair = new EnginePair(both.createSSLEngine(), both.createSSLEngine());
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
