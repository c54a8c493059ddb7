package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.PromptBatch;
import io.github.blip2j.blip2.StageTwoModel;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import io.github.blip2j.text.Tokenizer;
import io.github.blip2j.training.Losses;
import io.github.blip2j.training.Objective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The second stage of BLIP-2 (Li et al. 2023, section 3.2) as something to minimise: pictures and
 * captions to the loss of a language model that continues the pictures' soft prompts.
 *
 * <p>A decoder reads {@code input output\n} and learns what follows the input; a caption has the
 * prompt as its input. Texts longer than {@code maxTextTokens} lose their end.
 *
 * <p>A frozen language model drops out as if it were trained, for LAVIS leaves it so; {@link
 * #withLanguageDropout} changes that.
 */
public final class StageTwoTraining implements Objective<CaptionBatch> {
  private static final int MAX_TEXT_TOKENS = 32; // LAVIS's max_txt_len

  private final StageTwoModel model;
  private final Tokenizer tokenizer;
  private final String prompt;
  private final int maxTextTokens;
  private final boolean languageDropout;

  private StageTwoTraining(
      StageTwoModel model,
      Tokenizer tokenizer,
      String prompt,
      int maxTextTokens,
      boolean languageDropout) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.prompt = prompt;
    this.maxTextTokens = maxTextTokens;
    this.languageDropout = languageDropout;
  }

  /**
   * As LAVIS pretrains: no prompt, 32 tokens, the language model's dropout on.
   *
   * @param tokenizer of the language model
   * @throws CheckpointException if the tokenizer is another model's
   */
  public static StageTwoTraining of(StageTwoModel model, Tokenizer tokenizer)
      throws CheckpointException {
    tokenizer.requireFits(model.blip2().language().vocabSize());
    int begin = model.blip2().config().text().beginId();
    int[] nothing = tokenizer.encode("");
    if (!Arrays.equals(nothing, new int[] {begin})) {
      throw new CheckpointException(
          "stage2: tokenizer expected to give [%d] for no words, got %s; use the language model's"
              .formatted(begin, Arrays.toString(nothing)));
    }
    return new StageTwoTraining(model, tokenizer, "", MAX_TEXT_TOKENS, true);
  }

  /** With a prompt before every caption, such as {@code "a photo of"}, that is not learnt. */
  public StageTwoTraining withPrompt(String newPrompt) {
    return new StageTwoTraining(
        model, tokenizer, newPrompt.strip(), maxTextTokens, languageDropout);
  }

  /** With longer or shorter texts. */
  public StageTwoTraining withMaxTextTokens(int tokens) {
    if (tokens < 2) {
      throw new IllegalArgumentException(
          "stage2: maxTextTokens expected at least 2, got " + tokens);
    }
    return new StageTwoTraining(model, tokenizer, prompt, tokens, languageDropout);
  }

  /** With or without the dropout of the frozen language model. */
  public StageTwoTraining withLanguageDropout(boolean active) {
    return new StageTwoTraining(model, tokenizer, prompt, maxTextTokens, active);
  }

  @Override
  public Losses losses(CaptionBatch batch, Pass pass) {
    Tokens tokens = tokens(batch);
    Tensor seen = model.imagePrompt(batch.pixels(), pass); // [B, Q, L]
    int padId = model.blip2().config().text().padId();
    PromptBatch text = PromptBatch.of(tokens.texts, padId, Side.RIGHT);
    Pass speaking = languageDropout ? pass : pass.evaluating();
    return Losses.of(model.blip2().loss(seen, text, tokens.labels, speaking));
  }

  /**
   * What a language model reads, and what each token of it is labelled with.
   *
   * @param texts B rows
   * @param labels B rows
   */
  record Tokens(List<int[]> texts, List<int[]> labels) {}

  /** Texts and labels of a batch. */
  Tokens tokens(CaptionBatch batch) {
    List<int[]> texts = new ArrayList<>();
    List<int[]> labels = new ArrayList<>();
    for (int row = 0; row < batch.captions().size(); row++) {
      String input = batch.input(row).isEmpty() ? prompt : batch.input(row);
      String output = batch.captions().get(row);
      if (output.isBlank()) {
        throw new IllegalArgumentException(
            "stage2: caption of %s expected words, got none; leave the record out"
                .formatted(batch.ids().get(row)));
      }
      String text = (input.isEmpty() ? output : input + " " + output) + "\n";
      int[] ids = tokenizer.encodeTruncated(text, maxTextTokens, Side.RIGHT);
      int given = input.isEmpty() ? 0 : tokenizer.encode(input).length;
      if (given >= ids.length) {
        throw new IllegalArgumentException(
            "stage2: input about %s expected fewer than maxTextTokens=%d tokens, got %d; %s"
                .formatted(batch.ids().get(row), maxTextTokens, given, "shorten it or allow more"));
      }
      texts.add(ids);
      labels.add(unlabelled(ids, given));
    }
    return new Tokens(texts, labels);
  }

  private static int[] unlabelled(int[] ids, int given) {
    int[] labels = ids.clone();
    Arrays.fill(labels, 0, given, TokenLoss.IGNORED);
    return labels;
  }
}
