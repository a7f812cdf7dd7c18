package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The names in a directory, which others may fill. */
final class Names {

    private Names() {
    }

    /** @throws TooManyFilesException where there are more than {@code most}: no more is held */
    static List<String> in(Path directory, int most) throws IOException {
        List<String> names = new ArrayList<>();
        try (var files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                if (names.size() == most) {
                    throw new TooManyFilesException(most);
                }
                names.add(file.getFileName().toString());
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return names;
    }
}
