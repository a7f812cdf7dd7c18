package io.mirrorbootstrap.ops;

import java.util.List;

import jakarta.inject.Singleton;

import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.MirrorState;
import io.mirrorbootstrap.mirror.SettingsKeys;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Text;
import io.quarkus.runtime.configuration.ConfigurationException;

/** The {@code expected-databases}, and which of them have no snapshot. Any thread; never waits. */
@Singleton
class ExpectedDatabases {

    private final List<DatabaseId> expected;
    private final StatusBoard board;

    ExpectedDatabases(MirrorSettings settings, StatusBoard board) {
        this.expected = settings.expectedDatabases().orElse(List.of()).stream().map(ExpectedDatabases::database)
                .toList();
        this.board = board;
    }

    /** Says itself what is wrong, because it may be made before the settings are checked. */
    private static DatabaseId database(String name) {
        if (!DatabaseId.isValid(name)) {
            throw new ConfigurationException(SettingsKeys.PREFIX + "expected-databases has " + Text.quoted(name)
                    + ", it must be " + DatabaseId.RULE);
        }
        return new DatabaseId(name);
    }

    /** All of them. */
    List<DatabaseId> all() {
        return expected;
    }

    /** How many they are. */
    int count() {
        return expected.size();
    }

    /** How many of them are not {@code following}. */
    int missing() {
        return (int) expected.stream().filter(database -> !isFollowing(database)).count();
    }

    private boolean isFollowing(DatabaseId database) {
        return board.mirror(database).map(Mirror::state).filter(MirrorState.Following.class::isInstance).isPresent();
    }
}
