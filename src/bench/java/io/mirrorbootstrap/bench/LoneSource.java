package io.mirrorbootstrap.bench;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.EndedByOthers;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Source;

/** The only source there is: nobody takes anything from it. */
public final class LoneSource implements Source {

    @Override
    public void superseded(DatabaseId database, Source successor) {
        throw new IllegalStateException("nobody else is here");
    }

    @Override
    public EndedByOthers endedByOthers() {
        return new EndedByOthers();
    }

    @Override
    public Principal principal() {
        return Principal.ANYBODY;
    }

    @Override
    public String address() {
        return "here";
    }

    @Override
    public boolean isGone() {
        return false;
    }

    @Override
    public boolean isSuperseded() {
        return false;
    }
}
