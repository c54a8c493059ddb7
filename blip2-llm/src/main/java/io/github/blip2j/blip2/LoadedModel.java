package io.github.blip2j.blip2;

import io.github.blip2j.generation.Decoding;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.Opened;
import io.github.blip2j.llm.LanguageKind;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import io.github.blip2j.vision.image.ImageProcessor;
import io.github.blip2j.vision.image.RgbImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A model folder in memory: weights, tokenizer, image processor, and what ends a text. */
final class LoadedModel implements AutoCloseable {
  private static final int LAVIS_PROMPT = 32; // its max_txt_len

  private final Gate gate;
  private final TextCuts cuts;
  private final Scope memory;
  private final Blip2Model model;
  private final HuggingFaceTokenizer tokenizer;
  private final ImageProcessor processor;
  private final @Nullable InstructionReader instructions;
  private final NavigableSet<String> leftOut;

  /** A model, and the tensors beside it that it has no use for. */
  private record Built(Blip2Model model, NavigableSet<String> leftOut) {}

  private LoadedModel(
      Scope memory,
      Built built,
      HuggingFaceTokenizer tokenizer,
      ImageProcessor processor,
      @Nullable InstructionReader instructions) {
    this.gate = new Gate("blip2", "model");
    this.cuts = new TextCuts();
    this.memory = memory;
    this.model = built.model;
    this.leftOut = built.leftOut;
    this.tokenizer = tokenizer;
    this.processor = processor;
    this.instructions = instructions;
  }

  private LoadedModel(LoadedModel from, Flavour flavour) {
    this.gate = from.gate;
    this.cuts = from.cuts;
    this.memory = from.memory;
    this.model = from.model.withFlavour(flavour);
    this.leftOut = from.leftOut;
    this.tokenizer = from.tokenizer;
    this.processor = from.processor;
    this.instructions = from.instructions == null ? null : from.instructions.withFlavour(flavour);
  }

  /** The same model in one memory, computing and prompted as {@code flavour} does. */
  LoadedModel withFlavour(Flavour flavour) {
    return new LoadedModel(this, flavour);
  }

  /** Whether the other is this model, in the same memory, of whichever flavour. */
  boolean sharesWeights(LoadedModel other) {
    return memory == other.memory;
  }

  static LoadedModel load(Path folder, Precision precision) throws IOException {
    return load(folder, LoadOptions.of(precision));
  }

