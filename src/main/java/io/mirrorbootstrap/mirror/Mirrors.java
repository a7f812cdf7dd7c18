package io.mirrorbootstrap.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.mirror.MirrorState.Following;
import io.mirrorbootstrap.snapshot.BootstrapLimit;
import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.Inventory;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.PayloadSpill;
import io.mirrorbootstrap.snapshot.ReceiverRules;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferListener;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.mutiny.infrastructure.Infrastructure;

/**
 * The receivers of all databases. Worker only, any number of threads: messages for one database take turns, different
 * databases do not wait for each other.
 */
@ApplicationScoped
public class Mirrors {

    private static final Logger LOG = Logger.getLogger(Mirrors.class);

    private final SnapshotDirectory directory;
    private final ReceiverRules rules;
    private final TransferListener listener;
    private final StatusBoard board;

    /** A receiver stays while somebody uses it or a transfer is in it: names alone take no memory. */
    private final Map<DatabaseId, Entry> entries = new ConcurrentHashMap<>();

    private record Entry(SnapshotReceiver receiver, int users) {
    }

    Mirrors(MirrorSettings settings, SnapshotDirectory directory, StatusBoard board,
            @Any Instance<TransferListener> listeners) {
        this.directory = directory;
        this.board = board;
        this.rules = new ReceiverRules(settings.allowedSourceClusters().orElse(List.of()),
                new BootstrapLimit(settings.maxBootstraps()), settings.checkpointBytes().asLongValue(),
                Infrastructure.getDefaultWorkerPool());
        this.listener = new Listeners(listeners.stream().toList());
    }

    /** Makes the directory ready before the first link; what cannot be served must not start. */
    void start(@Observes StartupEvent event) {
        try {
            Inventory inventory = directory.prepare();
            inventory.repairs().forEach(LOG::warn);
            inventory.committed().forEach(
                    snapshot -> board.found(new Following(snapshot, directory.snapshot(snapshot.database()))));
            for (Checkpoint left : inventory.resumable()) {
                entries.put(left.database(), new Entry(receiver(left.database(), Optional.of(left)), 0));
                listener.on(new TransferEvent.Disconnected(left.identity(), left.bytes(), left.bytes()));
            }
            LOG.infof("snapshots are stored in %s: %d there already, %d under way when the last process ended",
                    directory.path(), inventory.committed().size(), inventory.resumable().size());
        } catch (IOException e) {
            throw new ConfigurationException("mirror-bootstrap.data-dir: " + directory.path()
                    + " cannot be used as the directory for snapshots: " + e);
        }
    }

    /** A source wishes to send a snapshot; see {@link SnapshotReceiver#open}. */
    public OpenOutcome open(Source source, SnapshotIdentity identity) {
        return board.hasPlaceFor(identity.database())
                ? with(identity.database(), receiver -> receiver.open(source, identity))
                : new OpenOutcome.Refused(tooMany(identity.database()));
    }

    /** A chunk begins to arrive; see {@link SnapshotReceiver#chunk}. */
    public IncomingChunk chunk(Source source, SnapshotIdentity identity, long offset) {
        SnapshotReceiver receiver = enter(identity.database());
        IncomingChunk chunk = offset > 0 || board.hasPlaceFor(identity.database())
                ? receiver.chunk(source, identity, offset)
                : receiver.refusedChunk(tooMany(identity.database()));
        return new UsingChunk(chunk, () -> leave(identity.database()));
    }

    private Refusal tooMany(DatabaseId database) {
        Refusal refusal = new Refusal.TooManyMirrors(StatusBoard.MAX_ROWS);
        LOG.warnf("%s: %s", database, refusal.message());
        return refusal;
    }

    /** Drops what is under way; what is committed stays. See {@link SnapshotReceiver#abort}. */
    public Optional<Refusal> abort(Optional<String> proven, DatabaseId database) {
        return with(database, receiver -> receiver.abort(proven));
    }

    /**
     * Removes the committed snapshot of {@code database}, if there is one; what is under way goes on. See
     * {@link SnapshotReceiver#removeSnapshot}.
     *
     * @throws IOException when that fails
     */
    public Optional<Refusal> removeSnapshot(Optional<String> proven, DatabaseId database) throws IOException {
        SnapshotReceiver receiver = enter(database);
        try {
            return receiver.removeSnapshot(proven);
        } finally {
            leave(database);
        }
    }

    /** The link of {@code source} is gone: what it opened is kept, what it did not open is dropped. */
    public void disconnected(Source source) {
        for (DatabaseId database : entries.keySet()) {
            with(database, receiver -> {
                receiver.disconnected(source);
                return null;
            });
        }
    }

    /**
     * Drops what waits for sources that have not been here since {@code before}.
     *
     * @return how many transfers were dropped
     */
    public int expire(Instant before) {
        int expired = 0;
        for (DatabaseId database : entries.keySet()) {
            expired += with(database, receiver -> {
                try {
                    return receiver.expire(before) ? 1 : 0;
                } catch (IOException | RuntimeException e) {
                    LOG.warnf(e, "the age of the transfer of %s cannot be told", database);
                    return 0;
                }
            });
        }
        return expired;
    }

    /** A place for payload that does not know yet where it belongs. */
    public PayloadSpill spill() {
        return directory.spill();
    }

    private <T> T with(DatabaseId database, Function<SnapshotReceiver, T> action) {
        SnapshotReceiver receiver = enter(database);
        try {
            return action.apply(receiver);
        } finally {
            leave(database);
        }
    }

    private SnapshotReceiver enter(DatabaseId database) {
        return entries.compute(database, (id, entry) -> entry == null
                ? new Entry(receiver(id, Optional.empty()), 1)
                : new Entry(entry.receiver(), entry.users() + 1)).receiver();
    }

    private SnapshotReceiver receiver(DatabaseId database, Optional<Checkpoint> left) {
        return new SnapshotReceiver(database, directory, rules, listener, left);
    }

    private void leave(DatabaseId database) {
        entries.computeIfPresent(database, (id, entry) -> entry.users() == 1 && entry.receiver().isIdle()
                ? null
                : new Entry(entry.receiver(), entry.users() - 1));
    }

    /** Keeps the receiver in use until the chunk has ended. */
    private record UsingChunk(IncomingChunk chunk, Runnable whenEnded) implements IncomingChunk {

        @Override
        public void write(ByteBuffer slice) {
            chunk.write(slice);
        }

        @Override
        public ChunkOutcome finish(boolean done, Optional<Crc32c> chunkCrc32c) {
            try {
                return chunk.finish(done, chunkCrc32c);
            } finally {
                whenEnded.run();
            }
        }

        @Override
        public void cancel() {
            try {
                chunk.cancel();
            } finally {
                whenEnded.run();
            }
        }
    }
}
