package io.mirrorbootstrap.mirror;

import java.time.Duration;

import org.eclipse.microprofile.config.spi.Converter;

import io.quarkus.runtime.configuration.DurationConverter;

/** A time, written as Quarkus has it: its own converter fails without the name of the key where there are too many days. */
public final class Time implements Converter<Duration> {

    private static final long serialVersionUID = 1;

    @Override
    public Duration convert(String value) {
        try {
            return DurationConverter.parseDuration(value);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("it is longer than any time that can be counted", e);
        }
    }
}