  static LoadedModel load(Path folder, LoadOptions options) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          folder
              + ": model expected a folder, got "
              + (Files.exists(folder) ? "a file" : "nothing"));
    }
    Blip2Config config = Blip2Config.fromJson(ModelFolder.config(folder));
    @Nullable Path reader = config.readsInstruction() ? InstructionReader.in(folder) : null;
    Scope memory = Scope.detached();
    try (var opened = new Opened()) {
      opened.add(memory::close);
      Built built = build(folder, config, options, memory);
      ImageProcessor processor = processor(folder, config.vision().imageSize());
      return opened.keep(of(memory, built, HuggingFaceTokenizer.open(folder), processor, reader));
    }
  }

  static LoadedModel load(Blip2Parts parts, Precision precision) throws IOException {
    return load(parts, LoadOptions.of(precision));
  }

  /** Loads what LAVIS stores apart. */
  static LoadedModel load(Blip2Parts parts, LoadOptions options) throws IOException {
    Scope memory = Scope.detached();
    try (var opened = new Opened();
        OpenParts open = OpenParts.open(parts)) {
      opened.add(memory::close);
      Blip2Config config = open.config();
      if (options.adapter() != null) {
        throw new IllegalArgumentException(
            "load: adapter expected with a folder of Hugging Face, got parts of LAVIS; convert them"
                + " first");
      }
      Params params = Params.root(open.weights(), memory).packed(options.precision());
      Blip2Model model = build(config, params);
      Built built = new Built(model, options.finish(params));
      var processor = ImageProcessor.blip2(config.vision().imageSize());
      return opened.keep(of(memory, built, open.tokenizer(), processor, open.instructions()));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * A model; it takes the memory and the tokenizer, unless it throws and closes the latter.
   *
   * @param reader folder of the tokenizer of instructions, or null where the model reads none
   */
  private static LoadedModel of(
      Scope memory,
      Built built,
      HuggingFaceTokenizer tokenizer,
      ImageProcessor processor,
      @Nullable Path reader)
      throws IOException {
    try (var opened = new Opened()) {
      opened.add(tokenizer::close);
      @Nullable InstructionReader instructions =
          reader == null ? null : InstructionReader.open(reader, built.model.config());
      return opened.keep(new LoadedModel(memory, built, tokenizer, processor, instructions));
    }
  }

  private static Built build(Path folder, Blip2Config config, LoadOptions options, Scope memory)
      throws IOException {
    try (StoredWeights open = StoredWeights.open(folder, HuggingFaceNames.keys(config), options)) {
      Params params = Params.root(open.weights(), memory).packed(options.precision());
      Blip2Model model = build(config, params);
      return new Built(model, options.finish(params));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** The model of these sizes, whichever its language model is. */
  static Blip2Model build(Blip2Config config, Params params) {
    return switch (config.text().kind()) {
      case OPT -> new Blip2Opt(config, params);
      case T5 -> new Blip2T5(config, params);
    };
  }

  Flavour flavour() {
    return model.config().flavour();
  }

  Decoding captionDecoding() {
    if (!isLavis()) {
      return Decoding.greedy();
    }
    return instructions == null
        ? LavisGeneration.caption(model.config().text())
        : LavisGeneration.instruction();
  }

  Decoding answerDecoding() {
    if (!isLavis()) {
      return Decoding.greedy();
    }
    return instructions == null
        ? LavisGeneration.answer(model.config().text())
        : LavisGeneration.instructionAnswer();
  }

  private boolean isLavis() {
    return flavour() == Flavour.LAVIS;
  }

  Blip2Model model() {
    return model;
  }

  /** Names of the tensors that were there and have no place in the model. */
  NavigableSet<String> leftOut() {
    return leftOut;
  }

  HuggingFaceTokenizer tokenizer() {
    return tokenizer;
  }

  ImageProcessor processor() {
    return processor;
  }

  /** What reads prompts for the Q-Former, or null where it reads none. */
  @Nullable InstructionReader instructions() {
    return instructions;
  }

  InstructionReader requireInstructions() {
    if (instructions == null) {
      throw new IllegalStateException(
          "instructions: InstructBLIP expected, got a model whose Q-Former reads none");
    }
    return instructions;
  }

  int[] endIds() {
    return model.config().text().endIds().stream().mapToInt(Integer::intValue).toArray();
  }

  int padId() {
    return model.config().text().padId();
  }

  /** Prompts padded as the language model wants them. */
  PromptBatch promptBatch(List<int[]> ids) {
    return PromptBatch.of(ids, padId(), model.language().paddingSide());
  }

  /** Prompts with images anywhere, padded alike. */
  PromptBatch layoutBatch(List<PromptLayout> layouts) {
    return PromptBatch.ofLayouts(layouts, padId(), model.language().paddingSide());
  }

  /** The ids of words alone, without the tokenizer's special tokens. */
  int[] wordIds(String words) {
    int[] ids = tokenizer.encodePlain(words);
    requireWords(ids);
    return ids;
  }

  /** The ids of a prompt after one image; LAVIS cuts what is too long for it. */
  int[] promptIds(String prompt) {
    int[] ids = textIds(prompt);
    // It tells OPT's tokenizer to cut, and in generation neither T5's nor InstructBLIP's.
    boolean cutting =
        isLavis() && instructions == null && model.config().text().kind() == LanguageKind.OPT;
    if (!cutting || ids.length <= LAVIS_PROMPT) {
      return ids;
    }
    cuts.tell("prompt", ids.length, LAVIS_PROMPT, "end", "flavour HF reads it whole");
    return tokenizer.encodeTruncated(prompt, LAVIS_PROMPT, Side.RIGHT);
  }

  /** The ids of a text; without words, the token that begins every text. */
  int[] textIds(String text) {
    int begin = model.config().text().beginId();
    int[] ids = text.isEmpty() ? new int[] {begin} : tokenizer.encode(text);
    requireWords(ids);
    return ids.length == 0 ? new int[] {begin} : ids;
  }

  private void requireWords(int[] ids) {
    Integer image = model.config().imageTokenId();
    TextTokens.requireWords(
        "generate: prompt", tokenizer, model.language().vocabSize(), image, ids);
  }

  /** Pictures as the vision transformer reads them, [B, 3, H, W]. */
  Tensor pixels(List<RgbImage> images) {
    return processor.tensor(images);
  }

  /**
   * Runs a call that uses the model; {@link #close} waits for it.
   *
   * @throws IllegalStateException if the model is closed
   */
  <T> T during(Supplier<T> body) {
    return gate.call(body);
  }

  /** Runs what a call tells its listener; {@link #close} does not wait for that. */
  void aside(Runnable listener) {
    gate.aside(listener);
  }

  @Override
  public void close() {
    gate.close(
        () -> {
          try (memory;
              instructions) {
            tokenizer.close();
          }
        });
  }

  /** What the folder says of pictures, or else what all BLIP-2 checkpoints share. */
  static ImageProcessor processor(Path folder, int imageSize) throws IOException {
    return ImageProcessor.isToldIn(folder)
        ? ImageProcessor.load(folder)
        : ImageProcessor.blip2(imageSize);
  }
}
