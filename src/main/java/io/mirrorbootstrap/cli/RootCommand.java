package io.mirrorbootstrap.cli;

import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The program without a command: it says which there are. */
@Command(name = "mirror-bootstrap", mixinStandardHelpOptions = true, versionProvider = VersionText.class, subcommands = {
        ServeCommand.class, SendCommand.class, WaitCommand.class, StatusCommand.class,
        RmCommand.class, VerifyCommand.class, ChecksumCommand.class,
        DemoCommand.class,
        CompletionCommand.class}, description = "Gets a database mirror its first data: one complete, verified snapshot of the source.", synopsisSubcommandLabel = "COMMAND", footer = {
                "", "Try it:   mirror-bootstrap demo",
                "Serve:    mirror-bootstrap serve --data-dir /var/lib/mirror",
                "Send:     mirror-bootstrap send base.tar --url http://mirror:8080 \\",
                "              --cluster pg-main --database orders",
                "          mirror-bootstrap send --url http://mirror:8080 --cluster pg-main \\",
                "              --database orders -- COMMAND [ARG...]",
                "Wait:     mirror-bootstrap wait orders --verify",
                "          mirror-bootstrap wait orders -- COMMAND [ARG...]",
                "Look:     mirror-bootstrap status --watch", "",
                "'mirror-bootstrap COMMAND --help' explains a command."})
final class RootCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getOut());
        return ExitCode.COMMITTED.number();
    }
}
