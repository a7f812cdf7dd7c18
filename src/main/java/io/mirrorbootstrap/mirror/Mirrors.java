package io.mirrorbootstrap.mirror;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.BootstrapLimit;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.ChunkStart;
import io.mirrorbootstrap.snapshot.CommittedFile;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.LostAndFound;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.PayloadSpill;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.ReceiverRules;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.Removal;
import io.mirrorbootstrap.snapshot.Retention;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferListener;
import io.mirrorbootstrap.store.Reason;
import io.quarkus.arc.All;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.mutiny.infrastructure.Infrastructure;

/**
 * What links and the HTTP API ask of the databases: finds the receiver of each, and keeps the limits that are of callers and not of
 * transfers. Worker only, any number of threads: messages for one database take turns, different databases do not wait for each
 * other.
 */
@ApplicationScoped
public class Mirrors {

    private static final Logger LOG = Logger.getLogger(Mirrors.class);

    private final SnapshotDirectory directory;
    private final StatusBoard board;
    private final Holders holders;
    private final Receivers receivers;
    private final FileComparison comparison;
    private final Upkeep upkeep;

    Mirrors(MirrorSettings settings, SnapshotDirectory directory, StatusBoard board,
            @All List<TransferListener> listeners, Callers callers) {
        this.directory = directory;
        this.board = board;
        this.holders = new Holders(board, Shares.of(settings).databases(), callers);
        ReceiverRules rules = new ReceiverRules(settings.allowedSourceClusters().orElse(List.of()),
                new BootstrapLimit(settings.maxBootstraps(), Shares.of(settings).bootstraps(), callers),
                settings.checkpointBytes(),
                Infrastructure.getDefaultWorkerPool());
        TransferListener listener = new Listeners(listeners);
        this.receivers = new Receivers(
                database -> new SnapshotReceiver(database, directory, rules, listener, Optional.empty()));
        Beside beside = new Beside(rules.helpers());
        this.comparison = new FileComparison(directory, board, receivers, beside);
        this.upkeep = new Upkeep(directory, rules, listener, receivers, beside, comparison);
    }

    /** Makes the directory ready before the first link; a sidecar whose directory cannot be used must not start. */
    void start(@Observes StartupEvent event) {
        try {
            upkeep.start();
        } catch (IOException e) {
            throw new ConfigurationException("mirror-bootstrap.data-dir: " + directory.path()
                    + " cannot be used as the directory for snapshots: " + Reason.of(e));
        }
    }

    /** A source wishes to send a snapshot; see {@link SnapshotReceiver#open}. */
    public OpenOutcome open(Source source, Announcement snapshot) {
        DatabaseId database = snapshot.identity().database();
        Optional<Refusal> noPlace = refuseForPlace(source, database);
        if (noPlace.isPresent()) {
            return new OpenOutcome.Refused(noPlace.get());
        }
        try {
            return receivers.with(database, receiver -> open(receiver, source, snapshot));
        } finally {
            holders.arrived(source.principal(), database);
        }
    }

    private OpenOutcome open(SnapshotReceiver receiver, Source source, Announcement snapshot) {
        OpenOutcome outcome = receiver.open(source, snapshot);
        if (outcome instanceof OpenOutcome.Opened) {
            holders.note(source.principal(), receiver.database());
        }
        if (outcome instanceof OpenOutcome.AlreadyCommitted already
                && !comparison.isTold(receiver, already.snapshot())) {
            return new OpenOutcome.Busy(); // nobody is told what the board denies
        }
        if (receiver.isUnrecovered()) {
            upkeep.recoverSoon(receiver.database()); // so that it is known when the source comes back
        }
        return outcome;
    }

