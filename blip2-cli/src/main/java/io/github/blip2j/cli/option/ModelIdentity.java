package io.github.blip2j.cli.option;

import io.github.blip2j.data.DataFile;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.io.file.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether files changed between two runs, by their names, sizes and times: the weights of a
 * model are too large to be read for that.
 */
public final class ModelIdentity {
  private static final int BYTES = 8;

  private ModelIdentity() {}

  /** Sixteen hexadecimal digits that change with the files of these models. */
  public static String of(List<Path> models) throws IOException {
    MessageDigest digest = Sha256.begin();
    for (Path model : models) {
      try (Stream<Path> files = Files.isDirectory(model) ? Files.list(model) : Stream.of(model)) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          String line =
              PathName.of(model.relativize(file))
                  + '\t'
                  + Files.size(file)
                  + '\t'
                  + Files.getLastModifiedTime(file).toMillis()
                  + '\n';
          digest.update(line.getBytes(StandardCharsets.UTF_8));
        }
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }
    return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
  }

  /** The same for the content of a file, of any size. */
  public static String ofContent(Path file) throws IOException {
    MessageDigest digest = Sha256.begin();
    byte[] block = new byte[1 << 16];
    try (var in = Files.newInputStream(file)) {
      for (int read = in.read(block); read >= 0; read = in.read(block)) {
        digest.update(block, 0, read);
      }
    }
    return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
  }

  /** The same for the records that are read of a file; answers that are apart do not count. */
  public static String ofContent(DataFile data) throws IOException {
    @Nullable String split = data.split();
    return ofContent(data.path()) + (split == null ? "" : "@" + split);
  }

  /**
   * What tells a folder of images from another one with the same names, wherever it lies: the size
   * of an image in it.
   *
   * @param image its path in the folder, or null if the data does not tell
   */
  public static String ofImages(Path folder, @Nullable String image) throws IOException {
    if (image == null) {
      return "unknown";
    }
    Path file = PathName.listed(folder, image);
    return image + (Files.isRegularFile(file) ? ", " + Files.size(file) + " bytes" : ", missing");
  }

  /** The same by the sizes of all images, which must exist. */
  public static String ofSizes(Path folder, List<String> images) throws IOException {
    MessageDigest digest = Sha256.begin();
    for (String image : images) {
      String line = image + '\t' + Files.size(PathName.listed(folder, image)) + '\n';
      digest.update(line.getBytes(StandardCharsets.UTF_8));
    }
    return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
  }
}
