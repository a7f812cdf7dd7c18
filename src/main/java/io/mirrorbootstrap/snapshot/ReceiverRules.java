package io.mirrorbootstrap.snapshot;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * The operator's rules, the same for all databases.
 *
 * @param allowedSourceClusters the clusters that may send snapshots; empty: any
 * @param bootstraps how many transfers may be under way at once
 * @param checkpointBytes how much payload may come between two durable checkpoints, in bytes, 1 or more
 * @param helpers has threads for work beside the flow: forcing, and reading back
 */
public record ReceiverRules(List<String> allowedSourceClusters, BootstrapLimit bootstraps, long checkpointBytes,
        Executor helpers) {

    /** Copies the list. */
    public ReceiverRules {
        allowedSourceClusters = List.copyOf(allowedSourceClusters);
    }

    /** The refusal if {@code who} may not send a snapshot of {@code cluster}. */
    Optional<Refusal> refuse(Principal who, String cluster) {
        List<String> allowed = who.cluster().map(List::of).orElse(allowedSourceClusters);
        boolean isAllowed = (allowedSourceClusters.isEmpty() || allowedSourceClusters.contains(cluster))
                && who.cluster().filter(only -> !only.equals(cluster)).isEmpty();
        return isAllowed ? Optional.empty() : Optional.of(new Refusal.ClusterIdMismatch(cluster, allowed));
    }
}
