package io.mirrorbootstrap.cli;

import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.StatusClient.Reply;
import io.mirrorbootstrap.wire.MirrorStatus;

/** Says what is waited for: at once when something else happens, else now and then. One thread. */
final class Waiting {

    private static final long TELL_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final PrintWriter err;
    private String told = "";
    private long toldNanos;

    Waiting(PrintWriter err) {
        this.err = err;
    }

    /** @param now see {@link #words} */
    void tell(DatabaseId database, String now) {
        String kind = database + now.replaceAll("[0-9.]+", "");
        if (!kind.equals(told) || System.nanoTime() - toldNanos > TELL_EVERY_NANOS) {
            told = kind;
            toldNanos = System.nanoTime();
            err.println(Text.line("waiting for " + database + ": " + now));
        }
    }

    /** What a sidecar has replied, as a clause. */
    static String words(Reply reply) {
        if (reply instanceof Reply.Blocked blocked) {
            return Report.words(blocked.obstacle(), "the sidecar does not tell");
        } else if (reply instanceof Reply.Known known) {
            MirrorStatus status = known.status();
            return Text.readable(status.word()) + ", " + Quantities.size(status.bytesDone())
                    + (status.bytesTotal() > 0 ? " of " + Quantities.size(status.bytesTotal()) : "")
                    + (status.rateBytesPerSecond() > 0 ? ", " + Quantities.rate(status.rateBytesPerSecond()) : "")
                    + status.lastError().filter(error -> status.word().equals(MirrorStatus.DISCONNECTED))
                            .map(error -> "; " + Text.readable(error)).orElse("");
        }
        return "nothing has come yet";
    }
}
