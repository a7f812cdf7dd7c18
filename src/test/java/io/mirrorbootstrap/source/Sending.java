package io.mirrorbootstrap.source;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.DatabaseId;

/** A source that sends to whoever answers; it is closed, and what it sends, too, when that is over. */
final class Sending {

    /** Whose answers {@link ScriptedSidecar} spells. */
    static final Origin ORIGIN = new Origin("c", new DatabaseId("d"), 1);

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Sending() {
    }

    /** Sends, and tries no second time. */
    static Outcome once(Endpoint to, SnapshotInput input) {
        return with(to, input, sender -> sender.send(input, ORIGIN, (phase, done, total) -> {
        }));
    }

    /**
     * Sends, and tries again what can heal.
     *
     * @param retries gets why it is tried again, each time
     */
    static Outcome patiently(Endpoint to, SnapshotInput input, List<Outcome> retries) {
        return with(to, input, sender -> sender.send(input, ORIGIN, noting(retries), PATIENCE));
    }

    /** Looks at nothing but why it is tried again, each time. */
    static Progress noting(List<Outcome> retries) {
        return new Progress() {
            @Override
            public void update(Phase phase, long done, OptionalLong total) {
                // not looked at here
            }

            @Override
            public void retrying(Outcome outcome, Duration pause) {
                retries.add(outcome);
            }
        };
    }

    /** So many bytes of rows, which shrink to a fraction. */
    static byte[] rows(int bytes) {
        StringBuilder rows = new StringBuilder();
        for (int row = 0; rows.length() < bytes; row++) {
            rows.append("insert into orders values (").append(row).append(", 'customer ").append(row * 7919 % 10_007)
                    .append("', now());\n");
        }
        return Arrays.copyOf(rows.toString().getBytes(StandardCharsets.US_ASCII), bytes);
    }

    /** A stream of these bytes. */
    static StreamInput stream(byte[] bytes) {
        return new StreamInput(Channels.newChannel(new ByteArrayInputStream(bytes)), "stream");
    }

    /** A stream of so many bytes, which are 0. */
    static StreamInput zeros(int bytes) {
        return zeros(bytes, InputStream.nullInputStream());
    }

    /** A stream of so many bytes, which are 0, and of what comes behind them. */
    static StreamInput zeros(int bytes, InputStream rest) {
        return new StreamInput(
                Channels.newChannel(new SequenceInputStream(new ByteArrayInputStream(new byte[bytes]), rest)),
                "stream");
    }

    private interface Send {
        Outcome by(SnapshotSender sender) throws IOException, InterruptedException;
    }

    private static Outcome with(Endpoint to, SnapshotInput input, Send send) {
        try (input; SnapshotSender sender = new SnapshotSender(to, Credentials.NONE)) {
            return send.by(sender);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
