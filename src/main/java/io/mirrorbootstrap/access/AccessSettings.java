package io.mirrorbootstrap.access;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

import io.mirrorbootstrap.mirror.Switch;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;

/** Who is let in, {@code mirror-bootstrap.*}: docs/security.md explains each key. */
@ConfigMapping(prefix = "mirror-bootstrap")
interface AccessSettings {

    /** A file with one token a line, with or without a name and databases; a caller must show one of them. Read again every second. */
    Optional<Path> authTokenFile();

    /** Whether the common name of a client's certificate is the only {@code source_cluster_id} it may use. */
    @WithDefault("false")
    @WithConverter(Switch.class)
    boolean clusterIdFromCertificate();

    /** Whether links and streams are ended when the token that let them in is no longer in the file. */
    @WithDefault("false")
    @WithConverter(Switch.class)
    boolean removedTokenEndsLinks();

    /** Whether the port may be open to other machines though neither token nor certificate is asked for. */
    @WithDefault("false")
    @WithConverter(Switch.class)
    boolean insecure();

    /** Addresses, or blocks of them, of proxies before the sidecar, which are believed when they say for whom they speak. */
    Optional<List<String>> trustedProxies();
}
