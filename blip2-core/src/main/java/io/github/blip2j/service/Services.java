package io.github.blip2j.service;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Services of this library's class loader, then those of the thread's context class loader. With
 * the class loaders of application servers and fat jars, threads of common pools see fewer classes
 * than the library, and plug-ins see more.
 *
 * <p>A service that cannot be made, as its class is missing or fails, is left out with a warning.
 */
public final class Services {
  private static final Logger LOG = LoggerFactory.getLogger(Services.class);
  private static final int MOST_FAILED = 100; // a broken class path may fail without end
  private static final Set<String> TOLD = ConcurrentHashMap.newKeySet(); // warn once

  private Services() {}

  /** One object of each class that is registered for {@code type}. */
  public static <T> List<T> find(Class<T> type) {
    Map<Class<?>, T> found = new LinkedHashMap<>();
    collect(
        type,
        type.getClassLoader(),
        found,
        e -> {
          String problem = problem(type, e);
          if (TOLD.add(problem)) {
            LOG.warn("{}; it is left out", problem);
          }
        });
    collect(
        type,
        Thread.currentThread().getContextClassLoader(),
        found,
        e -> LOG.debug("{}: of another copy of this library: {}", type.getName(), e.toString()));
    return List.copyOf(found.values());
  }

  /** What is wrong with the services of this library's class loader, a line each. */
  public static <T> List<String> problems(Class<T> type) {
    List<String> problems = new ArrayList<>();
    collect(
        type, type.getClassLoader(), new LinkedHashMap<>(), e -> problems.add(problem(type, e)));
    return problems;
  }

  private static <T> void collect(
      Class<T> type,
      @Nullable ClassLoader loader,
      Map<Class<?>, T> found,
      Consumer<Throwable> broken) {
    Iterator<T> services = ServiceLoader.load(type, loader).iterator();
    for (int failed = 0; failed < MOST_FAILED; ) {
      try {
        if (!services.hasNext()) {
          return;
        }
        T service = services.next();
        found.putIfAbsent(service.getClass(), service);
      } catch (ServiceConfigurationError | LinkageError e) {
        broken.accept(e);
        failed++;
      }
    }
  }

  private static String problem(Class<?> type, Throwable e) {
    String said = String.valueOf(e.getMessage()).replace(type.getName() + ": ", "");
    String cause = e.getCause() == null ? "" : " (" + e.getCause() + ")";
    return String.format(
        Locale.ROOT,
        "services: class of META-INF/services/%s expected, got: %s%s; add its jar to the class"
            + " path, or remove the line",
        type.getName(),
        e instanceof ServiceConfigurationError ? said : e.toString(),
        cause);
  }
}
