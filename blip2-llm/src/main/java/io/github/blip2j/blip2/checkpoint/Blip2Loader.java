package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.blip2.checkpoint.files.InstructionTokenizerFolder;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.lavis.Blip2Parts;
import io.github.blip2j.blip2.checkpoint.lavis.OpenParts;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NavigableSet;
import org.jspecify.annotations.Nullable;

/** Loads models with a language model, in the formats of Hugging Face and LAVIS. */
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
      @Nullable HuggingFaceTokenizer instructionTokenizer) {}

  /**
   * Loads a Hugging Face folder.
   *
   * @throws CheckpointException if it is of another kind, or its tensors do not fit its sizes
   */
  public static Loaded load(Path folder, LoadOptions options) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          folder
              + ": model expected a folder, got "
              + (Files.exists(folder) ? "a file" : "nothing"));
    }
    Blip2Config config = Blip2Config.fromJson(ModelFolder.config(folder));
    @Nullable Path instructions =
        config.readsInstruction() ? InstructionTokenizerFolder.in(folder) : null;
    Scope memory = Scope.detached();
    boolean whole = false;
    try (StoredWeights open = StoredWeights.open(folder, HuggingFaceNames.blip2(config), options)) {
      Params params = Params.root(open.weights(), memory).packed(options.precision());
      var model = new Blip2Model(config, params);
      NavigableSet<String> leftOut = options.finish(params);
      ImageProcessor processor = ModelFolder.processor(folder, config.vision().imageSize());
      HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder);
      Loaded loaded = loaded(memory, model, leftOut, tokenizer, processor, instructions);
      whole = true;
      return loaded;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } finally {
      if (!whole) {
        memory.close();
      }
    }
  }

  /**
   * Loads a model of LAVIS from its parts.
   *
   * @throws IllegalArgumentException if the options name an adapter
   */
  public static Loaded load(Blip2Parts parts, LoadOptions options) throws IOException {
    Scope memory = Scope.detached();
    boolean whole = false;
    try (OpenParts open = OpenParts.open(parts)) {
      Blip2Config config = open.config();
      if (options.adapter() != null) {
        throw new IllegalArgumentException(
            "load: adapter expected with a Hugging Face folder, got parts of LAVIS; convert them"
                + " first");
      }
      Params params = Params.root(open.weights(), memory).packed(options.precision());
      var model = new Blip2Model(config, params);
      NavigableSet<String> leftOut = options.finish(params);
      var processor = ImageProcessor.blip2(config.vision().imageSize());
      Loaded loaded =
          loaded(memory, model, leftOut, open.tokenizer(), processor, open.instructions());
      whole = true;
      return loaded;
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } finally {
      if (!whole) {
        memory.close();
      }
    }
  }

  private static Loaded loaded(
      Scope memory,
      Blip2Model model,
      NavigableSet<String> leftOut,
      HuggingFaceTokenizer tokenizer,
      ImageProcessor processor,
      @Nullable Path instructions)
      throws IOException {
    boolean whole = false;
    try {
      @Nullable HuggingFaceTokenizer instructionTokenizer =
          instructions == null
              ? null
              : InstructionTokenizerFolder.open(instructions, model.config().qformer());
      whole = true;
      return new Loaded(memory, model, leftOut, tokenizer, processor, instructionTokenizer);
    } finally {
      if (!whole) {
        tokenizer.close();
      }
    }
  }
}
