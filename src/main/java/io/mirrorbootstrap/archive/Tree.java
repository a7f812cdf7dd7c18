package io.mirrorbootstrap.archive;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import io.mirrorbootstrap.store.Reason;

/**
 * A new directory that is filled with the members of an archive. Nobody else writes to it, and a member is made in a directory that was
 * made here, and in no other: so none leads through a link, whatever was made before. One thread.
 */
final class Tree implements ArchiveReader.Taker, Closeable {

    /** For who runs this alone. */
    static final FileAttribute<?> OWN_DIRECTORY = PosixFilePermissions
            .asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final FileAttribute<?> OWN_FILE = PosixFilePermissions
            .asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    /** At least: no directory is renamed that its owner cannot write to. */
    private static final int ROOT_PERMISSIONS = 0700;
    private static final int UNTOLD_PERMISSIONS = 0755;
    private static final String MODE = "unix:mode";

    private final Path root;
    private final HeldMemory memory;
    /** By their plain names. */
    private final Map<String, Made> directories = new HashMap<>();
    private Entry entry;
    private Path path;
    private Optional<FileChannel> channel = Optional.empty();
    private long members;

    /** @param told what the archive says of it; empty: nothing yet */
    private record Made(Path path, Optional<Entry> told, int permissions) {
    }

    /**
     * Makes the directory.
     *
     * @param root absolute; nothing has its name
     */
    Tree(Path root, HeldMemory memory) throws IOException {
        this.root = root;
        this.memory = memory;
        Files.createDirectory(root, OWN_DIRECTORY);
        directories.put("", new Made(root, Optional.empty(), ROOT_PERMISSIONS));
    }

    /** How many members it has, its own directory not counted. */
    long members() {
        return members;
    }

    @Override
    public void begin(Entry entry) throws IOException {
        this.entry = entry;
        boolean isRoot = entry.name().isEmpty();
        if (isRoot && entry.kind() != Member.Kind.DIRECTORY) {
            throw new RefusedException("it has the directory itself as something else");
        }
        path = isRoot ? root : FileNames.below(root, entry.name());
        try {
            if (!isRoot) {
                members++;
                require(MemberName.parent(entry.name()));
            }
            make();
        } catch (FileAlreadyExistsException e) {
            throw new RefusedException(entry.name() + " is there twice");
        } catch (FileSystemException e) {
            throw failed(path, e);
        }
    }

    private void make() throws IOException {
        switch (entry.kind()) {
            case DIRECTORY -> makeDirectory();
            case FILE -> channel = Optional
                    .of(FileChannel.open(path, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                            OWN_FILE));
            case SYMBOLIC_LINK -> {
                if (!LinkTarget.staysInside(entry.target(), MemberName.depth(entry.name()))) {
                    throw new RefusedException(entry.name() + " is a link that leads out of the directory, or may: to "
                            + entry.target());
                }
                Files.createSymbolicLink(path, text(entry.target()));
            }
            case HARD_LINK -> makeHardLink();
        }
    }

    private Path text(String target) throws RefusedException {
        if (target.indexOf('\0') >= 0) {
            throw new RefusedException(entry.name() + " is a link to what no file can be called");
        }
        Path below = FileNames.below(Path.of("/"), target);
        return below.subpath(0, below.getNameCount());
    }

    private void makeDirectory() throws IOException {
        Made known = directories.get(entry.name());
        if (known == null) {
            Files.createDirectory(path, OWN_DIRECTORY);
            hold(entry.name());
        } else if (known.told().isPresent()) {
            throw new FileAlreadyExistsException(entry.name());
        }
        directories.put(entry.name(), new Made(path, Optional.of(entry),
                entry.name().isEmpty() ? entry.permissions() | ROOT_PERMISSIONS : entry.permissions()));
    }

    private void makeHardLink() throws IOException {
        String target = MemberName.plain(entry.target());
        Path existing = FileNames.below(root, target);
        boolean isFile = directories.containsKey(MemberName.parent(target)) && Files.isRegularFile(existing,
                LinkOption.NOFOLLOW_LINKS);
        if (!isFile) {
            throw new RefusedException(entry.name() + " shares its bytes with " + target
                    + ", which is no file that is in front of it");
        }
        Files.createLink(path, existing);
    }

    /** Makes a directory of which the archive has said nothing, and those above it. */
    private void require(String name) throws IOException {
        if (directories.containsKey(name)) {
            return;
        }
        require(MemberName.parent(name));
        Path directory = FileNames.below(root, name);
        try {
            Files.createDirectory(directory, OWN_DIRECTORY);
        } catch (FileAlreadyExistsException e) {
            throw new RefusedException(entry.name() + " is below " + name + ", which is no directory");
        }
        hold(name);
        directories.put(name, new Made(directory, Optional.empty(), UNTOLD_PERMISSIONS));
    }

    private void hold(String name) throws IOException {
        memory.take(2L * name.length() + 3 * HeldMemory.OBJECT_BYTES);
    }

    @Override
    public void take(ByteBuffer bytes) throws IOException {
        try {
            while (bytes.hasRemaining()) {
                channel.orElseThrow().write(bytes);
            }
        } catch (IOException e) {
            throw failed(path, e);
        }
    }

    @Override
    public void end() throws IOException {
        if (channel.isEmpty()) {
            return;
        }
        try (FileChannel file = channel.get()) {
            finish(path, entry.permissions(), Optional.of(entry.modified()));
            file.force(true);
        } catch (IOException e) {
            throw failed(path, e);
        } finally {
            channel = Optional.empty();
        }
    }

    /** Gives directories what the archive has said of them, the deepest first, and makes all of it durable. */
    void finish() throws IOException {
        List<Made> deepestFirst = new ArrayList<>(directories.values());
        deepestFirst.sort(Comparator.comparingInt((Made made) -> made.path().getNameCount()).reversed());
        for (Made made : deepestFirst) {
            try (FileChannel names = FileChannel.open(made.path(), StandardOpenOption.READ)) {
                finish(made.path(), made.permissions(), made.told().map(Entry::modified));
                names.force(true);
            } catch (IOException e) {
                throw failed(made.path(), e);
            }
        }
    }

    private static void finish(Path path, int permissions, Optional<Instant> modified) throws IOException {
        if (modified.isPresent()) {
            Files.setLastModifiedTime(path, FileTime.from(modified.get()));
        }
        Files.setAttribute(path, MODE, permissions);
    }

    private static IOException failed(Path path, IOException e) {
        return new IOException(path + " cannot be written: " + Reason.of(e), e);
    }

    @Override
    public void close() throws IOException {
        if (channel.isPresent()) {
            channel.get().close();
        }
    }
}
