package io.mirrorbootstrap.mirror;

import java.util.List;

import jakarta.inject.Singleton;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Text;
import io.quarkus.runtime.configuration.ConfigurationException;

/** The {@code expected-databases}, and which of them have no snapshot. Any thread; never waits. */
@Singleton
public class ExpectedDatabases {

    private final List<DatabaseId> expected;
    private final StatusBoard board;

    /** @throws ConfigurationException when one is no name of a database, with a line that says so */
    public ExpectedDatabases(MirrorSettings settings, StatusBoard board) {
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
    public List<DatabaseId> all() {
        return expected;
    }

    /** How many they are. */
    public int count() {
        return expected.size();
    }

    /** How many of them are not {@code following}. */
    public int missing() {
        return (int) expected.stream().filter(database -> !isFollowing(database)).count();
    }

    private boolean isFollowing(DatabaseId database) {
        return board.mirror(database).map(Mirror::state).filter(MirrorState.Following.class::isInstance).isPresent();
    }
}
