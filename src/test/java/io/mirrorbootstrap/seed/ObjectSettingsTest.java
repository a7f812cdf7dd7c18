package io.mirrorbootstrap.seed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.TestMirrors;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.source.HttpProxy;
import io.quarkus.runtime.configuration.ConfigurationException;

/** What may be said of objects in storage, and what ends the start. */
class ObjectSettingsTest {

    private static final DatabaseId ORDERS = new DatabaseId("orders");

    private final Map<String, String> environment = new HashMap<>();

    @Test
    void whatIsSaidIsOfTheObject() {
        ObjectSettings read = read("orders", "seed-from=https://storage/orders.tar?sign=1 seed-cluster=prod "
                + "seed-lsn=16/B374D848 seed-crc32c=0x0000000a seed-header-file=/h seed-ca=/ca").orElseThrow();
        SeedObject object = read.objects(ORDERS).get(0);
        assertEquals("https://storage/orders.tar?…", object.where());
        assertEquals("prod", object.origin().sourceClusterId());
        assertEquals(OptionalLong.of(97500059720L), object.origin().lsn());
        assertEquals(Optional.of("16/B374D848"), object.origin().notes().position());
        assertEquals(Optional.of(new Crc32c(10)), object.crc32c());
        assertEquals("/h", object.headers().orElseThrow().file().toString());
        assertEquals("/ca", object.authorities().orElseThrow().toString());
    }

    @Test
    void theHeadSaysTheLsnWhereNobodyElseDoes() {
        SeedObject object = read("orders", "seed-from=https://storage/orders.tar seed-cluster=prod seed-position=here")
                .orElseThrow().objects(ORDERS).get(0);
        assertEquals(OptionalLong.empty(), object.origin().lsn());
        assertEquals(Optional.of("here"), object.origin().notes().position());
    }

    @Test
    void severalDatabasesHaveAnObjectEach() {
        ObjectSettings read = read("orders,bills", "seed-from=https://storage/{database}.tar seed-cluster=prod")
                .orElseThrow();
        assertEquals("https://storage/bills.tar", read.objects(new DatabaseId("bills")).get(0).where());
    }

    @Test
    void siblingsNeedNothingOfIt() {
        assertEquals(Optional.empty(), read("orders", "seed-from=http://mirror:8080,https://proxy/mirror-a"));
        assertEquals(Optional.empty(), read("orders", ""));
        assertEquals(Optional.empty(), read("orders", "seed-lsn=auto"), "as where all defaults are set");
    }

    @Test
    void theProxyOfTheEnvironmentLeadsThere() {
        environment.put("https_proxy", "http://proxy:3128");
        SeedObject object = read("orders", "seed-from=https://storage/orders.tar seed-cluster=prod").orElseThrow()
                .objects(ORDERS).get(0);
        assertEquals(Optional.of(HttpProxy.parse("http://proxy:3128")), object.proxy());
    }

    @Test
    void headersThatOthersCanReadAreTold() {
        String plain = "seed-from=http://storage:9000/orders.tar seed-cluster=prod";
        assertEquals(List.of("http://storage:9000"), read("orders", plain + " seed-header-file=/h").orElseThrow()
                .readableByOthers(List.of(ORDERS)));
        assertEquals(List.of(), read("orders", plain).orElseThrow().readableByOthers(List.of(ORDERS)));
        assertEquals(List.of(),
                read("orders", plain.replace("storage:", "127.0.0.1:") + " seed-header-file=/h").orElseThrow()
                        .readableByOthers(List.of(ORDERS)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "orders | seed-from=https://s/o.tar?sign=secret | seed-from has https://s/o.tar?…, which is an object in storage, and mirror-bootstrap.seed-cluster",
            "orders | seed-from=http://mirror:8080 seed-cluster=c | seed-cluster is for objects in storage, and mirror-bootstrap.seed-from has none",
            "orders | seed-crc32c=0x00000001 | seed-crc32c is for objects in storage",
            "orders | seed-from=http://m seed-lsn=1 | seed-lsn is for objects in storage",
            "orders | seed-from=http://m seed-position=1 | seed-position is for objects in storage",
            "orders | seed-from=http://m seed-header-file=1 | seed-header-file is for objects in storage",
            "orders | seed-from=https://s/o.tar,https://p/mirror-a seed-cluster=c | seed-from has https://p/mirror-a, which may be a sidecar or an object",
            "orders | seed-from=https://s/o.tar seed-cluster=c allowed-source-clusters=a,b | seed-cluster is \"c\", which mirror-bootstrap.allowed-source-clusters has not",
            "orders | seed-from=https://s/o.tar seed-cluster=c\u0007d | seed-cluster must have at most 256",
            "orders | seed-from=https://s/o.tar seed-cluster=c seed-lsn=x | seed-lsn: 'x' is no LSN",
            "orders | seed-from=https://s/o.tar seed-cluster=c seed-position=a\u0007b | seed-position must have 1 to",
            "orders | seed-from=https://s/o.tar seed-cluster=c seed-crc32c=1 | seed-crc32c is \"1\", it must be 0x and 8 hex",
            "orders,bills | seed-from=https://s/o.tar seed-cluster=c | seed-from has https://s/o.tar, and 2 databases are expected: it must have {database}",
            "orders,bills | seed-from=https://s/{database}.tar seed-cluster=c seed-lsn=1 | seed-lsn is set, and 2 databases",
            "orders,bills | seed-from=https://s/{database}.tar seed-cluster=c seed-position=1 | seed-position is set, and 2",
            "orders,bills | seed-from=https://s/{database}.tar seed-cluster=c seed-crc32c=0x00000001 | seed-crc32c is set, and 2",
            "orders | seed-from=https://s/o.tar,https://t/o.tar seed-cluster=c seed-header-file=/h | seed-header-file is shown to one server, and mirror-bootstrap.seed-from has objects at https://s, https://t",
            "orders,bills | seed-from=https://{database}.s/o.tar seed-cluster=c seed-header-file=/h | objects at https://orders.s, https://bills.s"})
    void whatCannotBeMeantEndsTheStart(String expected, String settings, String said) {
        ConfigurationException wrong = assertThrows(ConfigurationException.class, () -> read(expected, settings));
        assertTrue(wrong.getMessage().contains(said), wrong::getMessage);
        assertTrue(wrong.getMessage().startsWith("mirror-bootstrap."), wrong::getMessage);
        assertFalse(wrong.getMessage().contains("secret"), wrong::getMessage);
    }

    @Test
    void aProxyThatIsNoneEndsTheStart() {
        environment.put("all_proxy", "socks5://me:secret@proxy");
        ConfigurationException wrong = assertThrows(ConfigurationException.class,
                () -> read("orders", "seed-from=https://s/o.tar seed-cluster=c"));
        assertTrue(wrong.getMessage().contains("environment variable all_proxy"), wrong::getMessage);
        assertFalse(wrong.getMessage().contains("secret"), wrong::getMessage);
    }

    private Optional<ObjectSettings> read(String expected, String text) {
        Map<String, String> keys = new HashMap<>();
        for (String each : text.isEmpty() ? new String[0] : text.split(" ")) {
            keys.put(each.replaceFirst("=.*", ""), each.replaceFirst("^[^=]*=", ""));
        }
        MirrorSettings settings = TestMirrors.settings(keys);
        return ObjectSettings.read(settings, new SeedUrls(settings.seedFrom().orElse(List.of()), "mirror-1"),
                List.of(expected.split(",")).stream().map(DatabaseId::new).toList(), environment);
    }
}
