package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

import io.mirrorbootstrap.snapshot.Promises.Whole;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.store.SimulatedDisk.Order;
import io.mirrorbootstrap.wire.JsonRecords;

/**
 * One play: a source does this and that to one database, on a disk whose steps fail now and then; at each step the power
 * may be cut, and what is found then is held against what was promised up to that instant.
 */
final class CrashSimulation {

    private static final JsonRecords RECORDS = new JsonRecords();
    private static final DatabaseId DB = new DatabaseId("db");
    private static final int CHECKPOINT_BYTES = 8;
    private static final int MAX_CHUNK_BYTES = 7;
    private static final int ACTS = 40;

    private final Order order;
    private final Random random;
    private final CrashTally tally;
    private final List<Whole> snapshots = new ArrayList<>();

    private final SimulatedDisk disk = new SimulatedDisk();
    private SnapshotReceiver receiver;
    private TestSource source = new TestSource();
    private boolean hasOpened;
    private int sentBytes;
    /** Whether what is kept could not be opened at the last attempt: at the next it may begin at 0. */
    private boolean isDoubted;
    private final List<CommittedSnapshot> told = new ArrayList<>();
    private Promises promises = Promises.NONE;
    private int failIn = Integer.MAX_VALUE;

    CrashSimulation(Order order, Random random, CrashTally tally) {
        this.order = order;
        this.random = random;
        this.tally = tally;
        byte[] same = bytes(5 + random.nextInt(20));
        for (int lsn = 1; lsn <= 4; lsn++) {
            // of the same bytes, of the same size, and of others
            byte[] bytes = lsn <= 2 ? same : bytes(lsn == 3 ? same.length : random.nextInt(30));
            boolean stream = random.nextInt(3) == 0 || bytes.length == 0;
            Optional<String> name = random.nextInt(2) == 0 ? Optional.of("s" + lsn) : Optional.empty();
            snapshots.add(new Whole(new SnapshotIdentity("c", DB, lsn, stream ? 0 : bytes.length,
                    Promises.crc(bytes, bytes.length)), name, bytes));
        }
    }

    void play() throws Exception {
        tally.plays++;
        receiver = start(disk, told);
        for (int act = 0; act < ACTS; act++) {
            failIn = random.nextInt(8) == 0 ? random.nextInt(12) : Integer.MAX_VALUE;
            disk.observe(this::step);
            act();
            disk.stopObserving();
            receiver.heal();
            if (!hasOpened && isCommitted(told.stream().findFirst())) {
                promises = promises.withoutTransfer(); // its commit was refused, and is finished now
            }
            // whoever hears of it knows what is on the disk, whatever has failed
            assertEquals(told.stream().findFirst(), new SnapshotDirectory(disk, 0, RECORDS).committed(DB));
        }
    }

    /** Whether what is committed is what a source has sent. */
    private boolean isCommitted(Optional<CommittedSnapshot> committed) {
        return committed.isPresent() && promises.sent().filter(whole -> whole.is(committed.get())).isPresent();
    }

    private void act() {
        int what = random.nextInt(20);
        if (what < 11 && hasOpened) {
            send();
        } else if (what < 15) {
            open(snapshots.get(random.nextInt(snapshots.size())));
        } else if (what < 17) {
            leave();
        } else if (what < 18) {
            promises = promises.withoutTransfer();
            receiver.abort(Principal.ANYBODY);
            hasOpened = false;
        } else {
            remove();
        }
    }

    private void open(Whole wanted) {
        if (!promises.sent().equals(Optional.of(wanted))) {
            promises = promises.withoutTransfer();
        } else if (isDoubted) {
            promises = promises.durable(0);
        }
        OpenOutcome outcome = TestSource.open(receiver, source, wanted.announcement());
        hasOpened = outcome instanceof OpenOutcome.Opened;
        isDoubted = outcome instanceof OpenOutcome.Refused;
        if (outcome instanceof OpenOutcome.Opened opened) {
            assertEquals(Promises.crc(wanted.bytes(), (int) opened.offset()), opened.crc32c());
            assertTrue(opened.offset() >= promises.durable(), () -> opened + " of what was durable: " + promises);
            sentBytes = (int) opened.offset();
            promises = promises.sending(wanted, Math.min(promises.durable(), sentBytes));
        } else if (outcome instanceof OpenOutcome.AlreadyCommitted already) {
            assertTrue(wanted.is(already.snapshot()), () -> already + " is not " + wanted);
            promises = promises.committed(wanted);
        }
    }

