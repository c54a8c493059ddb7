package io.github.blip2j.io.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The folder of downloaded models, in the layout of Python's {@code huggingface_hub}, so that the
 * two libraries share their downloads:
 *
 * <pre>{@code
 * models--org--name/refs/main              the commit that main was at
 * models--org--name/snapshots/<commit>/    the model's folder: links to
 * models--org--name/blobs/<etag>           the files' contents
 * }</pre>
 *
 * Nothing here uses the network; {@link Hub} does.
 */
public final class HubCache {
  private final Path path;

  private HubCache(Path path) {
    this.path = path;
  }

  /**
   * The cache of this user: {@code HF_HUB_CACHE}, or else {@code hub} in {@code HF_HOME}, or else
   * {@code huggingface/hub} in {@code XDG_CACHE_HOME} or {@code ~/.cache}.
   */
  public static HubCache standard() {
    return of(System.getenv());
  }

  /** The cache that environment variables name. */
  public static HubCache of(Map<String, String> environment) {
    return new HubCache(new HubEnvironment(environment).cache());
  }

  /** A cache in another folder, which need not exist yet. */
  public static HubCache at(Path path) {
    return new HubCache(path);
  }

  /** The folder itself. */
  public Path path() {
    return path;
  }

  /**
   * The folder of a downloaded model.
   *
   * @param id {@code org/name}, or {@code org/name@revision} with a branch, tag or commit
   * @throws HubException if the model is not in the cache
   * @throws IllegalArgumentException if the id is invalid
   */
  public Path folder(String id) throws IOException {
    return folder(ModelId.parse(id), "in");
  }

  /**
   * The path of a model that a user names: an existing file or folder of that name, or else {@link
   * #folder} if the name could be an id. Any other name is returned as a path, so that the loader
   * reports the missing file.
   *
   * @throws HubException if the name could be an id, and neither a file nor the cache has it
   */
  public Path resolve(String pathOrId) throws IOException {
    @Nullable ModelId id = ModelId.parseOrNull(pathOrId);
    return id == null || Files.exists(Path.of(pathOrId))
        ? Path.of(pathOrId)
        : folder(id, "as a folder or in");
  }

  ModelCache model(ModelId id) {
    return new ModelCache(path, id);
  }

  private Path folder(ModelId id, String where) throws IOException {
    @Nullable Path folder = model(id).find();
    if (folder == null) {
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: model expected %s the cache %s, got none; run blip2 download %s",
              id,
              where,
              path,
              id));
    }
    return folder;
  }
}
