package io.mirrorbootstrap;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One message of Protocol Buffers, by the numbers of its fields; what OTLP brings is made of it
 * (opentelemetry/proto/trace/v1/trace.proto).
 */
record Otlp(Map<Integer, List<Object>> fields) {

    /** A span, as far as tests look at it. */
    record Span(String service, String name, String trace, String id, String parent, int kind, int status,
            Map<String, Object> attributes, List<Event> events) {

        List<String> eventNames() {
            return events.stream().map(Event::name).toList();
        }
    }

    /** Something that happened in a span. */
    record Event(String name, Map<String, Object> attributes) {
    }

    /** All spans of a request. */
    static List<Span> spans(byte[] request) {
        List<Span> spans = new ArrayList<>();
        for (Otlp resourceSpans : of(ByteBuffer.wrap(request)).messages(1)) {
            String service = (String) attributes(resourceSpans.messages(1).get(0), 1).get("service.name");
            for (Otlp scopeSpans : resourceSpans.messages(2)) {
                scopeSpans.messages(2).forEach(span -> spans.add(span(service, span)));
            }
        }
        return spans;
    }

    private static Span span(String service, Otlp span) {
        List<Event> events = span.messages(11).stream()
                .map(event -> new Event(event.text(2), attributes(event, 3))).toList();
        return new Span(service, span.text(5), span.hex(1), span.hex(2), span.hex(4), (int) span.number(6),
                span.messages(15).stream().mapToInt(status -> (int) status.number(3)).findFirst().orElse(0),
                attributes(span, 9), events);
    }

    private static Map<String, Object> attributes(Otlp of, int field) {
        Map<String, Object> attributes = new TreeMap<>();
        for (Otlp pair : of.messages(field)) {
            Otlp value = pair.messages(2).get(0);
            attributes.put(pair.text(1), value.fields.containsKey(1) ? value.text(1) : value.number(3));
        }
        return attributes;
    }

    private static Otlp of(ByteBuffer bytes) {
        ByteBuffer message = bytes.order(ByteOrder.LITTLE_ENDIAN);
        Map<Integer, List<Object>> fields = new TreeMap<>();
        while (message.hasRemaining()) {
            long tag = varint(message);
            fields.computeIfAbsent((int) (tag >>> 3), number -> new ArrayList<>()).add(switch ((int) tag & 7) {
                case 0 -> varint(message);
                case 1 -> message.getLong();
                case 2 -> slice(message, (int) varint(message));
                case 5 -> (long) message.getInt();
                default -> throw new IllegalArgumentException("no such type: " + (tag & 7));
            });
        }
        return new Otlp(fields);
    }

    private static long varint(ByteBuffer message) {
        long value = 0;
        for (int shift = 0;; shift += 7) {
            byte next = message.get();
            value |= (next & 0x7fL) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }

    private static ByteBuffer slice(ByteBuffer message, int length) {
        ByteBuffer slice = message.slice(message.position(), length);
        message.position(message.position() + length);
        return slice;
    }

    private List<Otlp> messages(int field) {
        return fields.getOrDefault(field, List.of()).stream().map(each -> of(((ByteBuffer) each).duplicate())).toList();
    }

    private long number(int field) {
        return fields.containsKey(field) ? (long) fields.get(field).get(0) : 0;
    }

    private String text(int field) {
        return StandardCharsets.UTF_8.decode(bytes(field)).toString();
    }

    private String hex(int field) {
        byte[] bytes = new byte[bytes(field).remaining()];
        bytes(field).get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private ByteBuffer bytes(int field) {
        return fields.containsKey(field) ? ((ByteBuffer) fields.get(field).get(0)).duplicate() : ByteBuffer.allocate(0);
    }
}
