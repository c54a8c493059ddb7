package io.github.blip2j.blip2.inference;

import static io.github.blip2j.blip2.text.Arguments.required;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.blip2.model.PromptLayout;
import io.github.blip2j.blip2.text.Arguments;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.blip2.text.RankedCandidate;
import io.github.blip2j.blip2.text.ScoredText;
import io.github.blip2j.generation.GeneratedToken;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.TokenStreamer;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * From images and prompts to texts, in named steps: {@link ImageEncoder} encodes the images, {@link
 * PromptTokenizer} tokenizes the prompts, {@link TextGenerator} decodes ({@link AnswerRanker}
 * scores given texts instead). A call holds the model open and has a scope of its own.
 */
public final class GenerationPipeline {
  private static final TokenStreamer UNHEARD = (row, token) -> {};

  /** A listener that may close the model: its calls are made outside the gate. */
  private record Aside(Consumer<Runnable> gate, TokenStreamer listener) implements TokenStreamer {
    @Override
    public void onToken(int row, int token) {
      gate.accept(() -> listener.onToken(row, token));
    }

    @Override
    public void onToken(int row, GeneratedToken token) {
      gate.accept(() -> listener.onToken(row, token));
    }
  }

  private final GenerationSession session;
  private final ImageEncoder encoder;
  private final TextGenerator generator;
  private final AnswerRanker ranker;

  public GenerationPipeline(GenerationSession session) {
    this.session = session;
    this.encoder = new ImageEncoder(session);
    this.generator = new TextGenerator(session);
    this.ranker = new AnswerRanker(session);
  }

  /** Texts that continue prompt i about image i, the best first. */
  public List<List<Generated>> generate(
      List<Image> images, List<String> texts, GenerationConfig decoding) {
    requireTexts("generate", texts);
    required("generate", "decoding", decoding);
    try (var open = session.enter();
        var scope = Scope.open(session.backend());
        var off = GradMode.noGrad()) {
      Tensor imagePrompts = encoder.imagePrompts("generate", images, texts); // [B, Q, L]
      EncodedPrompts prompts = encode("generate", imagePrompts, texts);
      return generator.generate(prompts, decoding, UNHEARD);
    }
  }

  /** The best text that continues prompt i about image i, batch by batch. */
  public List<String> captions(List<Image> images, List<String> texts, GenerationConfig decoding) {
    List<String> captions = new ArrayList<>();
    for (int from = 0; from < images.size(); from += ImageEncoder.BATCH) {
      int to = Math.min(from + ImageEncoder.BATCH, images.size());
      generate(images.subList(from, to), texts.subList(from, to), decoding)
          .forEach(found -> captions.add(found.get(0).text()));
    }
    return List.copyOf(captions);
  }

  /** Texts that continue each prompt of images and text in any order, the best first. */
  public List<List<Generated>> generate(List<Prompt> prompts, GenerationConfig decoding) {
    return generate(prompts, decoding, UNHEARD);
  }

  /** The same, with a listener for the tokens. */
  public List<List<Generated>> generate(
      List<Prompt> prompts, GenerationConfig decoding, TokenStreamer listener) {
    Arguments.requiredAll("generate", "prompt", prompts);
    required("generate", "decoding", decoding);
    required("generate", "listener", listener);
    try (var open = session.enter();
        var scope = Scope.open(session.backend());
        var off = GradMode.noGrad()) {
      TokenStreamer aside = new Aside(session::aside, listener);
      return generator.generate(encode("generate", prompts), decoding, aside);
    }
  }

  /** Texts that continue prompts about encoded images. */
  public List<List<Generated>> generate(
      ImageFeatures features,
      List<String> texts,
      GenerationConfig decoding,
      TokenStreamer listener) {
    requireTexts("generate", texts);
    required("generate", "features", features);
    required("generate", "decoding", decoding);
    required("generate", "listener", listener);
    try (var open = session.enter();
        var kept = features.enter();
        var scope = Scope.open(session.backend());
        var off = GradMode.noGrad()) {
      EncodedPrompts prompts = encode("generate", features, texts);
      TokenStreamer aside = new Aside(call -> session.aside(() -> features.aside(call)), listener);
      return generator.generate(prompts, decoding, aside);
    }
  }

  /** The log-probabilities of a text after a prompt. */
  public ScoredText score(Prompt prompt, String text) {
    required("score", "text", text);
    required("score", "prompt", prompt);
    try (var open = session.enter();
        var scope = Scope.open(session.backend());
        var off = GradMode.noGrad()) {
      return ranker.score(encode("score", List.of(prompt)), List.of(text)).get(0);
    }
  }

  /** The candidates ranked after each prompt, the best first. */
  public List<List<RankedCandidate>> rank(
      List<Prompt> prompts, List<String> candidates, CandidateRanking order) {
    Arguments.requiredAll("rank", "candidate", candidates);
    required("rank", "order", order);
    Arguments.requiredAll("rank", "prompt", prompts);
    try (var open = session.enter();
        var scope = Scope.open(session.backend());
        var off = GradMode.noGrad()) {
      return ranker.rank(encode("rank", prompts), candidates, order);
    }
  }

  /** Ranks the candidates after each prompt about encoded images. */
  public List<List<RankedCandidate>> rank(
      ImageFeatures features, List<String> texts, List<String> candidates, CandidateRanking order) {
    Arguments.requiredAll("rank", "candidate", candidates);
    required("rank", "order", order);
    requireTexts("rank", texts);
    required("rank", "features", features);
    try (var open = session.enter();
        var kept = features.enter();
        var scope = Scope.open(session.backend());
        var off = GradMode.noGrad()) {
      return ranker.rank(encode("rank", features, texts), candidates, order);
    }
  }

  private static void requireTexts(String where, List<String> texts) {
    required(where, "prompts", texts).forEach(prompt -> required(where, "prompt", prompt));
  }

  /** Encodes prompts of images and text in any order. */
  private EncodedPrompts encode(String where, List<Prompt> prompts) {
    List<PromptLayout> layouts = new ArrayList<>();
    List<Image> images = new ArrayList<>();
    List<String> texts = new ArrayList<>(); // of the prompt of each image
    for (Prompt prompt : prompts) {
      if (prompt.images().isEmpty()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: prompt expected 1 image or more, got none in '%s'",
                where,
                prompt));
      }
      layouts.add(session.prompts().layout(prompt));
      for (Image image : prompt.images()) {
        images.add(image);
        texts.add(prompt.text());
      }
    }
    Tensor imagePrompts = encoder.imagePrompts(where, images, texts); // [images, Q, L]
    List<String> endings = prompts.stream().map(Prompt::ending).toList();
    PromptBatch text = session.prompts().layoutBatch(layouts);
    return fitting(new EncodedPrompts(where, text, endings, imagePrompts));
  }

  /** Encodes prompts after an encoded image each, or all after one. */
  private EncodedPrompts encode(String where, ImageFeatures features, List<String> texts) {
    return encode(where, encoder.imagePrompts(where, features, texts), texts);
  }

  private EncodedPrompts encode(String where, Tensor imagePrompts, List<String> texts) {
    PromptTokenizer tokenizer = session.prompts();
    PromptBatch text = tokenizer.batch(texts.stream().map(tokenizer::ids).toList());
    return fitting(new EncodedPrompts(where, text, texts, imagePrompts));
  }

  private EncodedPrompts fitting(EncodedPrompts prompts) {
    return prompts.requireFitting(session.model().language());
  }
}
