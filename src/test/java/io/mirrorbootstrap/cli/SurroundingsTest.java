package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

/** No line of the sources does what depends on a locale or a character set that the process happens to have. */
class SurroundingsTest {

    private static final Pattern DEPENDS = Pattern.compile("String\\.format\\((?!Locale\\.ROOT)|\\.formatted\\("
            + "|printf\\((?!Locale\\.ROOT)|to(Lower|Upper)Case\\(\\)|getBytes\\(\\)|new String\\([^,()]+\\)"
            + "|File(Reader|Writer)\\b|defaultCharset|Paths\\.get\\(|Files\\.(lines|list|walk|find)\\("
            + "|new InputStreamReader\\([^,]+\\)|new Print(Writer|Stream)\\(System\\.\\w+(, true)?\\)");

    @Test
    void nothingDependsOnTheLocale() throws IOException {
        try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
            List<String> found = sources.filter(file -> file.toString().endsWith(".java"))
                    .flatMap(file -> lines(file).filter(line -> DEPENDS.matcher(line).find())
                            .map(line -> file.getFileName() + ": " + line.strip()))
                    .toList();
            assertEquals(List.of(), found);
        }
    }

    private static Stream<String> lines(Path file) {
        try {
            return Files.readAllLines(file).stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
