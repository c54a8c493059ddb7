package io.github.blip2j.distributed;

import io.github.blip2j.service.Services;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses the provider of collectives. */
final class CollectivesRegistry {
  static final String PROPERTY = "blip2.collectives";
  static final String SINGLE = "single";

  private static final Logger LOG = LoggerFactory.getLogger(CollectivesRegistry.class);

  private CollectivesRegistry() {}

  static Collectives open() {
    return open(
        System.getProperty(PROPERTY),
        Launcher.of(System.getenv()),
        Services.find(CollectivesProvider.class));
  }

  static Collectives open(
      @Nullable String name, Optional<Launcher> launcher, List<CollectivesProvider> providers) {
    if (SINGLE.equals(name)) {
      return new SingleProcess();
    }
    if (name != null) {
      return opened(named(name, providers));
    }
    if (launcher.isEmpty() || !launcher.get().hasOthers()) {
      return new SingleProcess();
    }
    return opened(
        providers.stream()
            .filter(CollectivesProvider::isAvailable)
            .findFirst()
            .orElseThrow(() -> none(launcher.get(), providers)));
  }

  private static Collectives opened(CollectivesProvider provider) {
    Collectives collectives = provider.open();
    LOG.info("collectives: {}", collectives);
    return collectives;
  }

  private static CollectivesProvider named(String name, List<CollectivesProvider> providers) {
    CollectivesProvider named =
        providers.stream()
            .filter(provider -> provider.name().equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        String.format(
                            Locale.ROOT,
                            "%s: expected %s, got %s; choose one of these, or add the jar that has"
                                + " it",
                            PROPERTY,
                            Stream.concat(
                                    Stream.of(SINGLE),
                                    providers.stream().map(CollectivesProvider::name))
                                .collect(Collectors.joining(" or ")),
                            name.isEmpty() ? "an empty name" : name)));
    if (!named.isAvailable()) {
      throw new IllegalStateException(named.description());
    }
    return named;
  }

  private static IllegalStateException none(
      Launcher launcher, List<CollectivesProvider> providers) {
    if (providers.isEmpty()) {
      return new IllegalStateException(
          String.format(
              Locale.ROOT,
              "collectives: provider expected, as this process was started as %s, got none; add"
                  + " io.github.blip2j:blip2-mpi to the class path, or set -D%s=%s to let each"
                  + " process work alone",
              launcher,
              PROPERTY,
              SINGLE));
    }
    return new IllegalStateException(
        providers.stream().map(CollectivesProvider::description).collect(Collectors.joining("\n")));
  }
}
