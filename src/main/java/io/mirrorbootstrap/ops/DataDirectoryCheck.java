package io.mirrorbootstrap.ops;

import java.time.Duration;

import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;

/**
 * Ready: a source may connect, because what it sends can be stored. To find out makes a file, and anybody may ask: the answer
 * counts for a second, and all who ask meanwhile share it. A disk that hangs keeps one worker, and is not ready.
 */
@Readiness
class DataDirectoryCheck implements AsyncHealthCheck {

    private static final Duration COUNTS_FOR = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final SnapshotDirectory directory;

    // guarded by this
    private Uni<Boolean> answer;
    private boolean underWay;
    private long sinceNanos;

    DataDirectoryCheck(SnapshotDirectory directory) {
        this.directory = directory;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return current().ifNoItem().after(PATIENCE).fail().onFailure().recoverWithItem(false).map(
                writable -> HealthCheckResponse.named("data directory writable").status(writable).build());
    }

    private synchronized Uni<Boolean> current() {
        if (answer == null || !underWay && System.nanoTime() - sinceNanos >= COUNTS_FOR.toNanos()) {
            underWay = true;
            answer = Uni.createFrom().item(directory::isWritable)
                    .runSubscriptionOn(Infrastructure.getDefaultWorkerPool()).onTermination().invoke(this::ended)
                    .memoize().indefinitely();
        }
        return answer;
    }

    private synchronized void ended() {
        underWay = false;
        sinceNanos = System.nanoTime();
    }
}
