package io.github.blip2j.bench;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Captions images with the bundled model, a new image each time, and writes the memory of the
 * process after every fifty captions: bytes of Java's heap after a collection, bytes of tensors in
 * use, and MiB of resident memory.
 *
 * <pre>{@code
 * java ... io.github.blip2j.bench.MemoryTrace CAPTIONS OUT-FILE
 * }</pre>
 */
public final class MemoryTrace {
  private static final int EVERY = 50;
  private static final int SIDE = 224;

  private MemoryTrace() {}

  /** Writes the trace. */
  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      throw new IllegalArgumentException(
          "MemoryTrace: arguments expected CAPTIONS OUT-FILE, got " + args.length);
    }
    List<String> lines = trace(Integer.parseInt(args[0]), EVERY);
    Files.writeString(Path.of(args[1]), String.join("\n", lines) + "\n", StandardCharsets.UTF_8);
  }

  /** A header, and a line after each {@code every} captions. */
  static List<String> trace(int captions, int every) throws IOException {
    SplittableRandom random = new SplittableRandom(0);
    List<String> lines = new ArrayList<>();
    lines.add("captions heap_bytes tensor_bytes resident_mib");
    try (var blip2 = Blip2.bundled()) {
      for (int done = 1; done <= captions; done++) {
        blip2.generate(image(random), "", GenerationConfig.greedy().maxNewTokens(8));
        if (done % every == 0) {
          lines.add(
              String.format(
                  Locale.ROOT,
                  "%d %d %d %.1f",
                  done,
                  heapAfterCollection(),
                  TensorMemory.usedBytes(),
                  ProcessMemory.resident().orElse(Double.NaN)));
        }
      }
    }
    return lines;
  }

  private static long heapAfterCollection() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static Image image(SplittableRandom random) {
    byte[] pixels = new byte[3 * SIDE * SIDE];
    random.nextBytes(pixels);
    return Image.of(SIDE, SIDE, pixels);
  }
}
