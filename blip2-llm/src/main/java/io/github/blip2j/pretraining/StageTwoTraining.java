package io.github.blip2j.pretraining;

import io.github.blip2j.adapter.LoraLayers;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.data.CaptionRecord;
import io.github.blip2j.data.DataException;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.LanguageFamily.TrainingText;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import io.github.blip2j.text.Tokenizer;
import io.github.blip2j.training.Losses;
import io.github.blip2j.training.Objective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The training objective of BLIP-2's second stage (Li et al. 2023, section 3.2): the loss of a
 * language model that continues the soft prompts of images with their captions.
 *
 * <p>OPT's sequence is {@code input output\n}, with loss after the input. T5's encoder takes the
 * input, and its decoder learns the output. A caption is an output, with the prompt as its input.
 * Texts longer than {@code maxTextTokens} lose their end. An input that leaves OPT no token to
 * learn is an error, which {@link #requireRoom} finds in advance.
 *
 * <p>In an InstructBLIP (Dai et al. 2023, section 2.4) the Q-Former takes the input too, with a
 * tokenizer of its own. An input that is too long loses its beginning, and outputs may be longer.
 *
 * <p>The dropout of the frozen language model is active, as in LAVIS; {@link #withLanguageDropout}
 * changes that.
 */
public final class StageTwoTraining implements Objective<CaptionBatch> {
  private static final Logger LOG = LoggerFactory.getLogger(StageTwoTraining.class);

  private final StageTwoModel model;
  private final Tokenizer tokenizer;
  private final @Nullable Tokenizer instructions;
  private final Choices choices;

  /** The settings of the withers, which change a copy. */
  private static final class Choices {
    private String prompt = "";
    private TextLimits limits;
    private boolean languageDropout = true;
    private boolean prefixSplit;

    Choices(TextLimits limits) {
      this.limits = limits;
    }

    Choices copy() {
      var copy = new Choices(limits);
      copy.prompt = prompt;
      copy.languageDropout = languageDropout;
      copy.prefixSplit = prefixSplit;
      return copy;
    }
  }

  private StageTwoTraining(
      StageTwoModel model, Tokenizer tokenizer, @Nullable Tokenizer instructions, Choices choices) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.instructions = instructions;
    this.choices = choices;
  }

  /**
   * The objective with LAVIS's settings for BLIP-2: no prompt, 32 tokens, dropout in the language
   * model.
   *
   * @param tokenizer of the language model
   * @throws CheckpointException if the tokenizer is another model's
   */
  public static StageTwoTraining of(StageTwoModel model, Tokenizer tokenizer)
      throws CheckpointException {
    return of(model, tokenizer, null);
  }

  /**
   * The objective with LAVIS's settings for either kind. Those of InstructBLIP are 128 tokens of an
   * input and 256 of an output.
   *
   * @param tokenizer of the language model
   * @param instructions {@link StageTwoModel#openInstructionTokenizer}, which is null except for an
   *     InstructBLIP
   * @throws CheckpointException if a tokenizer is another model's
   * @throws IllegalArgumentException if the Q-Former takes instructions and there is no tokenizer,
   *     or the other way round
   */
  public static StageTwoTraining of(
      StageTwoModel model, Tokenizer tokenizer, @Nullable Tokenizer instructions)
      throws CheckpointException {
    boolean instructed = model.blip2().config().readsInstruction();
    if (instructed != (instructions != null)) {
      throw new IllegalArgumentException(
          instructed
              ? "stage2: tokenizer of the Q-Former expected by InstructBLIP, got none; open it with"
                  + " openInstructionTokenizer"
              : "stage2: tokenizer of the Q-Former expected for InstructBLIP only, got one for a"
                  + " Q-Former of queries only");
    }
    @Nullable Tokenizer instructing =
        instructions == null
            ? null
            : instructions.within(model.blip2().config().qformer().vocabSize());
    LanguageConfig text = model.blip2().config().text();
    Tokenizer writing = tokenizer.within(text.vocabSize());
    int[] nothing = writing.encode("");
    boolean encodes = text.family().encodes();
    boolean fits =
        encodes
            ? nothing.length == 1 && text.endIds().contains(nothing[0])
            : nothing.length == 1 && nothing[0] == text.beginId();
    // Qwen2's texts begin with no token, and those of LAVIS's Vicuna with the end token.
    boolean joined =
        text.family().trainingText() == TrainingText.JOINED
            && (nothing.length == 0 || (nothing.length == 1 && text.endIds().contains(nothing[0])));
    if (!fits && !joined) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "stage2: tokenizer expected to give %s for no words, got %s; use the language model's",
              encodes ? text.endIds() : List.of(text.beginId()),
              Arrays.toString(nothing)));
    }
    @Nullable String runsOn = runsOn(text, writing);
    if (runsOn != null) {
      LOG.warn("{}", runsOn);
    }
    var limits = instructed ? TextLimits.INSTRUCT : TextLimits.BLIP2;
    return new StageTwoTraining(model, writing, instructing, new Choices(limits));
  }

  /** Why generated texts will have no end but their greatest length, or null if they will. */
  static @Nullable String runsOn(LanguageConfig text, Tokenizer tokenizer) {
    String what = "stage2: " + text.family().name() + ": end tokens of generated texts expected ";
    if (text.family().trainingText() == TrainingText.LINE) {
      int[] line = tokenizer.encodePlain("a\n");
      int end = line[line.length - 1];
      return text.endIds().contains(end)
          ? null
          : String.format(
              Locale.ROOT,
              "%sto have %d, the line feed of training texts, got %s; captions will run on unless"
                  + " eos_token_id of the text_config has it",
              what,
              end,
              text.endIds());
    }
    return text.endIds().isEmpty()
        ? what + "for training texts, got none; captions will run on: set eos_token_id"
        : null;
  }

  /** With a prompt before every caption, such as {@code "a photo of"}, which has no loss. */
  public StageTwoTraining withPrompt(String prompt) {
    return with(draft -> draft.prompt = prompt.strip());
  }

  /**
   * With another length limit of texts, for inputs and outputs, or only for inputs with
   * InstructBLIP.
   */
  public StageTwoTraining withMaxTextTokens(int tokens) {
    return with(draft -> draft.limits = draft.limits.withText(tokens));
  }

  /**
   * With another length limit of outputs.
   *
   * @throws IllegalArgumentException if the language model's inputs and outputs have one limit
   */
  public StageTwoTraining withMaxOutputTokens(int tokens) {
    if (trainingText() == TrainingText.LINE) {
      requireEncoder("maxOutputTokens", "use maxTextTokens");
    }
    return with(draft -> draft.limits = draft.limits.withOutput(tokens));
  }

  /** With or without the dropout of the frozen language model. */
  public StageTwoTraining withLanguageDropout(boolean active) {
    return with(draft -> draft.languageDropout = active);
  }

  /**
   * With captions that have no input split at a random word. The encoder takes the first part, and
   * the decoder learns the rest. The paper trains T5 in this way; LAVIS's code does not.
   *
   * @throws IllegalArgumentException if the language model has no encoder
   */
  public StageTwoTraining withPrefixSplit() {
    requireEncoder("prefix split", "leave it out");
    return with(draft -> draft.prefixSplit = true);
  }

  private void requireEncoder(String what, String otherwise) {
    LanguageFamily family = model.blip2().config().text().family();
    if (!family.encodes()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "stage2: %s expected with an encoder, got %s; %s",
              what,
              family.name(),
              otherwise));
    }
  }

  private StageTwoTraining with(Consumer<Choices> change) {
    Choices changed = choices.copy();
    change.accept(changed);
    return new StageTwoTraining(model, tokenizer, instructions, changed);
  }

  /**
   * Checks before training that the prompt and every input leave room for a target, where both have
   * one limit. Otherwise inputs of any length are truncated.
   *
   * @throws IllegalArgumentException if the prompt leaves none
   * @throws DataException naming the image whose input leaves none
   */
  public void requireRoom(CaptionBatches batches) throws DataException {
    if (trainingText() != TrainingText.LINE) {
      return;
    }
    int most = choices.limits.input();
    int prompt = PairTokens.given(choices.prompt, tokenizer);
    if (prompt >= most) {
      throw new IllegalArgumentException(PairTokens.tooLong("prompt", most, prompt));
    }
    for (CaptionRecord each : batches.asked()) {
      int given = PairTokens.given(batches.input(each), tokenizer);
      if (given >= most) {
        throw new DataException(PairTokens.tooLong("input about " + each.image(), most, given));
      }
    }
  }

  @Override
  public Map<String, String> constants() {
    @Nullable LoraLayers lora = model.lora();
    return lora == null ? Map.of() : lora.settings().constants();
  }

  @Override
  public Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    settings.put("prompt", choices.prompt);
    settings.put("text_limits", choices.limits.toString());
    settings.put("language_dropout", Boolean.toString(choices.languageDropout));
    settings.put("prefix_split", Boolean.toString(choices.prefixSplit));
    @Nullable LoraLayers lora = model.lora();
    if (lora != null) {
      settings.put("lora_dropout", Double.toString(lora.settings().dropout()));
    }
    return settings;
  }

  @Override
  public Losses losses(CaptionBatch batch, ForwardPass pass) {
    return forward(batch, pass).losses();
  }

  /**
   * The loss of a batch with what was computed for it, so that an objective on top computes nothing
   * twice.
   */
  public StageTwoPass forward(CaptionBatch batch, ForwardPass pass) {
    List<PairTokens> tokens = tokens(batch, pass);
    model.begin(pass);
    @Nullable TextBatch read = instructions(tokens, pass.ranks());
    Tensor image = model.encodeImage(batch.pixels(), pass); // [B, N, E]
    Tensor queries = // [B, Q, C]
        read == null
            ? model.blip2().encodeQueries(image, pass)
            : model.blip2().encodeQueries(image, read, pass);
    Tensor prompts = model.blip2().project(queries); // [B, Q, L]
    PromptBatch text =
        PromptBatch.of(
            tokens.stream().map(PairTokens::text).toList(),
            model.blip2().config().text().padId(),
            Side.RIGHT);
    List<int[]> labels = tokens.stream().map(PairTokens::labels).toList();
    ForwardPass language = choices.languageDropout ? pass : pass.evaluating();
    Tensor loss = weighed(model.blip2().loss(prompts, text, labels, language), labels, pass);
    return new StageTwoPass(batch, image, queries, prompts, text, labels, read, loss);
  }

  /** A mean over this rank's labels with the weight that it has among all ranks'. */
  private static Tensor weighed(Tensor loss, List<int[]> labels, ForwardPass pass) {
    if (pass.ranks().areAlone()) {
      return loss;
    }
    long count =
        labels.stream()
            .flatMapToInt(Arrays::stream)
            .filter(label -> label != TokenLoss.IGNORED)
            .count();
    return loss.mul(pass.ranks().weight(count));
  }

  private @Nullable TextBatch instructions(List<PairTokens> tokens, Ranks ranks) {
    if (instructions == null) {
      return null;
    }
    int padId = instructions.padId().orElse(0); // masked, so any token will do
    List<int[]> ids = tokens.stream().map(PairTokens::instruction).toList();
    int longest = ids.stream().mapToInt(text -> text.length).max().orElse(0);
    return TextBatch.of(ids, padId, ranks.largest(longest));
  }

  /** Texts and labels of a batch. */
  List<PairTokens> tokens(CaptionBatch batch, ForwardPass pass) {
    int own = batch.captions().size();
    int first = pass.ranks().rank() * own;
    // One for each row of all ranks, so that a row's draws do not depend on who has it.
    long[] seeds = new long[choices.prefixSplit ? pass.ranks().size() * own : 0];
    RandomGenerator random = ObjectiveRandom.of(pass);
    Arrays.setAll(seeds, any -> random.nextLong());
    List<PairTokens> tokens = new ArrayList<>();
    for (int row = 0; row < own; row++) {
      TextPair pair = pair(batch, row, choices.prefixSplit ? seeds[first + row] : 0);
      PairTokens read = read(pair);
      tokens.add(
          instructions == null ? read : read.withInstruction(instruction(pair, instructions)));
    }
    return tokens;
  }

  private PairTokens read(TextPair pair) {
    return switch (trainingText()) {
      case LINE -> PairTokens.continued(pair, tokenizer, choices.limits.input());
      case JOINED ->
          PairTokens.joined(
              pair, tokenizer, choices.limits, model.blip2().config().text().endIds());
      case SEPARATE -> PairTokens.answered(pair, tokenizer, choices.limits);
    };
  }

  private TrainingText trainingText() {
    return model.blip2().config().text().family().trainingText();
  }

  /** The input's ids in the Q-Former's vocabulary, cut to its positions. */
  private int[] instruction(TextPair pair, Tokenizer reader) {
    TextLimits limits = choices.limits;
    int most = Math.min(limits.input(), model.blip2().config().qformer().maxPositions());
    return reader.encodeTruncated(pair.input(), most, limits.inputSide());
  }

  private TextPair pair(CaptionBatch batch, int row, long seed) {
    String own = batch.input(row);
    var pair =
        new TextPair(
            batch.ids().get(row), own.isEmpty() ? choices.prompt : own, batch.captions().get(row));
    return choices.prefixSplit && pair.input().isEmpty()
        ? pair.split(new SplittableRandom(seed))
        : pair;
  }
}
