package io.mirrorbootstrap.mirror;

import java.util.Optional;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TransferEvent;

/**
 * How one transfer goes in this process, from its first source to its end, as its events tell. The events of one database come one after
 * another; {@link #transfer} and {@link #isOf} may be asked by any thread.
 */
final class Course {

    private final SnapshotIdentity begun;
    private final String transfer;
    private final long firstByte;
    private int resumes;
    private long resentBytes;
    private long accepted;
    private ProgressSteps steps;

    /** @param nanos now, by {@link System#nanoTime} */
    Course(TransferEvent.Began began, long nanos) {
        this.begun = began.identity();
        this.transfer = begun.transferId();
        this.firstByte = began.bytesDone();
        goesOn(began.bytesDone(), nanos);
    }

    private void goesOn(long byteDone, long nanos) {
        accepted = byteDone;
        steps = new ProgressSteps(byteDone, begun.totalBytes(), nanos);
    }

    /** Its source is back, or another is in its place: what had been accepted behind {@code bytesDone} has to be sent again. */
    void resumed(long bytesDone, long nanos) {
        resumes++;
        resentBytes += Math.max(0, accepted - bytesDone);
        goesOn(bytesDone, nanos);
    }

    /** So many bytes have been accepted, whether or not they still count. */
    void accepted(long bytes) {
        accepted = Math.max(accepted, bytes);
    }

    /** See {@link SnapshotIdentity#transferId}. */
    String transfer() {
        return transfer;
    }

    ProgressSteps steps() {
        return steps;
    }

    /** Whether {@code identity} is that of this transfer, by the name that logs show. */
    boolean isOf(SnapshotIdentity identity) {
        return identity == begun || transfer.equals(identity.transferId());
    }

    /** Whether {@code snapshot} may be what was begun, as what is told at the end is not known before. */
    boolean isOf(CommittedSnapshot snapshot) {
        Optional<String> name = begun.streamId();
        return begun.sourceClusterId().equals(snapshot.sourceClusterId()) && name.equals(snapshot.streamId())
                && (begun.isStream() || begun.totalBytes() == snapshot.bytes())
                && (begun.isToldAtEnd()
                        || begun.lsn() == snapshot.lsn() && begun.totalCrc32c().equals(snapshot.crc32c()));
    }

    /** What a line says at the end: how often a source went on, and how much it had to send twice. */
    String summary() {
        return " resumes=" + resumes + " resent_bytes=" + resentBytes
                + (firstByte > 0 ? " from_byte=" + firstByte : "");
    }
}
