package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Broadcast;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Destination;
import io.mirrorbootstrap.source.FileInput;
import io.mirrorbootstrap.source.FileStream;
import io.mirrorbootstrap.source.HttpProxy;
import io.mirrorbootstrap.source.Origin;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.Producer;
import io.mirrorbootstrap.source.SnapshotInput;
import io.mirrorbootstrap.source.SnapshotSender;
import io.mirrorbootstrap.source.SourceUrl;
import io.mirrorbootstrap.source.StreamInput;
import io.mirrorbootstrap.source.TarInput;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.trace.SendTrace;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends one snapshot to a sidecar. */
@Command(name = SendCommand.NAME, mixinStandardHelpOptions = true, versionProvider = VersionText.class, sortOptions = false, customSynopsis = {
        "mirror-bootstrap send --url=URL --cluster=ID --database=ID [OPTION...] FILE",
        "       mirror-bootstrap send --url=URL --cluster=ID --database=ID [OPTION...] --tar=DIR",
        "       mirror-bootstrap send --url=URL --cluster=ID --database=ID [OPTION...]",
        "                             -- COMMAND [ARG...]"}, description = "Sends one snapshot to a sidecar and waits until it is verified and durable there.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
                "0:committed, also when this very snapshot was there already",
                "1:this program failed unexpectedly, or standard output cannot be written",
                "2:the command line is wrong, FILE cannot be opened, DIR cannot be packed, COMMAND cannot be started, or there is not one byte to send",
                "3:the sidecar refused, or had no room for too long (the code in brackets is the protocol's), or there is another than the one meant",
                "4:the sidecar could not be reached for too long, or the link was lost, or it has lost bytes that it had, or a stream went on without it (--lag-limit); sent again, a file goes on where it stood. A stream of which the message says that all was sent may be committed: the status of the database tells, see wait",
                "5:FILE, its URL, DIR or standard input cannot be read, or was written to while it was being sent, or --position-file has no position",
                "6:COMMAND ended with a status other than 0, or by a signal; nothing was committed"}, footer = {"",
                        "A file is hashed while it is sent. A link that is cut, a sidecar or a server of FILE that restarts or",
                        "is killed, a full disk: file and stream ride them out for --give-up-after, and go on where they stood. Of a stream,",
                        "the bytes that the sidecar could still lose are held here meanwhile (--replay-buffer).", "",
                        "To several sidecars (--url several times, --url-file, --every-address) it goes at once, read once: each has a",
                        "line of the result with mirror=HOST:PORT. The exit code is that of the worst: 6, 5, 2 before 3 before 4 before 0.",
                        "",
                        "COMMAND writes the snapshot to its standard output. It is started when the sidecar has accepted the",
                        "link. Only when it has ended with status 0 the snapshot is committed. It does not outlive send, unless",
                        "send is killed with SIGKILL.",
                        "With FILE - the program in front of the pipe is not known: what it wrote before it failed looks",
                        "like a whole snapshot.", "",
                        "DIR is packed while it is sent, each time to the same bytes as long as nothing in it changes: like a",
                        "file it is gone on with where it stood. A file that is written to meanwhile ends it. Symbolic links and",
                        "files with several names stay what they are, sockets are left out; owners are numbers. Extended",
                        "attributes and ACLs are not packed, and sparse files are sent with their holes.", "",
                        "Progress goes to standard error, the result to standard output: one line on success. What is no",
                        "terminal gets a line with the time for each tenth, or each minute. transfer= is in the log of the",
                        "sidecar, too.", "",
                        "With $OTEL_EXPORTER_OTLP_ENDPOINT, a collector of OpenTelemetry, it is traced, as a part of",
                        "$TRACEPARENT if that is set: see docs/operations.md.", "",
                        "Examples:",
                        "  mirror-bootstrap send base.tar --url http://mirror:8080 --cluster pg-main --database orders",
                        "  mirror-bootstrap send https://storage/backups/base.tar --url http://mirror:8080 \\",
                        "      --cluster pg-main --database orders --header-file headers",
                        "  mirror-bootstrap send --tar /backups/base --url http://mirror:8080 --cluster pg-main --database orders",
                        "  mirror-bootstrap send base.tar --url http://mirror:8080 --every-address --cluster pg-main --database orders",
                        "  mirror-bootstrap send --url wss://mirror --cluster pg-main --database orders \\",
                        "      -- pg_basebackup -D - -Ft -X fetch -c fast"})
final class SendCommand implements Callable<Integer>, RunsCommand {

    static final String NAME = "send";

    private static final String STANDARD_INPUT = "-";

    private static final long LEAST_REPLAY_BYTES = 1024 * 1024;

    private static final long MOST_LAG_SECONDS = 86_400;

