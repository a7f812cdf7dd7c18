package io.mirrorbootstrap.ops;

import java.util.List;

import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;

import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.MirrorState;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.smallrye.health.api.HealthGroup;

/**
 * The mirror may start: each of {@code expected-databases} has its snapshot. A group of its own, as neither is the sidecar
 * ill before that, nor must a source not connect.
 */
@HealthGroup("mirror")
class MirrorCheck implements HealthCheck {

    private final List<DatabaseId> expected;
    private final StatusBoard board;

    MirrorCheck(MirrorSettings settings, StatusBoard board) {
        this.expected = settings.expectedDatabases().orElse(List.of()).stream().map(DatabaseId::new).toList();
        this.board = board;
    }

    @Override
    public HealthCheckResponse call() {
        long missing = expected.stream().filter(database -> !isFollowing(database)).count();
        return HealthCheckResponse.named("expected databases are following").status(missing == 0)
                .withData("expected", expected.size()).withData("missing", missing).build();
    }

    private boolean isFollowing(DatabaseId database) {
        return board.mirror(database).map(Mirror::state).filter(MirrorState.Following.class::isInstance).isPresent();
    }
}
