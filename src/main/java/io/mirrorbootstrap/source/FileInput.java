package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.store.OpenFile;

/**
 * A snapshot in a regular file: its size is known, and any part of it can be read again. It is what was opened, whatever its name
 * means by now: it may be removed, or another renamed over it.
 */
public final class FileInput implements SnapshotInput {

    private static final String FACTS = "unix:dev,ino,ctime";

    private final Path file;
    private final FileChannel channel;
    /** Leads to what is open; where the system has no such path, the name. */
    private final Path opened;
    private final long size;
    private final FileTime modified;
    private final String lastingName;
    private final Optional<Crc32c> known;

    private final OfferedMemory memory = new OfferedMemory();
    private long at;
    private boolean isOver;

    /**
     * Opens the file and notes its size and time of modification.
     *
     * @throws IOException when it cannot be read
     */
    public FileInput(Path file) throws IOException {
        this(file, Optional.empty());
    }

    /**
     * Opens the file, and notes its size and time of modification.
     *
     * @param known what the CRC-32C is said to be; the sidecar finds out whether that is so
     * @throws IOException when it cannot be read
     */
    public FileInput(Path file, Optional<Crc32c> known) throws IOException {
        this.file = file;
        this.known = known;
        this.channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            this.opened = OpenFile.of(file).orElse(file);
            this.size = channel.size();
            this.modified = Files.getLastModifiedTime(opened);
            this.lastingName = name(facts());
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private FileInput(FileInput other) throws IOException {
        this.file = other.file;
        this.known = other.known;
        this.channel = FileChannel.open(other.opened, StandardOpenOption.READ);
        this.opened = other.opened;
        this.size = other.size;
        this.modified = other.modified;
        this.lastingName = other.lastingName;
    }

    private String facts() throws IOException {
        try {
            Map<String, Object> unix = Files.readAttributes(opened, FACTS);
            return unix.get("dev") + " " + unix.get("ino") + " " + nanos((FileTime) unix.get("ctime"));
        } catch (UnsupportedOperationException e) {
            return file.toAbsolutePath().toString(); // no such facts here
        }
    }

    private String name(String facts) {
        return LastingName.of("f-", facts + " " + size + " " + nanos(modified));
    }

    private static String nanos(FileTime time) {
        Instant instant = time.toInstant();
        return instant.getEpochSecond() + "." + instant.getNano();
    }

    @Override
    public String name() {
        return file.toString();
    }

    @Override
    public OptionalLong size() {
        return OptionalLong.of(size);
    }

    @Override
    public void offer(ByteBuffer more) {
        memory.offer(more);
    }

    /** There are files, as in {@code /proc}, that say they have no bytes, and have some: how many, nobody knows. */
    @Override
    public boolean begin() throws IOException {
        if (size == 0 && hasBytesAt(0)) {
            throw new IOException(file + " says that it has 0 bytes, but has some: its size must be known, "
                    + "or it must come through standard input");
        }
        return size > 0;
    }

    @Override
    public Optional<ByteBuffer> head(Duration patience) throws IOException {
        ByteBuffer head = ByteBuffer.allocate((int) Math.min(size, SnapshotHead.BYTES));
        while (head.hasRemaining() && channel.read(head, head.position()) >= 0) {
            continue;
        }
        return Optional.of(head.flip());
    }

    @Override
    public Optional<Crc32c> known() {
        return known;
    }

    /** The same one has the same bytes as long as nobody writes to it: its times would tell, but for clocks that are set back. */
    @Override
    public Optional<String> lastingName() {
        return Optional.of(lastingName);
    }

    /** What is open, whatever its name means by now; as long as this one is open. */
    @Override
    public SnapshotInput again() throws IOException {
        FileInput again = new FileInput(this);
        Optional<String> change = again.change();
        if (change.isPresent()) {
            again.close();
            throw new BlockedException(new Obstacle.Changed(change.get()));
        }
        return again;
    }

    @Override
    public void seek(long offset) throws IOException {
        memory.forget();
        at = offset;
        isOver = at == size;
    }

    @Override
    public long read(long upTo, Duration patience) throws IOException {
        ByteBuffer wanted = memory.next(upTo - at);
        while (!isOver && wanted.hasRemaining()) {
            int bytes = channel.read(wanted, at);
            at += Math.max(0, bytes);
            isOver = bytes < 0 || at == size;
        }
        memory.taken(wanted.position());
        return at;
    }

    /** Before its size, where it has become shorter. */
    @Override
    public OptionalLong end() {
        return isOver ? OptionalLong.of(at) : OptionalLong.empty();
    }

    @Override
    public Optional<Outcome> flaw() throws IOException {
        return change().map(change -> new Outcome.InputChanged(name(), change));
    }

    private Optional<String> change() throws IOException {
        if (channel.size() != size) {
            return Optional.of("it had " + size + " bytes, now it has " + channel.size());
        }
        if (hasBytesAt(size)) {
            return Optional.of("it says that it has " + size + " bytes, but has more");
        }
        FileTime now = Files.getLastModifiedTime(opened);
        return now.equals(modified)
                ? Optional.empty()
                : Optional.of("it was modified at " + now);
    }

    private boolean hasBytesAt(long offset) throws IOException {
        return channel.read(ByteBuffer.allocate(1), offset) > 0;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
