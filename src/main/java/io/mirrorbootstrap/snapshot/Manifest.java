package io.mirrorbootstrap.snapshot;

import java.util.Objects;
import java.util.Optional;

import io.mirrorbootstrap.store.FileFacts;

/**
 * The record that describes a {@code .snapshot} file.
 *
 * @param snapshot the content of the file
 * @param fileMark {@linkplain FileFacts#mark() tells} which file it speaks of, so that the file need not be read to be
 *            recognized; empty in the manifest of an older version, which did not write it
 */
public record Manifest(CommittedSnapshot snapshot, Optional<String> fileMark) {

    /** Checks the values. */
    public Manifest {
        Objects.requireNonNull(snapshot);
        Objects.requireNonNull(fileMark);
    }

    /** Of the file that {@code facts} are about. */
    static Manifest of(CommittedSnapshot snapshot, FileFacts facts) {
        return new Manifest(snapshot, Optional.of(facts.mark()));
    }

    /** Whether {@code file} is, for sure, the one it speaks of. Where this is false the file has to be read. */
    boolean marks(Optional<FileFacts> file) {
        return file.isPresent() && file.get().bytes() == snapshot.bytes()
                && fileMark.equals(Optional.of(file.get().mark()));
    }

    /** Whether a file with these facts may hold the snapshot. */
    boolean mayBe(Optional<FileFacts> file) {
        return file.filter(facts -> facts.bytes() == snapshot.bytes()).isPresent();
    }
}
