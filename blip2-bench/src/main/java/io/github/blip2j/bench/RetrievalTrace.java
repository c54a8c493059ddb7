package io.github.blip2j.bench;

import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.qformer.retrieval.RetrievalIndex;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Ranks random images and texts in an index of full size: tokens [257, 1408] on disk, as from
 * ViT-g, features of 32 queries by 256 in the heap. Only the Q-Former is small, one layer of width
 * 32, so that matching takes microseconds a pair instead of a tenth of a second. Writes the seconds
 * of each step and the memory after it.
 *
 * <pre>{@code
 * java ... io.github.blip2j.bench.RetrievalTrace IMAGES TEXTS K FOLDER OUT-FILE
 * }</pre>
 *
 * <p>The folder holds the temporary file, 1.4 MiB for each image.
 */
public final class RetrievalTrace {
  private static final int BATCH = 8;
  private static final int TOKENS = 257;
  private static final int WIDTH = 1408;
  private static final int WORDS = 1000;
  private static final int LENGTH = 12;
  private static final String SMALL =
      """
      {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
       "intermediate_size": 64, "vocab_size": 1000, "max_position_embeddings": 35,
       "use_qformer_text_input": true}
      """;

  private final SplittableRandom random = new SplittableRandom(0);
  private final List<String> lines = new ArrayList<>();
  private long since = System.nanoTime();

  private RetrievalTrace() {
    lines.add("step seconds resident_mib peak_mib");
  }

  /** Writes the trace. */
  public static void main(String[] args) throws IOException {
    if (args.length != 5) {
      throw new IllegalArgumentException(
          "RetrievalTrace: arguments expected IMAGES TEXTS K FOLDER OUT-FILE, got " + args.length);
    }
    int images = Integer.parseInt(args[0]);
    int texts = Integer.parseInt(args[1]);
    List<String> lines = trace(images, texts, Integer.parseInt(args[2]), Path.of(args[3]));
    Files.writeString(Path.of(args[4]), String.join("\n", lines) + "\n", StandardCharsets.UTF_8);
  }

  /** A header, and a line for each step; {@code folder} holds the temporary file. */
  static List<String> trace(int images, int texts, int k, Path folder) throws IOException {
    BertConfig bert = BertConfig.fromJson(ConfigJson.parse("small", SMALL), WIDTH);
    var config = new Blip2QformerConfig(bert, 32, 256, 1e-5, LENGTH);
    var trace = new RetrievalTrace();
    try (var memory = Scope.detached()) {
      Params params = Params.root(Weights.random(new SplittableRandom(1)), memory);
      var model = Blip2Qformer.forRetrieval(config, params);
      try (var index = RetrievalIndex.create(model, 0, folder)) {
        trace.addImages(index, images);
        index.addTexts(trace.texts(texts));
        trace.note("texts");
        index.rank(k);
        trace.note("rank");
      }
    }
    return trace.lines;
  }

  private void addImages(RetrievalIndex index, int images) throws IOException {
    for (int done = 0; done < images; done += BATCH) {
      try (var scope = Scope.open()) {
        int count = Math.min(BATCH, images - done);
        float[] seen = new float[count * TOKENS * WIDTH];
        for (int i = 0; i < seen.length; i++) {
          seen[i] = (random.nextInt() >> 8) * 0x1p-23f; // in -1..1, with little work
        }
        index.addImages(Tensor.of(seen, count, TOKENS, WIDTH));
      }
    }
    note("images");
  }

  private List<int[]> texts(int count) {
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add(random.ints(LENGTH, 1, WORDS).toArray());
    }
    return texts;
  }

  private void note(String step) throws IOException {
    lines.add(
        String.format(
            Locale.ROOT,
            "%s %.1f %.0f %.0f",
            step,
            (System.nanoTime() - since) / 1e9,
            ProcessMemory.resident().orElse(Double.NaN),
            ProcessMemory.peak().orElse(Double.NaN)));
    since = System.nanoTime();
  }
}
