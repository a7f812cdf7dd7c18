package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.snapshot.ToldApart;
import io.quarkus.arc.ClientProxy;
import io.quarkus.arc.InjectableBean;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.smallrye.config.SmallRyeConfigBuilder;

/** What links are told of the callers while the beans come and go. */
class KnownCallersTest {

    private final AccessSettings settings = new SmallRyeConfigBuilder().withMapping(AccessSettings.class).build()
            .getConfigMapping(AccessSettings.class);
    private boolean areBeansGone;

    @Test
    void aLinkThatIsAtWorkWhenTheBeansAreGoneIsAnswered() throws Exception {
        KnownCallers callers = new KnownCallers(new TokenFileProxy(), new CertificatesProxy());
        callers.start(null);
        assertEquals(ToldApart.NOT, callers.now());

        areBeansGone = true;

        assertEquals(ToldApart.NOT, callers.now());
    }

    @ParameterizedTest
    @CsvSource({"false,false,NOT", "true,false,BY_TOKEN", "false,true,BY_CERTIFICATE", "true,true,BY_BOTH"})
    void whatIsAskedForTellsCallersApart(boolean areTokensOfSeveral, boolean isCertificateAskedFor, ToldApart apart)
            throws Exception {
        TokenFile tokens = new TokenFile(settings, null) {
            @Override
            boolean hasSeveralCallers() {
                return areTokensOfSeveral;
            }
        };
        ClientCertificates certificates = new ClientCertificates(new TlsInUse(new NoTls(), Optional.empty())) {
            @Override
            boolean isUsed() {
                return isCertificateAskedFor;
            }
        };
        assertEquals(apart, new KnownCallers(tokens, certificates).now());
    }

    private <T> T instance(T bean) {
        if (areBeansGone) {
            throw new IllegalStateException("ArC container not initialized");
        }
        return bean;
    }

    private interface Proxy extends ClientProxy {

        @Override
        default InjectableBean<?> arc_bean() {
            throw new UnsupportedOperationException();
        }
    }

    private final class TokenFileProxy extends TokenFile implements Proxy {

        private final TokenFile bean = new TokenFile(settings, null);

        TokenFileProxy() throws InterruptedException {
            super(settings, null);
        }

        @Override
        boolean hasSeveralCallers() {
            return instance(bean).hasSeveralCallers();
        }

        @Override
        public Object arc_contextualInstance() {
            return instance(bean);
        }
    }

    private final class CertificatesProxy extends ClientCertificates implements Proxy {

        private final ClientCertificates bean = new ClientCertificates(new TlsInUse(new NoTls(), Optional.empty()));

        CertificatesProxy() {
            super(new TlsInUse(new NoTls(), Optional.empty()));
        }

        @Override
        boolean isUsed() {
            return instance(bean).isUsed();
        }

        @Override
        public Object arc_contextualInstance() {
            return instance(bean);
        }
    }

    private static final class NoTls implements TlsConfigurationRegistry {

        @Override
        public Optional<TlsConfiguration> get(String name) {
            return Optional.empty();
        }

        @Override
        public Optional<TlsConfiguration> getDefault() {
            return Optional.empty();
        }

        @Override
        public void register(String name, TlsConfiguration configuration) {
            throw new UnsupportedOperationException();
        }
    }
}
