package io.github.blip2j.cli.training;

import io.github.blip2j.blip2.text.QuestionPrompt;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.cli.option.NamedPrecision;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.QuestionTexts;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoParts;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.pretraining.StageTwoTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The models that the second stage starts from, and the parts of them that are trained. */
final class StageTwoOptions {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "A BLIP-2 with a language model or an InstructBLIP to start from: a Hugging Face folder, "
              + "or the id of a downloaded one.")
  @Nullable ModelName model;

  @Option(
      names = "--stage1",
      paramLabel = "PATH",
      description =
          "Instead of --model, with --language: a first-stage model, LAVIS's folder or .pth, or a "
              + "Hugging Face folder.")
  @Nullable ModelName stageOne;

  @Option(
      names = "--language",
      paramLabel = "MODEL",
      description = "Folder or id of a plain language model, such as facebook/opt-2.7b.")
  @Nullable ModelName language;

  @Option(
      names = "--prompt",
      paramLabel = "P",
      description =
          "Text before every caption, which has no loss: none by default, 'a photo of' for train "
              + "caption. With train vqa the template of questions, by default "
              + "'Question: {} Answer:'.")
  String prompt;

  @Option(
      names = "--max-text-tokens",
      paramLabel = "N",
      description =
          "Longer texts lose their end, but prompt or text_input must leave an OPT room to "
              + "generate; 32 by default. Longer inputs of InstructBLIP lose their beginning; 128 "
              + "by default.")
  @Nullable Integer maxTextTokens;

  @Option(
      names = "--max-output-tokens",
      paramLabel = "N",
      description =
          "With T5: longer outputs lose their end; by default --max-text-tokens, and 256 "
              + "for InstructBLIP.")
  @Nullable Integer maxOutputTokens;

  @Option(
      names = "--prefix-split",
      description =
          "With T5: split each caption at a random word; the first part is the encoder's input, "
              + "the rest the decoder's target, as in the paper.")
  boolean prefixSplit;

  @Option(
      names = "--no-language-dropout",
      description = "Run the frozen language model without dropout; LAVIS leaves its dropout on.")
  boolean noLanguageDropout;

  @Option(
      names = "--train-vision",
      negatable = true,
      fallbackValue = "true",
      description =
          "Train the vision encoder too, as LAVIS does when it fine-tunes on captions; the default "
              + "of train caption and vqa.")
  boolean trainVision;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      converter = NamedPrecision.class,
      description =
          "How frozen weights are stored: float32, bfloat16 for half the memory, int8 for a "
              + "quarter. Trained parameters are stored in float32; with bfloat16, inputs of "
              + "matrix "
              + "products are rounded to it, which is faster on CPUs with bfloat16 instructions.")
  Precision dtype = Precision.FLOAT32;

  @Option(
      names = "--recompute",
      negatable = true,
      fallbackValue = "true",
      description =
          "Gradient checkpointing: recompute layers in the backward pass instead of keeping their "
              + "activations in memory; the default of train caption and vqa.")
  boolean recompute;

  @Mixin LoraOptions lora = new LoraOptions();
  @Mixin QuestionOptions questions = new QuestionOptions();

  private final StageDefaults defaults;

  /** With a command's prompt and parts to train. */
  StageTwoOptions(StageDefaults defaults) {
    this.defaults = defaults;
    this.prompt = defaults.prompt();
    this.trainVision = defaults.trainsVision();
    this.recompute = defaults.trainsVision(); // as LAVIS: its activations are large
  }

  /** Whether questions are learnt. */
  boolean isVqa() {
    return defaults.equals(StageDefaults.VQA);
  }

  /** Checks combinations of options. */
  void requireAgreement() {
    String command = defaults.command();
    StartingModel.require(
        command + ": --model, or --stage1 and --language", model, stageOne, language);
    questions.requireAgreement(command);
    if (isVqa()) {
      questionTexts();
    }
    lora.requireAgreement(command);
  }

  /**
   * The precision of trained layers' matrix products: bfloat16 at the least, also where frozen
   * weights are int8.
   */
  Precision factors() {
    return dtype == Precision.BFLOAT16 ? dtype : Precision.FLOAT32;
  }

  StageTwoModel load(Scope home, DataOptions data, TuningOptions tuned) throws IOException {
    StageTwoSetup setup =
        StageTwoSetup.lavis()
            .withTrainedVision(trainVision)
            .with(lora.in(tuned.tuning(), data.seed));
    if (dtype != Precision.FLOAT32) {
      setup = setup.withFrozenPrecision(dtype).withComputePrecision(factors());
    }
    if (data.imageSize != null) {
      setup = setup.withImageSize(data.imageSize);
    }
    if (textSide() != null) {
      setup = setup.withTextSide(StartingModel.checked(textSide()).path());
    }
    try {
      return load(home, data, setup);
    } catch (IllegalArgumentException e) { // a pattern or target that names nothing
      throw new UsageException(e);
    }
  }

  /** The first stage whose text side is joined, or null. */
  private @Nullable ModelName textSide() {
    boolean usual = isVqa() && !questions.queriesOnly;
    return questions.textSide == null && usual ? stageOne : questions.textSide;
  }

  /** Template, cleaning and choice of answers. */
  QuestionTexts questionTexts() {
    QuestionTexts usual = QuestionTexts.lavis();
    return usual.with(usual.prompt().withTemplate(prompt)).with(questions.answers);
  }

  /** The text before captions. */
  String captionPrompt() {
    return isVqa() ? "" : prompt;
  }

  /** The prompts of questions: as they are trained, or a record's own input as it is. */
  QuestionPrompt questionPrompt() {
    return isVqa() ? questionTexts().prompt() : new QuestionPrompt("{}");
  }

  /** The batches of a task, from those of its records. */
  CaptionBatches batches(CaptionBatches records) throws IOException {
    return isVqa() ? records.withQuestions(questionTexts()) : records.withDialogues();
  }

  /** Checks a loaded model. */
  void requireReader(StageTwoModel loaded) {
    if (isVqa()) {
      questions.requireReader(loaded.blip2().config());
    }
  }

  private StageTwoModel load(Scope home, DataOptions data, StageTwoSetup setup) throws IOException {
    if (model != null) {
      return StageTwoModel.load(model.path(), home, setup);
    }
    Path first = StartingModel.checked(stageOne).path();
    var parts = StageTwoParts.of(first, StartingModel.checked(language).path()).withSeed(data.seed);
    return StageTwoModel.load(parts, home, setup);
  }

  /** The name of the model for an adapter of it. */
  String base() {
    return model == null ? "" : model.given();
  }

  StageTwoTraining training(
      StageTwoModel loaded, Tokenizer tokenizer, @Nullable Tokenizer instructions)
      throws IOException {
    StageTwoTraining training =
        StageTwoTraining.of(loaded, tokenizer, instructions)
            .withPrompt(captionPrompt())
            .withLanguageDropout(!noLanguageDropout);
    try {
      if (maxTextTokens != null) {
        training = training.withMaxTextTokens(maxTextTokens);
      }
      if (maxOutputTokens != null) {
        training = training.withMaxOutputTokens(maxOutputTokens);
      }
      return prefixSplit ? training.withPrefixSplit() : training;
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }
}
