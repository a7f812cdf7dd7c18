package io.mirrorbootstrap.source;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** Makes a name of bytes, which does not tell what it was made of. */
final class LastingName {

    private LastingName() {
    }

    /**
     * @param kind what the name begins with
     * @param facts what tells the bytes from others
     */
    static String of(String kind, String facts) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(facts.getBytes(StandardCharsets.UTF_8));
            return kind + Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("each Java has SHA-256", e);
        }
    }
}
