package io.mirrorbootstrap.archive;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

import io.mirrorbootstrap.store.Reason;

/** One reading of the archive of a {@link PackedDirectory}, from any byte on. One thread. */
public final class Packing implements Closeable {

    private static final ByteBuffer ZEROS = ByteBuffer.allocate(Headers.END_BYTES).asReadOnlyBuffer();

    private final PackedDirectory directory;
    private Walk walk;
    private int members;
    private long at;
    /** What comes before the bytes of {@link #file}. */
    private ByteBuffer header = ByteBuffer.allocate(0);
    private Optional<Member> file = Optional.empty();
    /** How much of {@link #file} was given out, in bytes. */
    private long fileBytes;
    private Optional<FileChannel> channel = Optional.empty();
    /** What comes behind the bytes of {@link #file}. */
    private ByteBuffer fill = ByteBuffer.allocate(0);
    private boolean isEnded;

    Packing(PackedDirectory directory, Walk walk) {
        this.directory = directory;
        this.walk = walk;
    }

    /** Where it stands, in bytes. */
    public long at() {
        return at;
    }

    /**
     * Reads on, until {@code into} is full or the archive is over.
     *
     * @throws ChangedException when a member is another than it was when the directory was listed
     * @throws IOException when something cannot be read, with a sentence that names it
     */
    public void read(ByteBuffer into) throws IOException {
        while (into.hasRemaining() && at < directory.size()) {
            int before = into.position();
            if (header.hasRemaining()) {
                Blocks.move(header, into);
            } else if (file.isPresent()) {
                readFile(file.get(), into);
            } else if (fill.hasRemaining()) {
                Blocks.move(fill, into);
            } else {
                begin();
            }
            at += into.position() - before;
        }
    }

    /**
     * Goes to a byte of it: what is before that is looked at, not read.
     *
     * @param offset 0 to the size, in bytes
     * @throws ChangedException as {@link #read}
     */
    public void seek(long offset) throws IOException {
        close();
        walk = directory.walk();
        members = 0;
        at = 0;
        isEnded = false;
        while (at < offset) {
            begin();
            skip(offset - at);
        }
    }

    /** Up to so many bytes of the member at hand. */
    private void skip(long bytes) {
        int ofHeader = (int) Math.min(bytes, header.remaining());
        header.position(header.position() + ofHeader);
        long ofFile = file.isPresent() ? Math.min(bytes - ofHeader, file.get().bytes()) : 0;
        fileBytes = ofFile;
        boolean isBehind = file.isPresent() && ofFile == file.get().bytes();
        int ofFill = isBehind || file.isEmpty() ? (int) Math.min(bytes - ofHeader - ofFile, fill.remaining()) : 0;
        fill.position(fill.position() + ofFill);
        if (isBehind && bytes > ofHeader) {
            file = Optional.empty();
        }
        at += ofHeader + ofFile + ofFill;
    }

    private void begin() throws IOException {
        Optional<Member> next = isEnded ? Optional.empty() : walk.next();
        if (next.isPresent()) {
            Member member = next.get();
            directory.require(members++, member);
            header = Headers.of(member);
            file = next.filter(each -> each.bytes() > 0);
            fileBytes = 0;
            fill = ZEROS.slice(0, member.fillBytes());
        } else {
            directory.requireEnd(members);
            isEnded = true;
            fill = ZEROS.duplicate();
        }
    }

    private void readFile(Member member, ByteBuffer into) throws IOException {
        try {
            if (channel.isEmpty()) {
                requireSame(member); // to open a pipe in its place would take for ever
                channel = Optional
                        .of(FileChannel.open(member.path(), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
                requireSame(member);
            }
            int bytes = (int) Math.min(into.remaining(), member.bytes() - fileBytes);
            int read = channel.get().read(into.slice(into.position(), bytes), fileBytes);
            if (read < 0) {
                throw new ChangedException(
                        member.path() + " had " + member.bytes() + " bytes, now it has " + fileBytes);
            }
            into.position(into.position() + read);
            fileBytes += read;
            if (fileBytes == member.bytes()) {
                requireSame(member);
                closeFile();
                file = Optional.empty();
            }
        } catch (NoSuchFileException e) {
            throw new ChangedException(member.path() + " was there, and is not any more");
        } catch (FileSystemException e) {
            throw new IOException(member.path() + " cannot be read: " + Reason.of(e), e);
        }
    }

    /** By its name: what is open has had that name, and has it still. */
    private static void requireSame(Member member) throws IOException {
        Facts now = Facts.of(member.path());
        if (!now.told().equals(member.facts().told())) {
            throw new ChangedException(member.path() + ": " + member.facts().change(now));
        }
    }

    private void closeFile() throws IOException {
        if (channel.isPresent()) {
            channel.get().close();
        }
        channel = Optional.empty();
    }

    @Override
    public void close() throws IOException {
        walk.close();
        header = ByteBuffer.allocate(0);
        fill = ByteBuffer.allocate(0);
        file = Optional.empty();
        closeFile();
    }
}
