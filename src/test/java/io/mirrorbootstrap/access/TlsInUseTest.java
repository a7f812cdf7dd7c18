package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertSame;

import java.security.KeyStore;
import java.security.KeyStoreException;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.quarkus.tls.BaseTlsConfiguration;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;

/** Whom a port trusts while its files are read again. */
class TlsInUseTest {

    /** Its stores are those that were read last. */
    private static final class Read extends BaseTlsConfiguration {

        private KeyStore keys = store();
        private KeyStore trusted = store();

        @Override
        public KeyStore getKeyStore() {
            return keys;
        }

        @Override
        public KeyStore getTrustStore() {
            return trusted;
        }
    }

    /** Has one configuration. */
    private record Registry(TlsConfiguration only) implements TlsConfigurationRegistry {

        @Override
        public Optional<TlsConfiguration> get(String name) {
            return Optional.empty();
        }

        @Override
        public Optional<TlsConfiguration> getDefault() {
            return Optional.of(only);
        }

        @Override
        public void register(String name, TlsConfiguration configuration) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void whatWasReadCountsWhenItIsTaken() {
        Read read = new Read();
        TlsInUse inUse = new TlsInUse(new Registry(read), Optional.empty());
        KeyStore keys = read.keys;
        KeyStore trusted = read.trusted;
        read.keys = store();
        read.trusted = store();
        assertSame(keys, inUse.keys());
        assertSame(trusted, inUse.trusted());
        inUse.take(new Read()); // of another port
        assertSame(trusted, inUse.trusted());
        inUse.take(read);
        assertSame(read.keys, inUse.keys());
        assertSame(read.trusted, inUse.trusted());
    }

    private static KeyStore store() {
        try {
            return KeyStore.getInstance("PKCS12");
        } catch (KeyStoreException e) {
            throw new IllegalStateException(e);
        }
    }
}
