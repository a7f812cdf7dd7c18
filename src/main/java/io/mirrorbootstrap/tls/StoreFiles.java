package io.mirrorbootstrap.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Optional;

/** Looks at files of Java's key stores, and says what is wrong with one: a sentence that names the file. Any thread but an event loop. */
public final class StoreFiles {

    private StoreFiles() {
    }

    /**
     * Whether it can be read.
     *
     * @param type of the store, as Java names it
     * @param password empty: it is not known here, and what is in the file is not looked at
     * @throws IOException when it cannot be read
     */
    public static void check(Path file, String type, Optional<String> password) throws IOException {
        byte[] content = PemFiles.read(file, "key store");
        if (content.length == 0) {
            throw new IOException(file + " is empty: it must be a key store (" + type + ")");
        } else if (password.isEmpty()) {
            return;
        }
        try {
            KeyStore.getInstance(type).load(new ByteArrayInputStream(content), password.get().toCharArray());
        } catch (IOException | GeneralSecurityException | RuntimeException e) {
            throw new IOException(file + " cannot be read as a key store (" + type
                    + "): it is damaged, or of another kind, or its password is another", e);
        }
    }
}
