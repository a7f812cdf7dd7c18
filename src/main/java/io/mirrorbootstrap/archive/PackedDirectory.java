package io.mirrorbootstrap.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

import io.mirrorbootstrap.store.Reason;

/**
 * A directory as a tar archive, which is written nowhere: its size is known from the metadata of its members, and any part of it is made
 * when it is read. The same bytes come each time, as long as nothing is changed in the directory; what is changed is found out by the
 * facts of each member, of which 8 bytes are kept. Any thread.
 * <p>
 * Members are called {@code ./NAME}. Times are exact, owners are numbers. Files that share their bytes (hard links) are packed once.
 */
public final class PackedDirectory {

    /** Another packing of the same directory has to be another: its bytes may be. */
    private static final String FORMAT = "1";

    private static final int MARKS = 4096;

    private final Path root;
    private final HeldMemory memory;
    private final List<long[]> marks = new ArrayList<>();
    private int count;
    private long size;
    private String fingerprint;

    private PackedDirectory(Path root, HeldMemory memory) {
        this.root = root;
        this.memory = memory;
    }

    /**
     * Looks at all that is in {@code directory}, at metadata alone.
     *
     * @param directory may be a link to one
     * @param says what is left out, and which links lead elsewhere: a sentence
     * @throws IOException when something in it cannot be read or packed, with a sentence that names it
     */
    public static PackedDirectory open(Path directory, Consumer<String> says) throws IOException {
        return open(directory, HeldMemory.ofHeap(), says);
    }

    static PackedDirectory open(Path directory, HeldMemory memory, Consumer<String> says) throws IOException {
        if (Files.exists(directory) && !Files.isDirectory(directory)) {
            throw new NotDirectoryException(directory.toString());
        }
        PackedDirectory packed = new PackedDirectory(directory.toRealPath(), memory);
        packed.list(says);
        return packed;
    }

    private void list(Consumer<String> says) throws IOException {
        MessageDigest all = Member.sha256();
        all.update(FORMAT.getBytes(StandardCharsets.US_ASCII));
        try (Walk walk = new Walk(root, memory, says)) {
            for (Optional<Member> next = walk.next(); next.isPresent(); next = walk.next()) {
                Member member = next.get();
                if (member.kind() == Member.Kind.FILE && !Files.isReadable(member.path())) {
                    throw new IOException(member.path() + " cannot be read: permission denied");
                }
                byte[] digest = member.digest();
                all.update(digest);
                if (count % MARKS == 0) {
                    memory.take(MARKS * Long.BYTES);
                    marks.add(new long[MARKS]);
                }
                marks.get(count / MARKS)[count % MARKS] = mark(digest);
                count++;
                size += Headers.of(member).remaining() + member.bytes() + member.fillBytes();
            }
        }
        size += Headers.END_BYTES;
        fingerprint = Base64.getEncoder().encodeToString(all.digest());
    }

    private static long mark(byte[] digest) {
        return ByteBuffer.wrap(digest).getLong();
    }

    /** How many bytes the archive has. */
    public long size() {
        return size;
    }

    /** Tells the archive from others: from what each member is, not from its bytes. */
    public String fingerprint() {
        return fingerprint;
    }

    /** A reading of the archive, at its start. To be closed. */
    public Packing pack() {
        return new Packing(this, walk());
    }

    /** What is there now. */
    Walk walk() {
        return new Walk(root, memory, left -> {
            // it was said when the directory was listed
        });
    }

    /**
     * Looks at all metadata once more.
     *
     * @return in what the directory is another than it was, as a clause that names a member; empty: in nothing
     * @throws IOException when it cannot be looked at, with a sentence
     */
    public Optional<String> change() throws IOException {
        try (Walk walk = walk()) {
            int at = 0;
            for (Optional<Member> next = walk.next(); next.isPresent(); next = walk.next()) {
                require(at++, next.get());
            }
            requireEnd(at);
            return Optional.empty();
        } catch (ChangedException e) {
            return Optional.of(e.getMessage());
        } catch (IOException e) {
            return Optional.of(Reason.of(e)); // it was none of these when it was listed
        }
    }

    /** @throws ChangedException when {@code member} is another than it was, or is not the one that was at {@code index} */
    void require(int index, Member member) throws ChangedException {
        if (index >= count || marks.get(index / MARKS)[index % MARKS] != mark(member.digest())) {
            throw new ChangedException(member.path()
                    + " is new, or other than it was, or the one before it is gone, since the directory was listed");
        }
    }

    /** @throws ChangedException when there were more than {@code members} */
    void requireEnd(int members) throws ChangedException {
        if (members < count) {
            throw new ChangedException(
                    "of " + count + " files and directories, " + (count - members) + " at its end are gone");
        }
    }
}
