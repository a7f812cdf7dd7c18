package io.mirrorbootstrap.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.Refusal;

/** Every refusal has a code, with the fields and the close code that docs/protocol.md says of it. */
class ErrorCodeTest {

    private static final Pattern ROW = Pattern
            .compile("\\| `(?<code>[a-z_]+)`[^|]*\\| (?<fields>[^|]*)\\| (?:open|closed (?<closes>\\d+)) \\|.*");
    private static final Pattern NAME = Pattern.compile("`([a-z_]+)`");

    @Test
    void everyRefusalIsAnsweredAsDocumented() throws IOException {
        Map<String, Matcher> documented = documented();
        Set<String> used = new TreeSet<>();
        for (Refusal refusal : Refusals.ofEachType()) {
            ErrorCode code = ErrorCode.of(refusal);
            used.add(code.spelling());
            assertTrue(documented.containsKey(code.spelling()), () -> code.spelling() + " is not documented");
            Matcher row = documented.get(code.spelling());
            assertEquals(row.group("closes") == null
                    ? OptionalInt.empty()
                    : OptionalInt.of(Integer.parseInt(row.group("closes"))), code.closes(), code.spelling());
            assertEquals(NAME.matcher(row.group("fields")).results().map(name -> name.group(1)).toList(),
                    List.copyOf(ErrorCode.fields(refusal).keySet()), code.spelling());
            assertFalse(refusal.message().isBlank());
        }
        assertEquals(documented.keySet(), used, "documented, and refused with");
    }

    @Test
    void everyCodeIsDocumented() throws IOException {
        String page = Files.readString(Path.of("docs/protocol.md"));
        Set<String> missing = Arrays.stream(ErrorCode.values()).map(ErrorCode::spelling)
                .filter(code -> !page.contains("`" + code + "`") && !page.contains('"' + code + '"'))
                .collect(Collectors.toSet());
        assertEquals(Set.of(), missing);
    }

    private static Map<String, Matcher> documented() throws IOException {
        Map<String, Matcher> rows = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of("docs/protocol.md"))) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                rows.put(row.group("code"), row);
            }
        }
        return rows;
    }
}