    private void send() {
        Whole whole = promises.sent().orElseThrow();
        int length = Math.min(1 + random.nextInt(MAX_CHUNK_BYTES), whole.bytes().length - sentBytes);
        boolean done = sentBytes + length == whole.bytes().length;
        byte[] payload = Arrays.copyOfRange(whole.bytes(), sentBytes, sentBytes + length);
        boolean wrong = done && length > 0 && random.nextInt(4) == 0;
        if (wrong) {
            payload[0] ^= 1; // not found before the end
            promises = promises.withoutTransfer();
        } else if (done) {
            promises = promises.mayCommit(whole);
        } else if (sentBytes == 0) {
            promises = promises.durable(0);
        }
        IncomingChunk chunk = TestSource.chunk(receiver, source, whole.chunk(done), sentBytes);
        chunk.write(ByteBuffer.wrap(payload));
        ChunkOutcome outcome = chunk.finish(done, Optional.empty());
        if (outcome instanceof ChunkOutcome.Pending pending) {
            sentBytes += length;
            assertEquals(sentBytes, pending.bytesDone());
            assertTrue(pending.durableBytes() >= promises.durable(), () -> pending + " after " + promises);
            promises = promises.durable(pending.durableBytes());
        } else if (outcome instanceof ChunkOutcome.Committed) {
            assertTrue(!wrong, "a wrong snapshot was committed");
            hasOpened = false;
            promises = promises.withoutTransfer().committed(whole);
        } else {
            hasOpened = false; // it asks from where to go on: what was called durable is there
            tally.keptWhenFailed += promises.durable() > 0 ? 1 : 0;
        }
    }

    private void leave() {
        source.leave();
        receiver.disconnected(source, KeptReason.LINK_LOST);
        source = new TestSource();
        hasOpened = false;
    }

    private void remove() {
        promises = promises.mayRemove();
        try {
            receiver.removeSnapshot(Principal.ANYBODY);
            promises = promises.removed();
        } catch (IOException e) {
            // who asked is told so, and asks again
        }
    }

    /** Before each step on the disk. */
    private void step(String what, String name) throws IOException {
        tally.points++;
        check(disk.afterPowerCut(order, random));
        if (random.nextInt(8) == 0) {
            check(disk.afterKill());
        }
        if (failIn-- == 0) {
            failIn = Integer.MAX_VALUE;
            tally.failedSteps++;
            throw new IOException("the disk has failed at " + what + " " + name);
        }
    }

    /** Starts on what a power cut has left, and holds it against the promises. */
    private void check(SimulatedDisk left) throws IOException {
        SimulatedDisk found = random.nextInt(4) == 0 ? repairedInPart(left) : left;
        Optional<byte[]> before = found.bytes("db.snapshot");
        boolean isCut = found.bytes("db.successor.json").isPresent();
        List<CommittedSnapshot> told = new ArrayList<>();
        SnapshotReceiver restarted = start(found, told);
        Optional<CommittedSnapshot> committed = told.stream().findFirst();
        tally.cutCommits += isCut ? 1 : 0;
        tally.finishedCommits += isCut && promises.isNew(committed) ? 1 : 0;
        tally.putAside += found.bytes("db.aside-1").isPresent() ? 1 : 0;

        if (committed.isPresent()) {
            Whole whole = promises.allowed().filter(each -> each.is(committed.get())).findFirst()
                    .orElseThrow(() -> new AssertionError(
                            committed.get() + " was found after " + promises + ", left " + left + ", found " + found));
            assertArrayEquals(whole.bytes(), found.bytes("db.snapshot").orElseThrow());
        } else {
            assertTrue(found.bytes("db.snapshot").isEmpty(), "nobody vouches for what has that name");
            assertTrue(promises.committed().isEmpty(),
                    () -> "gone: " + promises + ", left " + left + ", found " + found);
            before.filter(this::isOneOfOurs).ifPresent(verified -> assertTrue(holds(found, verified),
                    () -> "deleted though it was verified, after " + promises));
        }
        boolean mayBeTorn = order == Order.SUBSET && disk.bytes("db.partial").isEmpty(); // the rename of a commit, into neither name
        goOn(restarted, found, mayBeTorn || isCommitted(committed) ? 0 : promises.durable());
    }

