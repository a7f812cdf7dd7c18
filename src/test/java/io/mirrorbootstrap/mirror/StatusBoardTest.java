package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Remains;
import io.mirrorbootstrap.snapshot.TransferListener;
import io.smallrye.mutiny.subscription.Cancellable;

class StatusBoardTest {

    private final StatusBoard board = new StatusBoard();

    @Test
    void aWatcherThatFailsKeepsNeitherTheBoardNorOtherWatchersFromHearing() {
        List<Change> heard = new ArrayList<>();
        board.watch(heard::add);
        Cancellable failing = board.watch(mirror -> {
            throw new IllegalStateException("this watcher fails");
        });
        List<Change> alsoHeard = new ArrayList<>();
        board.watch(alsoHeard::add);

        board.on(disconnected("orders", 1));
        failing.cancel();
        board.on(disconnected("orders", 2));

        assertEquals(2, heard.size());
        assertEquals(heard, alsoHeard);
        assertEquals(List.of("orders", "orders"), heard.stream().map(row -> row.database().value()).toList());
    }

    @Test
    void eachChangeHasAHigherNumberThanThoseBeforeIt() {
        List<Change> heard = new ArrayList<>();
        board.watch(row -> heard.add(board.mirror(row.database()).orElseThrow()));
        for (int i = 0; i < 100; i++) {
            board.on(disconnected("db" + i % 7, i));
        }
        assertEquals(100, heard.size());
        for (int i = 1; i < heard.size(); i++) {
            assertTrue(heard.get(i).change() > heard.get(i - 1).change(), heard.get(i)::toString);
        }
    }

    @Test
    void whoGoesFromChangeToChangeFindsEachRowAsItIs() {
        for (int i = 0; i < 100; i++) {
            board.on(disconnected("db" + i % 7, i));
        }
        List<Mirror> found = new ArrayList<>();
        for (Optional<Change> next = board.after(0); next.isPresent(); next = board.after(next.get().change())) {
            if (next.get() instanceof Mirror row && board.isThere(row)) {
                found.add(row);
            }
        }
        assertEquals(7, found.size());
        assertEquals(Set.copyOf(board.mirrors()), Set.copyOf(found));
        assertEquals(board.lastChange(), found.get(6).change());
    }

    @Test
    void theOldestOfThoseThatMayBeForgottenIsForgotten() {
        for (int i = 0; i < StatusBoard.MAX_ROWS; i++) {
            board.on(failed("db" + i));
        }
        board.on(failed("db0")); // changed again: now db1 is the oldest
        board.on(failed("one-too-many"));

        assertEquals(StatusBoard.MAX_ROWS, board.mirrors().size());
        assertTrue(board.mirror(new DatabaseId("db0")).isPresent());
        assertEquals(Optional.empty(), board.mirror(new DatabaseId("db1")));
    }

    @Test
    void aListenerThatFailsKeepsNoOtherFromHearing() {
        List<TransferEvent> first = new ArrayList<>();
        List<TransferEvent> last = new ArrayList<>();
        TransferListener failing = event -> {
            throw new AssertionError("an Error, too");
        };
        TransferListener all = new Listeners(List.of(first::add, failing, last::add));

        all.on(disconnected("orders", 1));
        all.on(disconnected("orders", 2));

        assertEquals(2, first.size());
        assertEquals(first, last);
    }

    @Test
    void aListenerThatDoesNotListenIsNeverTold() {
        List<TransferEvent> told = new ArrayList<>();
        TransferListener deaf = new TransferListener() {
            @Override
            public void on(TransferEvent event) {
                told.add(event);
            }

            @Override
            public boolean isListening() {
                return false;
            }
        };
        new Listeners(List.of(deaf, told::add)).on(disconnected("orders", 1));
        assertEquals(1, told.size());
    }

    private static TransferEvent disconnected(String database, long bytes) {
        return new TransferEvent.Kept(identity(database), bytes, bytes, KeptReason.LINK_LOST);
    }

    private static TransferEvent failed(String database) {
        return new TransferEvent.Failed(identity(database), 0, Remains.NOTHING, new Refusal.Transport("it failed"),
                Optional.empty(),
                Duration.ZERO);
    }

    private static SnapshotIdentity identity(String database) {
        return new SnapshotIdentity("cluster", new DatabaseId(database), 42, 1000, Crc32c.EMPTY);
    }
}
