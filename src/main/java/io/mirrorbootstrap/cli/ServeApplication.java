package io.mirrorbootstrap.cli;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;

/** The running service: there is nothing to do but to wait for the end. */
public final class ServeApplication implements QuarkusApplication {

    @Override
    public int run(String... args) {
        Quarkus.waitForExit();
        return ExitCode.COMMITTED.number();
    }
}
