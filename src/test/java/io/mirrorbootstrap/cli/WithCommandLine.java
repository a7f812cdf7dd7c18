package io.mirrorbootstrap.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

import picocli.CommandLine;

/** Runs a command within the process of the test, and has what it says. */
abstract class WithCommandLine {

    final StringWriter out = new StringWriter();
    final StringWriter err = new StringWriter();

    /** What was said before is forgotten. */
    final int run(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        CommandLine line = MirrorBootstrap.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }
}
