package io.mirrorbootstrap.access;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * The authorities that may vouch for clients, as of the last time that their file was read: those that are valid now. Java asks no
 * authority for its dates, and would believe one for ever. Any thread.
 */
final class Authorities implements Supplier<Authorities.Trusted> {

    private final Supplier<KeyStore> store;
    private volatile Trusted trusted;

    /**
     * What is trusted because of a store, which is another after a reload.
     *
     * @param store has all authorities
     * @param manager empty: none of them is valid
     * @param invalid those that are not valid, or not yet
     * @param until when that changes
     */
    record Trusted(KeyStore store, Optional<X509TrustManager> manager, List<X509Certificate> invalid, Instant until) {
    }

    /** @param store has their certificates */
    Authorities(Supplier<KeyStore> store) {
        this.store = store;
        this.trusted = of(store.get(), Instant.now());
    }

    @Override
    public Trusted get() {
        KeyStore now = store.get();
        Instant time = Instant.now();
        Trusted known = trusted;
        if (known.store() != now || !time.isBefore(known.until())) {
            known = of(now, time);
            trusted = known;
        }
        return known;
    }

    private static Trusted of(KeyStore store, Instant now) {
        try {
            List<X509Certificate> all = certificates(Objects.requireNonNull(store, "no trust store"));
            List<X509Certificate> valid = all.stream().filter(each -> ValidDates.include(each, now)).toList();
            return new Trusted(store, valid.isEmpty() ? Optional.empty() : Optional.of(manager(valid)),
                    all.stream().filter(each -> !valid.contains(each)).toList(),
                    ValidDates.nextChange(all.stream(), now));
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("the trust store was read, and cannot be used", e);
        }
    }

    private static List<X509Certificate> certificates(KeyStore store) throws GeneralSecurityException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (String alias : Collections.list(store.aliases())) {
            Certificate certificate = store.getCertificate(alias);
            if (certificate instanceof X509Certificate authority) {
                certificates.add(authority);
            }
        }
        return certificates;
    }

    /** @param valid not empty */
    private static X509TrustManager manager(List<X509Certificate> valid) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (X509Certificate each : valid) {
            store.setCertificateEntry(String.valueOf(store.size()), each);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return Stream.of(factory.getTrustManagers()).filter(X509TrustManager.class::isInstance)
                .map(X509TrustManager.class::cast).findFirst().orElseThrow();
    }
}
