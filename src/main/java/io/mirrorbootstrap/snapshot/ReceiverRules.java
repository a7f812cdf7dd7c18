package io.mirrorbootstrap.snapshot;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * What an operator allows, the same for all databases.
 *
 * @param allowedSourceClusters the clusters that may send snapshots; empty: any
 * @param bootstraps how many transfers may be under way at once
 * @param checkpointBytes how much payload may come between two durable checkpoints, in bytes, 1 or more
 * @param helpers has threads for what goes on beside the flow: forcing, and reading back
 */
public record ReceiverRules(List<String> allowedSourceClusters, BootstrapLimit bootstraps, long checkpointBytes,
        Executor helpers) {

    /** Copies the list. */
    public ReceiverRules {
        allowedSourceClusters = List.copyOf(allowedSourceClusters);
    }

    /** What forbids {@code who} to send a snapshot of {@code cluster}. */
    Optional<Refusal> refuse(Principal who, String cluster) {
        List<String> allowed = who.cluster().map(List::of).orElse(allowedSourceClusters);
        boolean isAllowed = (allowedSourceClusters.isEmpty() || allowedSourceClusters.contains(cluster))
                && who.cluster().filter(only -> !only.equals(cluster)).isEmpty();
        return isAllowed ? Optional.empty() : Optional.of(new Refusal.ClusterIdMismatch(cluster, allowed));
    }
}
