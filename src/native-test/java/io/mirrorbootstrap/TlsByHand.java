package io.mirrorbootstrap;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Optional;

import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateEntry;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.ContentType;
import org.bouncycastle.tls.DefaultTlsClient;
import org.bouncycastle.tls.HandshakeType;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsClientProtocol;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsServerCertificate;
import org.bouncycastle.tls.crypto.TlsCryptoParameters;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaDefaultTlsCredentialedSigner;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCryptoProvider;

import io.mirrorbootstrap.protocol.Upgrade;

/**
 * A client of TLS 1.3 that is not Java's: it sends each message of the handshake in a record of its own, as most do, and more in one, as
 * none does.
 */
final class TlsByHand implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 20_000;

    /** Asks for new keys, and for an answer. */
    private static final byte[] NEW_KEYS = {(byte) HandshakeType.key_update, 0, 0, 1, 1};

    private final Socket socket;
    private final Records records;

    /** Another writer of records than the library's. */
    private static final class Records extends TlsClientProtocol {

        private final int behindFinished;

        private Records(Socket socket, int behindFinished) throws IOException {
            super(socket.getInputStream(), socket.getOutputStream());
            this.behindFinished = behindFinished;
        }

        @Override
        protected void safeWriteRecord(short type, byte[] bytes, int offset, int length) throws IOException {
            if (behindFinished > 0 && type == ContentType.handshake && bytes[offset] == HandshakeType.finished) {
                byte[] more = newKeys(behindFinished);
                byte[] all = ByteBuffer.allocate(length + more.length).put(bytes, offset, length).put(more).array();
                super.safeWriteRecord(type, all, 0, all.length);
            } else {
                super.safeWriteRecord(type, bytes, offset, length);
            }
        }

        private void askForNewKeys(int times) throws IOException {
            safeWriteRecord(ContentType.handshake, newKeys(times), 0, times * NEW_KEYS.length);
        }

        private static byte[] newKeys(int times) {
            ByteBuffer all = ByteBuffer.allocate(times * NEW_KEYS.length);
            for (int i = 0; i < times; i++) {
                all.put(NEW_KEYS);
            }
            return all.array();
        }
    }

    /**
     * Connects.
     *
     * @param own what it shows if it is asked to: an RSA key
     * @param behindFinished how often it asks for new keys in the record that ends its handshake
     */
    TlsByHand(URI uri, Optional<TestAuthority.Identity> own, int behindFinished) throws IOException {
        Client client = new Client(own); // before it connects: the first of a process takes seconds
        socket = new Socket(InetAddress.getLoopbackAddress(), uri.getPort());
        socket.setSoTimeout(PATIENCE_MILLIS);
        records = new Records(socket, behindFinished);
        records.connect(client);
    }

    private static final class Client extends DefaultTlsClient {

        private final Optional<TestAuthority.Identity> own;

        private Client(Optional<TestAuthority.Identity> own) {
            super(new JcaTlsCryptoProvider().setProvider(new BouncyCastleProvider()).create(new SecureRandom()));
            this.own = own;
        }

        @Override
        protected ProtocolVersion[] getSupportedVersions() {
            return ProtocolVersion.TLSv13.only();
        }

        @Override
        public TlsAuthentication getAuthentication() {
            return new TlsAuthentication() {
                @Override
                public void notifyServerCertificate(TlsServerCertificate server) {
                    // it is the test's
                }

                @Override
                public TlsCredentials getClientCredentials(CertificateRequest request) throws IOException {
                    return own.isPresent() ? credentials(own.get(), request) : null;
                }
            };
        }

        private TlsCredentials credentials(TestAuthority.Identity shown, CertificateRequest request)
                throws IOException {
            JcaTlsCrypto crypto = (JcaTlsCrypto) getCrypto();
            PrivateKey key = shown.keys().getPrivate();
            X509Certificate certificate = shown.certificate();
            try {
                return new JcaDefaultTlsCredentialedSigner(new TlsCryptoParameters(context), crypto, key,
                        new Certificate(request.getCertificateRequestContext(), new CertificateEntry[]{
                                new CertificateEntry(crypto.createCertificate(certificate.getEncoded()), null)}),
                        SignatureAndHashAlgorithm.rsa_pss_rsae_sha256);
            } catch (CertificateEncodingException e) {
                throw new IOException(e);
            }
        }
    }

    /** Asks for new keys so often in one record. */
    void askForNewKeys(int times) throws IOException {
        records.askForNewKeys(times);
    }

    void write(byte[] bytes) throws IOException {
        records.getOutputStream().write(bytes);
    }

    /** Reads the head of an answer. */
    String readHead() throws IOException {
        return Upgrade.response(records.getInputStream());
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
