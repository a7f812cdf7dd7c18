package io.mirrorbootstrap.snapshot;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * On whose behalf something is asked for, as far as that is proven, and what it may do. What is another's, committed or on its
 * way, it neither replaces nor drops nor removes.
 *
 * @param id tells one caller from another, for what each may have a share of; empty: nobody is told apart
 * @param cluster the only cluster it may speak for, and whose snapshots are its own; empty: any
 * @param owner the name under which what it sends is its own; empty: what it sends is nobody's
 * @param respectsOwners whether what has an owner is that owner's alone
 * @param databases the only ones it may send or remove; empty: any
 */
public record Principal(Optional<String> id, Optional<String> cluster, Optional<String> owner, boolean respectsOwners,
        Optional<Set<DatabaseId>> databases) {

    /** Nothing was proven, because nothing was asked for: everything may be done. */
    public static final Principal ANYBODY = new Principal(Optional.empty(), Optional.empty(), Optional.empty(), false,
            Optional.empty());

    /** What tells apart who has a token of this name. */
    public static String idOfToken(String name) {
        return "token " + name;
    }

    /** What tells apart who has proven to be this cluster. */
    public static String idOfCluster(String name) {
        return "cluster " + name;
    }

    /** Copies the set. */
    public Principal {
        databases = databases.map(Set::copyOf);
    }

    /** What forbids it to have to do with {@code database}. */
    Optional<Refusal> refuse(DatabaseId database) {
        return databases.filter(allowed -> !allowed.contains(database)).map(allowed -> new Refusal.DatabaseNotAllowed(
                database, allowed.stream().map(DatabaseId::value).sorted().toList()));
    }

    /** Who alone may replace or remove what is of {@code cluster} and {@code owner}, if that is somebody else. */
    Optional<Other> other(String cluster, Optional<String> owner) {
        Optional<Other> otherCluster = this.cluster.filter(only -> !only.equals(cluster))
                .map(any -> new Other.Cluster(cluster));
        return otherCluster.isPresent()
                ? otherCluster
                : owner.filter(any -> respectsOwners && !owner.equals(this.owner)).map(Other.Owner::new);
    }

    /** Somebody else, to whom something belongs. */
    sealed interface Other {

        /** Who it is, for a person. */
        String words();

        /** What forbids another to remove what is theirs. */
        Refusal refusal(Principal who);

        /** Whoever has proven to be this cluster. */
        record Cluster(String name) implements Other {
            @Override
            public String words() {
                return "cluster " + Text.quoted(name);
            }

            @Override
            public Refusal refusal(Principal who) {
                return new Refusal.ClusterIdMismatch(name, who.cluster().map(List::of).orElse(List.of()));
            }
        }

        /** Whoever has the token of this name. */
        record Owner(String name) implements Other {
            @Override
            public String words() {
                return "the token named " + Text.field(name);
            }

            @Override
            public Refusal refusal(Principal who) {
                return new Refusal.NotOwner(name);
            }
        }
    }
}
