package io.mirrorbootstrap.access;

import java.util.regex.Pattern;

import io.smallrye.config.ConfigSourceInterceptor;
import io.smallrye.config.ConfigSourceInterceptorContext;
import io.smallrye.config.ConfigValue;

/**
 * What Quarkus is told of the settings of its TLS registry. A configuration of a name has none of the defaults of
 * application.properties: a handshake has as long there as by the default configuration. Any thread.
 */
public final class TlsSettings implements ConfigSourceInterceptor {

    private static final long serialVersionUID = 1;

    private static final String HANDSHAKE = "handshake-timeout";
    private static final Pattern NAMED_HANDSHAKE = Pattern.compile("quarkus\\.tls\\..+\\." + HANDSHAKE);

    @Override
    public ConfigValue getValue(ConfigSourceInterceptorContext context, String name) {
        ConfigValue value = context.proceed(name);
        if (NAMED_HANDSHAKE.matcher(name).matches() && (value == null || value.isDefault())) {
            ConfigValue common = context.proceed("quarkus.tls." + HANDSHAKE);
            return common == null ? value : common.withName(name);
        }
        return value;
    }
}
