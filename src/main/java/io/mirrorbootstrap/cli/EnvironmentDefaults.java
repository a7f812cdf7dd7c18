package io.mirrorbootstrap.cli;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import io.mirrorbootstrap.mirror.SettingsKeys;

import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The variables that stand in for the options by which a client reaches its sidecar, {@code MIRROR_BOOTSTRAP_URL} for {@code --url} and so
 * on. An option wins; an empty variable counts as absent, as in a pod that sets it for some of its containers.
 *
 * @param environment of the process
 */
record EnvironmentDefaults(Map<String, String> environment) implements IDefaultValueProvider {

    @Override
    public String defaultValue(ArgSpec argument) {
        return variable(argument).map(environment::get).orElse(null);
    }

    /** The variable that {@code argument} has its value of, where no option does. */
    Optional<String> variable(ArgSpec argument) {
        return argument instanceof OptionSpec option
                ? Optional.of(name(option)).filter(name -> SettingsKeys.OF_CLIENTS.contains(name) || isSetting(option))
                        .filter(name -> !environment.getOrDefault(name, "").isEmpty())
                : Optional.empty();
    }

    /** What reads the service's files beside it finds them as the service does; to {@code wait}, a sidecar says where they are. */
    private static boolean isSetting(OptionSpec option) {
        return option.longestName().equals("--data-dir") && option.command().name().equals(VerifyCommand.NAME);
    }

    private static String name(OptionSpec option) {
        return SettingsKeys.ENVIRONMENT_PREFIX
                + option.longestName().replaceFirst("^--", "").replace('-', '_').toUpperCase(Locale.ROOT);
    }
}
