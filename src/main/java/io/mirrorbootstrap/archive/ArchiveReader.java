package io.mirrorbootstrap.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Reads a tar archive of a stranger, piece by piece as it comes: of POSIX (ustar, pax) or GNU. One thread; after a failure it is not used.
 *
 * <pre>
 * HEADER → META → HEADER              what is said of the next member
 * HEADER → BYTES → FILL → HEADER      a member
 * HEADER → END → OVER                 two blocks of zeros, and nothing but zeros behind them
 * </pre>
 */
final class ArchiveReader {

    /** What may be said of one member, in bytes: it is held. */
    static final int MOST_META_BYTES = 1024 * 1024;

    private static final char PAX = 'x';
    private static final char PAX_OF_ALL = 'g';
    private static final char LONG_NAME = 'L';
    private static final char LONG_TARGET = 'K';

    private final Taker taker;
    private final ByteBuffer block = ByteBuffer.allocate(Blocks.BYTES);

    private State state = State.HEADER;
    private boolean isFirst = true;
    /** Of the state, in bytes. */
    private long left;
    private int fill;
    private char metaType;
    private ByteBuffer meta = ByteBuffer.allocate(0);
    private PaxRecords pax = PaxRecords.NONE;
    private Optional<String> longName = Optional.empty();
    private Optional<String> longTarget = Optional.empty();

    private enum State {
        HEADER, META, BYTES, FILL, END, OVER
    }

    /** Takes the members, in order. */
    interface Taker {

        /** One begins; the one before it has ended. */
        void begin(Entry entry) throws IOException;

        /** Takes all remaining bytes of {@code bytes}, which are of the file that has begun. */
        void take(ByteBuffer bytes) throws IOException;

        /** The one that has begun has ended. */
        void end() throws IOException;
    }

    ArchiveReader(Taker taker) {
        this.taker = taker;
    }

    /**
     * Reads on.
     *
     * @param bytes all remaining ones are taken
     * @throws RefusedException when this is no archive, or has what is not unpacked
     */
    void take(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            switch (state) {
                case HEADER, END -> readBlock(bytes);
                case META -> readMeta(bytes);
                case BYTES -> readBytes(bytes);
                case FILL -> {
                    int skipped = (int) Math.min(left, bytes.remaining());
                    bytes.position(bytes.position() + skipped);
                    left -= skipped;
                    state = left == 0 ? State.HEADER : State.FILL;
                }
                case OVER -> {
                    while (bytes.hasRemaining()) {
                        if (bytes.get() != 0) {
                            throw new RefusedException("it goes on behind its end, as two archives in one file do");
                        }
                    }
                }
            }
        }
    }

    /**
     * There is no more.
     *
     * @throws RefusedException when that is not the end of the archive
     */
    void end() throws RefusedException {
        if (isFirst && block.position() < Blocks.BYTES) {
            Header.of(block.array(), true); // says what it is instead
        } else if (state != State.OVER) {
            throw new RefusedException("it ends before the archive does: the program that wrote it was ended");
        }
    }

    private void readBlock(ByteBuffer bytes) throws IOException {
        Blocks.move(bytes, block);
        if (block.hasRemaining()) {
            return;
        }
        byte[] full = block.array().clone();
        block.clear();
        boolean isZero = Arrays.equals(full, new byte[Blocks.BYTES]);
        boolean wasFirst = isFirst;
        isFirst = false;
        if (state == State.END || isZero) {
            if (!isZero || pax != PaxRecords.NONE || longName.isPresent() || longTarget.isPresent()) {
                throw new RefusedException("it ends, and goes on, or ends where a member should begin");
            }
            state = state == State.END ? State.OVER : State.END;
            return;
        }
        begin(Header.of(full, wasFirst));
    }

    private void begin(Header header) throws IOException {
        char type = header.type();
        if (type == PAX || type == PAX_OF_ALL || type == LONG_NAME || type == LONG_TARGET) {
            long size = header.size(PaxRecords.NONE);
            if (size > MOST_META_BYTES) {
                throw new RefusedException("it has " + size + " bytes that are said of a member, and at most "
                        + MOST_META_BYTES + " are held");
            }
            metaType = type;
            meta = ByteBuffer.allocate((int) size);
            fill = Blocks.fill(size);
            state = State.META;
            endMetaIfFull();
            return;
        }
        Entry entry = header.entry(pax, longName, longTarget);
        pax = PaxRecords.NONE;
        longName = Optional.empty();
        longTarget = Optional.empty();
        taker.begin(entry);
        left = entry.size();
        fill = Blocks.fill(entry.size());
        state = State.BYTES;
        endBytesIfAll();
    }

    private void readBytes(ByteBuffer bytes) throws IOException {
        int part = (int) Math.min(left, bytes.remaining());
        taker.take(bytes.slice(bytes.position(), part));
        bytes.position(bytes.position() + part);
        left -= part;
        endBytesIfAll();
    }

    private void endBytesIfAll() throws IOException {
        if (left == 0) {
            taker.end();
            fill();
        }
    }

    private void fill() {
        left = fill;
        state = left == 0 ? State.HEADER : State.FILL;
    }

    private void readMeta(ByteBuffer bytes) throws IOException {
        Blocks.move(bytes, meta);
        endMetaIfFull();
    }

    private void endMetaIfFull() throws IOException {
        if (meta.hasRemaining()) {
            return;
        }
        byte[] said = meta.array();
        switch (metaType) {
            case PAX -> pax = PaxRecords.of(said);
            case PAX_OF_ALL -> {
                Optional<String> key = PaxRecords.of(said).values().keySet().stream()
                        .filter(each -> !each.equals("comment")).findFirst();
                if (key.isPresent()) {
                    throw new RefusedException(
                            "it says '" + key.get() + "' of all its members, which is not understood");
                }
            }
            case LONG_NAME -> longName = Optional.of(text(said));
            default -> longTarget = Optional.of(text(said));
        }
        fill();
    }

    /** With a zero at its end. */
    private static String text(byte[] said) throws RefusedException {
        int end = said.length > 0 && said[said.length - 1] == 0 ? said.length - 1 : said.length;
        return PaxRecords.utf8(said, 0, end);
    }
}
