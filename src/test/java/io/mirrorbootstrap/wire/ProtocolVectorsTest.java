package io.mirrorbootstrap.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.ProtocolVectors;
import io.mirrorbootstrap.ProtocolVectors.Vector;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.source.Obstacle;
import io.mirrorbootstrap.source.Outcome;

/** What docs/protocol-vectors.json says of single messages is what this project does, and nothing that it does is missing there. */
class ProtocolVectorsTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> OF_EVERY_ERROR = Set.of("type", "code", "message", "source_database_id");

    static List<Vector> crcs() {
        return ProtocolVectors.list("crc32c");
    }

    static List<Vector> chunks() {
        return ProtocolVectors.list("chunks");
    }

    static List<Vector> controls() {
        return ProtocolVectors.list("controls");
    }

    static List<Vector> answers() {
        return ProtocolVectors.list("answers");
    }

    static List<Vector> errors() {
        return ProtocolVectors.list("errors");
    }

    static List<Vector> closes() {
        return ProtocolVectors.list("closes");
    }

    @ParameterizedTest
    @MethodSource("crcs")
    void aCrcIsThatOfItsBytes(Vector vector) {
        byte[] bytes = ProtocolVectors.bytes(vector.node().get("bytes"));
        assertEquals(vector.text("crc32c"), Crc32c.of(ByteBuffer.wrap(bytes)).toString());
    }

    @ParameterizedTest
    @MethodSource("chunks")
    void aChunkMeansWhatItSaysHoweverItIsCut(Vector vector) throws Exception {
        byte[] message = ProtocolVectors.bytes(vector.node().get("bytes"));
        int limit = ProtocolVectors.value("max_chunk_bytes").intValue();
        boolean takesZstd = vector.has("compression");
        for (int pieceBytes : new int[]{1, 7, message.length + 1}) {
            if (vector.has("refused")) {
                RefusedException refused = assertThrows(RefusedException.class,
                        () -> ChunkMessages.decode(message, pieceBytes, limit, takesZstd).yields());
                assertEquals(vector.text("refused"), ErrorCode.of(refused.refusal()).spelling());
            } else {
                ChunkMessages.Decoded chunk = ChunkMessages.decode(message, pieceBytes, limit, takesZstd);
                assertEquals(vector.node().get("chunk"), Meanings.of(chunk));
                assertEquals(vector.has("yields"), chunk.decoder().dataBytes().isPresent());
                if (vector.has("yields")) {
                    assertEquals(vector.text("yields"), HexFormat.of().formatHex(chunk.yields()));
                }
                if (vector.has("written")) {
                    assertArrayEquals(message, written(chunk));
                }
            }
        }
    }

    @Test
    void theChunksOfDialoguesMeanWhatTheySay() throws Exception {
        for (Vector dialogue : ProtocolVectors.list("dialogues")) {
            for (JsonNode step : dialogue.node().get("steps")) {
                JsonNode sent = step.path("send");
                if (sent.has("chunk")) {
                    byte[] message = ProtocolVectors.bytes(sent.get("bytes"));
                    assertEquals(sent.get("chunk"),
                            Meanings.of(ChunkMessages.decode(message, message.length, ChunkMessages.MAX_CHUNK_BYTES,
                                    sent.has("compression"))),
                            dialogue::toString);
                }
            }
        }
    }

    @Test
    void noFieldOfAChunkIsMissing() {
        Set<String> said = new TreeSet<>();
        chunks().forEach(each -> each.node().path("chunk").fieldNames().forEachRemaining(said::add));
        assertEquals(Arrays.stream(ChunkField.values()).map(ChunkField::key).collect(Collectors.toSet()), said);
        Set<String> names = chunks().stream().map(Vector::toString).collect(Collectors.toSet());
        ChunkField.REQUIRED.forEach(field -> assertTrue(names.contains("without " + field.key()), field::key));
    }

    @ParameterizedTest
    @MethodSource("controls")
    void aControlMessageMeansWhatItSays(Vector vector) throws Exception {
        if (vector.has("refused")) {
            RefusedException refused = assertThrows(RefusedException.class,
                    () -> JsonMessages.control(vector.text("text")));
            assertEquals(vector.text("refused"), ErrorCode.of(refused.refusal()).spelling());
            return;
        }
        Control control = JsonMessages.control(vector.text("text"));
        assertEquals(vector.node().get("control"), Meanings.of(control));
        if (vector.has("written")) {
            assertEquals(vector.text("text"), JsonMessages.write(control));
        }
    }

    /** What is new here belongs into {@link Meanings}, and into the vectors; {@code owner} is nothing that a source says. */
    @Test
    void noFieldOfAnAnnouncementIsMissing() {
        assertEquals(List.of("identity", "isMeant", "notes"), components(Announcement.class));
        assertEquals(List.of("sourceClusterId", "database", "lsn", "totalBytes", "totalCrc32c", "streamId", "owner"),
                components(SnapshotIdentity.class));
        assertEquals(List.of("position", "labels"), components(Notes.class));
        assertTrue(controls().stream().anyMatch(each -> each.node().path("control").size() == 10), "one has all");
    }

    @ParameterizedTest
    @MethodSource("answers")
    void anAnswerIsReadAndWrittenAsItStandsThere(Vector vector) {
        Answer answer = JsonMessages.answer(vector.text("text"));
        assertEquals(vector.text("text"), JsonMessages.write(answer));
        assertEquals(answer instanceof Answer.Opened ? "send" : answer instanceof Answer.Pending ? "go_on" : "done",
                vector.text("then"));
    }

    /** Each type, with and without each part that need not be there. */
    @Test
    void noAnswerIsMissing() throws Exception {
        List<Answer> said = answers().stream().map(each -> JsonMessages.answer(each.text("text"))).toList();
        for (Class<?> type : Answer.class.getPermittedSubclasses()) {
            if (type == Answer.Refused.class || type == Answer.Failure.class) {
                continue; // these are errors
            }
            List<Answer> ofType = said.stream().filter(type::isInstance).toList();
            assertTrue(!ofType.isEmpty(), type::getSimpleName);
            for (RecordComponent part : type.getRecordComponents()) {
                if (part.getType() == Optional.class || part.getType() == OptionalLong.class) {
                    Object none = part.getType() == Optional.class ? Optional.empty() : OptionalLong.empty();
                    Set<Boolean> absent = new TreeSet<>();
                    for (Answer each : ofType) {
                        absent.add(none.equals(part.getAccessor().invoke(each)));
                    }
                    assertEquals(Set.of(false, true), absent, part::toString);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("errors")
    void anErrorHasTheFieldsTheEndAndTheCureOfItsCode(Vector vector) throws IOException {
        ErrorCode code = ErrorCode.valueOf(vector.text("code").toUpperCase(Locale.ROOT));
        Answer.Failure failure = (Answer.Failure) JsonMessages.answer(vector.text("text"));
        assertEquals(code.spelling(), failure.code());
        assertEquals(code.closes(), vector.has("closes")
                ? OptionalInt.of(vector.node().get("closes").intValue())
                : OptionalInt.empty());
        boolean comesBack = comesBack(vector);
        Set<Set<String>> fields = Refusals.ofEachType().stream()
                .filter(refusal -> ErrorCode.of(refusal) == code)
                .map(refusal -> ErrorCode.fields(refusal).keySet()).collect(Collectors.toSet());
        Set<String> own = new TreeSet<>();
        JSON.readTree(vector.text("text")).fieldNames().forEachRemaining(own::add);
        own.removeAll(OF_EVERY_ERROR);
        if (fields.isEmpty()) { // of HTTP alone
            assertEquals(Set.of(), own);
            assertTrue(vector.has("http"), "it is said somewhere");
        } else {
            assertEquals(fields, Set.of(own));
            assertEquals(comesBack, new Outcome.Refused(failure, 0).canHeal());
        }
        if (vector.has("http")) {
            assertEquals(comesBack, new Obstacle.Answered(vector.node().get("http").intValue(), "", Optional.empty())
                    .canHeal());
        }
    }

    @Test
    void noErrorIsMissing() {
        assertEquals(Stream.of(ErrorCode.values()).map(ErrorCode::spelling).sorted().toList(),
                errors().stream().map(Vector::toString).sorted().toList());
    }

    @ParameterizedTest
    @MethodSource("closes")
    void aCloseCodeSaysWhetherToComeBack(Vector vector) {
        assertEquals(comesBack(vector),
                new Outcome.LinkLost(vector.node().required("code").intValue(), "", 0).canHeal());
    }

    @Test
    void noCloseCodeIsMissing() {
        Set<Integer> there = closes().stream().map(each -> each.node().required("code").intValue())
                .collect(Collectors.toSet());
        Set<Integer> missing = Stream.of(ErrorCode.values()).flatMap(each -> each.closes().stream().boxed())
                .filter(Predicate.not(there::contains)).collect(Collectors.toSet());
        assertEquals(Set.of(), missing);
        assertEquals(closes().size(), there.size());
    }

    @Test
    void theFormatHasAVersion() {
        assertEquals(1, ProtocolVectors.value("version").intValue());
        assertEquals(Protocol.SUBPROTOCOL, ProtocolVectors.value("protocol").textValue());
    }

    private static boolean comesBack(Vector vector) {
        String then = vector.text("then");
        assertTrue(Set.of("come_back", "give_up").contains(then), then);
        return then.equals("come_back");
    }

    private static List<String> components(Class<?> type) {
        return Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList();
    }

    private static byte[] written(ChunkMessages.Decoded chunk) {
        byte[] data = chunk.payload();
        OptionalInt dataBytes = chunk.decoder().dataBytes();
        byte[] head = ChunkEncoder.head(chunk.identity(), chunk.decoder().head().orElseThrow().offset(),
                dataBytes.orElse(data.length), dataBytes.isPresent() ? OptionalInt.of(data.length) : dataBytes,
                chunk.decoder().chunkCrc32c().orElseThrow(), chunk.decoder().done(), chunk.decoder().position());
        return ByteBuffer.allocate(head.length + data.length).put(head).put(data).array();
    }
}
