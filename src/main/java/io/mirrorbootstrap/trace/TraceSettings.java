package io.mirrorbootstrap.trace;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

import io.mirrorbootstrap.snapshot.Text;

/**
 * Where spans go, and what is said of the process, by the variables that OpenTelemetry specifies.
 *
 * @param collector takes spans as OTLP, by HTTP
 * @param headers what it is shown
 * @param certificate a file of the authorities that it is trusted by, in place of Java's
 * @param resource what is said of the process
 */
record TraceSettings(URI collector, Map<String, String> headers, Optional<String> certificate,
        Map<String, String> resource) {

    private static final String EXPORTER = "OTEL_EXPORTER_OTLP_";
    private static final String PATH = "/v1/traces";
    private static final String PROTOCOL = "http/protobuf";
    private static final String SERVICE = "service.name";

    /**
     * @param variables the value of a variable, if it has one
     * @param service the name of the service, where none is configured
     * @return empty where no collector is named, or tracing is switched off
     * @throws IllegalArgumentException with a message that names the variable and shows no secret
     */
    static Optional<TraceSettings> read(Function<String, Optional<String>> variables, String service) {
        Optional<URI> collector = collector(variables);
        boolean isOff = variables.apply("OTEL_SDK_DISABLED").filter("true"::equalsIgnoreCase).isPresent()
                || variables.apply("OTEL_TRACES_EXPORTER").filter(name -> !name.equals("otlp")).isPresent();
        if (collector.isEmpty() || isOff) {
            return Optional.empty();
        }
        of(variables, "PROTOCOL").filter(name -> !name.equals(PROTOCOL)).ifPresent(name -> {
            throw new IllegalArgumentException(EXPORTER + "PROTOCOL is " + Text.quoted(name)
                    + ", spans can be brought by " + PROTOCOL + " alone");
        });
        Map<String, String> resource = new LinkedHashMap<>(Map.of(SERVICE, service));
        resource.putAll(pairs("OTEL_RESOURCE_ATTRIBUTES", variables.apply("OTEL_RESOURCE_ATTRIBUTES")));
        variables.apply("OTEL_SERVICE_NAME").ifPresent(name -> resource.put(SERVICE, name));
        return Optional.of(new TraceSettings(collector.get(), pairs(EXPORTER + "HEADERS", of(variables, "HEADERS")),
                of(variables, "CERTIFICATE"), resource));
    }

    /** The collector as a log may show it. */
    String shown() {
        return collector.getScheme() + "://" + collector.getRawAuthority().replaceFirst("^.*@", "")
                + collector.getRawPath();
    }

    private static Optional<URI> collector(Function<String, Optional<String>> variables) {
        String own = EXPORTER + "TRACES_ENDPOINT";
        String all = EXPORTER + "ENDPOINT";
        return variables.apply(own).map(text -> uri(own, text, ""))
                .or(() -> variables.apply(all).map(text -> uri(all, text, PATH)));
    }

    private static URI uri(String variable, String text, String path) {
        try {
            URI uri = new URI(text.strip());
            boolean isHttp = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
            if (isHttp && uri.getHost() != null) {
                return path.isEmpty()
                        ? uri
                        : new URI(uri.getScheme(), uri.getAuthority(), uri.getPath().replaceFirst("/*$", path),
                                uri.getQuery(), null);
            }
        } catch (URISyntaxException e) {
            // told below without the text, as it may have a password in it
        }
        throw new IllegalArgumentException(variable + " must be a URL with http:// or https://");
    }

    /** What is for traces alone wins over what is for all that OTLP brings. */
    private static Optional<String> of(Function<String, Optional<String>> variables, String name) {
        return variables.apply(EXPORTER + "TRACES_" + name).or(() -> variables.apply(EXPORTER + name));
    }

    private static Map<String, String> pairs(String variable, Optional<String> text) {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String pair : text.orElse("").split(",")) {
            int equals = pair.indexOf('=');
            if (!pair.isBlank() && equals < 1) {
                throw new IllegalArgumentException(variable + " must be pairs as in name=value, with commas between");
            } else if (!pair.isBlank()) {
                pairs.put(pair.substring(0, equals).strip(), decoded(variable, pair.substring(equals + 1).strip()));
            }
        }
        return pairs;
    }

    private static String decoded(String variable, String value) {
        try {
            return URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(variable + " has a % that begins no percent-encoded character", e);
        }
    }
}
