package io.mirrorbootstrap.protocol;

import java.util.Locale;
import java.util.Optional;

import io.mirrorbootstrap.mirror.Mirror;

/** The status board's row in one word. */
final class StatusWord {

    private StatusWord() {
    }

    static String of(Optional<Mirror> mirror) {
        return mirror.map(row -> row.state().getClass().getSimpleName().toLowerCase(Locale.ROOT)).orElse("absent");
    }
}
