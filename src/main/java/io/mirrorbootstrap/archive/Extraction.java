package io.mirrorbootstrap.archive;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;

import io.mirrorbootstrap.store.Reason;

/**
 * Makes a directory of a tar archive, whoever wrote that: beside its place, durable, and then in its place by one rename. Until
 * {@link #publish} there is nothing there. One thread.
 * <p>
 * What is in the archive stays in the directory: no name, link or shared file leads out of it, no device, no pipe, no setuid, setgid or
 * sticky bit is made, nothing is made twice. Everything belongs to who runs this, whatever owners the archive names.
 */
public final class Extraction implements Closeable {

    /** What Java makes of bytes that are no character. */
    private static final char NO_UTF_8 = '\uFFFD';

    private final Path directory;
    private final Path partial;
    private final FileChannel lock;
    private final Tree tree;
    private final ArchiveReader reader;
    private boolean isPublished;

    private Extraction(Path directory, Path partial, FileChannel lock, Tree tree) {
        this.directory = directory;
        this.partial = partial;
        this.lock = lock;
        this.tree = tree;
        this.reader = new ArchiveReader(tree);
    }

    /**
     * Looks whether {@code directory} can be made, and removes what processes that were ended have left beside it.
     *
     * @return where it is made: as the system finds it, whatever links lead there
     * @throws IOException when it cannot, with a sentence
     */
    public static Path prepare(Path directory) throws IOException {
        Path place = place(directory);
        try {
            if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
                requireEmpty(place);
            }
            Leftovers.remove(place);
            return place;
        } catch (FileSystemException e) {
            throw new IOException(e.getFile() + " cannot be read, or removed: " + Reason.of(e), e);
        }
    }

    /** Where the system finds it, whatever links lead there. */
    private static Path place(Path directory) throws IOException {
        Path name = directory.getFileName();
        if (name == null) {
            throw new IOException(directory + " is the root of all, and cannot be replaced by one rename");
        } else if (Set.of("", ".", "..").contains(name.toString()) || name.toString().indexOf(NO_UTF_8) >= 0) {
            throw new IOException("'" + directory + "' does not end with a name that a directory can be given here");
        } else if (Leftovers.isName(name)) {
            throw new IOException(
                    directory + " has a name as wait gives to what it has not finished, and removes then");
        }
        Path parent = directory.toAbsolutePath().getParent();
        if (!Files.isDirectory(parent)) {
            throw new IOException(parent + ", in which it is to be made, is no directory that is there");
        }
        return parent.toRealPath().resolve(name);
    }

    private static void requireEmpty(Path place) throws IOException {
        if (!Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(place + " is there, and is no directory");
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(place)) {
            if (all.iterator().hasNext()) {
                throw new IOException(place + " is there, and is not empty: nothing is replaced");
            }
        }
        if (!Files.getAttribute(place, "unix:dev").equals(Files.getAttribute(place.getParent(), "unix:dev"))) {
            throw new IOException(place + " is a mount of its own, which no rename replaces: name a directory in it");
        }
    }

    /**
     * Begins beside its place.
     *
     * @throws IOException when that is not possible, with a sentence
     */
    public static Extraction begin(Path directory) throws IOException {
        return begin(directory, HeldMemory.ofHeap());
    }

    static Extraction begin(Path directory, HeldMemory memory) throws IOException {
        Path place = prepare(directory);
        Path partial = Leftovers.beside(place);
        boolean isMade = false;
        Optional<FileChannel> lock = Optional.empty();
        try {
            Files.createDirectory(partial, Tree.OWN_DIRECTORY);
            isMade = true;
            lock = Optional.of(Leftovers.claim(partial));
            return new Extraction(place, partial, lock.get(), new Tree(partial.resolve(Leftovers.TREE), memory));
        } catch (IOException e) {
            if (isMade) {
                remove(partial, lock);
            }
            throw new IOException(partial + " cannot be made: " + Reason.of(e), e);
        }
    }

    /** What cannot be removed now {@link #prepare} of the next one removes, or says why not. */
    private static void remove(Path partial, Optional<FileChannel> lock) {
        try (Closeable taken = lock.orElse(null)) { // of null nothing is closed
            Leftovers.removeAll(partial);
        } catch (IOException e) {
            // it is none of what is in its place
        }
    }

    /**
     * Unpacks what comes next of the archive.
     *
     * @param bytes all remaining ones are taken
     * @throws RefusedException when it is no archive, or has what is not unpacked
     * @throws IOException when something cannot be written, with a sentence that names it
     */
    public void take(ByteBuffer bytes) throws IOException {
        reader.take(bytes);
    }

    /** How many files, directories and links it has so far. */
    public long members() {
        return tree.members();
    }

    /**
     * All has come, and is right: makes it durable, and gives it its place.
     *
     * @throws RefusedException when all is not a whole archive
     * @throws IOException when it cannot be written, or something is in its place by now, with a sentence
     */
    public void publish() throws IOException {
        reader.end();
        tree.finish();
        try {
            Files.move(partial.resolve(Leftovers.TREE), directory, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
                requireEmpty(directory); // somebody was faster
            }
            throw new IOException(directory + " cannot be made: " + Reason.of(e), e);
        }
        isPublished = true;
        try (FileChannel names = FileChannel.open(directory.getParent(), StandardOpenOption.READ)) {
            names.force(true);
        } catch (IOException e) {
            throw new IOException(directory + " is there and whole, but a power cut may remove it: "
                    + directory.getParent() + " cannot be made durable: " + Reason.of(e), e);
        }
    }

    /** Whether it has its place, also where {@link #publish} could not make that durable. */
    public boolean isPublished() {
        return isPublished;
    }

    /** Removes what has not got its place; what cannot be removed now {@link #prepare} of the next one removes, or says why not. */
    @Override
    public void close() {
        try (tree) {
            remove(partial, Optional.of(lock));
        } catch (IOException e) {
            // it is none of what is in its place
        }
    }
}
