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
  /** A backend before it is created. */
  record Choice(BackendProvider provider, String device) {
    /** The provider's first device. */
    static Choice first(BackendProvider provider) {
      return new Choice(provider, BackendRegistry.devices(provider).get(0));
    }
  }

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
      Choice choice =
          name == null ? Choice.first(fastest(providers)) : named(PROPERTY, name, providers);
      LOG.info("backend: {} ({})", choice.device, support(choice.provider).reason());
      backend = create(choice);
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
  private static synchronized Backend create(Choice choice) {
    Backend created = CREATED.get(choice.device);
    if (created == null) {
      created = made(choice);
      CREATED.put(choice.device, created);
    }
    return created;
  }

  private static Backend made(Choice choice) {
    try {
      return choice.provider.create(choice.device);
    } catch (RuntimeException | LinkageError e) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "backend: %s expected to start, got %s; choose another with -D%s=",
              choice.device,
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
    for (BackendProvider provider : providers()) {
      for (String name : names(provider)) {
        supports.putIfAbsent(name, support(provider));
      }
    }
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

  /** The backend of a provider's or a device's name. */
  static Choice named(String where, String name, List<BackendProvider> providers) {
    BackendProvider named =
        providers.stream()
            .filter(each -> name.equals(each.name()) || name.startsWith(each.name() + ":"))
            .findFirst()
            .orElseThrow(() -> unknown(where, name, providers));
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
    if (name.equals(named.name())) {
      return Choice.first(named);
    }
    if (!devices(named).contains(name)) {
      throw unknown(where, name, providers);
    }
    return new Choice(named, name);
  }

  private static List<String> devices(BackendProvider provider) {
    List<String> devices = provider.devices();
    if (devices.isEmpty()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "backend: provider %s expected a device or a support of speed 0, got neither",
              provider.name()));
    }
    return devices;
  }

  /** The names of its backends; its own if it cannot run here. */
  private static List<String> names(BackendProvider provider) {
    return support(provider).speed() <= 0 ? List.of(provider.name()) : devices(provider);
  }

  private static IllegalArgumentException unknown(
      String where, String name, List<BackendProvider> providers) {
    return new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "%s: expected %s, got %s; choose one of these, or add the jar that has it",
            where,
            names(providers),
            name.isEmpty() ? "an empty name" : name));
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
    return providers.stream()
        .flatMap(provider -> names(provider).stream())
        .collect(Collectors.joining(" or "));
  }
}
