package io.mirrorbootstrap.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A daemon of ssh on loopback, for rsync, with the cipher that is cheapest here. As root only. */
final class Ssh {

    private static final String CIPHER = "aes128-gcm@openssh.com";

    private Ssh() {
    }

    /** A key, the daemon's and its client's, in {@code directory}. */
    static Path key(Path directory) throws IOException, InterruptedException {
        Path key = directory.resolve("ssh_key").toAbsolutePath();
        Files.deleteIfExists(key);
        Process keygen = new ProcessBuilder("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key.toString())
                .inheritIO().start();
        if (keygen.waitFor() != 0) {
            throw new IOException("ssh-keygen makes no key");
        }
        return key;
    }

    /** What runs it, see {@link Receiver#start}. */
    static List<String> daemon(Path key) {
        return List.of("sh", "-c", "mkdir -p /run/sshd; printf 'ListenAddress 127.0.0.1:PORT\\nHostKey " + key
                + "\\nAuthorizedKeysFile " + key
                + ".pub\\nPidFile none\\nStrictModes no\\nUsePAM no\\nPermitRootLogin yes\\n"
                + "Ciphers " + CIPHER + "\\n' > DIR/sshd_config; exec /usr/sbin/sshd -D -e -f DIR/sshd_config");
    }

    /** The command by which rsync reaches it. */
    static String client(Path key, int port) {
        return "ssh -q -i " + key + " -p " + port + " -c " + CIPHER
                + " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes";
    }
}
