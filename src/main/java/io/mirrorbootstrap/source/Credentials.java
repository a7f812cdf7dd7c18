package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.Optional;

import io.mirrorbootstrap.tls.PemFiles;
import io.mirrorbootstrap.wire.TokenLine;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.ClientOptionsBase;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;

/**
 * What a source proves itself with, and whom it believes. The files are read for each link, so that what was replaced
 * counts for the next.
 *
 * @param tokenFile its first line that is not empty, nor begins with {@code #}, is the token, perhaps with what a sidecar reads in it
 * @param authorities certificates (PEM) of those who may vouch for the sidecar; empty: those that Java knows
 * @param own the certificate (PEM) and key (PEM) that the sidecar is shown
 */
public record Credentials(Optional<Path> tokenFile, Optional<Path> authorities, Optional<Own> own) {

    /** As much as the sidecar reads of its own. */
    private static final int MAX_TOKEN_FILE_BYTES = 1024 * 1024;

    /** Neither token nor certificate; the sidecar must be vouched for by an authority that Java knows. */
    public static final Credentials NONE = new Credentials(Optional.empty(), Optional.empty(), Optional.empty());

    /** A certificate and its key. */
    public record Own(Path certificate, Path key) {
    }

    /**
     * The token.
     *
     * @throws IOException when the file cannot be read or has none
     */
    public Optional<String> token() throws IOException {
        if (tokenFile.isEmpty()) {
            return Optional.empty();
        }
        Path file = tokenFile.get();
        byte[] bytes = SmallFile.readAgain(file, MAX_TOKEN_FILE_BYTES);
        int number = 0;
        for (String line : text(file, bytes).split("\n", -1)) {
            number++;
            if (!TokenLine.isBlank(line)) {
                int here = number;
                return Optional.of(TokenLine.parse(line).map(TokenLine::token).orElseThrow(
                        () -> new IOException(file + ", line " + here + ", is no token: " + TokenLine.RULE)));
            }
        }
        throw new IOException(file + " holds no token");
    }

    private static String text(Path file, byte[] bytes) throws IOException {
        try {
            return TokenLine.text(bytes);
        } catch (CharacterCodingException e) {
            throw new IOException(file + " " + e.getMessage(), e);
        }
    }

    /**
     * Reads the files, so that what is wrong with one is told before anything is done.
     *
     * @throws IOException with a sentence that names the file
     */
    public void check() throws IOException {
        if (authorities.isPresent()) {
            SmallFile.requireRegular(authorities.get());
            PemFiles.checkCertificates(authorities.get());
        }
        if (own.isPresent()) {
            SmallFile.requireRegular(own.get().certificate());
            SmallFile.requireRegular(own.get().key());
            PemFiles.checkPair(own.get().certificate(), own.get().key());
        }
    }

    void applyTo(ClientOptionsBase options) {
        authorities.ifPresent(file -> options.setTrustOptions(new PemTrustOptions().addCertPath(file.toString())));
        own.ifPresent(pair -> options.setKeyCertOptions(new PemKeyCertOptions()
                .addCertPath(pair.certificate().toString()).addKeyPath(pair.key().toString())));
    }

    /**
     * Has the token shown, when all files can be used: what was replaced may be half written.
     *
     * @throws IOException with a sentence that names the file
     */
    void applyTo(RequestOptions request) throws IOException {
        check();
        token().ifPresent(token -> request.putHeader("Authorization", "Bearer " + token));
    }
}
