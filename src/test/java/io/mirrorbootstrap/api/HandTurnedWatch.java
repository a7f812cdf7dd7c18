package io.mirrorbootstrap.api;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.Flow;
import java.util.function.Predicate;

import io.mirrorbootstrap.mirror.Change;
import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.MirrorState;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.smallrye.mutiny.subscription.Cancellable;

/** A watcher whose event loop and timers are turned by hand. */
abstract class HandTurnedWatch {

    final StatusBoard board = new StatusBoard();
    final Queue<Runnable> loop = new ArrayDeque<>();
    final List<Runnable> pauses = new ArrayList<>();
    final List<Runnable> signs = new ArrayList<>();
    final List<String> heard = new ArrayList<>();
    Flow.Subscription watch;
    OptionalLong lastHeard = OptionalLong.empty();
    Predicate<DatabaseId> isWanted = any -> true;
    boolean isAtEnd;
    /** Behind so many it was told that all that was there has been told; -1: not yet. */
    int completeBehind = -1;

    void watch(long asked) {
        begin(asked);
        turn();
    }

    void begin(long asked) {
        Watch.Loop byHand = new Watch.Loop() {
            @Override
            public void execute(Runnable action) {
                loop.add(action);
            }

            @Override
            public Cancellable later(Duration wait, Runnable action) {
                List<Runnable> timers = wait.equals(Watch.PAUSE) ? pauses : signs;
                timers.add(action);
                return () -> timers.remove(action);
            }
        };
        new Watch(board, isWanted, byHand, Watch.LONGEST_SILENCE, lastHeard, new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription subscription) {
                watch = subscription;
                if (asked > 0) {
                    subscription.request(asked);
                }
            }

            @Override
            public void onNext(Watch.Told told) {
                if (told instanceof Watch.Told.News news) {
                    heard.add(news.change().database() + " " + word(news.change()));
                } else if (told instanceof Watch.Told.Complete) {
                    completeBehind = heard.size();
                } else {
                    heard.add("still here");
                }
            }

            @Override
            public void onError(Throwable failure) {
                throw new AssertionError(failure);
            }

            @Override
            public void onComplete() {
                isAtEnd = true;
            }
        }).start();
    }

    static String word(Change change) {
        return change instanceof Mirror row
                ? String.valueOf(((MirrorState.Disconnected) row.state()).bytesKept())
                : "gone";
    }

    void ask(long more) {
        watch.request(more);
        turn();
    }

    /** The event loop does all that it has to do now. */
    void turn() {
        while (!loop.isEmpty()) {
            loop.remove().run();
        }
    }

    void passTime() {
        List<Runnable> due = List.copyOf(pauses);
        pauses.clear();
        due.forEach(Runnable::run);
        turn();
    }

    void changed(String database, long bytes) {
        board.on(new TransferEvent.Kept(identity(database), bytes, bytes, KeptReason.LINK_LOST));
    }

    void remove(String database) {
        board.on(new TransferEvent.Dropped(identity(database), 0, DropReason.ABORTED));
    }

    static SnapshotIdentity identity(String database) {
        return new SnapshotIdentity("cluster", new DatabaseId(database), 42, 10_000, Crc32c.EMPTY);
    }
}
