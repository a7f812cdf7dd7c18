package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates, as a client may show them: the order is the client's, and so is what it shows beside those that are needed. */
class ShownCertificatesTest {

    @TempDir
    static Path directory;

    private static X509Certificate leaf;
    private static X509Certificate expired;
    private static X509Certificate renewed;
    private static X509Certificate root;
    private static final AtomicInteger VERIFIED = new AtomicInteger();
    private static Authorities authorities;

    @BeforeAll
    static void issue() throws Exception {
        root = keys("root", "CN=root", "-validity", "100");
        keys("issuer", "CN=issuer", "-validity", "100");
        keys("leaf", "CN=leaf", "-validity", "100");
        expired = issue("issuer", "root", "-startdate", "-10d", "-validity", "5");
        renewed = issue("issuer", "root", "-validity", "5");
        leaf = issue("leaf", "issuer", "-validity", "5");
        KeyStore store = store(root);
        authorities = new Authorities(() -> store);
    }

    @Test
    void anIssuerThatHasExpiredIsSeenWhereverItStands() {
        for (List<X509Certificate> chain : List.of(List.of(leaf, expired), List.of(leaf, leaf, expired),
                List.of(leaf, root, expired), List.of(leaf, expired, root))) {
            assertTrue(
                    objection(chain).orElseThrow().matches("nobody who is trusted here vouches for .* valid from .*"),
                    chain::toString);
        }
    }

    @Test
    void oneIssuerThatIsValidIsEnough() {
        for (List<X509Certificate> chain : List.of(List.of(leaf, renewed), List.of(leaf, expired, renewed),
                List.of(leaf, root, renewed, expired))) {
            assertEquals(Optional.empty(), objection(chain));
        }
    }

    @Test
    void noOtherCertificateOfItsNameHidesThatItHasExpired() throws Exception {
        X509Certificate ownKey = keys("own-key", "CN=issuer", "-validity", "100");
        keys("no-root", "CN=root", "-validity", "100");
        X509Certificate itsKey = issue("issuer", "no-root", "-validity", "100"); // which is in the one that has expired
        for (X509Certificate selfMade : List.of(ownKey, itsKey)) {
            for (List<X509Certificate> chain : List.of(List.of(leaf, selfMade, expired, root),
                    List.of(leaf, expired, selfMade), List.of(leaf, selfMade))) {
                assertTrue(objection(chain).isPresent(), chain::toString);
            }
            assertEquals(Optional.empty(), objection(List.of(leaf, renewed, selfMade)), "it does no harm");
        }
    }

    @Test
    void whatTheClientItselfHasMustBeValid() {
        assertTrue(objection(List.of(expired, root)).orElseThrow().startsWith("the client certificate is valid from "));
    }

    @Test
    void theyAreVerifiedOnceAndAgainWhenOneCeasesToBeValid() throws Exception {
        X509Certificate brief = issue("issuer", "root", "-startdate", "-23H-59M-50S", "-validity", "1");
        ShownCertificates shown = shown(List.of(leaf, brief));
        VERIFIED.set(0);
        assertEquals(Optional.empty(), shown.objection());
        assertEquals(Optional.empty(), shown.objection());
        assertEquals(1, VERIFIED.get());
        Awaitility.await().until(() -> shown.objection().isPresent());
        assertEquals(2, VERIFIED.get());
    }

    @Test
    void anAuthorityThatIsNotValidVouchesForNobody() throws Exception {
        X509Certificate over = keys("over", "CN=over", "-startdate", "-10d", "-validity", "5");
        X509Certificate ofOver = issueFor("of-over", "over");
        assertTrue(
                objection(List.of(ofOver), over).orElseThrow()
                        .matches(
                                "nobody who is trusted here vouches for .*: an authority that is named here is valid from .*"),
                objection(List.of(ofOver), over)::toString);
        assertTrue(objection(List.of(ofOver, over), over, root).isPresent());
        assertEquals(Optional.empty(), objection(List.of(leaf, renewed), over, root), "it hides no other");

        X509Certificate again = issue("over", "over", "-validity", "5"); // with its name and key
        for (List<X509Certificate> chain : List.of(List.of(ofOver), List.of(ofOver, over))) {
            assertEquals(Optional.empty(), objection(chain, over, again));
        }
    }

    @Test
    void anAuthorityThatCeasesToBeValidVouchesForNobodyFromThenOn() throws Exception {
        keys("of-brief", "CN=of-brief", "-validity", "100");
        X509Certificate brief = keys("brief", "CN=brief", "-startdate", "-23H-59M-35S", "-validity", "1");
        KeyStore store = store(brief);
        ShownCertificates shown = new ShownCertificates(List.of(issue("of-brief", "brief", "-validity", "5")),
                new Authorities(() -> store));
        assertEquals(Optional.empty(), shown.objection());
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> shown.objection().isPresent());
    }

    /** A certificate that lasts longer than its issuer may. */
    private static X509Certificate issueFor(String name, String issuer) throws Exception {
        keys(name, "CN=" + name, "-validity", "100");
        return issue(name, issuer, "-validity", "5");
    }

    private static Optional<String> objection(List<X509Certificate> chain, X509Certificate... named) throws Exception {
        KeyStore store = store(named);
        return new ShownCertificates(chain, new Authorities(() -> store)).objection();
    }

    private static KeyStore store(X509Certificate... certificates) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (X509Certificate each : certificates) {
            store.setCertificateEntry(String.valueOf(store.size()), each);
        }
        return store;
    }

    @Test
    void whatCannotBeVerifiedIsNotGoodTheNextTimeEither() {
        ShownCertificates shown = new ShownCertificates(List.of(leaf, renewed), () -> {
            throw new IllegalStateException("there is no trust store");
        });
        assertThrows(IllegalStateException.class, shown::objection);
        assertThrows(IllegalStateException.class, shown::objection);
    }

    private static Optional<String> objection(List<X509Certificate> chain) {
        return shown(chain).objection();
    }

    private static ShownCertificates shown(List<X509Certificate> chain) {
        return new ShownCertificates(chain, () -> {
            VERIFIED.incrementAndGet();
            return authorities.get();
        });
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
