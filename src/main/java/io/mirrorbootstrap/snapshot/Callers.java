package io.mirrorbootstrap.snapshot;

/** The callers that are known. Any thread; never waits. */
public interface Callers {

    /** By what they are told apart at this moment. */
    ToldApart now();
}
