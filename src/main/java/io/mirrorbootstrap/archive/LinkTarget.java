package io.mirrorbootstrap.archive;

/** Where symbolic links lead to, by their text alone. Without state. */
final class LinkTarget {

    private static final String UP = "..";

    private LinkTarget() {
    }

    /**
     * Whether a link stays in the directory, whatever other links are there that do: it goes up only at its beginning, where what is above
     * is known, and not beyond the directory; from there it only goes down, perhaps by other links.
     *
     * @param target its text
     * @param depth how many directories are above it, below the directory itself; 0: it is in the directory itself
     */
    static boolean staysInside(String target, int depth) {
        if (target.isEmpty() || target.startsWith("/")) {
            return false;
        }
        int up = 0;
        boolean goesDown = false;
        for (String part : target.split("/")) {
            if (part.equals(UP)) {
                if (goesDown) {
                    return false;
                }
                up++;
            } else if (!part.isEmpty() && !part.equals(".")) {
                goesDown = true;
            }
        }
        return up <= depth;
    }
}
