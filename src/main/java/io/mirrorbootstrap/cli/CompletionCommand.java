package io.mirrorbootstrap.cli;

import java.util.concurrent.Callable;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Has shells complete the commands and options of this program. */
@Command(name = CompletionCommand.NAME, mixinStandardHelpOptions = true, versionProvider = VersionText.class, description = "Prints a script that has bash or zsh complete commands and options.", footer = {
        "", "In ~/.bashrc or ~/.zshrc:", "  source <(mirror-bootstrap completion)"})
final class CompletionCommand implements Callable<Integer> {

    static final String NAME = "completion";

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().getOut().print(AutoComplete.bash(spec.root().name(), spec.root().commandLine()));
        spec.commandLine().getOut().flush();
        return ExitCode.COMMITTED.number();
    }
}
