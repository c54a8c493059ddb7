package io.github.blip2j.llm;

import com.google.gson.JsonObject;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.text.Tokenizer;
import java.util.Set;

/**
 * All that BLIP-2 has to know of a kind of language model: how its configuration and its tensors
 * are read, how it is built, and how it is asked and trained. {@code LanguageFamilies} has those of
 * this library and takes others.
 *
 * <p>A decoder needs the methods without a default and no other.
 */
public interface LanguageFamily {
  /** The name in messages. */
  String name();

  /** The values of {@code model_type} in a {@code config.json} that this family reads. */
  Set<String> modelTypes();

  /**
   * Reads the {@code text_config} of a BLIP-2, or the {@code config.json} of a plain language
   * model.
   *
   * @throws CheckpointException if a value is missing, of another type or not supported
   * @throws IllegalArgumentException if sizes do not fit together
   */
  LanguageConfig config(ConfigJson json) throws CheckpointException;

  /**
   * Builds a language model, a {@link DecoderModel} or an {@link EncoderDecoderModel}.
   *
   * @param config one that this family has read
   */
  LanguageModel model(LanguageConfig config, Params params);

  /**
   * Adds the tensor names of Hugging Face.
   *
   * @param config one that this family has read
   * @param ours the prefix of the model's parameters here
   * @param theirs the prefix in the checkpoint, such as {@code "language_model."}
   */
  void addNames(KeyMap.Builder keys, LanguageConfig config, String ours, String theirs);

  /**
   * A tensor that every model of this family has, by its name without prefixes: {@code
   * "layers.0.mlp.up_proj.weight"}. What precedes it in a checkpoint is removed.
   */
  String landmark();

  /** The prefix of all names but the head's, from the head's point of view. */
  default String body() {
    return "model.";
  }

  /** Whether the prompt has an encoder of its own, and what is generated is a text by itself. */
  default boolean encodes() {
    return false;
  }

  /** The prompt of a question, with {@code {}} for the question. */
  default String questionPrompt() {
    return "Question: {} Short answer:";
  }

  /** How a pair of texts becomes the tokens of training. */
  default TrainingText trainingText() {
    return encodes() ? TrainingText.SEPARATE : TrainingText.JOINED;
  }

  /** The numbers and names by which LAVIS treats this family differently. */
  default LavisRules lavis() {
    return LavisRules.of("llm");
  }

  /**
   * Changes the configuration of a plain language model to that of the language model of a BLIP-2,
   * as LAVIS does.
   *
   * @param text its {@code config.json}, which becomes the {@code text_config}
   * @param tokenizer of the language model
   */
  default void joinToImages(JsonObject text, Tokenizer tokenizer) {}

  /**
   * Checks that the soft prompt of an image can precede the prompts of such a model.
   *
   * @throws IllegalArgumentException if it cannot
   */
  default void requireJoinable(LanguageConfig config) {}

  /** How an input and an output become the tokens of training, by LAVIS's conventions. */
  enum TrainingText {
    /** One text, {@code input output} and a line end, is tokenised and truncated (OPT). */
    LINE,
    /** Both are tokenised and truncated alone; the output and an end token follow the input. */
    JOINED,
    /** The input is the encoder's and the output the decoder's. */
    SEPARATE
  }
}
