package io.mirrorbootstrap.cli;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The program without a command: it says which there are, in the order of their use. */
@Command(name = "mirror-bootstrap", mixinStandardHelpOptions = true, versionProvider = VersionText.class, description = "Gets a database mirror its first data: one complete, verified snapshot of the source.", synopsisSubcommandLabel = "COMMAND", footer = {
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

    private static final Map<String, Supplier<?>> COMMANDS = commands();

    @Spec
    private CommandSpec spec;

    /**
     * Adds the command that {@code arguments} begin with; all of them where that is none, or speaks of the others. To find out what all of
     * them have for options takes a fifth of the time in which a JVM starts.
     */
    static void addTo(CommandLine root, String... arguments) {
        Collection<String> wanted = arguments.length > 0 && COMMANDS.containsKey(arguments[0])
                && !arguments[0].equals(CompletionCommand.NAME)
                        ? List.of(arguments[0])
                        : COMMANDS.keySet();
        wanted.forEach(name -> root.addSubcommand(name, COMMANDS.get(name).get()));
    }

    private static Map<String, Supplier<?>> commands() {
        Map<String, Supplier<?>> commands = new LinkedHashMap<>();
        commands.put(ServeCommand.NAME, ServeCommand::new);
        commands.put(SendCommand.NAME, SendCommand::new);
        commands.put(WaitCommand.NAME, WaitCommand::new);
        commands.put(StatusCommand.NAME, StatusCommand::new);
        commands.put(RmCommand.NAME, RmCommand::new);
        commands.put(VerifyCommand.NAME, VerifyCommand::new);
        commands.put(ChecksumCommand.NAME, ChecksumCommand::new);
        commands.put(DemoCommand.NAME, DemoCommand::new);
        commands.put(CompletionCommand.NAME, CompletionCommand::new);
        return commands;
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getOut());
        return ExitCode.COMMITTED.number();
    }
}
