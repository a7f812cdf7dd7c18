package io.mirrorbootstrap.snapshot;

import java.util.List;
import java.util.Optional;

/**
 * What an operator allows, the same for all databases.
 *
 * @param allowedSourceClusters the clusters that may send snapshots; empty: any
 * @param bootstraps how many transfers may be under way at once
 */
public record ReceiverRules(List<String> allowedSourceClusters, BootstrapLimit bootstraps) {

    /** Copies the list. */
    public ReceiverRules {
        allowedSourceClusters = List.copyOf(allowedSourceClusters);
    }

    Optional<Refusal> refuse(SnapshotIdentity identity) {
        return allowedSourceClusters.isEmpty() || allowedSourceClusters.contains(identity.sourceClusterId())
                ? Optional.empty()
                : Optional.of(new Refusal.ClusterIdMismatch(identity.sourceClusterId(), allowedSourceClusters));
    }
}
