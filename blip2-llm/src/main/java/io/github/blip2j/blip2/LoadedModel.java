package io.github.blip2j.blip2;

import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.image.ImageProcessor;
import io.github.blip2j.vision.image.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model in memory with what it needs to read images and words, shared by all calls: the
 * parameters, the tokenizers, the image processor, and the gate that keeps them open for a call.
 */
final class LoadedModel implements AutoCloseable {
  private final Gate gate;
  private final Blip2Loader.Loaded loaded;
  private final Blip2Model model;
  private final PromptTokenizer prompts;
  private final @Nullable InstructionReader instructions;

  private LoadedModel(Gate gate, Blip2Loader.Loaded loaded, Blip2Model model) {
    this.gate = gate;
    this.loaded = loaded;
    this.model = model;
    this.prompts = new PromptTokenizer(loaded.tokenizer(), model);
    HuggingFaceTokenizer instructing = loaded.instructionTokenizer();
    Blip2Config config = model.config();
    this.instructions =
        instructing == null
            ? null
            : new InstructionReader(instructing, config.qformer(), config.flavour());
  }

  private static LoadedModel of(Blip2Loader.Loaded loaded) {
    return new LoadedModel(new Gate("blip2", "model"), loaded, loaded.model());
  }

  static LoadedModel load(Path folder, Precision precision) throws IOException {
    return load(folder, LoadOptions.of(precision));
  }

  static LoadedModel load(Path folder, LoadOptions options) throws IOException {
    return of(Blip2Loader.load(folder, options));
  }

  static LoadedModel load(Blip2Parts parts, Precision precision) throws IOException {
    return load(parts, LoadOptions.of(precision));
  }

  /** Loads what LAVIS stores apart. */
  static LoadedModel load(Blip2Parts parts, LoadOptions options) throws IOException {
    return of(Blip2Loader.load(parts, options));
  }

  /** The same model in one memory, computing and prompted as {@code flavour} does. */
  LoadedModel withFlavour(Flavour flavour) {
    return new LoadedModel(gate, loaded, model.withFlavour(flavour));
  }

  /** Whether the other is this model, in the same memory, of whichever flavour. */
  boolean sharesWeights(LoadedModel other) {
    return loaded.memory() == other.loaded.memory();
  }

  Flavour flavour() {
    return model.config().flavour();
  }

  Blip2Model model() {
    return model;
  }

  /** Names of the tensors that were there and have no place in the model. */
  NavigableSet<String> leftOut() {
    return loaded.leftOut();
  }

  HuggingFaceTokenizer tokenizer() {
    return loaded.tokenizer();
  }

  ImageProcessor processor() {
    return loaded.processor();
  }

  /** Prompts to token ids. */
  PromptTokenizer prompts() {
    return prompts;
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

  /** Images as the vision transformer reads them, [B, 3, H, W]. */
  Tensor pixels(List<RgbImage> images) {
    return processor().tensor(images);
  }

  /**
   * Holds the model open for a call; {@link #close} waits for it.
   *
   * @throws IllegalStateException if the model is closed
   */
  Gate.Entry enter() {
    return gate.enter();
  }

  /** Runs a call that uses the model, likewise. */
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
          try (Scope memory = loaded.memory();
              HuggingFaceTokenizer tokenizer = loaded.tokenizer();
              HuggingFaceTokenizer instructing = loaded.instructionTokenizer()) {
            // Closes all three, the tokenizers first.
          }
        });
  }
}