    /** A chunk begins to arrive; see {@link SnapshotReceiver#chunk}. */
    public ChunkStart chunk(Source source, SnapshotIdentity identity, long offset) {
        DatabaseId database = identity.database();
        SnapshotReceiver receiver = receivers.enter(database);
        boolean isArriving = false;
        boolean isCounted = false;
        try {
            Optional<Refusal> noPlace = offset > 0 ? Optional.empty() : refuseForPlace(source, database);
            isCounted = offset == 0 && noPlace.isEmpty();
            ChunkStart start = noPlace.isPresent()
                    ? receiver.refusedChunk(source, noPlace.get())
                    : receiver.chunk(source, identity, offset);
            if (start instanceof ChunkStart.Arriving begun) {
                isArriving = true;
                boolean counted = isCounted;
                return new ChunkStart.Arriving(new UsingChunk(begun.chunk(),
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
        receivers.leave(database);
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

    /** Drops the transfer that is under way; a committed snapshot stays. See {@link SnapshotReceiver#abort}. */
    public Removal abort(Principal who, DatabaseId database) {
        return receivers.with(database, receiver -> receiver.abort(who));
    }

    /**
     * The same, if the committed snapshot is one that {@code isMeant} says.
     *
     * @return {@link Refusal.Transport} where the disk does not tell
     */
    public Removal abort(Principal who, DatabaseId database, Predicate<CommittedSnapshot> isMeant) {
        return removed(database, "its transfer cannot be ended", "the sidecar could not read which snapshot is there",
                receiver -> receiver.abort(who, isMeant));
    }

    /** As {@link #abort(Principal, DatabaseId)}, asked for by a source over its link. */
    public Removal abort(Source source, DatabaseId database) {
        return receivers.with(database, receiver -> receiver.abort(source.principal(), Optional.of(source)));
    }

    /**
     * Removes the committed snapshot of {@code database}, if there is one; a transfer that is under way goes on. See
     * {@link SnapshotReceiver#removeSnapshot}.
     *
     * @param isMeant only if it says so
     * @return {@link Refusal.Transport} where the disk does not let it go
     */
    public Removal removeSnapshot(Principal who, DatabaseId database, Predicate<CommittedSnapshot> isMeant) {
        return removed(database, "its snapshot cannot be removed", "the sidecar could not remove the snapshot",
                receiver -> receiver.removeSnapshot(who, Optional.of(isMeant)));
    }

    private interface Removing {
        Removal of(SnapshotReceiver receiver) throws IOException;
    }

    private Removal removed(DatabaseId database, String logged, String told, Removing removing) {
        SnapshotReceiver receiver = receivers.enter(database);
        try {
            return removing.of(receiver);
        } catch (IOException e) {
            LOG.errorf("%s: %s: %s", database, logged, Reason.of(e));
            return new Removal.Refused(new Refusal.Transport(
                    told + Reason.kind(e).map(kind -> ": " + kind).orElse(", its log says why")));
        } finally {
            receivers.leave(database);
        }
    }

    /** Removes the committed snapshot and drops the transfer; see {@link SnapshotReceiver#removeAll}. */
    public Removal removeAll(Principal who, DatabaseId database) {
        return removed(database, "its snapshot cannot be removed", "the sidecar could not remove the snapshot",
                receiver -> receiver.removeAll(who));
    }

    /** {@code source} will say no more: the transfers that it opened are kept, its others are dropped. */
    public void disconnected(Source source, KeptReason reason) {
        receivers.databases()
                .forEach(database -> receivers.with(database, receiver -> disconnect(receiver, source, reason)));
    }

    private static Void disconnect(SnapshotReceiver receiver, Source source, KeptReason reason) {
        try {
            receiver.disconnected(source, reason);
        } catch (RuntimeException | Error e) {
            LOG.errorf(e, "%s: that its source has gone cannot be dealt with", receiver.database());
        }
        return null;
    }

    /**
     * {@code row} with the bytes as they are at this moment; the board is told of each MiB only. Any thread; never waits.
     */
    public Mirror now(Mirror row) {
        return receivers.find(row.database()).flatMap(SnapshotReceiver::progress).map(row::at).orElse(row);
    }

    /** See {@link SnapshotReceiver#sinceLastChunk}. Any thread; never waits. */
    public Optional<Duration> sinceLastChunk(DatabaseId database) {
        return receivers.find(database).flatMap(SnapshotReceiver::sinceLastChunk);
    }

    /**
     * Opens the committed snapshot of {@code database} to be read; nothing waits for it, nor does it for anything but the disk.
     *
     * @return empty when there is none
     * @throws IOException when that cannot be found out now
     */
    public Optional<CommittedFile> openSnapshot(DatabaseId database) throws IOException {
        return directory.open(database);
    }

    /** A place for payload of which the database is not known yet. */
    public PayloadSpill spill() {
        return directory.spill();
    }

    /**
     * Drops each transfer that has been kept longer than its {@code retention}, finishes commits that a failing disk has left half
     * done, and tries again to read what could not be read at start.
     *
     * @return how many transfers were dropped
     */
    public int keepHouse(Retention retention) {
        return upkeep.keepHouse(retention);
    }

    /** Has the board tell of files that somebody else has removed, changed or brought back; see {@link LostAndFound}. */
    public void compareFiles() {
        comparison.run();
    }

    /** Makes kept transfers durable, as the process is ending. */
    public void makeDurable() {
        upkeep.makeDurable();
    }
}
