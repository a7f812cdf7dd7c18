package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.BootstrapLimit;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.ReceiverRules;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.snapshot.TestSource;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** Names alone take no memory, and nobody loses a receiver that somebody uses. */
class ReceiversTest {

    private static final DatabaseId DATABASE = new DatabaseId("orders");

    private final SnapshotDirectory directory = new SnapshotDirectory(new SimulatedDisk(), 0, new JsonRecords());
    private final ReceiverRules rules = new ReceiverRules(List.of(), new BootstrapLimit(16), 1000, Runnable::run);
    private final Receivers receivers = new Receivers(
            database -> new SnapshotReceiver(database, directory, rules, event -> {
            }, Optional.empty()));

    @Test
    void whatNobodyUsesAndHasNoTransferIsForgotten() {
        SnapshotReceiver first = receivers.with(DATABASE, receiver -> receiver);
        assertEquals(Set.of(), receivers.databases());
        assertEquals(Optional.empty(), receivers.find(DATABASE));
        assertNotSame(first, receivers.with(DATABASE, receiver -> receiver));
    }

    @Test
    void allWhoUseADatabaseAtOnceHaveTheSameReceiver() {
        SnapshotReceiver first = receivers.enter(DATABASE);
        assertSame(first, receivers.with(DATABASE, receiver -> receiver));
        assertSame(first, receivers.find(DATABASE).orElseThrow());
        receivers.leave(DATABASE);
        assertEquals(Set.of(), receivers.databases());
    }

    @Test
    void aTransferKeepsItsReceiver() {
        TestSource source = new TestSource();
        SnapshotReceiver first = receivers.with(DATABASE, receiver -> {
            receiver.open(source, new SnapshotIdentity("c", DATABASE, 7, 4, new Crc32c(1)));
            return receiver;
        });
        assertSame(first, receivers.with(DATABASE, receiver -> receiver));
        receivers.with(DATABASE, receiver -> receiver.abort(source.principal()));
        assertEquals(Set.of(), receivers.databases());
    }
}
