package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dates of certificates, as a client may show them: the order is the client's. */
class ClientCertificatesTest {

    @TempDir
    static Path directory;

    private static X509Certificate leaf;
    private static X509Certificate expired;
    private static X509Certificate renewed;
    private static X509Certificate root;

    @BeforeAll
    static void issue() throws Exception {
        root = keys("root", "CN=root", "-validity", "100");
        keys("issuer", "CN=issuer", "-validity", "100");
        keys("leaf", "CN=leaf", "-validity", "100");
        expired = issue("issuer", "root", "-startdate", "-10d", "-validity", "5");
        renewed = issue("issuer", "root", "-validity", "5");
        leaf = issue("leaf", "issuer", "-validity", "5");
    }

    @Test
    void anIssuerThatHasExpiredIsSeenWhereverItStands() {
        for (List<X509Certificate> chain : List.of(List.of(leaf, expired), List.of(leaf, leaf, expired),
                List.of(leaf, root, expired), List.of(leaf, expired, root))) {
            assertEquals("the client certificate's issuer",
                    ClientCertificates.objection(chain).orElse("nothing").replaceFirst(" is valid .*", ""));
        }
    }

    @Test
    void oneIssuerThatIsValidIsEnough() {
        for (List<X509Certificate> chain : List.of(List.of(leaf), List.of(leaf, renewed),
                List.of(leaf, expired, renewed),
                List.of(leaf, root, renewed, expired))) {
            assertTrue(ClientCertificates.objection(chain).isEmpty());
        }
    }

    @Test
    void whatTheClientItselfHasMustBeValid() {
        assertTrue(ClientCertificates.objection(List.of(expired, root)).orElseThrow()
                .startsWith("the client certificate is valid from "));
    }

    private static X509Certificate keys(String alias, String name, String... more) throws Exception {
        keytool(List.of("-genkeypair", "-alias", alias, "-dname", name, "-keyalg", "EC", "-ext", "bc:c"), more);
        return exported(alias);
    }

    private static X509Certificate issue(String alias, String issuer, String... more) throws Exception {
        Path request = directory.resolve("request");
        Path issued = directory.resolve("issued");
        keytool(List.of("-certreq", "-alias", alias, "-file", request.toString()));
        keytool(List.of("-gencert", "-alias", issuer, "-infile", request.toString(), "-outfile", issued.toString(),
                "-ext", "bc:c"), more);
        return read(issued);
    }

    private static X509Certificate exported(String alias) throws Exception {
        Path file = directory.resolve(alias);
        keytool(List.of("-exportcert", "-alias", alias, "-file", file.toString()));
        return read(file);
    }

    private static X509Certificate read(Path file) throws Exception {
        try (InputStream in = Files.newInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private static void keytool(List<String> arguments, String... more) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin/keytool").toString()));
        command.addAll(arguments);
        command.addAll(Stream.of(more).toList());
        command.addAll(List.of("-keystore", directory.resolve("keys").toString(), "-storepass", "changeit"));
        assertEquals(0, new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile()).start().waitFor(),
                () -> command + ": see " + directory);
    }
}
