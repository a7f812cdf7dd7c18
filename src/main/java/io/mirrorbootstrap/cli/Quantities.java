package io.mirrorbootstrap.cli;

import java.time.Duration;
import java.util.Locale;

/** Sizes, rates and times for the eye. */
final class Quantities {

    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Quantities() {
    }

    /** A size in binary units with three or four digits: {@code 512 B}, {@code 1.50 MiB}, {@code 1023 GiB}. */
    static String size(long bytes) {
        return scaled(bytes);
    }

    /** A rate in binary units a second. */
    static String rate(double bytesPerSecond) {
        return scaled(bytesPerSecond) + "/s";
    }

    /** A time, as coarse as it is long: {@code 0.4 s}, {@code 59 s}, {@code 3 min 05 s}, {@code 2 h 10 min}. */
    static String duration(Duration duration) {
        long seconds = Math.round(duration.toMillis() / 1000.0);
        if (duration.toMillis() < 9_950) {
            return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
        } else if (seconds < 60) {
            return seconds + " s";
        } else if (seconds < 3600) {
            return String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60);
        }
        return String.format(Locale.ROOT, "%d h %02d min", seconds / 3600, seconds % 3600 / 60);
    }

    private static String scaled(double value) {
        int unit = 0;
        double scaled = value;
        // 1023.5 would be printed as 1024
        while (scaled >= 1023.5 && unit < UNITS.length - 1) {
            scaled /= 1024;
            unit++;
        }
        if (unit == 0) {
            return Math.round(scaled) + " B";
        }
        String format = scaled < 9.995 ? "%.2f %s" : scaled < 99.95 ? "%.1f %s" : "%.0f %s";
        return String.format(Locale.ROOT, format, scaled, UNITS[unit]);
    }
}
