package io.mirrorbootstrap.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Ansi.Text;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * A page of the manual, in the macros of man(7): what {@code --help} says of a command.
 *
 * @param command whose page it is
 * @param version of the program
 * @param date of the version, as {@code 2026-01-31}
 */
record ManualPage(CommandLine command, String version, String date) {

    /** What stands before a synopsis, and as blanks before each further line of one. */
    private static final int USAGE = "Usage: ".length();

    /** The name of the page: {@code mirror-bootstrap-send}. */
    String name() {
        return command.getCommandSpec().qualifiedName("-");
    }

    /** The page; the same for the same command, version and date. */
    String text() {
        CommandSpec spec = command.getCommandSpec();
        List<String> paragraphs = paragraphs(spec.usageMessage().footer());
        Predicate<String> isExample = paragraph -> paragraph.contains("  "); // columns, or a line that is indented
        String description = String.join(" ", spec.usageMessage().description());
        return "." + String.join(" ", "TH", text(name().toUpperCase(Locale.ROOT)), "1", date,
                "\"mirror-bootstrap " + text(version) + "\"", "\"mirror-bootstrap\"") + "\n"
                + ".nh\n.ad l\n" // what is copied has no hyphen of the page's own
                + section("NAME", text(name()) + " \\- " + line(phrase(description)))
                + section("SYNOPSIS", asItIs(synopsis()))
                + section("DESCRIPTION", Stream
                        .concat(Stream.of(description), paragraphs.stream().filter(isExample.negate()))
                        .map(paragraph -> line(paragraph.replace('\n', ' '))).collect(Collectors.joining(".PP\n")))
                + section("COMMANDS", commands())
                + section("OPTIONS", options())
                + section("EXIT STATUS", spec.usageMessage().exitCodeList().entrySet().stream()
                        .map(code -> entry(bold(code.getKey()), code.getValue())).collect(Collectors.joining()))
                + section("EXAMPLES", paragraphs.stream().filter(isExample).map(ManualPage::asItIs)
                        .collect(Collectors.joining(".PP\n")))
                + section("SEE ALSO", others());
    }

    private String synopsis() {
        return command.getHelp().synopsis(0).lines()
                .map(line -> line.startsWith(" ".repeat(USAGE)) ? line.substring(USAGE) : line)
                .collect(Collectors.joining("\n"));
    }

    private String commands() {
        return pages().map(page -> entry(page.reference(),
                String.join(" ", page.command.getCommandSpec().usageMessage().description())))
                .collect(Collectors.joining());
    }

    private String options() {
        Help help = command.getHelp();
        Help.IParamLabelRenderer labels = help.parameterLabelRenderer();
        StringBuilder options = new StringBuilder();
        for (PositionalParamSpec each : command.getCommandSpec().positionalParameters()) {
            options.append(entry(
                    text(labels.renderParameterLabel(each, Ansi.OFF, List.of()).toString()),
                    last(help.createDefaultParameterRenderer().render(each, labels, help.colorScheme()))));
        }
        for (OptionSpec each : command.getCommandSpec().options()) {
            options.append(entry(
                    Stream.of(each.names()).map(ManualPage::bold).collect(Collectors.joining(", "))
                            + text(labels.renderParameterLabel(each, Ansi.OFF, List.of()).toString()),
                    last(help.createDefaultOptionRenderer().render(each, labels, help.colorScheme()))));
        }
        return options.toString();
    }

    /** What picocli has in the last column, where it describes what stands in front. */
    private static String last(Text[]... rows) {
        return Arrays.stream(rows).map(row -> row[row.length - 1].toString().strip()).collect(Collectors.joining(" "));
    }

    private String others() {
        CommandLine parent = command.getParent();
        return parent == null
                ? pages().map(ManualPage::reference).collect(Collectors.joining(", "))
                : new ManualPage(parent, version, date).reference();
    }

    /** The pages of the commands of this one. */
    Stream<ManualPage> pages() {
        return command.getSubcommands().values().stream().map(each -> new ManualPage(each, version, date));
    }

    private String reference() {
        return bold(name()) + "(1)";
    }

    private static List<String> paragraphs(String... lines) {
        return Arrays.stream(String.join("\n", lines).split("\n\n")).map(each -> each.replaceAll("^\n+|\n+$", ""))
                .filter(each -> !each.isBlank()).toList();
    }

    /** A sentence as the names of manual pages are explained. */
    private static String phrase(String sentence) {
        return sentence.substring(0, 1).toLowerCase(Locale.ROOT) + sentence.substring(1).replaceAll("\\.$", "");
    }

    private static String section(String name, String content) {
        return content.isEmpty() ? "" : ".SH " + name + "\n" + content + (content.endsWith("\n") ? "" : "\n");
    }

    private static String entry(String marked, String description) {
        return ".TP\n" + marked + "\n" + line(description);
    }

    private static String asItIs(String text) {
        return ".EX\n" + text.lines().map(ManualPage::line).collect(Collectors.joining()) + ".EE\n";
    }

    private static String bold(String text) {
        return "\\fB" + text(text) + "\\fR";
    }

    /** A line that is no request, whatever it begins with. */
    private static String line(String text) {
        return (text.startsWith(".") ? "\\&" : "") + text(text) + "\n";
    }

    /** As it is read, and can be copied: roff makes other characters of these. */
    private static String text(String text) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(each -> escaped.append(switch (each) {
            case '\\' -> "\\(rs";
            case '-' -> "\\-";
            case '\'' -> "\\(aq";
            case '`' -> "\\(ga";
            case '^' -> "\\(ha";
            case '~' -> "\\(ti";
            default -> each < 0x7f ? Character.toString(each) : "\\[u%04X]".formatted(each);
        }));
        return escaped.toString();
    }
}
