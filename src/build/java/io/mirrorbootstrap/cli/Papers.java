package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

import picocli.AutoComplete;
import picocli.CommandLine;

/**
 * Writes what goes with the program into its archive: the pages of the manual, what has shells complete its commands, the list of what it
 * is built of, and the licences of that. The same program gives the same files.
 */
public final class Papers {

    private static final String PROGRAM = "mirror-bootstrap";

    private Papers() {
    }

    /**
     * Writes the files.
     *
     * @param args the directory to write to, the version of the program, its time, the list of what it is built of (CycloneDX, JSON), the
     *     directory of the libraries of which it is built
     */
    public static void main(String[] args) throws IOException {
        Path share = Path.of(args[0]);
        clear(share); // a page of a command that is not there any more would be packed
        Instructions instructions = new Instructions(args[1], args[2]);
        instructions.write(share);
        Path about = Files.createDirectories(share.resolve("doc").resolve(PROGRAM));
        Files.writeString(about.resolve("sbom.cdx.json"),
                bill(Path.of(args[3]), args[2]));
        Files.writeString(about.resolve("THIRD-PARTY"), Licences.of(Path.of(args[4])));
    }

    private static void clear(Path directory) throws IOException {
        Files.createDirectories(directory);
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    /** What differs between builds, a number and the time, says nothing of what is built. */
    private static String bill(Path written, String time) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode bill = (ObjectNode) json.readTree(written.toFile());
        bill.remove("serialNumber");
        bill.withObject("/metadata").put("timestamp", time);
        return json.writerWithDefaultPrettyPrinter().writeValueAsString(bill) + "\n";
    }

    /** What the commands say of themselves. */
    private record Instructions(String version, String time) {

        void write(Path share) throws IOException {
            CommandLine root = MirrorBootstrap.commandLine(Map.of()); // not with the environment of the build
            ManualPage first = new ManualPage(root, version, time.substring(0, time.indexOf('T')));
            Path pages = Files.createDirectories(share.resolve("man/man1"));
            List<ManualPage> all = Stream.concat(Stream.of(first), first.pages()).toList();
            for (ManualPage page : all) {
                Files.writeString(pages.resolve(page.name() + ".1"), page.text());
            }
            Path completions = Files.createDirectories(share.resolve("bash-completion/completions"));
            Files.writeString(completions.resolve(PROGRAM), AutoComplete.bash(PROGRAM, root));
        }
    }
}
