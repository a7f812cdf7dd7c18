package io.mirrorbootstrap.access;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

import io.mirrorbootstrap.mirror.Switch;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;

/** Who may speak, {@code mirror-bootstrap.*}: docs/security.md explains each key. */
@ConfigMapping(prefix = "mirror-bootstrap")
interface AccessSettings {

    /** A file with one token a line, perhaps with a name and databases; whoever speaks must have one of them. Read again every second. */
    Optional<Path> authTokenFile();

    /** Whether the common name of a client's certificate is the only {@code source_cluster_id} it may use. */
    @WithDefault("false")
    @WithConverter(Switch.class)
    boolean clusterIdFromCertificate();

    /** Whether what was let in by a token is ended when that is no more in the file. */
    @WithDefault("false")
    @WithConverter(Switch.class)
    boolean removedTokenEndsLinks();

    /** Whether the port may be open to other machines though neither token nor certificate is asked for. */
    @WithDefault("false")
    @WithConverter(Switch.class)
    boolean insecure();

    /** Addresses, or blocks of them, of those whose word counts on whom they speak for: proxies before the sidecar. */
    Optional<List<String>> trustedProxies();
}
