package io.mirrorbootstrap.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.Lsn;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.tls.Groups;
import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.annotations.QuarkusMain;

import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** Where the process begins. */
@QuarkusMain
public final class MirrorBootstrap {

    private static final String END_OF_OPTIONS = "--";

    private MirrorBootstrap() {
    }

    /**
     * Runs one command; the process ends with its exit code, see {@link ExitCode}.
     *
     * @param args the command line; without one it says which commands there are
     */
    public static void main(String[] args) {
        Surroundings.ignore();
        Groups.allowCurvesAlone();
        CommandLine line = commandLine(System.getenv(), args);
        line.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        int code = line.execute(args);
        // Netty keeps a thread for a second behind its last use. In development mode Quarkus comes back from here to start again
        if (code != ExitCode.COMMITTED.number() || LaunchMode.current() != LaunchMode.DEVELOPMENT) {
            System.exit(code);
        }
    }

    /**
     * The commands, ready to parse. Starts nothing.
     *
     * @param environment in which some options have their defaults
     * @param args what is to be parsed; without it there are all commands
     */
    static CommandLine commandLine(Map<String, String> environment, String... args) {
        CommandLine line = new CommandLine(new RootCommand()) {
            /** What stands behind {@code --} is the producer's: neither an option, nor the name of a file of arguments. */
            @Override
            public int execute(String... args) {
                return Report.end(this, run(args));
            }

            private int run(String... args) {
                int end = List.of(args).indexOf(END_OF_OPTIONS);
                CommandLine line = end < 1 ? null : getSubcommands().get(args[0]);
                if (line == null || !(line.getCommand() instanceof RunsCommand command)) {
                    return super.execute(args);
                }
                command.runs(List.of(args).subList(end + 1, args.length));
                return super.execute(Arrays.copyOf(args, end));
            }
        };
        RootCommand.addTo(line, args);
        EnvironmentDefaults defaults = new EnvironmentDefaults(environment);
        line.setDefaultValueProvider(defaults);
        line.registerConverter(Path.class, MirrorBootstrap::path);
        line.registerConverter(DatabaseId.class, MirrorBootstrap::databaseId);
        line.registerConverter(Endpoint.class, text -> told(Endpoint::parse, text));
        line.registerConverter(Lsn.class, text -> told(Lsn::parse, text));
        line.registerConverter(WaitFormat.class, text -> told(WaitFormat::parse, text));
        line.registerConverter(MemoryBytes.class, text -> told(MemoryBytes::parse, text));
        line.registerConverter(CompressionOption.class, text -> told(CompressionOption::parse, text));
        line.registerConverter(Crc32c.class, MirrorBootstrap::crc32c);
        line.setExecutionExceptionHandler((failure, command, parsed) -> {
            command.getErr().println("mirror-bootstrap: failed unexpectedly, please report this:");
            failure.printStackTrace(command.getErr());
            return ExitCode.FAILED.number();
        });
        line.setParameterExceptionHandler((wrong, arguments) -> {
            CommandLine command = wrong.getCommandLine();
            int code = Report.failed(command, ExitCode.USAGE, wrong.getMessage() + origin(defaults, wrong, arguments));
            command.getErr().println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
            return code;
        });
        line.setUsageHelpWidth(100);
        return line;
    }

    /** Where a wrong value comes from that nobody has typed. */
    private static String origin(EnvironmentDefaults defaults, ParameterException wrong, String... arguments) {
        return Optional.ofNullable(wrong.getArgSpec()).flatMap(defaults::variable)
                .filter(variable -> Stream.of(arguments).noneMatch(
                        word -> word.startsWith(((OptionSpec) wrong.getArgSpec()).longestName())))
                .map(variable -> " (it is from " + variable + ")").orElse("");
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new CommandLine.TypeConversionException(Text.quoted(text) + " is no name of a file: " + Reason.of(e));
        }
    }

    private static DatabaseId databaseId(String text) {
        try {
            return new DatabaseId(text.strip());
        } catch (RefusedException e) {
            throw new CommandLine.TypeConversionException("'" + text + "' is no database name: it must be "
                    + DatabaseId.RULE);
        }
    }

    private static Crc32c crc32c(String text) {
        return Crc32c.parse(text).orElseThrow(
                () -> new CommandLine.TypeConversionException(
                        "'" + text + "' is no CRC-32C: it must be 0x and 8 hex digits"));
    }

    /** What is wrong is told in the words of {@code parser}. */
    private static <T> T told(Function<String, T> parser, String text) {
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            throw new CommandLine.TypeConversionException(e.getMessage());
        }
    }
}
