package io.github.blip2j.blip2.inference;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.blip2.checkpoint.Blip2Loader;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.checkpoint.lavis.Blip2Parts;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.nn.CancellationToken;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A loaded model, shared by all calls: the parameters, the tokenizers, the image processor, and the
 * guard that keeps them open for a call.
 */
public final class GenerationSession implements AutoCloseable {
  private final CloseGuard gate;
  private final Blip2Loader.Loaded loaded;
  private final Blip2Model model;
  private final PromptTokenizer prompts;
  private final @Nullable QFormerTokenizer instructions;
  private final List<CancellationToken> tokens; // each stops the calls of this view

  private GenerationSession(
      CloseGuard gate,
      Blip2Loader.Loaded loaded,
      Blip2Model model,
      List<CancellationToken> tokens) {
    this.gate = gate;
    this.loaded = loaded;
    this.model = model;
    this.tokens = tokens;
    this.prompts = new PromptTokenizer(loaded.tokenizer(), model);
    HuggingFaceTokenizer instructing = loaded.instructionTokenizer();
    Blip2Config config = model.config();
    this.instructions =
        instructing == null
            ? null
            : new QFormerTokenizer(instructing, config.qformer(), config.convention());
  }

  private static GenerationSession of(Blip2Loader.Loaded loaded) {
    return new GenerationSession(
        new CloseGuard("blip2", "model"), loaded, loaded.model(), List.of());
  }

  /** A model that is there already; closing the session closes its tokenizers. */
  public static GenerationSession borrowing(
      Blip2Model model,
      HuggingFaceTokenizer tokenizer,
      @Nullable HuggingFaceTokenizer instructions,
      ImageProcessor processor) {
    return of(Blip2Loader.Loaded.borrowing(model, tokenizer, instructions, processor));
  }

  public static GenerationSession load(Path folder, Precision precision) throws IOException {
    return load(folder, LoadOptions.of(precision));
  }

  public static GenerationSession load(Path folder, LoadOptions options) throws IOException {
    return of(Blip2Loader.load(folder, options));
  }

  public static GenerationSession load(Blip2Parts parts, Precision precision) throws IOException {
    return load(parts, LoadOptions.of(precision));
  }

  /** Loads a model from LAVIS's parts. */
  public static GenerationSession load(Blip2Parts parts, LoadOptions options) throws IOException {
    return of(Blip2Loader.load(parts, options));
  }

  /** A view of this model that computes and tokenizes prompts as {@code convention} does. */
  public GenerationSession withConvention(Convention convention) {
    return new GenerationSession(gate, loaded, model.withConvention(convention), tokens);
  }

  /** A view of this model whose calls the token stops too. */
  public GenerationSession withCancellation(CancellationToken token) {
    var more = new ArrayList<>(tokens);
    more.add(token);
    return new GenerationSession(gate, loaded, model, List.copyOf(more));
  }

  /** Whether the other shares this model's parameters, with any convention. */
  boolean sharesWeights(GenerationSession other) {
    return loaded.memory() == other.loaded.memory();
  }

  public Convention convention() {
    return model.config().convention();
  }

  public Blip2Model model() {
    return model;
  }

  /** The backend of the parameters, on which calls compute. */
  public Backend backend() {
    return loaded.memory().backend();
  }

  /** Names of the checkpoint's tensors that the model has no parameter for. */
  public NavigableSet<String> leftOut() {
    return loaded.leftOut();
  }

  public HuggingFaceTokenizer tokenizer() {
    return loaded.tokenizer();
  }

  public ImageProcessor processor() {
    return loaded.processor();
  }

  /** Prompts to token ids. */
  public PromptTokenizer prompts() {
    return prompts;
  }

  /** The tokenizer of the Q-Former's instructions, or null if it takes none. */
  @Nullable QFormerTokenizer instructions() {
    return instructions;
  }

  public QFormerTokenizer requireInstructions() {
    if (instructions == null) {
      throw new IllegalStateException(
          "instructions: InstructBLIP expected, got a model whose Q-Former takes none");
    }
    return instructions;
  }

  public int[] endIds() {
    return model.config().text().endIds().stream().mapToInt(Integer::intValue).toArray();
  }

  int padId() {
    return model.config().text().padId();
  }

  /** Images as input of the vision transformer, [B, 3, H, W]. */
  public Tensor pixels(List<Image> images) {
    return Scope.run(backend(), () -> processor().tensor(images));
  }

  /**
   * Holds the model open for a call; {@link #close} waits for it.
   *
   * @throws IllegalStateException if the model is closed
   */
  CloseGuard.Entry enter() {
    return CancellableEntry.of(gate, tokens);
  }

  /** Runs a call that uses the model; {@link #close} waits for it. */
  public <T> T during(Supplier<T> body) {
    try (CloseGuard.Entry entry = enter()) {
      return body.get();
    }
  }

  /** Runs a call's listener; {@link #close} does not wait for it. */
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
