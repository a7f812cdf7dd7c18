package io.mirrorbootstrap.access;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.Optional;

import javax.net.ssl.KeyManager;
import javax.net.ssl.X509KeyManager;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.eclipse.microprofile.config.inject.ConfigProperty;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.vertx.core.Vertx;

/** The certificate that the service shows: that its key is the one that it was issued for shows in no file, and not at the start. */
@ApplicationScoped
class OwnCertificate {

    private static final byte[] ANYTHING = "anything".getBytes(StandardCharsets.US_ASCII);

    /** How each kind of key signs; of others nothing is said. */
    private static final Map<String, String> SIGNATURES = Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA",
            "EdDSA",
            "EdDSA", "Ed25519", "EdDSA", "Ed448", "EdDSA");

    private final Optional<TlsConfiguration> tls;
    private final Vertx vertx;

    OwnCertificate(TlsConfigurationRegistry registry,
            @ConfigProperty(name = "quarkus.http.tls-configuration-name") Optional<String> name, Vertx vertx) {
        this.tls = name.isPresent() ? registry.get(name.get()) : registry.getDefault();
        this.vertx = vertx;
    }

    void check(@Observes @Priority(2) StartupEvent event) {
        tls.map(TlsConfiguration::getKeyStoreOptions).ifPresent(options -> {
            try {
                for (KeyManager each : options.getKeyManagerFactory(vertx).getKeyManagers()) {
                    if (each instanceof X509KeyManager manager) {
                        check(manager);
                    }
                }
            } catch (ConfigurationException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static void check(X509KeyManager manager) throws GeneralSecurityException {
        for (String kind : SIGNATURES.keySet()) {
            String[] aliases = manager.getServerAliases(kind, null);
            for (String alias : aliases == null ? new String[0] : aliases) {
                X509Certificate certificate = manager.getCertificateChain(alias)[0];
                if (!belongs(manager.getPrivateKey(alias), certificate)) {
                    throw new ConfigurationException("quarkus.tls.key-store.pem: the certificate of "
                            + certificate.getSubjectX500Principal().getName()
                            + " is not for the key that is set with it");
                }
            }
        }
    }

    private static boolean belongs(PrivateKey key, X509Certificate certificate) throws GeneralSecurityException {
        String algorithm = SIGNATURES.get(key.getAlgorithm());
        if (algorithm == null) {
            return true;
        }
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(ANYTHING);
        byte[] signed = signature.sign();
        try {
            signature.initVerify(certificate.getPublicKey());
            signature.update(ANYTHING);
            return signature.verify(signed);
        } catch (InvalidKeyException | SignatureException e) {
            return false; // a key of another kind, or of another length
        }
    }
}
