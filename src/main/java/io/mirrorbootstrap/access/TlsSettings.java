package io.mirrorbootstrap.access;

import java.util.regex.Pattern;

import io.smallrye.config.ConfigSourceInterceptor;
import io.smallrye.config.ConfigSourceInterceptorContext;
import io.smallrye.config.ConfigValue;

/**
 * What Quarkus is told of the settings of its TLS registry. Any thread.
 * <ul>
 * <li>Not how often files are read again: {@link CertificateReloads} does that in its place.
 * <li>How long a handshake may take: a configuration of a name, which has none of the defaults of application.properties, has that of the
 * default configuration.
 * </ul>
 */
public final class TlsSettings implements ConfigSourceInterceptor {

    private static final long serialVersionUID = 1;

    /** In front of the name of a setting: as the operator has set it. */
    static final String AS_SET = "mirror-bootstrap.as-set.";

    private static final Pattern RELOAD = Pattern.compile("quarkus\\.tls\\.(.+\\.)?reload-period");
    private static final String HANDSHAKE = "handshake-timeout";
    private static final Pattern NAMED_HANDSHAKE = Pattern.compile("quarkus\\.tls\\..+\\." + HANDSHAKE);

    @Override
    public ConfigValue getValue(ConfigSourceInterceptorContext context, String name) {
        if (name.startsWith(AS_SET)) {
            return context.proceed(name.substring(AS_SET.length()));
        } else if (RELOAD.matcher(name).matches()) {
            return null;
        }
        ConfigValue value = context.proceed(name);
        if (NAMED_HANDSHAKE.matcher(name).matches() && (value == null || value.isDefault())) {
            ConfigValue common = context.proceed("quarkus.tls." + HANDSHAKE);
            return common == null ? value : common.withName(name);
        }
        return value;
    }
}
