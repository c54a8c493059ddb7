package io.github.blip2j.blip2;

import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.llm.Likelihoods;
import io.github.blip2j.llm.OptConfig;
import io.github.blip2j.llm.OptModel;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import java.util.Collections;
import java.util.List;

/**
 * BLIP-2 with OPT (Li et al. 2023, figures 1 and 3): what the queries see in an image stands, as a
 * soft prompt, before the words that the language model continues.
 *
 * <pre>{@code
 * B batch, N image tokens, Q queries, E encoder width, C Q-Former width, L language width
 * }</pre>
 */
public final class Blip2Opt extends Module implements Blip2Model {
  private final Blip2Config config;
  private final VisualPrompter prompter;
  private final OptModel language;

  /**
   * A model of these sizes.
   *
   * @throws IllegalArgumentException if the sizes are of another language model
   */
  public Blip2Opt(Blip2Config config, Params params) {
    super(params);
    this.config = config;
    if (!(config.text() instanceof OptConfig text)) {
      throw new IllegalArgumentException(
          "Blip2Opt: text expected opt, got " + config.text().kind());
    }
    this.prompter = new VisualPrompter(config, projectedDim(text, params), params);
    this.language = new OptModel(text, params.at("language"));
  }

  private Blip2Opt(Blip2Opt from, Flavour flavour) {
    super(from);
    this.config = from.config.withFlavour(flavour);
    this.prompter = from.prompter.withFlavour(flavour);
    this.language = from.language;
  }

  @Override
  public Blip2Opt withFlavour(Flavour flavour) {
    return new Blip2Opt(this, flavour);
  }

  @Override
  public Blip2Config config() {
    return config;
  }

  @Override
  public OptModel language() {
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

  /**
   * The soft prompt from the projection, [B, Q, L].
   *
   * <p>Hugging Face projects to the width of OPT's layers. Where the embeddings are narrower, as in
   * OPT-350m, it fills their places from the projection read as one long row, and leaves what is
   * left at its end. So one image's prompt then begins within its neighbour's projection, and a
   * batch differs from its images one by one; numbers follow the reference in this.
   */
  @Override
  public Tensor place(Tensor projected) {
    if (placesRowByRow()) {
      return projected;
    }
    long B = projected.dim(0);
    long Q = projected.dim(1);
    int L = language.dim();
    Tensor row = projected.reshape(B * Q * projected.dim(2));
    return row.narrow(0, 0, B * Q * L).reshape(B, Q, L);
  }

  /** Whether the projection is as wide as the embeddings, as in every published checkpoint. */
  boolean placesRowByRow() {
    return prompter.outputs() == language.dim();
  }

  private static int projectedDim(OptConfig text, Params params) {
    int layers = text.dim();
    int embeddings = text.embeddingDim();
    Shape stored = params.at("projection").storedShape("weight");
    boolean wide = stored != null && stored.rank() == 2 && stored.dim(0) == layers;
    return wide && layers > embeddings ? layers : embeddings;
  }

  /**
   * Scores of every token after every position of image and text.
   *
   * @param imagePrompt [B, Q, L]
   * @param text padded rows of equal length
   * @return [B, Q + T, V]
   */
  public Tensor logits(Tensor imagePrompt, PromptBatch text, Pass pass) {
    int Q = config.queryTokens();
    Tensor x = text.after(imagePrompt, language);
    return language.logits(language.forward(x, text.mask(Q), null, pass));
  }

  @Override
  public Tensor loss(Tensor imagePrompt, PromptBatch text, List<int[]> labels, Pass pass) {
    int Q = config.queryTokens();
    Tensor targets = text.labels(labels, Q, language.vocabSize()); // [B, Q + T]
    Tensor x = text.after(imagePrompt, language);
    Tensor hidden = language.forward(x, text.mask(Q), null, pass); // [B, Q + T, L]
    return TokenLoss.ofNextToken().of(hidden, targets, language::logits);
  }

  @Override
  public List<List<Sequence>> generate(
      Tensor imagePrompts, PromptBatch text, Generator generator, int newTokens) {
    Tensor x = text.after(imagePrompts, language);
    int[][] mask = text.mask(config.queryTokens());
    return generator.generate(language.run(x, mask, newTokens), histories(text));
  }

  @Override
  public Likelihoods likelihoods(Tensor imagePrompts, PromptBatch text) {
    Tensor x = text.after(imagePrompts, language);
    return language.likelihoods(x, text.mask(config.queryTokens()));
  }

  /**
   * The ids that penalties see. Checkpoints with an image token show it once for each query; those
   * without gave embeddings only, so there is nothing to see. LAVIS gives embeddings only, in whose
   * place transformers 4.33 puts the one token that begins every text.
   */
  private List<int[]> histories(PromptBatch text) {
    if (config.flavour() == Flavour.LAVIS) {
      return Collections.nCopies(text.size(), new int[] {config.text().beginId()});
    }
    Integer imageToken = config.imageTokenId();
    return imageToken == null
        ? text.emptyHistories()
        : text.histories(imageToken, config.queryTokens());
  }
}
