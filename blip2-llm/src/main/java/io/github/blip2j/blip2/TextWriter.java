package io.github.blip2j.blip2;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.generation.Decoding;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.generation.TokenListener;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Continues prompts about images: words to tokens, tokens to a model's texts. */
final class TextWriter {
  private final LoadedModel loaded;
  private final ImageFeatures features;
  private final Decoding decoding;

  /** A writer about {@code features}; calls it makes run within the gates of both. */
  TextWriter(LoadedModel loaded, ImageFeatures features, Decoding decoding) {
    this.loaded = loaded;
    this.features = features;
    this.decoding = decoding;
  }

  /** For each prompt its texts, the best first. */
  List<List<Generated>> write(List<String> prompts, TokenListener listener) {
    requireFit(prompts);
    List<int[]> ids = prompts.stream().map(loaded::promptIds).toList();
    PromptBatch text = loaded.promptBatch(ids);
    Decoding fitting = fitting(text);
    Generator generator = Generator.of(fitting, loaded.endIds()).onToken(listener);
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Tensor prompt = features.prompt(); // [B or 1, Q, L]
      Tensor each =
          features.size() == prompts.size()
              ? prompt
              : prompt.expand(prompts.size(), prompt.dim(1), prompt.dim(2)); // [B, Q, L]
      return texts(ids, loaded.model().generate(each, text, generator, fitting.maxNewTokens()));
    }
  }

  private void requireFit(List<String> prompts) {
    features
        .prompt()
        .shape()
        .require(
            "generate",
            "features",
            features.size(),
            loaded.model().config().queryTokens(),
            loaded.model().language().dim());
    boolean fits = features.size() == prompts.size() || features.size() == 1;
    if (prompts.isEmpty() || !fits) {
      throw new IllegalArgumentException(
          "generate: prompts expected one for each of %d images, got %d"
              .formatted(features.size(), prompts.size()));
    }
  }

  /** The decoding, cut to what fits: the model has no positions beyond its last. */
  private Decoding fitting(PromptBatch text) {
    int queries = loaded.model().config().queryTokens();
    int positions = loaded.model().language().maxPositions();
    if (queries + text.length() > positions) {
      throw new IllegalArgumentException(
          "generate: prompt of %d tokens and %d of the image exceed maxPositions=%d; shorten the prompt"
              .formatted(text.length(), queries, positions));
    }
    int room = loaded.model().language().roomAfter(queries + text.length());
    if (decoding.minNewTokens() > room) {
      throw new IllegalArgumentException(
          "generate: minNewTokens expected at most %d after a prompt of %d tokens, got %d"
              .formatted(room, text.length(), decoding.minNewTokens()));
    }
    return decoding.maxNewTokens() <= room ? decoding : decoding.maxNewTokens(room);
  }

  private List<List<Generated>> texts(List<int[]> prompts, List<List<Sequence>> sequences) {
    List<List<Generated>> texts = new ArrayList<>();
    for (int row = 0; row < prompts.size(); row++) {
      int[] prompt = prompts.get(row);
      texts.add(sequences.get(row).stream().map(written -> text(prompt, written)).toList());
    }
    return List.copyOf(texts);
  }

  private Generated text(int[] prompt, Sequence written) {
    Tokenizer tokenizer = loaded.tokenizer();
    int[] tokens = written.tokens();
    int[] whole = Arrays.copyOf(prompt, prompt.length + tokens.length);
    System.arraycopy(tokens, 0, whole, prompt.length, tokens.length);
    return Generated.of(written, tokenizer.decode(tokens).strip(), tokenizer.decode(whole).strip());
  }
}
