package io.github.blip2j.server.models;

import io.github.blip2j.blip2.checkpoint.Inspection;
import io.github.blip2j.blip2.checkpoint.Inspection.Use;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A model that can be loaded.
 *
 * @param name what clients call it
 * @param path its folder or file, or null for the bundled model
 * @param kind what it can do
 * @param bytes an estimate of its memory
 */
public record ModelSource(String name, @Nullable Path path, ModelKind kind, long bytes) {
  private static final long BUNDLED_BYTES = 30L << 20;

  /**
   * The bundled model.
   *
   * @param kind whether the one that writes or the one that matches
   */
  public static ModelSource bundled(String name, ModelKind kind) {
    return new ModelSource(name, null, kind, BUNDLED_BYTES);
  }

  /** The folder or file that it is loaded from; empty for the bundled model. */
  public List<Path> files() {
    return path == null ? List.of() : List.of(path);
  }

  /**
   * A model in a folder or a file, of which only the headers are read.
   *
   * @throws CheckpointException if no loader of this library fits it
   */
  public static ModelSource of(String name, Path path, Precision precision) throws IOException {
    try (Inspection inspection = Inspection.open(path)) {
      for (Use use : inspection.uses()) {
        if (use.refusal().isEmpty() && use.missing().isEmpty() && use.misshapen().isEmpty()) {
          if (use.name().equals("Blip2")) {
            return new ModelSource(name, path, ModelKind.GENERATE, bytes(inspection, precision));
          }
          if (use.name().equals("ImageTextMatcher")) {
            return new ModelSource(name, path, ModelKind.MATCH, bytes(inspection, precision));
          }
        }
      }
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: model expected that generates or matches, got %s; see blip2 inspect",
              path,
              inspection.kind()));
    }
  }

  private static long bytes(Inspection inspection, Precision precision) {
    long elements =
        inspection.checkpoint().tensors().values().stream()
            .mapToLong(entry -> entry.shape().size())
            .sum();
    return elements
        * switch (precision) {
          case FLOAT32 -> 4;
          case BFLOAT16 -> 2;
          case INT8 -> 1;
        };
  }
}
