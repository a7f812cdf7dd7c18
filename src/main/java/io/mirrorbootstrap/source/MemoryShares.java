package io.mirrorbootstrap.source;

import java.util.List;
import java.util.OptionalLong;

import io.netty.util.internal.PlatformDependent;

/**
 * How the memory outside the heap is shared out for one sending: to what is held for all mirrors together, and to each mirror what it has for
 * itself. Nobody takes that from it, for however long the links of others take nothing.
 *
 * <pre>
 * direct memory ≥ others + buffers + what each mirror has beside;   buffers ≥ least + mirrors × what each has of them
 * </pre>
 *
 * @param buffers how many there are in all
 * @param each how many one mirror reads to by itself, with those that are on its way; 1 to {@link Stock#FLOWING}
 * @param own how many of all are not for what is held together
 */
record MemoryShares(long buffers, int each, long own) {

    /** Less than this and nothing flows. */
    static final int LEAST = 4;

    /** What is held for all is for different paces; before there are so many, each has a little less. */
    private static final int ENOUGH_HELD = 16;
    private static final int FLOWING_SLOWER = 3;

    /** For one link, TLS included, and what a stream and files are read through. */
    private static final long OTHERS_BYTES = 24L * 1024 * 1024;

    /** Shares out what this process may have. */
    static MemoryShares of(List<Destination> to) {
        return of(to, PlatformDependent.maxDirectMemory());
    }

    /**
     * Each gets as much as makes it fast, and less where they are many; {@link #neededBytes} says whether there is enough for the least.
     *
     * @param to one mirror or more
     * @param directBytes what the process may have outside the heap
     */
    static MemoryShares of(List<Destination> to, long directBytes) {
        int each = Stock.FLOWING;
        while (to.size() > 1 && each > 1 && (neededBytes(to, each) > directBytes
                || each > FLOWING_SLOWER && of(to, directBytes, each).held(Long.MAX_VALUE) < ENOUGH_HELD)) {
            each--;
        }
        return of(to, directBytes, each);
    }

    private static MemoryShares of(List<Destination> to, long directBytes, int each) {
        long buffers = (directBytes - OTHERS_BYTES - besideBytes(to, each)) / ChunkBuffer.ALL_BYTES;
        return new MemoryShares(Math.max(LEAST, buffers), each, own(to, each));
    }

    /**
     * How much memory outside the heap is needed at least.
     *
     * @return empty where {@code directBytes} are enough
     */
    static OptionalLong neededBytes(List<Destination> to, long directBytes) {
        long needed = neededBytes(to, 1);
        return to.size() == 1 || needed <= directBytes ? OptionalLong.empty() : OptionalLong.of(needed);
    }

    /**
     * How many buffers are held for all.
     *
     * @param bytes what is wanted, in bytes
     */
    int held(long bytes) {
        long wanted = Math.min(bytes / ChunkBuffer.MAX_PAYLOAD_BYTES, buffers - own);
        return (int) Math.max(LEAST, Math.min(wanted, Integer.MAX_VALUE));
    }

    private static long neededBytes(List<Destination> to, int each) {
        return OTHERS_BYTES + besideBytes(to, each) + (LEAST + own(to, each)) * ChunkBuffer.ALL_BYTES;
    }

    /** What one mirror alone reads is what is held; of several each may read for itself. What is compressed is no part of either. */
    private static long own(List<Destination> to, int each) {
        return each * (packed(to) + (to.size() == 1 ? 0 : to.size()));
    }

    /** What compresses reads from memory of its own, and what is on its way over TLS is there once more, encrypted. */
    private static long besideBytes(List<Destination> to, int each) {
        long encrypted = to.size() == 1 ? 0 : to.stream().filter(one -> one.endpoint().tls()).count() * each;
        return (packed(to) + encrypted) * ChunkBuffer.MAX_PAYLOAD_BYTES;
    }

    private static long packed(List<Destination> to) {
        return to.stream().filter(one -> one.compression().isPresent()).count();
    }
}
