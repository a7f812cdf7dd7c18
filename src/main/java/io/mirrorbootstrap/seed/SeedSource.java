package io.mirrorbootstrap.seed;

import java.util.Optional;

import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.EndedByOthers;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Source;

/** A provider, as the domain sees it: it stands in until a source comes. Any thread. */
final class SeedSource implements Source {

    private final Principal principal;
    private final String address;
    private final EndedByOthers endedByOthers = new EndedByOthers();
    private volatile boolean isSuperseded;

    /**
     * @param owner of the snapshot at the provider: it stays its owner's
     * @param address of the provider
     */
    SeedSource(Optional<String> owner, String address) {
        this.principal = new Principal(CallerId.NOBODY, Optional.empty(), owner, false, Optional.empty());
        this.address = address;
    }

    @Override
    public void superseded(DatabaseId database, Source successor) {
        isSuperseded = true;
    }

    @Override
    public boolean isGone() {
        return isSuperseded;
    }

    @Override
    public boolean isSuperseded() {
        return isSuperseded;
    }

    @Override
    public boolean yields() {
        return true;
    }

    @Override
    public EndedByOthers endedByOthers() {
        return endedByOthers;
    }

    @Override
    public Principal principal() {
        return principal;
    }

    @Override
    public String address() {
        return address;
    }
}
