package io.github.blip2j.pretraining.features;

import io.github.blip2j.data.DataException;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The output of a frozen vision encoder for the images of a data set, as {@link PatchWriter} writes
 * it. A safetensors file with one tensor, of which rows are read when they are needed.
 *
 * <pre>{@code
 * patches [I, V, N, E]   float32 or bfloat16: images, views, tokens, width
 * }</pre>
 */
public final class PatchFile implements AutoCloseable {
  /** The name of the tensor. */
  static final String TENSOR = "patches";

  private final Path path;
  private final SafetensorsFile file;
  private final TensorEntry entry;
  private final PatchHeader header;
  private final Map<String, Integer> rows = new HashMap<>();

  private PatchFile(Path path, SafetensorsFile file, TensorEntry entry, PatchHeader header) {
    this.path = path;
    this.file = file;
    this.entry = entry;
    this.header = header;
    for (int i = 0; i < header.images().size(); i++) {
      rows.put(header.images().get(i), i);
    }
  }

  /**
   * Opens a file.
   *
   * @throws CheckpointException if it is another, or damaged
   */
  public static PatchFile open(Path path) throws IOException {
    SafetensorsFile file = SafetensorsFile.open(path);
    boolean opened = false;
    try {
      PatchHeader header = PatchHeader.of(path.toString(), file.metadata());
      @Nullable TensorEntry entry = file.tensors().get(TENSOR);
      boolean fits =
          entry != null
              && entry.shape().rank() == 4
              && entry.shape().dim(0) == header.images().size()
              && entry.shape().dim(1) == header.views();
      if (entry == null || !fits) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: patches expected of %d images in %d views, got %s; write it again",
                path,
                header.images().size(),
                header.views(),
                entry == null ? "none" : entry.shape()));
      }
      var patches = new PatchFile(path, file, entry, header);
      opened = true;
      return patches;
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  /** The number of views of each image. */
  public int views() {
    return header.views();
  }

  /** Whether the views are random crops of the images. */
  public boolean isAugmented() {
    return header.augmented();
  }

  /**
   * Checks that the file is of this encoder, with images of its size.
   *
   * @throws CheckpointException if it is not
   */
  public void require(Tower tower) throws IOException {
    PatchHeader.Source own = tower.source();
    PatchHeader.Source stored = header.source();
    if (own.imageSize() != stored.imageSize()) {
      throw refused("images of " + own.imageSize() + " pixels", stored.imageSize() + " pixels");
    }
    if (!own.sum().equals(stored.sum())) {
      throw refused("this model's vision encoder (sum " + own.sum() + ")", stored.sum());
    }
    if (!header.augmented() && !own.processor().equals(stored.processor())) {
      throw refused("image processor " + own.processor(), stored.processor());
    }
  }

  private CheckpointException refused(String expected, String got) {
    return new CheckpointException(
        String.format(
            Locale.ROOT,
            "%s: stored features expected of %s, got %s; write them with embed --kind patches"
                + " --data",
            path,
            expected,
            got));
  }

  /**
   * Checks that an image is in the file, and has not changed since.
   *
   * @param name as in the records
   * @param image its file
   * @throws DataException if it is not or has
   */
  public void require(String name, Path image) throws IOException {
    require(name, Files.size(image));
  }

  /**
   * Checks that images are in the file, and have not changed since.
   *
   * @throws DataException if one is not or has
   */
  public void require(ImageList images) throws IOException {
    for (int i = 0; i < images.names().size(); i++) {
      require(images.names().get(i), images.bytes(i));
    }
  }

  private void require(String name, long now) throws DataException {
    @Nullable Integer row = rows.get(name);
    if (row == null) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: features expected of every image, got none of %s; write them of these records",
              path,
              name));
    }
    long then = header.bytes().get(row);
    if (now != then) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: %s expected as it was, %d bytes, got %d; write the features again",
              path,
              name,
              then,
              now));
    }
  }

  /**
   * The features of an image, after {@link #require(String, Path)}.
   *
   * @param view 0 to {@link #views}, exclusive
   * @return [1, N, E], float32
   */
  public Tensor read(String name, int view) throws IOException {
    @Nullable Integer row = rows.get(name);
    if (row == null || view < 0 || view >= header.views()) {
      throw new IllegalArgumentException(
          path + ": stored image and view expected, got " + name + " and " + view);
    }
    Shape one = Shape.of(1, entry.shape().dim(2), entry.shape().dim(3));
    long bytes = one.size() * entry.dtype().byteSize();
    long begin = ((long) row * header.views() + view) * bytes;
    return Tensor.read(name, entry.dtype(), one, (at, into) -> file.read(TENSOR, begin + at, into))
        .to(DType.FLOAT32);
  }

  /** Closes the file. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
