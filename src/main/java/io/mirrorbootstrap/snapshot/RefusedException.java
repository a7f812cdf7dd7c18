package io.mirrorbootstrap.snapshot;

/**
 * Carries a {@link Refusal} to the caller, which answers the source. Made without a stack trace: a refusal is an answer,
 * and a hostile source must not make it expensive.
 */
public final class RefusedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient Refusal refusal;

    /** @param refusal the answer to the source */
    public RefusedException(Refusal refusal) {
        super(refusal.message(), null, false, false);
        this.refusal = refusal;
    }

    /** The answer to the source. */
    public Refusal refusal() {
        return refusal;
    }
}