    @Parameters(index = "0", arity = "0..1", paramLabel = "FILE", description = "The snapshot; - is standard input. "
            + "Of http:// and https:// it is read by ranges, from any server that knows them, without a copy here: a presigned URL of object storage, too.")
    private String file;

    @Option(names = "--tar", paramLabel = "DIR", description = "In place of FILE: a directory, with all that is in it, as a tar archive of POSIX (./NAME): "
            + "a base backup in the plain format, a checkpoint of RocksDB. wait --extract makes a directory of it again. backup_label comes first.")
    private Optional<Path> directory;

    /** Null where the command line names none. */
    private List<String> producer;

    @Mixin
    private Targets targets;

    @Mixin
    private OriginOptions origin;

    @Option(names = "--crc32c", paramLabel = "CRC", description = "The CRC-32C (Castagnoli) of FILE, as 0x and 8 hex "
            + "digits, where it is known, see checksum: a sidecar that has this snapshot already knows it by this, whatever the file. If it is "
            + "wrong the sidecar refuses at the end.")
    private Optional<Crc32c> crc32c;

    @Mixin
    private SourceUrlOptions sourceUrl;

    @Option(names = "--allow-empty", description = "Sends a snapshot of 0 bytes, which is refused otherwise: mostly it is what a program left that failed.")
    private boolean allowEmpty;

    @Mixin
    private CredentialOptions credentials;

    @Option(names = "--give-up-after", paramLabel = "SECONDS", defaultValue = "600", description = "How long to come "
            + "back after faults that can heal (a lost link, a restart, a full disk, HTTP 429 or 503): the time without a link, added up "
            + "since the snapshot was furthest; 0: not at all. Default: ${DEFAULT-VALUE}.")
    private int patienceSeconds;

    @Option(names = "--replay-buffer", paramLabel = "SIZE", description = "How much of a stream is held in memory to send it "
            + "again after a lost link, in bytes or with K, M or G, at least 1M: what a sidecar has not made durable (its checkpoint-bytes, "
            + "64M by default) and what is on its way. With less the program waits more often. A file needs none. Default: 80M, or what fits.")
    private Optional<MemoryBytes> replayBuffer;

    @Option(names = "--compress", paramLabel = "HOW", description = "Compresses chunks on the link: zstd, zstd:LEVEL (1 to 19, 3 if none is "
            + "said), or auto: where the link is slower than that, and the snapshot shrinks. A sidecar that does not take it gets chunks as they are. "
            + "What is verified and stored is the same. Default: none.")
    private CompressionOption compression = CompressionOption.NONE;

    @Option(names = "--lag-limit", paramLabel = "SECONDS", description = "Of several sidecars: how long the others wait for one that is behind "
            + "by all that can be held. A stream then goes on without it; a file is read once more for it. Default: 10 in a row; for a file "
            + "or a URL 1 in all.")
    private Optional<Long> lagSeconds;

    @Spec
    private CommandSpec spec;

    /** In place of a file. */
    @Override
    public void runs(List<String> command) {
        this.producer = command;
    }

    @Override
    public Integer call() throws Exception {
        check();
        Origin told = origin();
        ClientLogging.quiet();
        PrintWriter err = spec.commandLine().getErr();
        List<Targets.Target> all = targets.all(spec.commandLine());
        all.stream().map(Targets.Target::endpoint).distinct().forEach(each -> credentials.warnOfPlainText(each, err));
        if (STANDARD_INPUT.equals(file) && !FileStream.isStandardInputOpen()) {
            return Report.failed(spec.commandLine(), ExitCode.USAGE, "standard input is closed, or cannot be read");
        }
        Credentials read = credentials.read(spec.commandLine());
        List<Destination> destinations = new ArrayList<>();
        for (Targets.Target target : all) {
            destinations.add(destination(target, read));
        }
        OptionalLong needed = Broadcast.neededDirectBytes(destinations);
        if (needed.isPresent()) {
            throw wrong("so many mirrors at once, " + destinations.size() + ", need " + needed.getAsLong()
                    + " bytes of memory outside the heap, more than this process may have (-XX:MaxDirectMemorySize)");
        }
        long most = Broadcast.mostReplayBytes(destinations);
        if (replayBuffer.isPresent() && replayBytes() > most) {
            say("--replay-buffer: " + most + " of " + replayBytes()
                    + " bytes are used, as many as the memory outside the heap has"
                    + (destinations.size() > 1 ? " for " + destinations.size() + " mirrors" : "")
                    + " (-XX:MaxDirectMemorySize)");
        }
        Delivery delivery = new Delivery(spec.commandLine(), all.stream().map(Targets.Target::name).toList(),
                destinations);
        List<Outcome> outcomes;
        try (SnapshotInput input = open();
                SendTrace trace = SendTrace.begin(System.getenv(), this::say)) {
            outcomes = delivery.send(input, told, allowEmpty, replayBytes(), Duration.ofSeconds(patienceSeconds),
                    lagLimit(input), trace);
        }
        return delivery.report(outcomes, origin.lsnAsGiven());
    }

