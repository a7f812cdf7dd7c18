package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.protocol.Upgrade;
import io.mirrorbootstrap.wire.JsonMessages;

/**
 * Sources whose TLS is not Java's: each program only carries what goes in and what comes out through a session. One that is not
 * installed is not tried, and that is said.
 */
class OtherTlsClientsIT extends WithSidecar {

    private static final String PYTHON = """
            import os, select, socket, ssl, sys
            context = ssl.create_default_context(cafile=sys.argv[2])
            context.minimum_version = context.maximum_version = ssl.TLSVersion[sys.argv[3].replace('.', '_')]
            link = context.wrap_socket(socket.create_connection(('localhost', int(sys.argv[1]))), server_hostname='localhost')
            while True:
                ready = [link] if link.pending() else select.select([0, link], [], [])[0]
                if 0 in ready:
                    link.sendall(os.read(0, 65536))
                if link in ready:
                    came = link.recv(65536)
                    if not came:
                        break
                    os.write(1, came)
            """;

    private static final String NODE = """
            const [port, ca, version] = process.argv.slice(1)
            const link = require('tls').connect({host: 'localhost', port: +port, ca: require('fs').readFileSync(ca),
                minVersion: version, maxVersion: version}, () => process.stdin.pipe(link))
            link.pipe(process.stdout)
            """;

    /** A program that connects to {@code localhost} and believes one authority alone. */
    enum Client {
        OPENSSL("openssl") {
            @Override
            List<String> line(int port, Path authority, String version) {
                return List.of("openssl", "s_client", "-quiet", "-verify_return_error", "-CAfile", authority.toString(),
                        "-connect", "localhost:" + port, version.equals("TLSv1.3") ? "-tls1_3" : "-tls1_2");
            }
        },
        PYTHON3("python3") {
            @Override
            List<String> line(int port, Path authority, String version) {
                return List.of("python3", "-c", PYTHON, String.valueOf(port), authority.toString(), version);
            }
        },
        NODEJS("node") {
            @Override
            List<String> line(int port, Path authority, String version) {
                return List.of("node", "-e", NODE, String.valueOf(port), authority.toString(), version);
            }
        };

        private final String program;

        Client(String program) {
            this.program = program;
        }

        abstract List<String> line(int port, Path authority, String version);

        private boolean isInstalled() {
            return Programs.isInstalled(program);
        }
    }

    @ParameterizedTest
    @CsvSource({"OPENSSL, TLSv1.3", "OPENSSL, TLSv1.2", "PYTHON3, TLSv1.3", "PYTHON3, TLSv1.2", "NODEJS, TLSv1.3",
            "NODEJS, TLSv1.2"})
    void aSnapshotIsCommittedThatComesByAnotherTls(Client client, String version) throws Exception {
        if (!client.isInstalled()) {
            Assumptions.abort(client.program + " is not installed here: NOT TRIED");
        }
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.serviceWithoutTrust(), Map.of("QUARKUS_TLS_PROTOCOLS", "TLSv1.2,TLSv1.3"));
        TestSnapshot snapshot = TestSnapshot.random("db", 3 * MIB);
        Process carrier = new ProcessBuilder(
                client.line(sidecar.secureUri().getPort(), authority.file(), version))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (OutputStream out = carrier.getOutputStream(); InputStream in = carrier.getInputStream()) {
            out.write(Upgrade.request(""));
            out.flush();
            assertTrue(Upgrade.response(in).startsWith("HTTP/1.1 101 "));
            out.write(Frame.text(snapshot.open()).bytes());
            for (int at = 0; at < snapshot.bytes().length; at += MIB) {
                out.write(new Frame(Frame.BINARY, snapshot.chunk(at, at + MIB)).bytes(0x1234_5678));
            }
            out.flush();
            TestSnapshot.opened(JsonMessages.answer(Frame.read(in).text()));
            assertTrue(Frame.read(in).text().contains("pending"));
            assertTrue(Frame.read(in).text().contains("pending"));
            Path stored = Path
                    .of(TestSnapshot.committed(JsonMessages.answer(Frame.read(in).text())).snapshotPath());
            assertArrayEquals(snapshot.bytes(), Files.readAllBytes(stored));
            out.write(new Frame(Frame.CLOSE, new byte[0]).bytes());
            out.flush();
            assertEquals(Frame.CLOSE, Frame.read(in).head());
        } finally {
            carrier.destroyForcibly();
        }
    }
}
