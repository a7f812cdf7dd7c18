package io.mirrorbootstrap.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.util.HashMap;
import java.util.Map;

import picocli.CommandLine;

/** Runs a command within the process of the test, and has what it says. */
abstract class WithCommandLine {

    final StringWriter out = new StringWriter();
    final StringWriter err = new StringWriter();
    /** What the command finds in its environment, as far as options have their defaults there. */
    final Map<String, String> environment = new HashMap<>();

    /** What was said before is forgotten. */
    final int run(String... arguments) {
        return run(err, arguments);
    }

    /** @param to writes to {@link #err} what is said there */
    final int run(Writer to, String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        CommandLine line = MirrorBootstrap.commandLine(environment, arguments);
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(to, true));
        return line.execute(arguments);
    }
}
