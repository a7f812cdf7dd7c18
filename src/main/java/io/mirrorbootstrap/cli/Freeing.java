package io.mirrorbootstrap.cli;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Obstacle;
import io.mirrorbootstrap.source.StatusClient;
import io.mirrorbootstrap.source.StatusClient.Reply;
import io.mirrorbootstrap.wire.MirrorStatus;

import picocli.CommandLine;

/**
 * Has a sidecar remove the snapshot that has been restored, and no other: one that was committed meanwhile stays, and so does one whose
 * removal would end a transfer.
 *
 * @param line says what comes of it
 * @param client asks the sidecar
 * @param patienceSeconds for a sidecar that is busy or away, 1 or more
 */
record Freeing(CommandLine line, StatusClient client, long patienceSeconds) {

    /** As of {@code rm}. */
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final Duration LEAST_PAUSE = Duration.ofMillis(500);

    /** {@link ExitCode#REMAINS} where it is still there; what there is to say is said. */
    ExitCode free(CommittedSnapshot restored) throws InterruptedException {
        Patience patience = new Patience(patienceSeconds, System::nanoTime);
        while (true) {
            Reply reply = client.ask(restored.database(), ANSWER);
            if (reply instanceof Reply.Known known && known.status().snapshotPath().isPresent()) {
                MirrorStatus status = known.status();
                if (isAnother(status, restored)) {
                    return say("the snapshot that was restored is gone: its successor stays"
                            + (isFollowing(status) ? ", LSN " + status.lsn() : ""));
                } else if (isUnderWay(status)) {
                    return remains("a successor is " + Text.readable(status.word())
                            + ", and its transfer would be ended, too");
                }
                reply = client.remove(restored, ANSWER);
            }
            if (reply instanceof Reply.Removed) {
                return say("removed: the snapshot of " + restored.database() + ", LSN " + restored.lsn() + ", "
                        + Quantities.size(restored.bytes()));
            } else if (!(reply instanceof Reply.Blocked blocked)) {
                return say("the snapshot that was restored is gone already");
            } else {
                Duration pause = pause(blocked.obstacle());
                if (!blocked.obstacle().canHeal() || pause.compareTo(patience.left()) >= 0) {
                    return remains(Report.words(blocked.obstacle(), "the sidecar does not remove it"));
                }
                TimeUnit.NANOSECONDS.sleep(pause.toNanos());
            }
        }
    }

    private static boolean isFollowing(MirrorStatus status) {
        return status.word().equals(MirrorStatus.FOLLOWING);
    }

    private static Duration pause(Obstacle obstacle) {
        return obstacle.comeBackAfter().filter(pause -> pause.compareTo(LEAST_PAUSE) > 0).orElse(LEAST_PAUSE);
    }

    /** Known by the time of its commit, which stays when a successor has begun; its numbers are told only where none has. */
    private static boolean isAnother(MirrorStatus status, CommittedSnapshot restored) {
        boolean isSameCommit = status.committedAt().map(restored.committedAt()::equals).orElse(true);
        return !isSameCommit || isFollowing(status)
                && !(status.lsn() == restored.lsn() && status.bytesTotal() == restored.bytes()
                        && status.crc32c().equals(Optional.of(restored.crc32c())));
    }

    /** An older sidecar does not tell of which snapshot it is while its status is another's. */
    private static boolean isUnderWay(MirrorStatus status) {
        return !isFollowing(status)
                && !(status.word().equals(MirrorStatus.FAILED) && status.committedAt().isPresent());
    }

    private ExitCode say(String sentence) {
        line.getErr().println(Text.line(sentence));
        return ExitCode.COMMITTED;
    }

    private ExitCode remains(String why) {
        Report.failed(line, ExitCode.REMAINS, "restored, but the snapshot is still there: " + why);
        return ExitCode.REMAINS;
    }
}
