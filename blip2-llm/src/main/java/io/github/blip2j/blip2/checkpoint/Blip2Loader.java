package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.blip2.checkpoint.files.Blip2Source;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Folder;
import io.github.blip2j.blip2.checkpoint.lavis.Blip2Parts;
import io.github.blip2j.blip2.checkpoint.lavis.LavisBlip2;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.NavigableSet;
import org.jspecify.annotations.Nullable;

/** A loader of models with a language model, in the formats of Hugging Face and LAVIS. */
public final class Blip2Loader {
  private Blip2Loader() {}

  /**
   * A model with its memory, processor and tokenizers. The caller closes the memory and the
   * tokenizers.
   *
   * @param memory of the parameters
   * @param leftOut names of the checkpoint's tensors that the model has no parameter for
   * @param instructionTokenizer of the Q-Former of InstructBLIP; other models have none
   */
  public record Loaded(
      Scope memory,
      Blip2Model model,
      NavigableSet<String> leftOut,
      HuggingFaceTokenizer tokenizer,
      ImageProcessor processor,
      @Nullable HuggingFaceTokenizer instructionTokenizer) {
    /**
     * A model whose parameters belong to someone else, such as one that is being trained: its
     * memory is empty.
     */
    public static Loaded borrowing(
        Blip2Model model,
        HuggingFaceTokenizer tokenizer,
        @Nullable HuggingFaceTokenizer instructions,
        ImageProcessor processor) {
      Scope memory = Scope.detached(model.backend());
      return new Loaded(
          memory, model, Collections.emptyNavigableSet(), tokenizer, processor, instructions);
    }
  }

  /**
   * Loads a Hugging Face folder.
   *
   * @throws CheckpointException if it is of another kind, or its tensors do not fit its sizes
   */
  public static Loaded load(Path folder, LoadOptions options) throws IOException {
    Blip2Folder source = Blip2Folder.of(folder, options.families());
    @Nullable Path adapter = options.adapter();
    return load(adapter == null ? source : source.withAdapter(adapter), options);
  }

  /**
   * Loads a model of LAVIS from its parts.
   *
   * @throws IllegalArgumentException if the options name an adapter
   */
  public static Loaded load(Blip2Parts parts, LoadOptions options) throws IOException {
    LavisBlip2 source = LavisBlip2.of(parts, options.families());
    if (options.adapter() != null) {
      throw new IllegalArgumentException(
          "load: adapter expected with a Hugging Face folder, got parts of LAVIS; convert them"
              + " first");
    }
    return load(source, options);
  }

  private static Loaded load(Blip2Source source, LoadOptions options) throws IOException {
    try (var opened = new OpenResources();
        OpenWeights open = source.open()) {
      Scope memory = options.openMemory();
      opened.add(memory::close);
      Params params = Params.root(open.weights(), memory).packed(options.precision());
      var model = new Blip2Model(source.config(), params);
      NavigableSet<String> leftOut = finished(params, source, options);
      ImageProcessor processor = source.processor();
      HuggingFaceTokenizer tokenizer = source.tokenizer();
      opened.add(tokenizer::close);
      TokenizerFit.warn(tokenizer, source.config().text());
      @Nullable HuggingFaceTokenizer instructions = source.instructionTokenizer();
      return opened.keep(new Loaded(memory, model, leftOut, tokenizer, processor, instructions));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static NavigableSet<String> finished(
      Params params, Blip2Source source, LoadOptions options) throws IOException {
    try {
      return options.finish(params);
    } catch (CheckpointException e) {
      String assumption = source.assumption();
      if (assumption.isEmpty()) {
        throw e;
      }
      var more = new CheckpointException(e.getMessage() + assumption);
      more.initCause(e);
      throw more;
    }
  }
}