    private boolean isOneOfOurs(byte[] bytes) {
        return snapshots.stream().anyMatch(whole -> Arrays.equals(whole.bytes(), bytes));
    }

    private static boolean holds(SimulatedDisk disk, byte[] bytes) {
        try {
            return disk.names().stream().anyMatch(name -> Arrays.equals(disk.bytes(name).orElseThrow(), bytes));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The power is cut again while it is being repaired. */
    private SimulatedDisk repairedInPart(SimulatedDisk found) throws IOException {
        int[] left = {1 + random.nextInt(20)};
        SimulatedDisk[] again = {found.afterKill()};
        SimulatedDisk repaired = again[0];
        repaired.observe((what, name) -> {
            if (--left[0] == 0) {
                tally.cutRepairs++;
                again[0] = repaired.afterPowerCut(order, random);
            }
        });
        start(repaired, new ArrayList<>());
        repaired.stopObserving();
        return again[0];
    }

    /** A source comes back, and is done. */
    private void goOn(SnapshotReceiver restarted, SimulatedDisk found, long durable) {
        Whole whole = promises.sent().orElse(snapshots.get(random.nextInt(snapshots.size())));
        TestSource back = new TestSource();
        OpenOutcome outcome = TestSource.open(restarted, back, whole.announcement());
        if (outcome instanceof OpenOutcome.Opened opened) {
            int from = (int) opened.offset();
            assertTrue(from >= durable, () -> opened + " of what was durable: " + promises);
            tally.resumes += from > 0 ? 1 : 0;
            IncomingChunk chunk = TestSource.chunk(restarted, back, whole.chunk(true), from);
            chunk.write(ByteBuffer.wrap(whole.bytes(), from, whole.bytes().length - from));
            ChunkOutcome done = chunk.finish(true, Optional.empty());
            assertTrue(done instanceof ChunkOutcome.Committed, done::toString);
        } else {
            assertTrue(outcome instanceof OpenOutcome.AlreadyCommitted already && whole.is(already.snapshot()),
                    outcome::toString);
        }
        assertArrayEquals(whole.bytes(), found.bytes("db.snapshot").orElseThrow());
    }

    private SnapshotReceiver start(SimulatedDisk on, List<CommittedSnapshot> told) throws IOException {
        SnapshotDirectory directory = new SnapshotDirectory(on, 0, RECORDS);
        Inventory inventory = directory.prepare();
        told.addAll(inventory.committed());
        TransferListener listener = event -> {
            if (event instanceof TransferEvent.Committed committed) {
                told.clear();
                told.add(committed.snapshot());
            } else if (event instanceof TransferEvent.Found found) {
                told.add(found.snapshot());
            } else if (event instanceof TransferEvent.Removed) {
                told.clear();
            }
        };
        ReceiverRules rules = new ReceiverRules(List.of(), new BootstrapLimit(1), CHECKPOINT_BYTES, Runnable::run);
        if (inventory.toBeRead().isEmpty()) {
            return new SnapshotReceiver(DB, directory, rules, listener, inventory.resumable().stream().findFirst());
        }
        SnapshotReceiver receiver = SnapshotReceiver.recovering(DB, directory, rules, listener, false);
        receiver.recover();
        return receiver;
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
