package io.github.blip2j.cli.training;

import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.cli.option.NamedPrecision;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoParts;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.pretraining.StageTwoTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.Tokenizer;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the second stage is trained from, and what of it. */
final class StageTwoOptions {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "A BLIP-2 that writes or an InstructBLIP to go on from: a folder of Hugging Face, "
              + "or the id of a downloaded one.")
  @Nullable ModelName model;

  @Option(
      names = "--stage1",
      paramLabel = "PATH",
      description =
          "Instead of --model, with --language: a first stage, LAVIS's folder or .pth, or a "
              + "folder of Hugging Face.")
  @Nullable ModelName stageOne;

  @Option(
      names = "--language",
      paramLabel = "MODEL",
      description = "Folder or id of a plain language model, such as facebook/opt-2.7b.")
  @Nullable ModelName language;

  @Option(
      names = "--prompt",
      paramLabel = "P",
      description = "Words before every caption, which are not learnt; none by default.")
  String prompt = "";

  @Option(
      names = "--max-text-tokens",
      paramLabel = "N",
      description =
          "Longer texts lose their end, but prompt or text_input must leave an OPT room to "
              + "write; 32 by default. Longer inputs of InstructBLIP lose their beginning; 128 by "
              + "default.")
  @Nullable Integer maxTextTokens;

  @Option(
      names = "--max-output-tokens",
      paramLabel = "N",
      description =
          "With T5: longer outputs lose their end; as many as of any text by default, and 256 "
              + "of InstructBLIP.")
  @Nullable Integer maxOutputTokens;

  @Option(
      names = "--prefix-split",
      description =
          "With T5: cut each caption at a random word, the encoder reads the first part and "
              + "the decoder learns the rest, as in the paper.")
  boolean prefixSplit;

  @Option(
      names = "--no-language-dropout",
      description = "Let the frozen language model evaluate; LAVIS leaves its dropout on.")
  boolean noLanguageDropout;

  @Option(
      names = "--train-vision",
      description = "Train the vision tower too, as LAVIS does when it fine-tunes on captions.")
  boolean trainVision;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      converter = NamedPrecision.class,
      description =
          "How frozen weights are held: float32, bfloat16 for half the memory, int8 for a "
              + "quarter. What learns is stored in float32; with bfloat16, matrix products round "
              + "their factors to it, which is faster where the CPU multiplies it.")
  Precision dtype = Precision.FLOAT32;

  @Option(
      names = "--recompute",
      description = "Compute layers again in the backward pass instead of keeping them in memory.")
  boolean recompute;

  StageTwoOptions() {}

  /** Checks what no single option can. */
  void requireAgreement() {
    boolean parts = stageOne != null && language != null;
    boolean either = stageOne != null || language != null;
    if (model == null ? !parts : either) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "train stage2: --model, or --stage1 and --language expected, got %s",
              model == null ? either ? "one of the two" : "neither" : "both"));
    }
  }

  /** What learns is multiplied no less exactly than in bfloat16, whatever the rest is held in. */
  Precision factors() {
    return dtype == Precision.BFLOAT16 ? dtype : Precision.FLOAT32;
  }

  StageTwoModel load(Scope home, DataOptions data) throws IOException {
    StageTwoSetup setup = StageTwoSetup.lavis().withTrainedVision(trainVision);
    if (dtype != Precision.FLOAT32) {
      setup = setup.withFrozenPrecision(dtype).withComputePrecision(factors());
    }
    if (data.imageSize != null) {
      setup = setup.withImageSize(data.imageSize);
    }
    if (model != null) {
      return StageTwoModel.load(model.path(), home, setup);
    }
    if (stageOne == null || language == null) {
      throw new AssertionError("options without a model are refused");
    }
    return StageTwoParts.load(stageOne.path(), language.path(), home, setup, data.seed);
  }

  StageTwoTraining training(
      StageTwoModel loaded, Tokenizer tokenizer, @Nullable Tokenizer instructions)
      throws IOException {
    StageTwoTraining training =
        StageTwoTraining.of(loaded, tokenizer, instructions)
            .withPrompt(prompt)
            .withLanguageDropout(!noLanguageDropout);
    if (maxTextTokens != null) {
      training = training.withMaxTextTokens(maxTextTokens);
    }
    if (maxOutputTokens != null) {
      training = training.withMaxOutputTokens(maxOutputTokens);
    }
    return prefixSplit ? training.withPrefixSplit() : training;
  }
}
