package io.mirrorbootstrap.mirror;

import java.util.Locale;
import java.util.Set;

import org.eclipse.microprofile.config.spi.Converter;

/** {@code true} or {@code false}: the configuration's own converter takes every word that it does not know for {@code false}. */
public final class Switch implements Converter<Boolean> {

    private static final long serialVersionUID = 1;

    private static final Set<String> ON = Set.of("true", "yes", "y", "on", "1");
    private static final Set<String> OFF = Set.of("false", "no", "n", "off", "0");

    @Override
    public Boolean convert(String value) {
        String word = value.strip().toLowerCase(Locale.ROOT);
        if (!ON.contains(word) && !OFF.contains(word)) {
            throw new IllegalArgumentException("it is neither true nor false");
        }
        return ON.contains(word);
    }
}
