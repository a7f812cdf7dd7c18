package io.mirrorbootstrap.snapshot;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The caller on whose behalf something is asked for, as far as that is proven, and its rights. It neither replaces nor
 * drops nor removes a snapshot or transfer of another caller.
 *
 * @param id tells it from other callers
 * @param cluster the only cluster it may speak for, and whose snapshots are its own; empty: any
 * @param owner the name that its snapshots get as their owner; empty: they have none
 * @param respectsOwners whether a snapshot with an owner is that owner's alone
 * @param databases the only ones it may send or remove; empty: any
 */
public record Principal(CallerId id, Optional<String> cluster, Optional<String> owner, boolean respectsOwners,
        Optional<Set<DatabaseId>> databases) {

    /** No more names are listed to a caller, whose message may have an end. */
    private static final int MANY = 100;

    /** An owner's name, as a regular expression: it is read from files, and shown. */
    public static final String OWNER_NAME = "[A-Za-z0-9._-]{1,64}";

    private static final Pattern OWNER = Pattern.compile(OWNER_NAME);

    /** Nothing was proven, because nothing was asked for: everything may be done. */
    public static final Principal ANYBODY = new Principal(CallerId.NOBODY, Optional.empty(), Optional.empty(), false,
            Optional.empty());

    /** Copies the set. */
    public Principal {
        databases = databases.map(Set::copyOf);
    }

    /** The refusal if it has no rights on {@code database}. */
    Optional<Refusal> refuse(DatabaseId database) {
        return databases.filter(allowed -> !allowed.contains(database)).map(allowed -> new Refusal.DatabaseNotAllowed(
                database, allowed.stream().map(DatabaseId::value).sorted().limit(MANY).toList()));
    }

    /**
     * The refusal if it may not read {@code snapshot}: its token is for other databases, or it speaks for another cluster alone.
     *
     * @param readers clusters that may read the snapshots of all others
     */
    public Optional<Refusal> refuseReading(CommittedSnapshot snapshot, Set<String> readers) {
        return refuse(snapshot.database()).or(() -> cluster
                .filter(only -> !only.equals(snapshot.sourceClusterId()) && !readers.contains(only))
                .map(only -> new Refusal.NotReadable(snapshot.sourceClusterId(), only)));
    }

    /**
     * The one who alone may replace or remove a snapshot of {@code cluster} and {@code owner}, unless it is this caller.
     */
    Optional<Other> other(String cluster, Optional<String> owner) {
        if (this.cluster.filter(only -> !only.equals(cluster)).isPresent()) {
            return Optional.of(new Other("cluster " + Text.quoted(cluster),
                    new Refusal.ClusterIdMismatch(cluster, List.of(this.cluster.get()))));
        }
        return owner.filter(any -> respectsOwners && !owner.equals(this.owner))
                .map(name -> new Other("the token named " + name, new Refusal.NotOwner(name)));
    }

    /** Whether there may be snapshots that are others' alone. */
    boolean minds() {
        return cluster.isPresent() || respectsOwners;
    }

    /** Whether a snapshot of {@code cluster} and {@code owner} is this caller's own, as far as that can be told. */
    public boolean owns(String cluster, Optional<String> owner) {
        boolean isOfItsCluster = this.cluster.filter(cluster::equals).isPresent();
        return owner.isPresent()
                ? owner.equals(this.owner) && (isOfItsCluster || this.cluster.isEmpty())
                : isOfItsCluster;
    }

    /** Whether a snapshot or transfer of {@code cluster} and {@code owner} is nobody's or this caller's own. */
    public boolean mayReplace(String cluster, Optional<String> owner) {
        return other(cluster, owner).isEmpty();
    }

    /** Whether an owner may have this name: it is one of {@link #OWNER_NAME}. */
    public static boolean isValidOwner(String name) {
        return OWNER.matcher(name).matches();
    }

    /**
     * Another caller, to whom a snapshot or transfer belongs.
     *
     * @param words its description, for a person
     * @param refusal the answer to a caller that would remove it
     */
    record Other(String words, Refusal refusal) {
    }
}
