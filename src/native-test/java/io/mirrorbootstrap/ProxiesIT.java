package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The snippets of docs/proxies.md, as they stand there, between the packaged commands. */
@Timeout(180)
class ProxiesIT extends WithSidecar {

    private static final int MIB = 1024 * 1024;
    private static final int FILE_MIB = 12;
    /** Longer than the snippets let anything be silent. */
    private static final int IDLE_SECONDS = 12;
    private static final Path TEXT = Path.of("docs/proxies.md");

    /** The programs, and what a snippet needs around it to run by itself, without anything of the machine's. */
    enum Proxy {
        NGINX("nginx", "HUP", """
                daemon off;
                pid DIR/nginx.pid;
                error_log stderr;
                events {}
                http {
                    access_log off;
                    client_body_temp_path DIR/body;
                    proxy_temp_path DIR/proxy;
                    fastcgi_temp_path DIR/fastcgi;
                    uwsgi_temp_path DIR/uwsgi;
                    scgi_temp_path DIR/scgi;
                SNIPPET
                }
                """, "-p", "DIR", "-c", "CONF"),
        HAPROXY("haproxy", "USR2", "SNIPPET", "-W", "-f", "CONF"),
        APACHE("apache2", "USR1", """
                ServerRoot DIR
                ServerName localhost
                PidFile DIR/apache.pid
                ErrorLog /dev/stderr
                USER
                LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
                LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
                LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
                LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
                LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
                LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
                SNIPPET
                """, "-DFOREGROUND", "-f", "CONF"),
        CADDY("caddy", "", """
                {
                    admin localhost:ADMIN
                    auto_https off
                }
                SNIPPET
                """, "run", "--adapter", "caddyfile", "--config", "CONF");

        private final String program;
        /** What has it read its configuration again; empty: it is told otherwise. */
        private final String reload;
        private final String around;
        private final List<String> arguments;

        Proxy(String program, String reload, String around, String... arguments) {
            this.program = program;
            this.reload = reload;
            this.around = around;
            this.arguments = List.of(arguments);
        }

        String snippet() throws IOException {
            Matcher block = Pattern.compile("(?s)```" + name().toLowerCase() + "\n(.*?)```")
                    .matcher(Files.readString(TEXT));
            assertTrue(block.find(), "docs/proxies.md has none of " + this);
            return block.group(1);
        }

        Path installed() {
            return List.of("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin").stream()
                    .map(directory -> Path.of(directory, program)).filter(Files::isExecutable).findFirst()
                    .orElseGet(() -> Assumptions.abort(program + " is not installed here: NOT TRIED"));
        }
    }

    private final List<Process> started = new ArrayList<>();
    private final byte[] whole = new byte[FILE_MIB * MIB];
    private Path sent;
    private TestAuthority authority;
    private int plain;
    private int secure;
    private int admin;

    @BeforeEach
    void choosePorts() throws Exception {
        new Random(1).nextBytes(whole);
        sent = Files.write(directory.resolve("file"), whole);
        authority = new TestAuthority(directory, "authority");
        TestAuthority.Identity own = authority.issue("mirror", "CN=localhost");
        Files.writeString(directory.resolve("mirror-both.pem"),
                Files.readString(own.certificateFile()) + Files.readString(own.keyFile()));
        plain = FreePort.take();
        secure = FreePort.take();
        admin = FreePort.take();
    }

    @AfterEach
    void stopProxies() {
        started.forEach(ProxiesIT::kill);
    }

    @ParameterizedTest
    @EnumSource
    void aSnapshotComesThroughItHoweverItIsMet(Proxy proxy) throws Exception {
        proxy.installed();
        start();
        run(proxy);
        Process idle = command("idle", "send", "--url", "https://localhost:" + secure, "--ca",
                authority.file().toString(),
                "--cluster", "c", "--database", "idle", "--lsn", "1", "--give-up-after", "0", "--", "sh", "-c",
                "cat " + sent + "; sleep " + IDLE_SECONDS + "; cat " + sent);
        int lsn = 0;
        for (String url : List.of("http://localhost:" + plain, "https://localhost:" + secure,
                "http://localhost:" + plain + "/mirror-a/", "https://localhost:" + secure + "/mirror-a/v1/bootstrap")) {
            assertEnded(0, send(url, "orders", ++lsn, "--give-up-after", "0"), "send");
            assertEnded(0,
                    command("wait", "wait", "--url", url, "--ca", authority.file().toString(), "--database", "orders",
                            "--verify", "--timeout", "30"),
                    "wait");
            assertEquals(lsn, Integer.parseInt(Files.readString(directory.resolve("wait.out")).split("\t")[1]));
        }
        assertEnded(0, idle, "idle");
        assertEquals(2L * whole.length, Files.size(file("idle.snapshot")));
    }

