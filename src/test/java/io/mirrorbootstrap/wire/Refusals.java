package io.mirrorbootstrap.wire;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** One refusal of each type there is. */
final class Refusals {

    private static final Map<Class<?>, Object> VALUES = Map.of(String.class, "x", long.class, 1L, int.class, 1,
            List.class,
            List.of("x"), Optional.class, Optional.empty(), DatabaseId.class, new DatabaseId("x"), Crc32c.class,
            new Crc32c(1), Object.class, 1L, SnapshotIdentity.Part.class, SnapshotIdentity.Part.LSN);

    private Refusals() {
    }

    static List<Refusal> ofEachType() {
        return records(Refusal.class).map(Refusals::instance).toList();
    }

    private static Stream<Class<?>> records(Class<?> type) {
        return type.isRecord()
                ? Stream.of(type)
                : Arrays.stream(type.getPermittedSubclasses()).flatMap(Refusals::records).distinct();
    }

    private static Refusal instance(Class<?> type) {
        Class<?>[] types = Arrays.stream(type.getRecordComponents()).map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            return (Refusal) constructor.newInstance(Arrays.stream(types).map(VALUES::get).toArray());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
