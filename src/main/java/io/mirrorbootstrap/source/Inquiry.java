package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Outcome.CommitUnknown;
import io.mirrorbootstrap.source.StatusClient.Reply;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.MirrorStatus;

/** Asks for a mirror's status what became of a stream of which all was sent. Sending thread only. */
final class Inquiry {

    private static final Duration ANSWER_PATIENCE = Duration.ofHours(1);

    private final StatusClient client;
    private final Backoff backoff;
    private final Progress progress;

    Inquiry(StatusClient client, Backoff backoff, Progress progress) {
        this.client = client;
        this.backoff = backoff;
        this.progress = progress;
    }

    /** Asks until that is told, or nothing is to be expected any more. */
    Outcome of(CommitUnknown unknown) throws InterruptedException {
        Outcome outcome = unknown;
        while (outcome.canHeal()) {
            Optional<Duration> pause = backoff.next(outcome.bytesDone(), outcome.comeBackAfter());
            if (pause.isEmpty()) {
                return outcome;
            }
            progress.retrying(outcome, pause.get());
            TimeUnit.MILLISECONDS.sleep(pause.get().toMillis());
            outcome = told(unknown, client.ask(unknown.sent().database(), ANSWER_PATIENCE));
        }
        return outcome;
    }

    private static Outcome told(CommitUnknown unknown, Reply reply) {
        if (reply instanceof Reply.Known known) {
            return told(unknown, known.status());
        } else if (reply instanceof Reply.Blocked blocked) {
            Obstacle obstacle = blocked.obstacle();
            return because(unknown, "the sidecar does not tell: " + obstacle.message(), obstacle.canHeal(),
                    obstacle.comeBackAfter());
        }
        return because(unknown, "the sidecar knows nothing of it", false, Optional.empty());
    }

    private static Outcome told(CommitUnknown unknown, MirrorStatus status) {
        var sent = unknown.sent();
        if (status.word().equals(MirrorStatus.FOLLOWING) && status.lsn() == sent.lsn()
                && status.bytesTotal() == sent.totalBytes()
                && status.crc32c().equals(Optional.of(sent.totalCrc32c()))) {
            return Outcome.Committed.checked(new Answer.Committed(sent.database(), sent.lsn(), sent.totalBytes(),
                    sent.totalCrc32c(), status.snapshotPath().orElseThrow(), status.position()), sent.totalBytes(),
                    unknown.took());
        }
        boolean isUnderWay = status.word().equals(MirrorStatus.BOOTSTRAPPING) && status.lsn() == sent.lsn();
        return because(unknown, "the sidecar says " + Text.readable(status.word()) + ", LSN " + status.lsn() + ", "
                + status.bytesDone() + " bytes", isUnderWay, Optional.empty());
    }

    private static Outcome because(CommitUnknown unknown, String reason, boolean healing, Optional<Duration> later) {
        return new CommitUnknown(unknown.sent(), unknown.took(), reason, healing, later);
    }
}
