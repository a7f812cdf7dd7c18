package io.mirrorbootstrap.access;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Stream;

import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** The authorities that may vouch for clients, as of the last time that their file was read. Any thread. */
final class Authorities implements Supplier<X509TrustManager> {

    private final Supplier<KeyStore> store;
    private volatile Trusted trusted;

    /** What is trusted because of {@code store}, which is another after a reload. */
    private record Trusted(KeyStore store, X509TrustManager manager) {
    }

    /** @param store has their certificates */
    Authorities(Supplier<KeyStore> store) {
        this.store = store;
        this.trusted = of(store.get());
    }

    @Override
    public X509TrustManager get() {
        KeyStore now = store.get();
        Trusted known = trusted;
        if (known.store() != now) {
            known = of(now);
            trusted = known;
        }
        return known.manager();
    }

    private static Trusted of(KeyStore store) {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(Objects.requireNonNull(store, "no trust store")); // of none, those of Java would be trusted
            return new Trusted(store, Stream.of(factory.getTrustManagers()).filter(X509TrustManager.class::isInstance)
                    .map(X509TrustManager.class::cast).findFirst().orElseThrow());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the trust store was read, and cannot be used", e);
        }
    }
}
