package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code wait} with a command that restores the snapshot. */
@Timeout(60)
class WaitForCommandTest extends WithWaitingCommand {

    private static final int HELD_BYTES = 128 * 1024;

    /** Of scripts: a process that reads what the command has as its descriptor 3, and the time until its id is known. */
    private static final String READER = "(sh -c \"echo \\$PPID > pid\"; cat <&3 >> got; touch end) & ";
    private static final String UNTIL_PID = " until [ -s pid ]; do sleep 0.02; done; ";

    private final byte[] bytes = new byte[1_500_000];

    WaitForCommandTest() {
        new Random(1).nextBytes(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--data-dir", "--verify"})
    void itHasTheSnapshotAndWhatIsKnownOfIt(String option) throws IOException {
        commit(bytes, "mysql-bin.000001:4, 'größe'");
        assertEquals(0, restore("cat > got; env | sed -n /^MIRROR_SNAPSHOT/p | sort > env",
                option.equals("--verify") ? option : "--data-dir=" + directory.resolve("data")), err::toString);
        assertArrayEquals(bytes, Files.readAllBytes(made("got")));
        assertEquals(List.of("MIRROR_SNAPSHOT_BYTES=1500000", "MIRROR_SNAPSHOT_CRC32C=" + crc32c(),
                "MIRROR_SNAPSHOT_LSN=7", "MIRROR_SNAPSHOT_PATH=" + file(),
                "MIRROR_SNAPSHOT_POSITION=" + (option.equals("--verify") ? "mysql-bin.000001:4, 'größe'" : "")),
                Files.readAllLines(made("env")));
        assertEquals("", out.toString());
        assertEquals("restored: sh has taken all 1500000 bytes of " + file() + ", LSN 7, CRC-32C " + crc32c()
                + ", and ended with status 0", last());
    }

    @ParameterizedTest
    @CsvSource({"0", "700000", "1499999"})
    void ofAWrongSnapshotItDoesNotSeeTheEnd(int flipped) throws IOException {
        commitWrong(flipped);
        assertEquals(3, restore("cat > got; touch end"));
        assertFalse(Files.exists(made("end")));
        assertTrue(Files.size(made("got")) <= bytes.length - HELD_BYTES);
        assertTrue(last().startsWith("mirror-bootstrap: " + file()
                + " is not what its manifest says: of 1500000 bytes CRC-32C " + crc32c() + " is stored, "), last());
        assertTrue(last().endsWith(". sh has ended: what it has made of it must not be used"), last());
    }

    @Test
    void whatIsVerifiedFirstIsNotRunOnAWrongSnapshot() throws IOException {
        commitWrong(3);
        assertEquals(3, restore("touch begun", "--verify"));
        assertFalse(Files.exists(made("begun")));
    }

    /** Else it would see an end of its input. */
    @Test
    void whatAFailedCommandHasLeftIsEndedToo() throws IOException {
        commit(bytes, null);
        assertEquals(6, restore("exec 3<&0; sh -c 'echo $$ > pid; sleep 1000; touch end' <&3 &" + UNTIL_PID
                + "exit 1"));
        assertFalse(Files.exists(made("end")));
        assertFalse(isRunning());
    }

    @Test
    void whatACommandStartsWhileItIsEndedDoesNotSeeTheEndEither() throws IOException {
        commitWrong(bytes.length - 1);
        assertEquals(3, restore("exec 3<&0; trap 'trap \"\" TERM; " + READER + UNTIL_PID + "exit 1' TERM;"
                + " cat > got; while :; do sleep 0.02; done"));
        assertFalse(isRunning());
        assertFalse(Files.exists(made("end")));
    }

    @Test
    void ofAWrongSnapshotThatItHasHadEnoughOfWhatItLeavesDoesNotSeeTheEnd() throws IOException {
        commitWrong(bytes.length - 1);
        assertEquals(3, restore("exec 3<&0; trap '' TERM; " + READER + UNTIL_PID + "exit 0"));
        assertFalse(isRunning());
        assertFalse(Files.exists(made("end")));
    }

    @Test
    void whatAFailedCommandHasLeftWithoutItsInputStays() throws IOException {
        commit(bytes, null);
        assertEquals(6, restore("sleep 1000 < /dev/null > /dev/null 2>&1 & echo $! > pid; exit 1"));
        assertTrue(isRunning());
        ProcessHandle.of(pid()).ifPresent(ProcessHandle::destroyForcibly);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "cat > /dev/null; exit 3|ended with status 3, when it had all 1500000 bytes of ",
            "kill -9 $$|was ended by SIGKILL (status 137), when it had "})
    void itsFailureIsTold(String script, String said) throws IOException {
        commit(bytes, null);
        assertEquals(6, restore(script));
        assertTrue(last().startsWith("mirror-bootstrap: sh " + said), last());
        assertTrue(last().endsWith(" of " + file()), last());
    }

    @ParameterizedTest
    @ValueSource(strings = {"exit 0", "head -c 10 > /dev/null", "exec 0<&-; touch more"})
    void itMayEndBeforeItHasReadAll(String script) throws IOException {
        commit(bytes, null);
        assertEquals(0, restore(script), err::toString);
        assertTrue(last().contains(" of 1500000 bytes of "), last());
    }

    @Test
    void theRestIsVerifiedAllTheSame() throws IOException {
        commitWrong(1_400_000);
        assertEquals(3, restore("exit 0"));
    }

    /** A server that it was to start has its standard input, and does not read it. */
    @Test
    void whatItLeavesRunningIsNotWaitedForAndStays() throws IOException {
        commit(bytes, null);
        assertEquals(0, restore("exec 3<&0; sleep 1000 <&3 > /dev/null 2>&1 & echo $! > pid; exit 0"), err::toString);
        assertTrue(isRunning());
        ProcessHandle.of(pid()).ifPresent(ProcessHandle::destroyForcibly);
    }

    @Test
    void anEmptySnapshotIsAnEmptyInput() throws IOException {
        commit(new byte[0], null);
        assertEquals(0, restore("cat > got"), err::toString);
        assertEquals(0, Files.size(made("got")));
    }

    @Test
    void aFileThatIsNotThereIsToldAsWithVerify() throws IOException {
        commit(bytes, null);
        Files.delete(file());
        assertEquals(3, restore("touch begun"));
        assertEquals("mirror-bootstrap: " + file() + " is not what its manifest says, or one of them is missing",
                last());
        assertFalse(Files.exists(made("begun")));
    }

    @Test
    void anotherFileThanTheSidecarSpeaksOfIsNotHandedOver() throws IOException {
        commit(bytes, null);
        String other = status("following", 8, null);
        assertEquals(3, restore(List.of(other, other), "touch begun"));
        assertTrue(last().contains("the sidecar has LSN 8, "), last());
        assertFalse(Files.exists(made("begun")));
    }

    @Test
    void aPositionThatForgesALineRunsNothing() throws IOException {
        commit(bytes, "1\u202e2");
        assertEquals(3, restore("touch begun", "--verify"));
        assertTrue(last().contains("has the position 1\\u202e2"), last());
        assertFalse(Files.exists(made("begun")));
    }

    @Test
    void whatCannotBeStartedIsAUsageError() throws IOException {
        commit(bytes, null);
        assertEquals(2, await(List.of(), "--", "/no/such/program"));
        assertTrue(err.toString().contains("there is no program /no/such/program"), err::toString);
        assertEquals(List.of(), requests);
        Path script = Files.writeString(made("script"), "#!/no/such/interpreter\n");
        assertTrue(script.toFile().setExecutable(true));
        assertEquals(2, await(List.of(following()), "--", script.toString()));
        assertTrue(last().contains(script + " cannot be started: "), last());
    }

    @Test
    void whatDoesNotBelongTogetherIsAUsageError() {
        wrong("-- must be followed by a command", "wait", "d", "--");
        wrong("-- COMMAND is for one database, there are 2", "wait", "d", "e", "--", "true");
        wrong("--format json is for what is printed", "wait", "d", "--format", "json", "--", "true");
        wrong("--remove-after is there without -- COMMAND", "wait", "d", "--remove-after");
        wrong("no database is named", "wait", "--", "true");
    }

    @Test
    void aDatabaseMayBeNamedInEitherWay() throws IOException {
        commit(bytes, null);
        assertEquals(0, await(List.of(following(), following()), "--database", "d"), err::toString);
        assertEquals(2, out.toString().lines().count());
        assertEquals(List.of("GET /v1/mirrors/d", "GET /v1/mirrors/d"), requests);
    }

    private void commitWrong(int flipped) throws IOException {
        commit(bytes, null);
        bytes[flipped] ^= 1;
        Files.write(file(), bytes);
    }

    private long pid() throws IOException {
        return Long.parseLong(Files.readString(made("pid")).strip());
    }

    private boolean isRunning() throws IOException {
        Path status = Path.of("/proc", String.valueOf(pid()), "status");
        return Files.exists(status) && !Files.readString(status).contains("State:\tZ");
    }

    private void wrong(String said, String... arguments) {
        assertEquals(2, run(arguments));
        assertTrue(err.toString().contains(said), err::toString);
    }

    private String last() {
        return err.toString().lines().reduce("", (one, next) -> next);
    }
}
