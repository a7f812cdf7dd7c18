package io.mirrorbootstrap.access;

import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.quarkus.arc.ClientProxy;
import io.quarkus.runtime.StartupEvent;

/**
 * The callers that may be let in, by the token file and the configuration of certificates. Any thread, also one that is still at work for a
 * link when the beans are gone.
 */
@Singleton
class KnownCallers implements Callers {

    private volatile TokenFile tokens;
    private volatile ClientCertificates certificates;

    KnownCallers(TokenFile tokens, ClientCertificates certificates) {
        this.tokens = tokens;
        this.certificates = certificates;
    }

    /** A proxy would make its bean anew when that is gone. Not earlier: the token file is read when the settings are known to be right. */
    void start(@Observes StartupEvent event) {
        tokens = ClientProxy.unwrap(tokens);
        certificates = ClientProxy.unwrap(certificates);
    }

    /** Another token in the file, as one for Prometheus, does not make one caller of clusters that share theirs. */
    @Override
    public ToldApart now() {
        if (certificates.isUsed()) {
            return tokens.hasSeveralCallers() ? ToldApart.BY_BOTH : ToldApart.BY_CERTIFICATE;
        }
        return tokens.hasSeveralCallers() ? ToldApart.BY_TOKEN : ToldApart.NOT;
    }
}
