package io.mirrorbootstrap.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CRLException;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.impl.KeyStoreHelper;

/** Looks at PEM files as Vert.x will read them, and says what is wrong with one: a sentence that names the file. Any thread but an event loop. */
public final class PemFiles {

    private static final Pattern BEGIN = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----");
    private static final String PEM = "PEM file";
    private static final String CERTIFICATE = "CERTIFICATE";
    private static final Set<String> KEYS = Set.of("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY");
    private static final int DER_SEQUENCE = 0x30;
    /** As many authorities as there are take less. It is held several times while it is looked at. */
    private static final int MAX_BYTES = 2 * 1024 * 1024;
    /** Some 200,000 certificates; Java holds several times as much of them. */
    private static final int MAX_REVOCATIONS_BYTES = 8 * 1024 * 1024;

    private PemFiles() {
    }

    /** @throws IOException when {@code file} has not at least one certificate that can be read */
    public static void checkCertificates(Path file) throws IOException {
        loadCertificates(file, read(file, PEM));
    }

    /** @throws IOException when {@code key} has no key that can be used, or not that of the first one in {@code certificate} */
    public static void checkPair(Path certificate, Path key) throws IOException {
        byte[] shown = read(certificate, PEM);
        loadCertificates(certificate, shown);
        byte[] secret = readKey(key);
        if (!belong(Buffer.buffer(shown), key, Buffer.buffer(secret))) {
            throw new IOException("the key in " + key + " is not that of the certificate in " + certificate);
        }
    }

    /**
     * Whether a key is that of the first one of some certificates; false also where one of them cannot be used.
     *
     * @param certificates what a file of certificates had
     * @param key what a file of a key had
     */
    public static boolean belong(Buffer certificates, Buffer key) {
        try {
            return belong(certificates, Path.of("key"), key);
        } catch (IOException e) {
            return false;
        }
    }

    /** @throws IOException when {@code key} has no key, or one that needs a password */
    public static void checkKey(Path key) throws IOException {
        readKey(key);
    }

    /** @throws IOException when {@code file} has not at least one list of revoked certificates (PEM, or DER) that can be read */
    public static void checkRevocations(Path file) throws IOException {
        byte[] content = read(file, MAX_REVOCATIONS_BYTES, ", too many for the memory that is here");
        if (content.length == 0) {
            throw new IOException(file + " is empty: it must have a list of revoked certificates (CRL)");
        } else if (!haveRevocations(Buffer.buffer(content))) {
            throw new IOException(file + " has no list of revoked certificates (CRL), or one that is damaged");
        }
    }

    /**
     * Whether there is a list of revoked certificates in it: of one that is empty, as a file is while it is written, Java makes none, says
     * nothing, and whoever was revoked would be trusted.
     *
     * @param revocations what a file of such lists had
     */
    public static boolean haveRevocations(Buffer revocations) {
        try {
            return !CertificateFactory.getInstance("X.509")
                    .generateCRLs(new ByteArrayInputStream(revocations.getBytes(0, revocations.length()))).isEmpty();
        } catch (CRLException | CertificateException e) {
            return false;
        }
    }

    private static byte[] readKey(Path key) throws IOException {
        byte[] secret = read(key, PEM);
        List<String> blocks = blocks(key, secret, "key");
        if (blocks.contains("ENCRYPTED PRIVATE KEY") || text(secret).contains("Proc-Type: 4,ENCRYPTED")) {
            throw new IOException(key + " has a key that is encrypted with a password, which cannot be given: "
                    + "'openssl pkey -in FILE' writes it without one");
        } else if (blocks.stream().noneMatch(KEYS::contains)) {
            throw new IOException(key + " has no key, but " + names(blocks));
        }
        return secret;
    }

    /** Vert.x' own reader throws whatever it meets, and names no file. */
    private static void loadCertificates(Path file, byte[] content) throws IOException {
        List<String> blocks = blocks(file, content, "certificate");
        if (!blocks.contains(CERTIFICATE)) {
            throw new IOException(file + " has no certificate, but " + names(blocks));
        }
        try {
            KeyStoreHelper.loadCA(Stream.of(Buffer.buffer(content)));
        } catch (Exception e) {
            throw new IOException(file + " has a certificate that cannot be read: it is damaged", e);
        }
    }

    private static boolean belong(Buffer shown, Path key, Buffer secret) throws IOException {
        KeyStore pair;
        try {
            pair = KeyStoreHelper.loadKeyCert(List.of(secret), List.of(shown));
        } catch (Exception e) {
            if (String.valueOf(e.getMessage()).contains("does not match")) {
                return false; // RSA and EC
            }
            throw new IOException(key + " has a key that cannot be read: it is damaged, or neither of RSA nor EC", e);
        }
        try {
            String alias = pair.aliases().nextElement();
            PrivateKey mine = (PrivateKey) pair.getKey(alias, KeyStoreHelper.DUMMY_PASSWORD.toCharArray());
            Certificate theirs = pair.getCertificate(alias);
            String algorithm = mine.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA";
            byte[] any = {1};
            Signature sign = Signature.getInstance(algorithm);
            sign.initSign(mine);
            sign.update(any);
            byte[] signature = sign.sign();
            Signature verify = Signature.getInstance(algorithm);
            verify.initVerify(theirs.getPublicKey());
            verify.update(any);
            return verify.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static List<String> blocks(Path file, byte[] content, String wanted) throws IOException {
        List<String> blocks = new ArrayList<>();
        Matcher begin = BEGIN.matcher(text(content));
        while (begin.find()) {
            blocks.add(begin.group(1));
        }
        if (content.length == 0) {
            throw new IOException(file + " is empty: it must have a " + wanted + " (PEM)");
        } else if (blocks.isEmpty()) {
            throw new IOException(file + (content[0] == DER_SEQUENCE
                    ? " is binary (DER, or PKCS#12): it must be PEM, as openssl writes it"
                    : " has no " + wanted + ": no line in it is -----BEGIN …-----, as in a PEM file"));
        }
        return blocks;
    }

    private static String names(List<String> blocks) {
        return String.join(", ",
                blocks.stream().distinct().map(block -> "a " + block.toLowerCase(Locale.ROOT)).toList());
    }

    /** @param kind of what it is to be, for people */
    static byte[] read(Path file, String kind) throws IOException {
        return read(file, MAX_BYTES, ", which no " + kind + " has");
    }

    /** @param tooMany what more than {@code most} bytes mean */
    private static byte[] read(Path file, int most, String tooMany) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IOException(file + " is a directory");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] content = in.readNBytes(most + 1);
            if (content.length > most) {
                throw new IOException(file + " has more than " + most + " bytes" + tooMany);
            }
            return content;
        } catch (NoSuchFileException e) {
            throw new IOException(file + " cannot be read: there is no such file", e);
        } catch (AccessDeniedException e) {
            throw new IOException(file + " cannot be read: permission denied", e);
        }
    }

    private static String text(byte[] content) {
        return new String(content, StandardCharsets.ISO_8859_1);
    }
}
