package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Outcome;

/** The file of tokens, which changes while the service runs, and may be anything for a while. */
class TokenFileIT extends WithSidecar {

    @Test
    void tokensChangeWithoutARestart() throws Exception {
        // as Kubernetes does it: the file is a link into a directory that is a link, which is replaced
        Path volume = Files.createDirectory(directory.resolve("volume"));
        generation(volume, "one", "first\n");
        Files.createSymbolicLink(volume.resolve("tokens"), Path.of("..data/tokens"));
        start(Map.of("MIRROR_BOOTSTRAP_AUTH_TOKEN_FILE", volume.resolve("tokens").toString()));
        assertEquals(200, statusWith("first"));
        assertEquals(401, statusWith("other"));

        generation(volume, "two", "other\n");
        patiently().until(() -> statusWith("other") == 200);
        patiently().until(() -> statusWith("first") == 401);

        generation(volume, "three", "# nobody\n");
        patiently().until(() -> statusWith("other") == 503);
        assertLogged("holds no token: nobody is let in until that is mended");

        generation(volume, "four", "other\n");
        patiently().until(() -> statusWith("other") == 200);
        Files.delete(volume.resolve("..data"));
        patiently().until(() -> statusWith("other") == 503);
    }

    @Test
    void aTokenFileThatIsNoFileLetsNobodyInUntilItIsOneAgain() throws Exception {
        start(tokens("secret\n"));
        Files.delete(tokenFile());
        assertEquals(0, new ProcessBuilder("mkfifo", tokenFile().toString()).start().waitFor());
        patiently().until(() -> statusWith("secret") == 503);
        assertLogged("is no regular file: nobody is let in");
        Path back = Files.writeString(directory.resolve("back"), "secret\n");
        Files.move(back, tokenFile(), StandardCopyOption.REPLACE_EXISTING);
        patiently().until(() -> statusWith("secret") == 200);
    }

    @Test
    void aTokenFileThatDoesNotAnswerCountsForAWhileAndHoldsNothingElseUp() throws Exception {
        Path hangs = directory.resolve("hangs");
        start(tokens("secret\n"), Preloaded.disk("HANGING_FILE", tokenFile(), "HANGING_DISK_WHILE", hangs,
                "QUARKUS_THREAD_POOL_MAX_THREADS", 2));
        Files.createFile(hangs);
        patiently().until(() -> statusWith("secret") == 503);
        assertLogged("has not answered for 10 seconds: nobody is let in");
        assertEquals(200, sidecar.status("/q/health/ready")); // looks at the disk, on a worker
        Files.delete(hangs);
        patiently().until(() -> statusWith("secret") == 200);
        patiently().until(() -> sidecar.logged("holds 1 tokens").size() == 2);
    }

    @Test
    void aFaultOfTheFileIsNotThatOfWhoShowsAToken() throws Exception {
        start(tokens("secret\n"));
        Path shown = Files.writeString(directory.resolve("shown"), "secret\n");
        Credentials credentials = new Credentials(Optional.of(shown), Optional.empty(), Optional.empty());
        Files.writeString(tokenFile(), ""); // as one who writes it in place begins
        patiently().until(() -> statusWith("secret") == 503);

        Outcome.NoLink refused = assertInstanceOf(Outcome.NoLink.class,
                TestSender.send(sidecar.uri(), "cluster-a", credentials));
        assertTrue(refused.message().contains("HTTP 503, transport: the sidecar cannot use its token file"),
                refused::message);
        assertTrue(refused.canHeal());
        assertEquals(Optional.of(Duration.ofSeconds(2)), refused.comeBackAfter());
        assertEquals(503, statusWith("unknown"));
        assertEquals(401, status("/v1/mirrors", "Host: x"), "whatever the file has");

        Files.writeString(tokenFile(), "secret\n");
        patiently().until(() -> statusWith("secret") == 200);
        assertInstanceOf(Outcome.Committed.class, TestSender.send(sidecar.uri(), "cluster-a", credentials));
        patiently().until(() -> statusWith("unknown") == 401);
    }

    private static void generation(Path volume, String name, String tokens) throws IOException {
        Path directory = Files.createDirectory(volume.resolve(name));
        Files.writeString(directory.resolve("tokens"), tokens);
        Path link = Files.createSymbolicLink(volume.resolve("..data_tmp"), Path.of(name));
        Files.move(link, volume.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    }

    private int statusWith(String token) throws IOException {
        return status("/v1/mirrors", "Host: x", "Authorization: Bearer " + token);
    }
}
