package io.mirrorbootstrap.cli;

/** A line of a terminal that is written over. */
interface Row {

    /** How many characters it may have: in the last column a terminal may begin another line. */
    int room();

    /** Has it say this in place of what it said; it is cut to its room. */
    void show(String line);

    /** What it says is the last of its kind: what comes next has a line of its own. */
    void finish();

    /** A line of its own, which stays, as wide as it is. */
    void say(String line);
}
