package io.mirrorbootstrap.snapshot;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

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

    /** No more names are listed to a caller, whose message may have an end. */
    private static final int MANY = 100;

    /** An owner's name, as a regular expression: it is read from files, and shown. */
    public static final String OWNER_NAME = "[A-Za-z0-9._-]{1,64}";

    private static final Pattern OWNER = Pattern.compile(OWNER_NAME);

    /** Nothing was proven, because nothing was asked for: everything may be done. */
    public static final Principal ANYBODY = new Principal(Optional.empty(), Optional.empty(), Optional.empty(), false,
            Optional.empty());

    /** Copies the set. */
    public Principal {
        databases = databases.map(Set::copyOf);
    }

    /** What forbids it to have to do with {@code database}. */
    Optional<Refusal> refuse(DatabaseId database) {
        return databases.filter(allowed -> !allowed.contains(database)).map(allowed -> new Refusal.DatabaseNotAllowed(
                database, allowed.stream().map(DatabaseId::value).sorted().limit(MANY).toList()));
    }

    /** Who alone may replace or remove what is of {@code cluster} and {@code owner}, if that is somebody else. */
    Optional<Other> other(String cluster, Optional<String> owner) {
        if (this.cluster.filter(only -> !only.equals(cluster)).isPresent()) {
            return Optional.of(new Other("cluster " + Text.quoted(cluster),
                    new Refusal.ClusterIdMismatch(cluster, List.of(this.cluster.get()))));
        }
        return owner.filter(any -> respectsOwners && !owner.equals(this.owner))
                .map(name -> new Other("the token named " + name, new Refusal.NotOwner(name)));
    }

    /** Whether what is of {@code cluster} and {@code owner} is this caller's own, as far as that can be told. */
    public boolean owns(String cluster, Optional<String> owner) {
        return owner.isPresent() ? owner.equals(this.owner) : this.cluster.filter(cluster::equals).isPresent();
    }

    /** Whether an owner may have this name: it is one of {@link #OWNER_NAME}. */
    public static boolean isValidOwner(String name) {
        return OWNER.matcher(name).matches();
    }

    /**
     * Somebody else, to whom something belongs.
     *
     * @param words who it is, for a person
     * @param refusal what forbids to remove what is theirs
     */
    record Other(String words, Refusal refusal) {
    }
}
