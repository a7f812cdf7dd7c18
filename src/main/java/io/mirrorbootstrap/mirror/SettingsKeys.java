package io.mirrorbootstrap.mirror;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.spi.ConfigSource;

import io.smallrye.config.EnvConfigSource;

/** Which keys there are below {@code mirror-bootstrap.}, and what their values are: for those who have mistyped one. */
public final class SettingsKeys {

    /** What all keys begin with. */
    public static final String PREFIX = "mirror-bootstrap.";

    /** What the variables of all keys begin with. */
    public static final String ENVIRONMENT_PREFIX = "MIRROR_BOOTSTRAP_";

    /** The variables that clients read in place of options. They are no settings, and may be where the service is, too. */
    public static final Set<String> OF_CLIENTS = Set.of("MIRROR_BOOTSTRAP_URL", "MIRROR_BOOTSTRAP_TOKEN_FILE",
            "MIRROR_BOOTSTRAP_CA", "MIRROR_BOOTSTRAP_CERTIFICATE", "MIRROR_BOOTSTRAP_KEY", "MIRROR_BOOTSTRAP_PROXY");

    private static final String SIZE = "a number of bytes, or one of K, M or G, as in 64M, less than 2^63 bytes in all";
    private static final String NUMBER = "a whole number";
    private static final String TIME = "a time, as in 60S, 500MS, P7D or PT1H";
    private static final String SWITCH = "true or false";
    private static final String FILE = "the name of a file";
    private static final String NAMES = "names with commas between";

    private static final Map<String, String> VALUES = Map.ofEntries(Map.entry("data-dir", "the name of a directory"),
            Map.entry("max-chunk-bytes", SIZE), Map.entry("window-bytes", SIZE), Map.entry("buffer-bytes", SIZE),
            Map.entry("checkpoint-bytes", SIZE), Map.entry("disk-reserve-bytes", SIZE),
            Map.entry("ingest-rate-bytes-per-second", SIZE), Map.entry("max-bootstraps", NUMBER),
            Map.entry("max-bootstraps-per-caller", NUMBER), Map.entry("max-downloads", NUMBER),
            Map.entry("egress-rate-bytes-per-second", SIZE), Map.entry("reader-clusters", NAMES),
            Map.entry("seed-from", "URLs with commas between"),
            Map.entry("seed-cluster", "the name of a cluster"),
            Map.entry("seed-lsn", "a number from 0 to 2^63-1, PostgreSQL's form, as in 16/B374D848, or auto"),
            Map.entry("seed-position", "a text"), Map.entry("seed-crc32c", "0x and 8 hex digits"),
            Map.entry("seed-header-file", FILE), Map.entry("seed-token-file", FILE), Map.entry("seed-ca", FILE),
            Map.entry("seed-certificate", FILE),
            Map.entry("seed-key", FILE),
            Map.entry("max-links", NUMBER),
            Map.entry("max-links-per-caller", NUMBER), Map.entry("max-databases-per-caller", NUMBER),
            Map.entry("metrics-databases", NUMBER), Map.entry("management-port-tells-databases", SWITCH),
            Map.entry("partial-retention", TIME), Map.entry("stream-retention", TIME), Map.entry("idle-timeout", TIME),
            Map.entry("expected-databases", NAMES), Map.entry("allowed-source-clusters", NAMES),
            Map.entry("auth-token-file", FILE), Map.entry("removed-token-ends-links", SWITCH),
            Map.entry("trusted-proxies", "addresses, or blocks of them as in 10.0.0.0/8, with commas between"),
            Map.entry("read-by-workers", SWITCH), Map.entry("compression", SWITCH),
            Map.entry("cluster-id-from-certificate", SWITCH),
            Map.entry("insecure", SWITCH));

    private static final Map<String, String> CONVERTERS = Map.of("regular expression): [0-9]+[BbKk", SIZE,
            "Expected an integer value", NUMBER, "Expected a long value", NUMBER, "Invalid duration", TIME);
    private static final Pattern CHOICE = Pattern.compile("enum class \\S+, allowed values: (\\S+)");
    private static final Pattern PROFILE = Pattern.compile("^%[^.]+\\.");

