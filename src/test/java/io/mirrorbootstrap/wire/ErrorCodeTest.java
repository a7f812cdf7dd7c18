package io.mirrorbootstrap.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** Every refusal has a code, with the fields and the close code that docs/protocol.md says of it. */
class ErrorCodeTest {

    private static final Pattern ROW = Pattern
            .compile("\\| `(?<code>[a-z_]+)`[^|]*\\| (?<fields>[^|]*)\\| (?:open|closed (?<closes>\\d+)) \\|.*");
    private static final Pattern NAME = Pattern.compile("`([a-z_]+)`");

    private static final Map<Class<?>, Object> VALUES = Map.of(String.class, "x", long.class, 1L, int.class, 1,
            List.class,
            List.of("x"), Optional.class, Optional.empty(), DatabaseId.class, new DatabaseId("x"), Crc32c.class,
            new Crc32c(1), Object.class, 1L, SnapshotIdentity.Part.class, SnapshotIdentity.Part.LSN);

    @Test
    void everyRefusalIsAnsweredAsDocumented() throws Exception {
        Map<String, Matcher> documented = documented();
        Set<String> used = new TreeSet<>();
        for (Class<?> type : records(Refusal.class).toList()) {
            Refusal refusal = instance(type);
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

    private static Stream<Class<?>> records(Class<?> type) {
        return type.isRecord()
                ? Stream.of(type)
                : Arrays.stream(type.getPermittedSubclasses())
                        .flatMap(ErrorCodeTest::records).distinct();
    }

    private static Refusal instance(Class<?> type) throws ReflectiveOperationException {
        Class<?>[] types = Arrays.stream(type.getRecordComponents()).map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        Constructor<?> constructor = type.getDeclaredConstructor(types);
        return (Refusal) constructor.newInstance(Arrays.stream(types).map(VALUES::get).toArray());
    }
}
