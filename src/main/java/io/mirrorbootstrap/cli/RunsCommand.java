package io.mirrorbootstrap.cli;

import java.util.List;

/** A command of this program that runs another one: what its command line has behind {@code --}. */
interface RunsCommand {

    /** @param command a program and its arguments, exactly as they were given; empty where nothing follows */
    void runs(List<String> command);
}
