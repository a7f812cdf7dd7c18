package io.mirrorbootstrap.mirror;

import org.eclipse.microprofile.config.spi.Converter;

import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.runtime.configuration.MemorySizeConverter;

/** A size in bytes, written as Quarkus has it: its own {@link MemorySize} is one of any length, which nothing here could count. */
public final class Size implements Converter<Long> {

    private static final long serialVersionUID = 1;

    @Override
    public Long convert(String value) {
        MemorySize size = new MemorySizeConverter().convert(value);
        if (size == null) {
            return null; // which is told as any value that is empty
        } else if (size.asBigInteger().bitLength() >= Long.SIZE) {
            throw new IllegalArgumentException("it is larger than 2^63 - 1");
        }
        return size.asLongValue();
    }
}
