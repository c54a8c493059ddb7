package io.github.blip2j.io.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The environment variables of {@code huggingface_hub}, with the same meaning. */
record HubEnvironment(Map<String, String> variables) {
  private static final String OFFLINE = "HF_HUB_OFFLINE";
  private static final String TIMEOUT = "HF_HUB_DOWNLOAD_TIMEOUT";
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

  HubEnvironment {
    variables = Map.copyOf(variables);
  }

  /** A variable's value, or null if it is unset or blank. */
  @Nullable String get(String name) {
    @Nullable String value = variables.get(name);
    return value == null || value.isBlank() ? null : value.strip();
  }

  /** The cache's folder. */
  Path cache() {
    @Nullable String cache = get("HF_HUB_CACHE");
    return cache == null ? home().resolve("hub") : expanded(cache);
  }

  /** Whether the network must not be used. */
  boolean offline() {
    @Nullable String value = get(OFFLINE);
    return value != null && TRUE.contains(value.toUpperCase(Locale.ROOT));
  }

  /** The token of {@code HF_TOKEN} or of the login file, or null. */
  @Nullable String token() throws IOException {
    @Nullable String token = get("HF_TOKEN");
    Path file = home().resolve("token");
    if (token == null && Files.isRegularFile(file)) {
      token = Files.readString(file).strip();
    }
    return token == null || token.isEmpty() ? null : token;
  }

  /** The longest silence of a host. */
  Duration timeout(Duration absent) {
    @Nullable String value = get(TIMEOUT);
    if (value == null) {
      return absent;
    }
    if (!value.matches("[1-9]\\d{0,5}")) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s: whole seconds expected, got %s", TIMEOUT, value));
    }
    return Duration.ofSeconds(Long.parseLong(value));
  }

  private Path home() {
    @Nullable String home = get("HF_HOME");
    if (home != null) {
      return expanded(home);
    }
    @Nullable String caches = get("XDG_CACHE_HOME");
    Path folder = caches == null ? userHome().resolve(".cache") : expanded(caches);
    return folder.resolve("huggingface");
  }

  private Path userHome() {
    @Nullable String home = get("HOME");
    return Path.of(home == null ? System.getProperty("user.home", "") : home);
  }

  private Path expanded(String path) {
    return path.startsWith("~/") ? userHome().resolve(path.substring(2)) : Path.of(path);
  }
}
