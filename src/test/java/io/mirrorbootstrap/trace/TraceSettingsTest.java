package io.mirrorbootstrap.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How OpenTelemetry's variables are understood. */
class TraceSettingsTest {

    @Test
    void withoutACollectorThereAreNone() {
        assertEquals(Optional.empty(), read(Map.of()));
        assertEquals(Optional.empty(), read(Map.of("OTEL_SERVICE_NAME", "mirror", "OTEL_TRACES_EXPORTER", "otlp")));
    }

    @ParameterizedTest
    @CsvSource({"OTEL_SDK_DISABLED,true", "OTEL_SDK_DISABLED,TRUE", "OTEL_TRACES_EXPORTER,none",
            "OTEL_TRACES_EXPORTER,zipkin"})
    void whatSwitchesTracingOffWins(String variable, String value) {
        assertEquals(Optional.empty(),
                read(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318", variable, value)));
    }

    @ParameterizedTest
    @CsvSource({"OTEL_EXPORTER_OTLP_ENDPOINT,http://collector:4318,http://collector:4318/v1/traces",
            "OTEL_EXPORTER_OTLP_ENDPOINT,https://collector/otlp/,https://collector/otlp/v1/traces",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,http://collector:4318/as/it/is,http://collector:4318/as/it/is"})
    void theCollectorIsWhereSpansGo(String variable, String value, String collector) {
        assertEquals(collector, read(Map.of(variable, value)).orElseThrow().collector().toString());
    }

    @Test
    void whatIsForTracesAloneWins() {
        TraceSettings settings = read(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318",
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4318/", "OTEL_EXPORTER_OTLP_HEADERS", "a=1",
                "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2", "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf")).orElseThrow();
        assertEquals("http://traces:4318/", settings.collector().toString());
        assertEquals(Map.of("b", "2"), settings.headers());
    }

    @Test
    void whatIsSaidOfTheProcessIsRead() {
        assertEquals(Map.of("service.name", "the service"), resource(Map.of()));
        assertEquals(Map.of("service.name", "x", "deployment.environment", "prod eu+1"),
                resource(Map.of("OTEL_RESOURCE_ATTRIBUTES",
                        "service.name=x, deployment.environment = prod%20eu+1,")));
        assertEquals(Map.of("service.name", "y"), resource(
                Map.of("OTEL_RESOURCE_ATTRIBUTES", "service.name=x", "OTEL_SERVICE_NAME", "y")));
    }

    @ParameterizedTest
    @CsvSource({"OTEL_EXPORTER_OTLP_ENDPOINT,collector:4318", "OTEL_EXPORTER_OTLP_ENDPOINT,ftp://collector",
            "OTEL_EXPORTER_OTLP_ENDPOINT,http://", "OTEL_EXPORTER_OTLP_ENDPOINT,http://u:secret@a b",
            "OTEL_EXPORTER_OTLP_HEADERS,secret", "OTEL_EXPORTER_OTLP_HEADERS,=secret",
            "OTEL_EXPORTER_OTLP_HEADERS,api-key=secret%zz", "OTEL_EXPORTER_OTLP_PROTOCOL,grpc",
            "OTEL_RESOURCE_ATTRIBUTES,x"})
    void whatIsWrongIsNamedWithoutItsSecret(String variable, String value) {
        Map<String, String> environment = new HashMap<>(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector"));
        environment.put(variable, value);
        String message = assertThrows(IllegalArgumentException.class, () -> read(environment)).getMessage();
        assertTrue(message.startsWith(variable + " "), message);
        assertFalse(message.contains("secret"), message);
    }

    @Test
    void thePasswordOfAnAddressIsNotShown() {
        TraceSettings settings = read(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "https://u:p@collector:4318?key=secret"))
                .orElseThrow();
        assertEquals("https://u:p@collector:4318/v1/traces?key=secret", settings.collector().toString());
        assertEquals("https://collector:4318/v1/traces", settings.shown());
    }

    private static Map<String, String> resource(Map<String, String> more) {
        Map<String, String> environment = new HashMap<>(more);
        environment.put("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector");
        return read(environment).orElseThrow().resource();
    }

    private static Optional<TraceSettings> read(Map<String, String> environment) {
        return TraceSettings.read(name -> Optional.ofNullable(environment.get(name)), "the service");
    }
}
