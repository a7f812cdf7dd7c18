package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;

/** The data directory has a group that is to read what is made below it. */
class PassedOnGroupTest extends StartOnFiles {

    private static final int ANOTHER_GROUP = 54321;

    /** It was made under a umask without bits for the group, by a user that is not in that group. */
    @Test
    void aDirectoryThatHasLostTheBitIsTold() throws Exception {
        passOn(data);
        List<String> told = prepareAfterAnother().repairs();
        assertEquals(1, told.size(), told::toString);
        assertTrue(told.get(0).startsWith(files + " does not pass on the group of " + data), told::toString);
    }

    @Test
    void aDirectoryThatHasTheBitIsNotTold() throws Exception {
        passOn(data);
        passOn(files);
        assertEquals(List.of(), prepareAfterAnother().repairs());
    }

    @Test
    void noGroupThatIsNotPassedOnIsMissed() throws Exception {
        assertEquals(List.of(), prepareAfterAnother().repairs());
    }

    private static void passOn(Path directory) {
        try {
            Files.setAttribute(directory, "unix:gid", ANOTHER_GROUP);
            Files.setAttribute(directory, "unix:mode", 02750);
        } catch (IOException e) {
            assumeTrue(false, "only root gives a file to a group that it is not in: " + e);
        }
    }
}
