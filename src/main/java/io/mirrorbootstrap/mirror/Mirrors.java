package io.mirrorbootstrap.mirror;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.BootstrapLimit;
import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.ChunkStart;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.Inventory;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.PayloadSpill;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.ReceiverRules;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.Removal;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferListener;
import io.mirrorbootstrap.store.Reason;
import io.quarkus.arc.All;
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
    private final Holders holders;

    /** Databases for which what an earlier process left is being read. */
    private final Set<DatabaseId> reading = ConcurrentHashMap.newKeySet();

    /** A receiver stays while somebody uses it or a transfer is in it: names alone take no memory. */
    private final Map<DatabaseId, Entry> entries = new ConcurrentHashMap<>();

    private record Entry(SnapshotReceiver receiver, int users) {
    }

    Mirrors(MirrorSettings settings, SnapshotDirectory directory, StatusBoard board,
            @All List<TransferListener> listeners) {
        this.directory = directory;
        this.board = board;
        this.rules = new ReceiverRules(settings.allowedSourceClusters().orElse(List.of()),
                new BootstrapLimit(settings.maxBootstraps(), Shares.of(settings).bootstraps()),
                settings.checkpointBytes().asLongValue(),
                Infrastructure.getDefaultWorkerPool());
        this.holders = new Holders(board, Shares.of(settings).databases());
        this.listener = new Listeners(listeners);
    }

    /** Makes the directory ready before the first link; what cannot be served must not start. */
    void start(@Observes StartupEvent event) {
        try {
            Inventory inventory = directory.prepare();
            inventory.repairs().forEach(Mirrors::tell);
            inventory.committed().forEach(snapshot -> listener
                    .on(new TransferEvent.Found(snapshot, directory.snapshot(snapshot.database()))));
            for (Inventory.Resumable left : inventory.resumable()) {
                Checkpoint kept = left.checkpoint();
                entries.put(kept.database(), new Entry(receiver(kept.database(), Optional.of(left)), 0));
                listener.on(new TransferEvent.Kept(kept.identity(), kept.bytes(), kept.bytes(),
                        KeptReason.FOUND_AT_START));
            }
            for (DatabaseId database : inventory.toBeRead()) {
                entries.put(database,
                        new Entry(SnapshotReceiver.recovering(database, directory, rules, listener), 0));
            }
            if (!inventory.toBeRead().isEmpty()) {
                LOG.infof("reading what an earlier process left of %s, before it can be said what that is",
                        inventory.toBeRead());
                rules.helpers().execute(() -> inventory.toBeRead().forEach(this::recover)); // one after the other
            }
            LOG.infof("snapshots are stored in %s: %d there already, %d under way when the last process ended",
                    directory.path(), inventory.committed().size(), inventory.resumable().size());
        } catch (IOException e) {
            throw new ConfigurationException("mirror-bootstrap.data-dir: " + directory.path()
                    + " cannot be used as the directory for snapshots: " + Reason.of(e));
        }
    }

    /** Thousands of files may have been planted: the log limits lines that differ in their values. */
    private static void tell(String repair) {
        LOG.warnf("%s", repair);
    }

    private void recover(DatabaseId database) {
        if (reading.add(database)) { // else another thread is at it
            try {
                with(database, Mirrors::recover);
            } finally {
                reading.remove(database);
            }
        }
    }

    private static Void recover(SnapshotReceiver receiver) {
        try {
            receiver.recover().repairs().forEach(Mirrors::tell);
        } catch (IOException | RuntimeException | Error e) {
            LOG.errorf(e,
                    "%s: what an earlier process left cannot be read, and nothing is received for it until it can: "
                            + "mend the disk, or remove its files",
                    receiver.database());
        }
        return null;
    }

    /** A source wishes to send a snapshot; see {@link SnapshotReceiver#open}. */
    public OpenOutcome open(Source source, SnapshotIdentity identity) {
        Optional<Refusal> noPlace = refuseForPlace(source, identity.database());
        if (noPlace.isPresent()) {
            return new OpenOutcome.Refused(noPlace.get());
        }
        try {
            return with(identity.database(), receiver -> open(receiver, source, identity));
        } finally {
            holders.arrived(source.principal(), identity.database());
        }
    }

    private OpenOutcome open(SnapshotReceiver receiver, Source source, SnapshotIdentity identity) {
        OpenOutcome outcome = receiver.open(source, identity);
        if (outcome instanceof OpenOutcome.Opened) {
            holders.note(source.principal(), identity.database());
        }
        if (receiver.isUnrecovered()) { // the disk may have been mended: when the source comes back it is known
            try {
                rules.helpers().execute(() -> recover(receiver.database()));
            } catch (RejectedExecutionException e) {
                LOG.debugf("%s: not read again, the process is ending", receiver.database());
            }
        }
        return outcome;
    }

    /** A chunk begins to arrive; see {@link SnapshotReceiver#chunk}. */
    public ChunkStart chunk(Source source, SnapshotIdentity identity, long offset) {
        DatabaseId database = identity.database();
        SnapshotReceiver receiver = enter(database);
        boolean isArriving = false;
        boolean isCounted = false;
        try {
            Optional<Refusal> noPlace = offset > 0 ? Optional.empty() : refuseForPlace(source, database);
            isCounted = offset == 0 && noPlace.isEmpty();
            ChunkStart start = noPlace.isPresent()
                    ? receiver.refusedChunk(noPlace.get())
                    : receiver.chunk(source, identity, offset);
            if (start instanceof ChunkStart.Arriving begun) {
                isArriving = true;
                boolean counted = isCounted;
                return new ChunkStart.Arriving(new UsingChunk(begun.chunk(), new AtomicBoolean(true),
                        () -> holders.note(source.principal(), database), () -> leave(source, database, counted)));
            }
            return start;
        } finally {
            if (!isArriving) {
                leave(source, database, isCounted);
            }
        }
    }

    private void leave(Source source, DatabaseId database, boolean isCounted) {
        if (isCounted) {
            holders.arrived(source.principal(), database);
        }
        leave(database);
    }

    /** Where it is empty, {@link Holders#arrived} has to be told. */
    private Optional<Refusal> refuseForPlace(Source source, DatabaseId database) {
        Optional<Refusal> refusal = holders.refuse(source.principal(), database);
        if (refusal.isEmpty() && !board.hasPlaceFor(database)) {
            holders.arrived(source.principal(), database);
            refusal = Optional.of(new Refusal.TooManyMirrors(StatusBoard.MAX_ROWS,
                    "DELETE /v1/mirrors/{database}?snapshot=true"));
        }
        refusal.ifPresent(reason -> LOG.warnf("%s: %s", database, reason.message()));
        return refusal;
    }

    /** Drops what is under way; what is committed stays. See {@link SnapshotReceiver#abort}. */
    public Removal abort(Principal who, DatabaseId database) {
        return with(database, receiver -> receiver.abort(who));
    }

    /**
     * Removes the committed snapshot of {@code database}, if there is one; what is under way goes on. See
     * {@link SnapshotReceiver#removeSnapshot}.
     *
     * @throws IOException when that fails
     */
    public Removal removeSnapshot(Principal who, DatabaseId database) throws IOException {
        SnapshotReceiver receiver = enter(database);
        try {
            return receiver.removeSnapshot(who);
        } finally {
            leave(database);
        }
    }

    /** {@code source} will say no more: what it opened is kept, what it did not open is dropped. */
    public void disconnected(Source source, KeptReason reason) {
        for (DatabaseId database : entries.keySet()) {
            with(database, receiver -> disconnect(receiver, source, reason));
        }
    }

    /**
     * {@code row} with the bytes as they are at this moment; the board is told of each MiB only. Any thread; never waits.
     */
    public Mirror now(Mirror row) {
        return Optional.ofNullable(entries.get(row.database())).flatMap(entry -> entry.receiver().progress())
                .map(row::at).orElse(row);
    }

    /**
     * Drops what has waited for its source longer than {@code retention}, and finishes commits that a failing disk has left
     * half done.
     *
     * @return how many transfers were dropped
     */
    public int keepHouse(Duration retention) {
        directory.unfinishedCommits().forEach(database -> with(database, this::heal));
        entries.values().stream().map(Entry::receiver).filter(SnapshotReceiver::isUnrecovered)
                .map(SnapshotReceiver::database).forEach(this::recover);
        int expired = 0;
        for (DatabaseId database : entries.keySet()) {
            expired += with(database, receiver -> expire(receiver, database, retention));
        }
        return expired;
    }

    /** Looks whether files are gone that nobody else may remove; see {@link SnapshotReceiver#lookForLosses}. */
    public void lookForLosses() {
        Set<DatabaseId> databases = new HashSet<>(entries.keySet());
        board.mirrors().stream().filter(row -> row.committed().isPresent()).map(Mirror::database)
                .forEach(databases::add);
        databases.forEach(database -> with(database, this::lookForLosses));
    }

    private Void lookForLosses(SnapshotReceiver receiver) {
        try {
            receiver.lookForLosses(() -> board.mirror(receiver.database()).flatMap(Mirror::committed)
                    .map(MirrorState.Following::snapshot));
        } catch (IOException | RuntimeException | Error e) {
            LOG.debugf("%s: whether its files are there cannot be told: %s", receiver.database(), e);
        }
        return null;
    }

    private Void heal(SnapshotReceiver receiver) {
        try {
            receiver.heal();
        } catch (IOException | RuntimeException | Error e) {
            LOG.warnf("a commit cannot be finished yet: %s", e);
        }
        return null;
    }

    private static int expire(SnapshotReceiver receiver, DatabaseId database, Duration retention) {
        try {
            return receiver.expire(retention) ? 1 : 0;
        } catch (RuntimeException | Error e) {
            LOG.errorf(e, "whether the transfer of %s has waited too long cannot be told", database);
            return 0;
        }
    }

    /** A place for payload that does not know yet where it belongs. */
    public PayloadSpill spill() {
        return directory.spill();
    }

    /** What waits for its source is made durable, as the process is ending. */
    public void makeDurable() {
        for (DatabaseId database : entries.keySet()) {
            with(database, receiver -> {
                try {
                    receiver.makeDurable();
                } catch (IOException | RuntimeException | Error e) {
                    LOG.warnf("%s: what its source has sent last is not durable, and will be sent again: %s", database,
                            e);
                }
                return null;
            });
        }
    }

    private static Void disconnect(SnapshotReceiver receiver, Source source, KeptReason reason) {
        try {
            receiver.disconnected(source, reason);
        } catch (RuntimeException | Error e) {
            LOG.errorf(e, "%s: that its source has gone cannot be dealt with", receiver.database());
        }
        return null;
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

    private SnapshotReceiver receiver(DatabaseId database, Optional<Inventory.Resumable> left) {
        return new SnapshotReceiver(database, directory, rules, listener, left);
    }

    private void leave(DatabaseId database) {
        entries.computeIfPresent(database, (id, entry) -> entry.users() == 1 && entry.receiver().isIdle()
                ? null
                : new Entry(entry.receiver(), entry.users() - 1));
    }

    /** Keeps the receiver in use until the chunk has ended. */
    private record UsingChunk(IncomingChunk chunk, AtomicBoolean inUse, Runnable whenAccepted,
            Runnable whenEnded) implements IncomingChunk {

        private void end() {
            if (inUse.compareAndSet(true, false)) {
                whenEnded.run();
            }
        }

        @Override
        public void write(ByteBuffer slice) {
            chunk.write(slice);
        }

        @Override
        public ChunkOutcome finish(boolean done, Optional<Crc32c> chunkCrc32c) {
            boolean ended = true;
            try {
                ChunkOutcome outcome = chunk.finish(done, chunkCrc32c);
                ended = !(outcome instanceof ChunkOutcome.Busy);
                if (outcome instanceof ChunkOutcome.Pending || outcome instanceof ChunkOutcome.Committed) {
                    whenAccepted.run();
                }
                return outcome;
            } finally {
                if (ended) {
                    end();
                }
            }
        }

        @Override
        public boolean mayTakeLong(boolean done) {
            return chunk.mayTakeLong(done);
        }

        @Override
        public void cancel() {
            try {
                chunk.cancel();
            } finally {
                end();
            }
        }
    }
}
