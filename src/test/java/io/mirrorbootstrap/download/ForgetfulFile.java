package io.mirrorbootstrap.download;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

import io.mirrorbootstrap.store.DiskFile;

/**
 * A file whose system lets go of all its bytes whenever a socket does not take all that it is to get, and that counts how often somebody
 * would have waited for the disk who must not.
 */
final class ForgetfulFile implements DiskFile {

    private final byte[] bytes;
    private final BooleanSupplier mustNotWait;
    private final CountDownLatch full = new CountDownLatch(1);
    private final BitSet inMemory = new BitSet(); // guarded by this, as all below
    private long handedOn;
    private long waits;
    private long timesFull;
    private long broughtIntoMemory;
    private boolean isForgetful = true;
    private boolean isFailingToHandOn;
    private boolean isFailing;

    /** @param mustNotWait whether the thread that asks is one that must not wait for the disk */
    ForgetfulFile(byte[] bytes, BooleanSupplier mustNotWait) {
        this.bytes = bytes.clone();
        this.mustNotWait = mustNotWait;
    }

    /** Waits until a socket has not taken all. */
    void awaitFull() throws InterruptedException {
        full.await();
    }

    /** How many bytes have gone to a socket from here. */
    synchronized long handedOn() {
        return handedOn;
    }

    /** How often a socket has not taken all. */
    synchronized long timesFull() {
        return timesFull;
    }

    /** How many bytes were brought into memory, again and again if so. */
    synchronized long broughtIntoMemory() {
        return broughtIntoMemory;
    }

    /** From now on the system keeps what it has. */
    synchronized void remember() {
        isForgetful = false;
    }

    /** How often somebody would have waited who must not. */
    synchronized long waits() {
        return waits;
    }

    /** From now on nothing can be handed on, and nothing read either if {@code isFailing}. */
    synchronized void fail(boolean isFailing) {
        this.isFailingToHandOn = true;
        this.isFailing = isFailing;
    }

    private void fromDisk(long position) throws IOException {
        if (mustNotWait.getAsBoolean()) {
            waits++;
        }
        if (isFailing) {
            throw new IOException("Input/output error");
        } else if (position >= bytes.length) {
            throw new EOFException("the file ends before byte " + position);
        }
    }

    @Override
    public synchronized int read(ByteBuffer into, long position) throws IOException {
        fromDisk(position);
        int length = (int) Math.min(into.remaining(), bytes.length - position);
        into.put(bytes, (int) position, length);
        return length;
    }

    @Override
    public synchronized void bringIntoMemory(long position, long length) throws IOException {
        fromDisk(position + length - 1);
        inMemory.set((int) position, (int) (position + length));
        broughtIntoMemory += length;
    }

    @Override
    public synchronized long transferTo(WritableByteChannel target, long position, long length) throws IOException {
        if (inMemory.nextClearBit((int) position) < position + length) {
            fromDisk(position);
        }
        if (isFailingToHandOn) {
            throw new IOException("Input/output error");
        }
        int moved = target.write(ByteBuffer.wrap(bytes, (int) position, (int) length));
        handedOn += moved;
        if (moved < length) {
            timesFull++;
            if (isForgetful) {
                inMemory.clear();
            }
            full.countDown();
        }
        return moved;
    }

    @Override
    public void write(ByteBuffer some, long position) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void truncate(long length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void force() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        // it is memory
    }
}
