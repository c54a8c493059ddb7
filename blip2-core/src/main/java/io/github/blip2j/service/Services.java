package io.github.blip2j.service;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Services of this library's class loader, then those of the thread's context class loader. With
 * the class loaders of application servers and fat jars, threads of common pools see fewer classes
 * than the library, and plug-ins see more.
 */
public final class Services {
  private static final Logger LOG = LoggerFactory.getLogger(Services.class);
  private static final int MOST_FAILED = 100; // a broken class path may fail without end

  private Services() {}

  /** One object of each class that is registered for {@code type}. */
  public static <T> List<T> find(Class<T> type) {
    Map<Class<?>, T> found = new LinkedHashMap<>();
    ServiceLoader.load(type, type.getClassLoader())
        .forEach(service -> found.put(service.getClass(), service));
    var besides = ServiceLoader.load(type).iterator();
    for (int failed = 0; failed < MOST_FAILED; ) {
      try {
        if (!besides.hasNext()) {
          break;
        }
        T service = besides.next();
        found.putIfAbsent(service.getClass(), service);
      } catch (ServiceConfigurationError e) {
        LOG.debug("{}: of another copy of this library: {}", type.getName(), e.toString());
        failed++;
      }
    }
    return List.copyOf(found.values());
  }
}
