package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

import io.mirrorbootstrap.archive.ChangedException;
import io.mirrorbootstrap.archive.PackedDirectory;
import io.mirrorbootstrap.archive.Packing;
import io.mirrorbootstrap.snapshot.Crc32c;

/**
 * A snapshot that is a directory, packed as a tar archive while it is read: its size is known, and any part of it can be read again, from
 * the same files.
 */
public final class TarInput implements SnapshotInput {

    private final Path path;
    private final PackedDirectory directory;
    private final Optional<Crc32c> known;
    private final Packing packing;

    private final OfferedMemory memory = new OfferedMemory();

    /**
     * Looks at all that is in {@code path}, at metadata alone.
     *
     * @param known what the CRC-32C of the archive is said to be; the sidecar finds out whether that is so
     * @param says what is left out, and which links lead elsewhere: a sentence
     * @throws IOException when something in it cannot be read or packed, with a sentence
     */
    public TarInput(Path path, Optional<Crc32c> known, Consumer<String> says) throws IOException {
        this(path, PackedDirectory.open(path, says), known);
    }

    private TarInput(Path path, PackedDirectory directory, Optional<Crc32c> known) {
        this.path = path;
        this.directory = directory;
        this.known = known;
        this.packing = directory.pack();
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public OptionalLong size() {
        return OptionalLong.of(directory.size());
    }

    @Override
    public void offer(ByteBuffer more) {
        memory.offer(more);
    }

    /** Of an empty directory the archive has bytes, too. */
    @Override
    public boolean begin() {
        return true;
    }

    @Override
    public Optional<ByteBuffer> head(Duration patience) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(SnapshotHead.BYTES);
        try (Packing first = directory.pack()) {
            first.read(head);
        }
        return Optional.of(head.flip());
    }

    @Override
    public Optional<Crc32c> known() {
        return known;
    }

    @Override
    public Optional<String> lastingName() {
        return Optional.of(LastingName.of("d-", directory.fingerprint() + " " + directory.size()));
    }

    /** Of the same directory; what is another in it by now is found out when it is read. */
    @Override
    public SnapshotInput again() {
        return new TarInput(path, directory, known);
    }

    @Override
    public void seek(long offset) throws IOException {
        memory.forget();
        try {
            packing.seek(offset);
        } catch (ChangedException e) {
            throw new BlockedException(new Obstacle.Changed(e.getMessage()));
        }
    }

    @Override
    public long read(long upTo, Duration patience) throws IOException {
        ByteBuffer wanted = memory.next(upTo - packing.at());
        try {
            packing.read(wanted);
        } catch (ChangedException e) {
            throw new BlockedException(new Obstacle.Changed(e.getMessage()));
        }
        memory.taken(wanted.position());
        return packing.at();
    }

    @Override
    public OptionalLong end() {
        return packing.at() == directory.size() ? size() : OptionalLong.empty();
    }

    /** All members are looked at once more: what was packed first may be another by now. */
    @Override
    public Optional<Outcome> flaw() throws IOException {
        return directory.change().map(change -> new Outcome.InputChanged(name(), change));
    }

    @Override
    public void close() throws IOException {
        packing.close();
    }
}