    private Destination destination(Targets.Target target, Credentials shown) {
        Optional<HttpProxy> proxy = credentials.proxy(spec.commandLine(), target.endpoint());
        if (proxy.isPresent() && targets.isEveryAddress()) {
            throw wrong("--every-address does not go together with the proxy " + proxy.get()
                    + ", which alone knows the addresses behind it");
        }
        return new Destination(target.endpoint(), target.address(), shown, proxy, compression.compression(),
                Optional.empty());
    }

    private Duration lagLimit(SnapshotInput input) {
        Duration usual = input.size().isPresent() ? Broadcast.LAG_OF_FILES : Broadcast.LAG_OF_STREAMS;
        return lagSeconds.map(Duration::ofSeconds).orElse(usual);
    }

    /** What is to be said of the snapshot. */
    Origin origin() {
        return origin.origin(spec.commandLine());
    }

    private void check() {
        if (directory.isPresent() && (producer != null || file != null)) {
            throw wrong("--tar " + directory.get() + " is there, and FILE or -- COMMAND, too, one of them must be");
        } else if (directory.isEmpty() && producer == null && file == null) {
            throw wrong("Missing required parameter: --tar DIR, FILE, or -- COMMAND");
        } else if (producer != null && file != null) {
            throw wrong("FILE " + file + " and -- COMMAND are both there, one of them must be");
        } else if (producer != null && producer.isEmpty()) {
            throw wrong("-- must be followed by a command");
        } else if (patienceSeconds < 0) {
            throw wrong("--give-up-after is " + patienceSeconds + ", it must be 0 or more");
        } else if (lagSeconds.filter(seconds -> seconds < 0 || seconds > MOST_LAG_SECONDS).isPresent()) {
            throw wrong("--lag-limit is " + lagSeconds.get() + ", it must be from 0 to " + MOST_LAG_SECONDS);
        } else if (replayBytes() < LEAST_REPLAY_BYTES) {
            throw wrong("--replay-buffer is " + replayBytes() + " bytes, it must be at least 1M");
        } else if (sourceUrl.isPresent() && !isUrl()) {
            throw wrong(SourceUrlOptions.HEADER_FILE + " and " + SourceUrlOptions.AUTHORITIES
                    + " are for a FILE that is a URL");
        } else if (crc32c.isPresent() && isStream()) {
            throw wrong("--crc32c is for a file: a stream's is computed as it is sent");
        }
    }

    /** Whether what is sent can be read once only; what cannot be read at all is no stream. */
    private boolean isStream() {
        return producer != null || STANDARD_INPUT.equals(file)
                || directory.isEmpty() && !isUrl() && Files.exists(path()) && !Files.isRegularFile(path())
                        && !Files.isDirectory(path());
    }

    private boolean isUrl() {
        return producer == null && directory.isEmpty() && SourceUrl.isMeant(file);
    }

    private long replayBytes() {
        return replayBuffer.map(MemoryBytes::bytes).orElse(SnapshotSender.DEFAULT_REPLAY_BYTES);
    }

    private SnapshotInput open() throws InterruptedException {
        if (isUrl()) {
            return sourceUrl.open(spec.commandLine(), file, crc32c, Duration.ofSeconds(patienceSeconds));
        }
        try {
            if (directory.isPresent()) {
                return new TarInput(directory.get(), crc32c, this::say);
            } else if (producer != null) {
                Producer running = new Producer(producer, FileStream.isStandardInputOpen(), this::say);
                return new StreamInput(running, "the output of " + running.name());
            } else if (file.equals(STANDARD_INPUT)) {
                return FileStream.standardInput().input();
            }
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(),
                    directory.map(each -> "--tar " + each + ": " + Reason.of(e)).orElse(e.getMessage()), e);
        }
        Path path = path();
        try {
            if (Files.isDirectory(path)) {
                throw wrong("FILE " + path + " is a directory: --tar sends one");
            } else if (!isStream()) {
                return new FileInput(path, crc32c);
            } else if (!Files.isReadable(path)) {
                throw new AccessDeniedException(file);
            }
            return FileStream.of(path).input(); // a named pipe or a device: it ends when it ends
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), "FILE " + path + " cannot be opened: "
                    + Reason.of(e), e);
        }
    }

    private void say(String line) {
        spec.commandLine().getErr().println("mirror-bootstrap: " + Text.line(line));
    }

    private Path path() {
        try {
            return Path.of(file);
        } catch (InvalidPathException e) {
            throw wrong("FILE " + Text.quoted(file) + " is no name of a file: " + Reason.of(e));
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
