package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The packaged {@code send} of what nginx serves, which is killed and started again under it. */
@Timeout(180)
class SendUrlIT extends WithSidecar {

    private static final Path NGINX = Path.of("/usr/sbin/nginx");
    /** More than the heap of {@code send} has. */
    private static final int FILE_MIB = 100;
    private static final String SECRET = "0123456789abcdef";
    private static final Pattern RANGE = Pattern.compile("206 bytes=(\\d+)-");

    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void stopOthers() throws Exception {
        for (Process each : started) {
            kill(each);
        }
    }

    @Test
    void aServerThatIsKilledIsGoneOnWith() throws Exception {
        Path file = served(FILE_MIB);
        int port = FreePort.take();
        start();
        Process nginx = nginx(port, "first", "");
        Process send = send("http://127.0.0.1:" + port + "/base.tar?signature=" + SECRET);
        patiently().until(() -> {
            assertTrue(send.isAlive(), () -> read(err()));
            return sidecar.bytesDone("db") >= 30 * MIB;
        });
        kill(nginx);
        patiently().until(() -> read(err()).contains("trying again in"));
        long there = sidecar.bytesDone("db");
        nginx(port, "second", "");
        assertEquals(0, ended(send), () -> read(err()));
        assertEquals(-1, Files.mismatch(file, file("db.snapshot")));
        Matcher asked = RANGE.matcher(read(directory.resolve("second")));
        assertTrue(asked.find(), () -> read(directory.resolve("second")));
        assertTrue(Long.parseLong(asked.group(1)) >= there,
                () -> "what has arrived is read again: " + asked.group() + ", there is " + there);
        assertTrue(read(err()).contains("/base.tar?… cannot be read: "), () -> read(err()));
        assertFalse((read(err()) + read(directory.resolve("out"))).contains(SECRET), () -> read(err()));
    }

    @Test
    void aServerMustBeVouchedFor() throws Exception {
        Path file = served(10);
        TestAuthority authority = new TestAuthority(directory, "authority");
        TestAuthority.Identity own = authority.issue("storage", "CN=localhost");
        int port = FreePort.take();
        start();
        nginx(port, "log", "ssl; ssl_certificate " + own.certificateFile() + "; ssl_certificate_key " + own.keyFile());
        assertEquals(2, ended(send("https://localhost:" + port + "/base.tar")));
        assertTrue(
                read(err()).contains("no authority that is trusted here has signed its certificate: --source-ca FILE"),
                () -> read(err()));
        assertEquals(0, ended(send("https://localhost:" + port + "/base.tar", "--source-ca",
                authority.file().toString())), () -> read(err()));
        assertEquals(-1, Files.mismatch(file, file("db.snapshot")));
    }

    private Path served(int mib) throws IOException {
        Assumptions.assumeTrue(Files.isExecutable(NGINX), "nginx is not installed here: NOT TRIED");
        byte[] whole = new byte[mib * MIB];
        new Random(1).nextBytes(whole);
        return Files.write(Files.createDirectories(directory.resolve("www")).resolve("base.tar"), whole);
    }

    private Process send(String url, String... options) throws IOException {
        List<String> line = new ArrayList<>(List.of("send", url, "--url", sidecar.uri().toString(), "--cluster", "c",
                "--database", "db"));
        line.addAll(List.of(options));
        Process send = SidecarProcess.command(line.toArray(String[]::new))
                .redirectOutput(directory.resolve("out").toFile()).redirectError(err().toFile()).start();
        started.add(send);
        return send;
    }

    private int ended(Process send) throws InterruptedException {
        assertTrue(send.waitFor(120, TimeUnit.SECONDS), () -> read(err()));
        return send.exitValue();
    }

    private Path err() {
        return directory.resolve("err");
    }

    /** Returns when it listens. */
    private Process nginx(int port, String log, String tls) throws Exception {
        Path conf = Files.writeString(directory.resolve("nginx.conf"),
                """
                        daemon off;
                        pid DIR/nginx.pid;
                        error_log stderr;
                        USER
                        events {}
                        http {
                            log_format range '$status $http_range';
                            access_log DIR/LOG range;
                            client_body_temp_path DIR/body;
                            proxy_temp_path DIR/proxy;
                            fastcgi_temp_path DIR/fastcgi;
                            uwsgi_temp_path DIR/uwsgi;
                            scgi_temp_path DIR/scgi;
                            server {
                                listen 127.0.0.1:PORT TLS;
                                root DIR/www;
                                limit_rate 20m;
                            }
                        }
                        """.replace("DIR", directory.toString()).replace("LOG", log).replace("PORT", "" + port)
                        .replace("TLS", tls)
                        .replace("USER", System.getProperty("user.name").equals("root") ? "user root;" : ""));
        Process process = new ProcessBuilder(NGINX.toString(), "-p", directory.toString(), "-c", conf.toString())
                .redirectErrorStream(true).redirectOutput(directory.resolve("nginx.log").toFile()).start();
        started.add(process);
        patiently().until(() -> {
            assertTrue(process.isAlive(), () -> read(directory.resolve("nginx.log")));
            return isOpen(port);
        });
        return process;
    }

    /** With all that it has started: what is left of it would serve on. */
    private static void kill(Process process) {
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        process.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
        all.add(process.toHandle());
        patiently().until(() -> all.stream().noneMatch(ProcessHandle::isAlive));
    }

    private static boolean isOpen(int port) {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