    @ParameterizedTest
    @EnumSource
    void aTransferOutlivesAReloadAndTheEndOfIt(Proxy proxy) throws Exception {
        proxy.installed();
        start(Map.of("MIRROR_BOOTSTRAP_INGEST_RATE_BYTES_PER_SECOND", "3M"));
        Process running = run(proxy);
        Process send = send("https://localhost:" + secure + "/mirror-a", "orders", 1);
        awaitBytes(2 * MIB);
        reload(proxy, running);
        awaitBytes(5 * MIB);
        kill(running);
        run(proxy);
        assertEnded(0, send, "send");
        assertTrue(Files.readString(directory.resolve("send.err")).contains("trying again in"),
                () -> "it was not cut: " + said("send.err"));
        assertEquals(-1, Files.mismatch(sent, file("orders.snapshot")));
    }

    /** Returns when it listens. */
    private Process run(Proxy proxy) throws Exception {
        String snippet = proxy.snippet().replaceAll("\\b8081\\b", "" + plain).replaceAll("\\b8443\\b", "" + secure)
                .replace("127.0.0.1:8080", sidecar.uri().getHost() + ":" + sidecar.uri().getPort())
                .replace("/etc/ssl/mirror", directory.toString()); // last: its name may have any digits
        boolean root = System.getProperty("user.name").equals("root");
        Path conf = Files.writeString(directory.resolve("proxy.conf"),
                proxy.around.replace("SNIPPET", snippet).replace("DIR", directory.toString())
                        .replace("ADMIN", "" + admin)
                        .replace("USER", root ? "User www-data\nGroup www-data" : ""));
        List<String> line = new ArrayList<>(List.of(proxy.installed().toString()));
        proxy.arguments
                .forEach(each -> line.add(each.replace("DIR", directory.toString()).replace("CONF", conf.toString())));
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("proxy.log").toFile()));
        builder.environment().put("HOME", directory.toString());
        builder.environment().put("XDG_DATA_HOME", directory.toString());
        builder.environment().put("XDG_CONFIG_HOME", directory.toString());
        Process process = builder.start();
        started.add(process);
        for (int port : new int[]{plain, secure}) {
            Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> {
                assertTrue(process.isAlive(), () -> said("proxy.log"));
                return isOpen(port);
            });
        }
        return process;
    }

    private void reload(Proxy proxy, Process running) throws Exception {
        List<String> line = proxy.reload.isEmpty()
                ? List.of(proxy.installed().toString(), "reload", "--force", "--adapter", "caddyfile", "--config",
                        directory.resolve("proxy.conf").toString(), "--address", "localhost:" + admin)
                : List.of("kill", "-" + proxy.reload, String.valueOf(running.pid()));
        Process reload = new ProcessBuilder(line).redirectErrorStream(true)
                .redirectOutput(directory.resolve("reload.log").toFile()).start();
        assertTrue(reload.waitFor(30, TimeUnit.SECONDS));
        assertEquals(0, reload.exitValue(), () -> said("reload.log"));
    }

    /** With all that it has started: what is left of it would keep the ports. */
    private static void kill(Process process) {
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        process.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
        all.add(process.toHandle());
        Awaitility.await().atMost(10, TimeUnit.SECONDS)
                .until(() -> all.stream().noneMatch(ProcessHandle::isAlive));
    }

    private Process send(String url, String database, int lsn, String... options) throws IOException {
        List<String> line = new ArrayList<>(List.of("send", sent.toString(), "--url", url, "--ca",
                authority.file().toString(), "--cluster", "c", "--database", database, "--lsn", String.valueOf(lsn)));
        line.addAll(List.of(options));
        return command("send", line.toArray(String[]::new));
    }

    private Process command(String name, String... arguments) throws IOException {
        Process process = SidecarProcess.command(arguments).redirectOutput(directory.resolve(name + ".out").toFile())
                .redirectError(directory.resolve(name + ".err").toFile()).start();
        started.add(process);
        return process;
    }

    private void assertEnded(int code, Process process, String name) throws InterruptedException {
        assertTrue(process.waitFor(90, TimeUnit.SECONDS), () -> said(name + ".err") + said("proxy.log"));
        assertEquals(code, process.exitValue(), () -> said(name + ".err") + said("proxy.log"));
    }

    private void awaitBytes(long bytes) {
        patiently().until(() -> sidecar.bytesDone("orders") >= bytes);
    }

    private String said(String log) {
        try {
            return new String(Files.readAllBytes(directory.resolve(log)), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static boolean isOpen(int port) {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }
}
