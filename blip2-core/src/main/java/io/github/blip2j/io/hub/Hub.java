package io.github.blip2j.io.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A hub to download models from, into a {@link HubCache}.
 *
 * <pre>{@code
 * Path folder = Hub.standard().download("Salesforce/blip2-opt-2.7b").folder();
 * }</pre>
 *
 * Files in the cache are not downloaded again, and incomplete files are resumed. Each file is
 * checked against its checksum before it gets its name. The token is sent to the hub only, not to
 * the hosts that store its files.
 */
public final class Hub {
  private final HubEnvironment environment;
  private final HubCache cache;
  private final boolean offline;
  private final DownloadResources means;

  private Hub(
      HubEnvironment environment, HubCache cache, boolean offline, DownloadResources means) {
    this.environment = environment;
    this.cache = cache;
    this.offline = offline;
    this.means = means;
  }

  /**
   * The hub of this user: at {@code HF_ENDPOINT}, with the token in {@code HF_TOKEN} or {@code
   * HF_HOME/token}, into {@link HubCache#standard}; offline if {@code HF_HUB_OFFLINE} says so. A
   * host may be silent for {@code HF_HUB_DOWNLOAD_TIMEOUT} seconds, 10 by default.
   */
  public static Hub standard() {
    return of(System.getenv());
  }

  /** The hub that environment variables name. */
  public static Hub of(Map<String, String> variables) {
    var environment = new HubEnvironment(variables);
    Limits limits = Limits.standard(environment.timeout(Limits.SILENCE));
    return new Hub(
        environment,
        HubCache.of(variables),
        environment.offline(),
        new DownloadResources(limits, LocalDisk.HERE));
  }

  /** This hub with another cache. */
  public Hub into(HubCache newCache) {
    return new Hub(environment, newCache, offline, means);
  }

  /** This hub without the network: only models in the cache are found. */
  public Hub offline() {
    return new Hub(environment, cache, true, means);
  }

  Hub with(DownloadResources newMeans) {
    return new Hub(environment, cache, offline, newMeans);
  }

  /**
   * Downloads the files that loading a model needs.
   *
   * @param id {@code org/name}, or {@code org/name@revision} with a branch, tag or commit
   * @throws HubException if the hub doesn't have the model, refuses it, or can't be reached
   * @throws IllegalArgumentException if the id or an environment variable is invalid
   */
  public Download download(String id) throws IOException {
    return download(id, FileChoice.standard(), (file, done, total) -> {});
  }

  /**
   * Downloads the chosen files of a model; offline, only those in the cache.
   *
   * @param id {@code org/name}, or {@code org/name@revision} with a branch, tag or commit
   * @throws HubException if the hub doesn't have the files, refuses them, or can't be reached
   * @throws IllegalArgumentException if the id or an environment variable is invalid
   */
  public Download download(String id, FileChoice files, DownloadListener listener)
      throws IOException {
    ModelCache model = cache.model(ModelId.parse(id));
    if (offline) {
      return present(model, files);
    }
    var client = new HubClient(model.id(), HubEndpoint.of(environment), means.limits().silence());
    return new Downloading(model, client, means, listener).run(files);
  }

  private static Download present(ModelCache model, FileChoice choice) throws IOException {
    @Nullable Path folder = model.find();
    if (folder == null) {
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: model expected in the cache %s, got none; %s",
              model.id(),
              model.cache(),
              "this is offline, so unset HF_HUB_OFFLINE or leave out --offline to download"
                  + " it"));
    }
    ModelId id = model.id();
    List<DownloadedFile> files = new ArrayList<>();
    for (String name : choice.of(id, names(folder))) {
      files.add(new DownloadedFile(name, Files.size(folder.resolve(name)), false));
    }
    return new Download(id.name(), id.revision(), ModelCache.commitOf(folder), folder, files);
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      return paths
          .filter(Files::isRegularFile)
          .sorted()
          .map(path -> folder.relativize(path).toString().replace('\\', '/'))
          .toList();
    }
  }
}
