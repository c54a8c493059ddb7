package io.github.blip2j.backend;

import io.github.blip2j.backend.BackendProvider.Support;
import io.github.blip2j.service.Services;
import io.github.blip2j.tensor.types.Precision;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The backends of this process, each created once, when it is first asked for. */
final class BackendRegistry {
  private static final Logger LOG = LoggerFactory.getLogger(BackendRegistry.class);
  static final String PROPERTY = "blip2.backend";
  private static final String FORMER_PROPERTY = "blip2.kernels";

  private static final String REFERENCE = "nd4j";

  private static final Map<String, Backend> CREATED = new HashMap<>(); // guarded by the class
  private static volatile @Nullable Backend preferred;

  private static final Set<Precision> TOLD = ConcurrentHashMap.newKeySet(); // warn once

  private BackendRegistry() {}

  static Backend preferred() {
    Backend backend = preferred;
    return backend == null ? chooseOnce() : backend;
  }

  // Not a static initializer: an error is then reported directly, each time.
  private static synchronized Backend chooseOnce() {
    Backend backend = preferred;
    if (backend == null) {
      String name = chosen(System.getProperty(PROPERTY), System.getProperty(FORMER_PROPERTY));
      List<BackendProvider> providers = providers();
      BackendProvider provider =
          name == null ? fastest(providers) : named(PROPERTY, name, providers);
      LOG.info("backend: {} ({})", provider.name(), support(provider).reason());
      backend = create(provider);
      preferred = backend;
    }
    return backend;
  }

  static @Nullable String chosen(@Nullable String property, @Nullable String former) {
    if (former != null) {
      LOG.warn("{}: deprecated, use {}", FORMER_PROPERTY, PROPERTY);
    }
    return property == null ? former : property;
  }

  static synchronized Backend of(String name) {
    Backend created = CREATED.get(name);
    return created == null ? create(named("backend", name, providers())) : created;
  }

  // A provider may ask for the reference's kernels meanwhile, on this thread.
  private static synchronized Backend create(BackendProvider provider) {
    Backend created = CREATED.get(provider.name());
    if (created == null) {
      created = made(provider);
      CREATED.put(provider.name(), created);
    }
    return created;
  }

  private static Backend made(BackendProvider provider) {
    try {
      return provider.create();
    } catch (RuntimeException | LinkageError e) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "backend: %s expected to start, got %s; choose another with -D%s=",
              provider.name(),
              e,
              PROPERTY),
          e);
    }
  }

  /** The reference kernels, which implement everything on the host. */
  static Kernels reference() {
    List<BackendProvider> providers = providers();
    if (providers.stream().noneMatch(provider -> provider.name().equals(REFERENCE))) {
      throw noReference(providers);
    }
    return of(REFERENCE).kernels();
  }

  static Map<String, Support> available() {
    Map<String, Support> supports = new LinkedHashMap<>();
    providers().forEach(provider -> supports.putIfAbsent(provider.name(), support(provider)));
    return supports;
  }

  static void warnIfSlow(Precision precision, Kernels kernels) {
    String complaint = complaint(precision, kernels);
    if (complaint != null && TOLD.add(precision)) {
      LOG.warn(complaint);
    }
  }

  static @Nullable String complaint(Precision precision, Kernels kernels) {
    return precision == Precision.FLOAT32 || kernels.accelerates(precision)
        ? null
        : String.format(
            Locale.ROOT,
            "%s: kernels that multiply it expected, got %s, which round to it and multiply float32"
                + " here; float32 is faster",
            precision,
            kernels.name());
  }

  static BackendProvider fastest(List<BackendProvider> providers) {
    return providers.stream()
        .max(Comparator.comparingInt(provider -> support(provider).speed()))
        .filter(provider -> support(provider).speed() > 0)
        .orElseThrow(() -> noReference(providers));
  }

  static BackendProvider named(String where, String name, List<BackendProvider> providers) {
    BackendProvider named =
        providers.stream()
            .filter(provider -> provider.name().equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        String.format(
                            Locale.ROOT,
                            "%s: expected %s, got %s; choose one of these, or add the jar that has it",
                            where,
                            names(providers),
                            name.isEmpty() ? "an empty name" : name)));
    Support support = support(named);
    if (support.speed() <= 0) {
      List<BackendProvider> able =
          providers.stream().filter(provider -> support(provider).speed() > 0).toList();
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: expected one that runs here (%s), got %s, which cannot: %s",
              where,
              names(able),
              name,
              support.reason()));
    }
    return named;
  }

  /** What a provider says of this machine; one that fails to, cannot run here. */
  private static Support support(BackendProvider provider) {
    try {
      return provider.support();
    } catch (RuntimeException | LinkageError e) {
      LOG.debug("{}: support expected, got an exception", provider.name(), e);
      return new Support(0, provider.getClass().getName() + ".support() failed: " + e);
    }
  }

  /** All providers that this library or the thread can see. */
  static List<BackendProvider> providers() {
    return Services.find(BackendProvider.class);
  }

  private static IllegalStateException noReference(List<BackendProvider> providers) {
    return new IllegalStateException(
        "backend: provider "
            + REFERENCE
            + " expected, got "
            + (providers.isEmpty() ? "none" : names(providers))
            + "; a jar made of several has to join their files under META-INF/services");
  }

  private static String names(List<BackendProvider> providers) {
    return providers.stream().map(BackendProvider::name).collect(Collectors.joining(" or "));
  }
}
