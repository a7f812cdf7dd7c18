package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;

/** What libraries say of their licences: whoever gives them on has to give that on, too, also where they are in an executable. */
final class Licences {

    private static final Pattern PAPER = Pattern.compile("META-INF/(LICENSE|NOTICE)[^/]*");

    private static final String RULE = "=".repeat(80) + "\n";

    private Licences() {
    }

    /** The licences and notices in the jars below {@code directory}: each text once, with the names of those that have it. */
    static String of(Path directory) throws IOException {
        Map<String, List<String>> texts = new LinkedHashMap<>();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path jar : files.filter(each -> each.toString().endsWith(".jar"))
                    .sorted(Comparator.comparing(each -> each.getFileName().toString())).toList()) {
                for (String text : in(jar)) {
                    texts.computeIfAbsent(text, none -> new ArrayList<>()).add(jar.getFileName().toString());
                }
            }
        }
        return """
                Licences and notices of the libraries of which mirror-bootstrap is built, as they bring them.
                Which library is under which licence is in sbom.cdx.json. A native executable has parts of
                OpenJDK and of GraalVM in it: GPL-2.0 with the Classpath Exception, https://openjdk.org/legal/gplv2+ce.html
                """
                + texts.entrySet().stream()
                        .map(each -> "\n" + RULE + String.join("\n", each.getValue()) + "\n" + RULE + each.getKey())
                        .collect(Collectors.joining());
    }

    private static List<String> in(Path jar) throws IOException {
        List<String> texts = new ArrayList<>();
        try (JarFile open = new JarFile(jar.toFile())) {
            for (ZipEntry each : open.stream().filter(entry -> PAPER.matcher(entry.getName()).matches()).toList()) {
                texts.add(new String(open.getInputStream(each).readAllBytes(), StandardCharsets.UTF_8)
                        .lines().map(String::stripTrailing).collect(Collectors.joining("\n")).strip() + "\n");
            }
        }
        return texts;
    }
}
