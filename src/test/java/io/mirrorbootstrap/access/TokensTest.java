package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Principal;

/** What a line of the token file means. */
class TokensTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", value = {
            "s3cret                   | s3cret  | -      | -",
            "  abc==                  | abc==   | -      | -",
            "s3cret = orders          | s3cret  | orders | -",
            "abc== = team.a           | abc==   | team.a | -",
            "abc===team-a             | abc==   | team-a | -",
            "s3cret=orders:db1        | s3cret  | orders | db1",
            "s3cret = orders: db1,db2 | s3cret  | orders | db1 db2",
            "s3cret = orders : db2  db1 , | s3cret | orders | db1 db2"})
    void aLineIsATokenPerhapsWithANameAndDatabases(String line, String token, String name, String databases) {
        Tokens tokens = Tokens.parse(line);
        assertEquals(List.of(), tokens.badLines());
        Tokens.Token accepted = tokens.accept("Bearer " + token).orElseThrow();
        assertEquals(Optional.ofNullable(name), accepted.name());
        assertEquals(Optional.ofNullable(databases).map(list -> Set.of(list.split(" "))), accepted.databases()
                .map(all -> all.stream().map(DatabaseId::value).collect(Collectors.toSet())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3cret =", "s3cret = ", "s3cret = a b", "s3cret = orders:", "s3cret = orders: ,",
            "s3cret = orders: db1, ../x", "s3cret : db1", "two words", "= orders", "s3cret = ord/ers",
            "s3cret: orders"})
    void aLineThatIsNotUnderstoodLetsNobodyIn(String line) {
        Tokens tokens = Tokens.parse("good\n" + line);
        assertEquals(List.of(2), tokens.badLines());
        assertTrue(tokens.accept("Bearer s3cret").isEmpty());
        assertTrue(tokens.accept("Bearer good").isPresent());
    }

    @Test
    void aTokenThatIsThereTwiceIsTheFirstOnes() {
        Tokens tokens = Tokens.parse("one = a\none = b");
        assertEquals(List.of(2), tokens.badLines());
        assertEquals(Optional.of("a"), tokens.accept("Bearer one").orElseThrow().name());
    }

    @Test
    void aCallerIsTheSameHoweverManyOthersThereAre() {
        assertEquals(principal("one\ntwo", "one").id(), principal("one", "one").id());
        assertEquals(principal("x = a", "x").id(), principal("y = a\nz = b", "y").id());
        assertFalse(principal("one\ntwo", "one").id().equals(principal("one\ntwo", "two").id()));
        assertEquals(principal("x = a\ny = a\nz = b", "x").id(), principal("x = a\ny = a\nz = b", "y").id());
    }

    @Test
    void whoeverHasATokenRespectsWhatIsAnothers() {
        Principal nameless = principal("one\ntwo = b", "one");
        assertTrue(nameless.respectsOwners());
        assertEquals(Optional.empty(), nameless.owner());
        assertEquals(Optional.of("b"), principal("one\ntwo = b", "two").owner());
        assertTrue(principal("one\ntwo = b: ../x", "one").respectsOwners(), "a slip of the pen gives nothing away");
    }

    @Test
    void whatTwoReadingsDoNotAgreeOnLetsNobodyIn() {
        Tokens whole = Tokens.parse("one = a: db1, db2\ntwo = abill");
        Tokens cut = Tokens.parse("one = a: db1, db2\ntwo = a");
        for (Tokens agreed : List.of(whole.agreedWith(cut), cut.agreedWith(whole))) {
            assertTrue(agreed.accept("Bearer one").isPresent());
            assertTrue(agreed.accept("Bearer two").isEmpty());
        }
        assertEquals(whole, whole.agreedWith(whole));
    }

    private static Principal principal(String file, String token) {
        Tokens tokens = Tokens.parse(file);
        return Tokens.principal(tokens.accept("Bearer " + token).orElseThrow());
    }
}
