package io.mirrorbootstrap.tls;

/** How the ends of a session agree on its keys. */
public final class Groups {

    private static final String PROPERTY = "jdk.tls.namedGroups";

    /** The executable has them from its build (application.properties), as Java reads the property there. */
    private static final String CURVES = "x25519,secp256r1,secp384r1,secp521r1";

    private Groups() {
    }

    /**
     * By curves alone, unless {@code -Djdk.tls.namedGroups} says otherwise: Java agrees to numbers of 8192 bits, too, with any stranger who
     * asks for them in a kilobyte, and needs a tenth of a second for it. Before the first session of the process.
     */
    public static void allowCurvesAlone() {
        if (System.getProperty(PROPERTY, "").isEmpty()) {
            System.setProperty(PROPERTY, CURVES);
        }
    }
}
