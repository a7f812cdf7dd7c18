package io.mirrorbootstrap.seed;

import java.util.LinkedHashMap;
import java.util.Map;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.Text;

/** Says what is in the way, each thing once: round after round it is the same. One thread. */
final class SeedLog {

    private static final Logger LOG = Logger.getLogger(SeedLog.class);

    /** Of more, which addresses that come and go may make, the oldest are forgotten. */
    private static final int MOST = 1000;

    /** The options of commands, as those who read for them name them, and the keys that are meant here. */
    private static final Map<String, String> KEYS = Map.of("--source-ca FILE", "seed-ca", "--ca FILE", "seed-ca",
            "--certificate and --key", "seed-certificate and seed-key", "--header-file", "seed-header-file");

    /** What was said last, by what it is about. */
    private final Map<String, String> told = new LinkedHashMap<>();

    /**
     * Says it, unless it was the last that was said.
     *
     * @param about in what it may repeat
     * @param what a sentence; what strangers say in it is readable
     */
    void warn(String about, String what) {
        if (isNew(about, what)) {
            LOG.warnf("seeding: %s", Text.line(inKeys(what)));
        }
    }

    /** As {@link #warn}, of what is no fault. */
    void info(String about, String what) {
        if (isNew(about, what)) {
            LOG.infof("seeding: %s", Text.line(what));
        }
    }

    private boolean isNew(String about, String what) {
        boolean isNew = !what.equals(told.remove(about));
        told.put(about, what); // as the youngest
        if (told.size() > MOST) {
            told.remove(told.keySet().iterator().next());
        }
        return isNew;
    }

    /** It is past: if it comes again, it is said again. */
    void isPast(String about) {
        told.remove(about);
    }

    /** All of it is. */
    void isAllPast() {
        told.clear();
    }

    private static String inKeys(String what) {
        String text = what;
        for (Map.Entry<String, String> each : KEYS.entrySet()) {
            text = text.replace(each.getKey(), each.getValue());
        }
        return text;
    }
}
