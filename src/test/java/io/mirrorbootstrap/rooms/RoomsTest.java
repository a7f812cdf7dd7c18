package io.mirrorbootstrap.rooms;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;

/** Holds the classes of the build against the plan of rooms in {@code docs/architecture.md}. */
class RoomsTest {

    private static final String ROOT = "io.mirrorbootstrap.";
    private static final Path SOURCES = Path.of("src/main/java");
    private static final Path PAGE = Path.of("docs/architecture.md");

    /** Substitutions of the native executable: no room uses them, they use none, and so they are not drawn. */
    private static final String APART = "kernels";

    private static final Set<String> EDGES = Set.of("link", "api", "download", "ops", "source", "trace");

    private static final Pattern IMPORT = Pattern.compile("^import (?:static )?io\\.mirrorbootstrap\\.(?<room>\\w+)\\.",
            Pattern.MULTILINE);

    private static JavaClasses code;

    @BeforeAll
    static void readTheCode() {
        code = new ClassFileImporter().importPath(Path.of("target/classes"));
        assertTrue(code.size() > 0, "there are no classes in target/classes");
    }

    @Test
    void theDrawingIsTheCode() throws IOException {
        Drawing drawing = Drawing.read(PAGE);
        Set<String> inCode = arrowsOfTheCode();
        assertAll(
                () -> assertEquals(Set.of(), without(inCode, drawing.arrows()),
                        "used, but without an arrow in " + PAGE),
                () -> assertEquals(Set.of(), without(drawing.arrows(), inCode),
                        "an arrow in " + PAGE + ", but not used"),
                () -> assertEquals(rooms(), new TreeSet<>(drawing.floors().keySet()), "the rooms drawn in " + PAGE));
    }

    @Test
    void noArrowGoesUpOrStaysOnItsFloor() throws IOException {
        assertEquals(List.of(), Drawing.read(PAGE).arrowsThatDoNotGoDown());
    }

    @Test
    void noRoomsUseEachOtherInACircle() {
        slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(code);
    }

    @Test
    void theDomainAndTheDiskUseTheJdkOnly() {
        classes().that().resideInAPackage(ROOT + "snapshot..").should().onlyDependOnClassesThat()
                .resideInAnyPackage("java..", ROOT + "snapshot..", ROOT + "store..").check(code);
        classes().that().resideInAPackage(ROOT + "store..").should().onlyDependOnClassesThat()
                .resideInAnyPackage("java..", ROOT + "store..").check(code);
    }

    @Test
    void edgesDoNotKnowEachOther() {
        for (String edge : EDGES) {
            String[] others = EDGES.stream().filter(other -> !other.equals(edge)).map(other -> ROOT + other + "..")
                    .toArray(String[]::new);
            noClasses().that().resideInAPackage(ROOT + edge + "..").should().dependOnClassesThat()
                    .resideInAnyPackage(others).check(code);
        }
        noClasses().that().resideInAnyPackage(EDGES.stream().map(edge -> ROOT + edge + "..").toArray(String[]::new))
                .should().dependOnClassesThat().resideInAPackage(ROOT + "cli..").check(code);
    }

    @Test
    void theSourceKnowsNoRoomOfTheSidecar() {
        noClasses().that().resideInAPackage(ROOT + "source..").should().dependOnClassesThat().resideInAnyPackage(
                Stream.of("link", "api", "ops", "trace", "access", "mirror", "cli").map(room -> ROOT + room + "..")
                        .toArray(String[]::new))
                .check(code);
    }

    @Test
    void noClassIsNamedAfterNothing() {
        noClasses().should().haveNameMatching(".*(Manager|Utils?|Helpers?|Impl)(\\$.*)?").check(code);
    }

    @Test
    void everyPackageSaysWhatItIsFor() {
        Set<String> silent = code.stream().map(JavaClass::getPackageName)
                .filter(name -> !Files.exists(SOURCES.resolve(name.replace('.', '/')).resolve("package-info.java")))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(Set.of(), silent);
    }

    @Test
    void anArrowThatIsNotUnderstoodIsAnError() {
        String page = "```mermaid\nflowchart TD\nsubgraph one\na\nend\nsubgraph two\nb\nend\n%s\n```\n";
        assertEquals(Set.of("a -> b"), Drawing.parse(page.formatted("a --> b")).arrows());
        assertEquals(List.of("b -> a"), Drawing.parse(page.formatted("b --> a")).arrowsThatDoNotGoDown());
        assertEquals(List.of("a -> c"), Drawing.parse(page.formatted("a --> c")).arrowsThatDoNotGoDown());
        assertThrows(IllegalArgumentException.class, () -> Drawing.parse(page.formatted("a ==> b")));
    }

    /** From the class files, and from imports: what the compiler inlines, a constant, is in no class file. */
    private static Set<String> arrowsOfTheCode() throws IOException {
        Set<String> arrows = new TreeSet<>();
        for (JavaClass each : code) {
            for (Dependency dependency : each.getDirectDependenciesFromSelf()) {
                room(dependency.getTargetClass().getPackageName())
                        .ifPresent(to -> arrows.add(Drawing.arrow(room(each.getPackageName()).orElseThrow(), to)));
            }
        }
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
                String from = SOURCES.relativize(file).getName(2).toString();
                for (Matcher to = IMPORT.matcher(Files.readString(file)); to.find();) {
                    arrows.add(Drawing.arrow(from, to.group("room")));
                }
            }
        }
        arrows.removeIf(arrow -> arrow.matches("(\\w+) -> \\1"));
        return arrows;
    }

    private static Set<String> rooms() {
        return code.stream().map(each -> room(each.getPackageName()).orElseThrow()).filter(room -> !room.equals(APART))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Optional<String> room(String packageName) {
        return packageName.startsWith(ROOT)
                ? Optional.of(packageName.substring(ROOT.length()).replaceFirst("\\..*", ""))
                : Optional.empty();
    }

    private static Set<String> without(Set<String> all, Set<String> others) {
        return all.stream().filter(each -> !others.contains(each)).collect(Collectors.toCollection(TreeSet::new));
    }
}
