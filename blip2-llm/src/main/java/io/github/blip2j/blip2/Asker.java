package io.github.blip2j.blip2;

import static io.github.blip2j.blip2.Required.given;

import io.github.blip2j.generation.Decoding;
import io.github.blip2j.generation.TokenListener;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.image.RgbImage;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Checks what a model is asked, and asks it within its gate and a scope of the call's own. */
final class Asker {
  private static final int BATCH = ImageEncoder.BATCH;

  private final LoadedModel loaded;

  Asker(LoadedModel loaded) {
    this.loaded = loaded;
  }

  /** Texts that continue each prompt, the best first. */
  List<List<Generated>> generate(List<Prompt> prompts, Decoding decoding) {
    var writer = new TextWriter(loaded, given("generate", "decoding", decoding));
    return with("generate", prompts, asked -> writer.write(asked, (row, token) -> {}));
  }

  /** Texts that continue each prompt about pictures that have been looked at. */
  List<List<Generated>> generate(
      ImageFeatures features, List<String> prompts, Decoding decoding, TokenListener listener) {
    given("generate", "listener", listener);
    var writer = new TextWriter(loaded, given("generate", "decoding", decoding));
    TokenListener aside =
        (row, token) -> loaded.aside(() -> features.aside(() -> listener.onToken(row, token)));
    return with("generate", features, prompts, asked -> writer.write(asked, aside));
  }

  /** The best text that follows each prompt about its picture, batch by batch. */
  List<String> write(
      String where, List<BufferedImage> images, List<String> prompts, Decoding decoding) {
    List<String> texts = new ArrayList<>();
    for (int from = 0; from < images.size(); from += BATCH) {
      List<Prompt> batch = new ArrayList<>();
      for (int i = from; i < Math.min(from + BATCH, images.size()); i++) {
        RgbImage image = RgbImage.of(given(where, "image", images.get(i)));
        batch.add(Prompt.about(image, prompts.get(i)));
      }
      generate(batch, decoding).forEach(found -> texts.add(found.get(0).text()));
    }
    return List.copyOf(texts);
  }

  /** How likely a text follows a prompt. */
  ScoredText score(Prompt prompt, String text) {
    List<String> texts = List.of(given("score", "text", text));
    List<Prompt> prompts = List.of(given("score", "prompt", prompt));
    return with("score", prompts, asked -> new AnswerRanking(loaded).score(asked, texts)).get(0);
  }

  /** The candidates after each prompt, the best first. */
  List<List<RankedAnswer>> rank(
      List<Prompt> prompts, List<String> candidates, CandidateOrder order) {
    Required.several("rank", "candidate", candidates);
    given("rank", "order", order);
    return with("rank", prompts, asked -> new AnswerRanking(loaded).rank(asked, candidates, order));
  }

  /** The candidates after each prompt about pictures that have been looked at. */
  List<List<RankedAnswer>> rank(
      ImageFeatures features, List<String> prompts, List<String> candidates, CandidateOrder order) {
    Required.several("rank", "candidate", candidates);
    given("rank", "order", order);
    var ranking = new AnswerRanking(loaded);
    return with("rank", features, prompts, asked -> ranking.rank(asked, candidates, order));
  }

  private <T> T with(
      String where, ImageFeatures features, List<String> prompts, Function<AskedPrompts, T> body) {
    given(where, "prompts", prompts).forEach(prompt -> given(where, "prompt", prompt));
    given(where, "features", features);
    return loaded.during(
        () ->
            features.during(
                () -> {
                  try (var scope = Scope.open()) {
                    return body.apply(AskedPrompts.about(where, loaded, features, prompts));
                  }
                }));
  }

  private <T> T with(String where, List<Prompt> prompts, Function<AskedPrompts, T> body) {
    Required.several(where, "prompt", prompts);
    return loaded.during(
        () -> {
          try (var scope = Scope.open()) {
            return body.apply(AskedPrompts.of(where, loaded, prompts));
          }
        });
  }
}
