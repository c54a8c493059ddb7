package io.github.blip2j.blip2;

import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.llm.Likelihoods;
import io.github.blip2j.llm.T5Config;
import io.github.blip2j.llm.T5Context;
import io.github.blip2j.llm.T5Model;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Tensor;
import java.util.Collections;
import java.util.List;

/**
 * BLIP-2 with T5 (Li et al. 2023, figures 1 and 3): what the queries see in an image stands, as a
 * soft prompt, before the words that the encoder reads; the decoder writes the answer.
 *
 * <p>With a Q-Former that has a text side it is InstructBLIP (Dai et al. 2023), whose queries read
 * the words too: {@link #encodeQueries(Tensor, TextBatch, Pass)} takes the place of {@link
 * #encodeQueries(Tensor, Pass)}, and all else is the same.
 *
 * <pre>{@code
 * B batch, N image tokens, Q queries, T words of a prompt, W words of an answer
 * E encoder width, C Q-Former width, L language width, V vocabulary
 * }</pre>
 */
public final class Blip2T5 extends Module implements Blip2Model {
  private final Blip2Config config;
  private final VisualPrompter prompter;
  private final T5Model language;

  /**
   * A model of these sizes.
   *
   * @throws IllegalArgumentException if the sizes are of another language model
   */
  public Blip2T5(Blip2Config config, Params params) {
    super(params);
    this.config = config;
    if (!(config.text() instanceof T5Config text)) {
      throw new IllegalArgumentException("Blip2T5: text expected t5, got " + config.text().kind());
    }
    this.prompter = new VisualPrompter(config, text.dim(), params);
    this.language = new T5Model(text, params.at("language"));
  }

  private Blip2T5(Blip2T5 from, Flavour flavour) {
    super(from);
    this.config = from.config.withFlavour(flavour);
    this.prompter = from.prompter.withFlavour(flavour);
    this.language = from.language;
  }

  @Override
  public Blip2T5 withFlavour(Flavour flavour) {
    return new Blip2T5(this, flavour);
  }

  @Override
  public Blip2Config config() {
    return config;
  }

  @Override
  public T5Model language() {
    return language;
  }

  @Override
  public Tensor encodeImage(Tensor pixels, Pass pass) {
    return prompter.encodeImage(pixels, pass);
  }

  @Override
  public Tensor encodeQueries(Tensor image, Pass pass) {
    return prompter.encodeQueries(image, pass);
  }

  @Override
  public Tensor encodeQueries(Tensor image, TextBatch instructions, Pass pass) {
    return prompter.encodeQueries(image, instructions, pass);
  }

  @Override
  public Tensor project(Tensor queries) {
    return prompter.project(queries);
  }

  @Override
  public Tensor place(Tensor projected) {
    return projected;
  }

  /**
   * Scores of every token at every place of an answer, given the words before it.
   *
   * @param imagePrompt [B, Q, L]
   * @param text the prompts, padded on the right
   * @param answers the words to be written, end tokens included, padded on the right
   * @return [B, W, V]; those of padding mean nothing
   */
  public Tensor logits(Tensor imagePrompt, PromptBatch text, PromptBatch answers, Pass pass) {
    return language.logits(decode(imagePrompt, text, answers, pass));
  }

  @Override
  public Tensor loss(Tensor imagePrompt, PromptBatch text, List<int[]> labels, Pass pass) {
    text.requireRows(labels);
    PromptBatch answers = PromptBatch.written(labels, language.config().padId());
    Tensor targets = answers.labels(labels, 0, language.vocabSize()); // [B, W]
    Tensor hidden = decode(imagePrompt, text, answers, pass);
    return TokenLoss.ofSameToken().of(hidden, targets, language::logits);
  }

  /** The last hidden states of answers, [B, W, L]. */
  private Tensor decode(Tensor imagePrompt, PromptBatch text, PromptBatch answers, Pass pass) {
    int[][] mask = text.mask(config.queryTokens());
    Tensor encoded = language.encode(text.after(imagePrompt, language), mask, pass);
    T5Context context = language.read(encoded, mask);
    Tensor before =
        language.embedWritten(answers.shifted(language.config().startId())); // [B, W, L]
    return language.decode(before, answers.mask(0), context, null, pass);
  }

  @Override
  public List<List<Sequence>> generate(
      Tensor imagePrompts, PromptBatch text, Generator generator, int newTokens) {
    Tensor x = text.after(imagePrompts, language);
    int[][] mask = text.mask(config.queryTokens());
    // Penalties see what the decoder sees, and that begins with one token, not with the prompt.
    int[] history = {language.config().startId()};
    return generator.generate(
        language.run(x, mask, newTokens), Collections.nCopies(text.size(), history));
  }

  @Override
  public Likelihoods likelihoods(Tensor imagePrompts, PromptBatch text) {
    Tensor x = text.after(imagePrompts, language);
    return language.likelihoods(x, text.mask(config.queryTokens()));
  }
}
