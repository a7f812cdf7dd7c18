package io.mirrorbootstrap;

import java.nio.file.Path;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Has a directory and, once a test has started it there, a service, which ends with the test. */
abstract class WithSidecar {

    @TempDir
    Path directory;

    SidecarProcess sidecar;

    @AfterEach
    void stop() {
        if (sidecar != null) {
            sidecar.close();
        }
    }
}
