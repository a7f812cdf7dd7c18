package io.mirrorbootstrap.access;

import java.util.EnumMap;
import java.util.Map;

import jakarta.inject.Singleton;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.mirrorbootstrap.wire.ErrorCode;
import io.quarkus.runtime.Startup;

/** Counts what callers are refused, by its error code: messages of links, upgrades, requests of the HTTP API. Any thread. */
@Singleton
@Startup // each code is there before the first refusal, so that a rate over it has a beginning
public class RefusalCounts {

    private final Map<ErrorCode, Counter> counts = new EnumMap<>(ErrorCode.class);

    public RefusalCounts(MeterRegistry metrics) {
        for (ErrorCode code : ErrorCode.values()) {
            counts.put(code, Counter.builder("mirror.bootstrap.refusals")
                    .description("messages and requests that were answered with this error code")
                    .tag("code", code.spelling()).register(metrics));
        }
    }

    /** A caller is told this code. */
    public void count(ErrorCode code) {
        counts.get(code).increment();
    }
}
