package io.mirrorbootstrap.access;

import jakarta.enterprise.context.ApplicationScoped;

import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.ToldApart;

/** The callers that may be let in, by the token file and the configuration of certificates. Any thread. */
@ApplicationScoped
class KnownCallers implements Callers {

    private final TokenFile tokens;
    private final ClientCertificates certificates;

    KnownCallers(TokenFile tokens, ClientCertificates certificates) {
        this.tokens = tokens;
        this.certificates = certificates;
    }

    /** By certificates only where tokens do not: several clusters may have one token. */
    @Override
    public ToldApart now() {
        if (tokens.hasSeveralCallers()) {
            return ToldApart.BY_TOKEN;
        }
        return certificates.isUsed() ? ToldApart.BY_CERTIFICATE : ToldApart.NOT;
    }
}