    /** Of an element of a list. */
    private static final Pattern INDEX = Pattern.compile("\\[\\d+]$");
    private static final Pattern INDEX_OF_VARIABLE = Pattern.compile("_\\d+_$");

    /** What Kubernetes tells each container of a service that is named as this program, or begins so. */
    private static final Pattern OF_A_SERVICE = Pattern
            .compile("MIRROR_BOOTSTRAP(_\\w+)?_(SERVICE_HOST|SERVICE_PORT(_\\w+)?"
                    + "|PORT_\\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)");
    private static final Pattern ADDRESS_OF_A_SERVICE = Pattern.compile("(tcp|udp|sctp)://.*");

    /** A key that differs in more than a third of its letters is another word. */
    private static final int LETTERS_FOR_A_MISTAKE = 3;

    private SettingsKeys() {
    }

    /** What the value of {@code key} must be, if there is such a key. */
    public static Optional<String> value(String key) {
        return key.startsWith(PREFIX)
                ? Optional.ofNullable(VALUES.get(key.substring(PREFIX.length())))
                : Optional.empty();
    }

    /**
     * What the value of any key must be, as far as its converter tells: its own words are for programmers.
     *
     * @param converter what it says
     */
    public static Optional<String> value(String key, String converter) {
        Matcher choice = CHOICE.matcher(converter);
        return value(key).or(() -> CONVERTERS.entrySet().stream().filter(each -> converter.contains(each.getKey()))
                .map(Map.Entry::getValue).findFirst())
                .or(() -> choice.find()
                        ? Optional.of("one of " + choice.group(1).replace(",", ", "))
                        : Optional.empty());
    }

    /** The keys, below {@link #PREFIX}. */
    static List<String> all() {
        return VALUES.keySet().stream().sorted().toList();
    }

    /** The keys and variables that begin as the known ones do, and are none: a sentence for each. */
    static List<String> mistyped(Config config) {
        Set<String> sentences = new TreeSet<>();
        for (ConfigSource source : config.getConfigSources()) {
            for (String name : source.getPropertyNames()) {
                if (source instanceof EnvConfigSource) { // of a variable, it makes names that nobody has written
                    if (isMistyped(name, String.valueOf(source.getValue(name)))) {
                        sentences.add(sentence(name, name, variables()));
                    }
                } else if (isMistyped(withoutProfile(name))) {
                    sentences.add(sentence(name, withoutProfile(name), all().stream().map(PREFIX::concat)));
                }
            }
        }
        return List.copyOf(sentences);
    }

    private static String withoutProfile(String name) {
        return INDEX.matcher(PROFILE.matcher(name).replaceFirst("")).replaceFirst("");
    }

    private static boolean isMistyped(String key) {
        return key.startsWith(PREFIX) && value(key).isEmpty();
    }

    private static boolean isMistyped(String name, String value) {
        String upper = INDEX_OF_VARIABLE.matcher(name.toUpperCase(Locale.ROOT)).replaceFirst("");
        if (!upper.startsWith(ENVIRONMENT_PREFIX) || OF_CLIENTS.contains(name) || OF_A_SERVICE.matcher(name).matches()
                || ADDRESS_OF_A_SERVICE.matcher(value).matches()) {
            return false;
        }
        boolean isOneCase = name.equals(name.toUpperCase(Locale.ROOT)) || name.equals(name.toLowerCase(Locale.ROOT));
        return !isOneCase || variables().noneMatch(upper::equals);
    }

    private static Stream<String> variables() {
        return all().stream().map(key -> ENVIRONMENT_PREFIX + key.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    private static String sentence(String name, String key, Stream<String> known) {
        String nearest = known.min(Comparator.comparingInt(each -> distance(key, each))).orElseThrow();
        boolean isNear = distance(key, nearest) <= (nearest.length() - PREFIX.length()) / LETTERS_FOR_A_MISTAKE + 1;
        return name + " is no setting, and changes nothing" + (isNear ? ": " + nearest + " is" : "");
    }

    /** How many letters have to be changed, added or left out, whatever their case. */
    private static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                boolean same = Character.toLowerCase(one.charAt(i - 1)) == Character.toLowerCase(other.charAt(j - 1));
                int changed = diagonal + (same ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[other.length()];
    }
}
