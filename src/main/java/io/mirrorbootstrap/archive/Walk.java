package io.mirrorbootstrap.archive;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

import io.mirrorbootstrap.store.Reason;

/**
 * The members of a directory, one after another: itself, then what is in it by the bytes of the names, each directory in front of what it
 * has. {@code backup_label} comes first, as in an archive of pg_basebackup: it tells where a base backup begins. Holds the names of the
 * directories above the member at hand, and of files that have several. One thread.
 */
final class Walk implements AutoCloseable {

    private static final byte[] FIRST = "backup_label".getBytes(StandardCharsets.US_ASCII);
    private static final String TABLESPACES = "./pg_tblspc/";
    private static final String WAL = "./pg_wal";

    private final Path root;
    private final HeldMemory memory;
    private final Consumer<String> says;
    private final Deque<Level> levels = new ArrayDeque<>();
    private final Map<Inode, String> named = new HashMap<>();
    private boolean isBegun;
    private long takenBytes;

    private record Inode(long device, long number) {
    }

    /** What is in one directory. */
    private static final class Level {
        private final Path path;
        private final String name;
        private final List<byte[]> names;
        private final long heldBytes;
        private int next;

        Level(Path path, String name, List<byte[]> names, long heldBytes) {
            this.path = path;
            this.name = name;
            this.names = names;
            this.heldBytes = heldBytes;
        }
    }

    /**
     * @param root absolute, no link
     * @param says what is left out, and which links lead elsewhere: a sentence
     */
    Walk(Path root, HeldMemory memory, Consumer<String> says) {
        this.root = root;
        this.memory = memory;
        this.says = says;
    }

    /**
     * The next member.
     *
     * @return empty behind the last one
     * @throws ChangedException when a name that was there is not any more
     * @throws IOException when something cannot be read or packed, with a sentence that names it
     */
    Optional<Member> next() throws IOException {
        if (!isBegun) {
            isBegun = true;
            return Optional.of(directory(root, "./", Facts.of(root)));
        }
        while (!levels.isEmpty()) {
            Level level = levels.peek();
            if (level.next == level.names.size()) {
                levels.pop();
                release(level.heldBytes);
                continue;
            }
            String last = new String(level.names.get(level.next++), StandardCharsets.UTF_8);
            Optional<Member> member = member(FileNames.below(level.path, last), level.name + last);
            if (member.isPresent()) {
                return member;
            }
        }
        return Optional.empty();
    }

    private Optional<Member> member(Path path, String name) throws IOException {
        Facts facts;
        try {
            facts = Facts.of(path);
        } catch (NoSuchFileException e) {
            throw new ChangedException(path + " was there, and is not any more");
        }
        return switch (facts.type()) {
            case DIRECTORY -> Optional.of(directory(path, name + "/", facts));
            case FILE -> Optional.of(file(path, name, facts));
            case LINK -> Optional.of(link(path, name, facts));
            case SOCKET -> {
                says.accept(path + " is a socket, and is left out: it means nothing elsewhere");
                yield Optional.empty();
            }
            case PIPE, DEVICE -> throw new IOException(path + " is a "
                    + (facts.type() == Facts.Type.PIPE ? "named pipe" : "device") + ", which is no part of a snapshot");
        };
    }

    private Member directory(Path path, String name, Facts facts) throws IOException {
        List<byte[]> names = new ArrayList<>();
        long bytes = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(path)) {
            for (Path each : all) {
                byte[] last = FileNames.last(each);
                names.add(last);
                bytes += take(last.length);
            }
        } catch (DirectoryIteratorException e) {
            throw new IOException(path + " cannot be read: " + Reason.of(e.getCause()), e);
        } catch (NoSuchFileException e) {
            throw new ChangedException(path + " was there, and is not any more");
        } catch (FileSystemException e) {
            throw new IOException(path + " cannot be read: " + Reason.of(e), e);
        }
        names.sort(levels.isEmpty() ? Walk::inRoot : Arrays::compareUnsigned);
        levels.push(new Level(path, name, names, bytes));
        return new Member(path, name, Member.Kind.DIRECTORY, "", facts);
    }

    private static int inRoot(byte[] one, byte[] other) {
        boolean isFirst = Arrays.equals(one, FIRST);
        return isFirst != Arrays.equals(other, FIRST) ? isFirst ? -1 : 1 : Arrays.compareUnsigned(one, other);
    }

    private Member file(Path path, String name, Facts facts) throws IOException {
        if (facts.links() > 1) {
            Inode inode = new Inode(facts.device(), facts.inode());
            String first = named.get(inode);
            if (first != null) {
                return new Member(path, name, Member.Kind.HARD_LINK, first, facts);
            }
            take(name.length() + HeldMemory.OBJECT_BYTES);
            named.put(inode, name);
        }
        return new Member(path, name, Member.Kind.FILE, "", facts);
    }

    private Member link(Path path, String name, Facts facts) throws IOException {
        String target;
        try {
            target = FileNames.text(Files.readSymbolicLink(path));
        } catch (NoSuchFileException e) {
            throw new ChangedException(path + " was there, and is not any more");
        }
        int depth = levels.size() - 1;
        String inside = relative(target, depth);
        if (!LinkTarget.staysInside(inside, depth)) {
            refuseHalf(path, name, target);
            says.accept(path + " leads out of the directory, to " + target
                    + ": the link is packed, not what it leads to, and wait --extract refuses it");
        }
        return new Member(path, name, Member.Kind.SYMBOLIC_LINK, inside, facts);
    }

    /** A link to within the directory leads there wherever that is unpacked: as PostgreSQL's to tablespaces, which have to be absolute. */
    private String relative(String target, int depth) throws IOException {
        String above = FileNames.text(root) + "/";
        if (!(target + "/").startsWith(above)) {
            return target;
        }
        String inside = "../".repeat(depth) + target.substring(Math.min(above.length(), target.length()));
        return inside.isEmpty() ? "." : inside;
    }

    private static void refuseHalf(Path path, String name, String target) throws IOException {
        if (name.startsWith(TABLESPACES)) {
            throw new IOException(path + " is a tablespace outside of the directory, at " + target
                    + ", which would be missing: "
                    + "have pg_basebackup write archives (-Ft) to a directory, or the tablespace to one in this directory "
                    + "(--tablespace-mapping=OLD=NEW), and send that");
        } else if (name.equals(WAL)) {
            throw new IOException(path + " leads out of the directory, to " + target
                    + ", and the WAL would be missing: make the backup without --waldir");
        }
    }

    /** @return how much is taken */
    private long take(int bytes) throws IOException {
        long all = (long) bytes + HeldMemory.OBJECT_BYTES;
        memory.take(all);
        takenBytes += all;
        return all;
    }

    private void release(long bytes) {
        memory.release(bytes);
        takenBytes -= bytes;
    }

    /** It is not gone on with: its memory is free. */
    @Override
    public void close() {
        release(takenBytes);
        levels.clear();
        named.clear();
    }
}
