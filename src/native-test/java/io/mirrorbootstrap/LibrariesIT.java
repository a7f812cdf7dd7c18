package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

/** What is not needed is not in the packaged service: see {@code quarkus.class-loading.removed-artifacts}. */
class LibrariesIT {

    /** What is in the jars' names; the native executable is built of the same. */
    private static final List<String> UNWANTED = List.of("netty-transport-native-epoll",
            "netty-transport-native-kqueue", "netty-incubator",
            "netty-tcnative", "netty-codec-mqtt", "netty-codec-redis", "netty-codec-smtp", "netty-codec-stomp",
            "netty-codec-memcache", "brotli4j.native-", "quarkus-cyclonedx", "vertx-codegen", "vertx-mutiny-generator",
            "jakarta.xml.bind", "jakarta.activation", "quarkus-devui", "quarkus-websockets", "bouncycastle", "junit");

    @Test
    void whatIsNeverRunIsNotThere() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("target"), 3)) {
            List<Path> libraries = files.filter(each -> each.getFileName().toString().equals("lib"))
                    .filter(each -> !each.startsWith(Path.of("target", "postgres"))) // of the tests that run beside this one
                    .toList();
            assertTrue(!libraries.isEmpty(), "no packaged service is in target");
            for (Path each : libraries) {
                assertEquals(List.of(), unwanted(each), each.toString());
            }
        }
    }

    private static List<String> unwanted(Path library) throws IOException {
        try (Stream<Path> files = Files.walk(library)) {
            List<String> jars = files.map(each -> each.getFileName().toString()).filter(each -> each.endsWith(".jar"))
                    .toList();
            assertTrue(jars.stream().anyMatch(each -> each.contains("netty-codec-http-")), library + " has " + jars);
            return jars.stream().filter(jar -> UNWANTED.stream().anyMatch(jar::contains)).toList();
        }
    }
}
