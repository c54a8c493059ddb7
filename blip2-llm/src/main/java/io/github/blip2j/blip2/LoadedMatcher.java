package io.github.blip2j.blip2;

import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import io.github.blip2j.text.TokenizerFolder;
import io.github.blip2j.vision.ImageProcessor;
import io.github.blip2j.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** A model of the first stage in memory: weights, tokenizer and image processor. */
final class LoadedMatcher implements AutoCloseable {
  private static final String IMAGE = "<image>";
  private static final String END = "[SEP]";

  private final Gate gate = new Gate("matcher", "model");
  private final Scope memory;
  private final StageOneModel model;
  private final HuggingFaceTokenizer tokenizer;
  private final ImageProcessor processor;

  private LoadedMatcher(Scope memory, StageOneModel model, Path folder) throws IOException {
    this.memory = memory;
    this.model = model;
    this.tokenizer = HuggingFaceTokenizer.open(folder);
    boolean whole = false;
    try {
      tokenizer.within(config().bert().vocabSize());
      this.processor = LoadedModel.processor(folder, model.config().vision().imageSize());
      whole = true;
    } finally {
      if (!whole) {
        tokenizer.close();
      }
    }
  }

  static LoadedMatcher load(Path path, Precision precision) throws IOException {
    Path folder = Files.isDirectory(path) ? path : folderOf(path);
    if (Files.exists(path) && !TokenizerFolder.isIn(folder)) {
      throw new CheckpointException(
          folder
              + ": tokenizer.json expected beside the weights, got none; copy bert-base-uncased's"
              + " there");
    }
    Scope memory = Scope.detached();
    boolean whole = false;
    try {
      StageOneModel model;
      try (var loading = Scope.open()) {
        model = StageOneModel.load(path, memory, precision);
      }
      var loaded = new LoadedMatcher(memory, model, folder);
      whole = true;
      return loaded;
    } finally {
      if (!whole) {
        memory.close();
      }
    }
  }

  private static Path folderOf(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    return folder == null ? file : folder;
  }

  StageOneModel model() {
    return model;
  }

  Blip2Qformer qformer() {
    return model.qformer();
  }

  Blip2QformerConfig config() {
    return model.config().qformer();
  }

  HuggingFaceTokenizer tokenizer() {
    return tokenizer;
  }

  ImageProcessor processor() {
    return processor;
  }

  /** The token that ends a text, {@code [SEP]}. */
  int endId() {
    OptionalInt id = tokenizer.idOf(END);
    return id.orElseThrow(
        () -> new IllegalStateException("tokenizer: " + END + " expected among its tokens"));
  }

  int padId() {
    return tokenizer.padId().orElse(0); // hidden by masks, so that any word would do
  }

  /** Pictures as the tower sees them, [B, N, E]. */
  Tensor see(List<RgbImage> images) {
    return Scope.run(() -> model.see(processor.tensor(images), Pass.evaluation()));
  }

  /** A text cut to as many tokens as models are trained on. */
  int[] trainedIds(String where, String text) {
    return cutIds(where, text, config().maxTextTokens());
  }

  /** A text cut on the right, its end kept. */
  int[] cutIds(String where, String text, int maxTokens) {
    int most = Math.min(maxTokens, config().bert().maxPositions());
    return words(where, tokenizer.encodeTruncated(text, most, Side.RIGHT));
  }

  /** A whole text. */
  int[] wholeIds(String where, String text) {
    int[] ids = tokenizer.encode(text);
    int positions = config().bert().maxPositions();
    if (ids.length > positions) {
      throw new IllegalArgumentException(
          "%s: text expected at most %d tokens, got %d; shorten it"
              .formatted(where, positions, ids.length));
    }
    return words(where, ids);
  }

  /** Texts padded to the longest. */
  TextBatch batch(List<int[]> texts) {
    return TextBatch.of(texts, padId());
  }

  private int[] words(String where, int[] ids) {
    for (int id : ids) {
      if (id >= config().bert().vocabSize()) {
        String token = tokenizer.decodeAll(new int[] {id});
        throw new IllegalArgumentException(
            "%s: text expected words, got the token %s, which %s; leave it out"
                .formatted(
                    where,
                    token,
                    token.equals(IMAGE)
                        ? "stands for the image"
                        : "the model has no embedding for"));
      }
    }
    return ids;
  }

  /**
   * Runs a call that uses the model; {@link #close} waits for it.
   *
   * @throws IllegalStateException if the model is closed
   */
  <T> T during(Supplier<T> body) {
    return gate.call(body);
  }

  @Override
  public void close() {
    gate.close(
        () -> {
          tokenizer.close();
          memory.close();
        });
  }
}
