package io.github.blip2j.llm;

import com.google.gson.JsonObject;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.text.Tokenizer;
import java.util.Set;

/**
 * What BLIP-2 has to know of a kind of language model before its sizes: how its configuration is
 * read, how it is asked, and how it is trained. What depends on the sizes is in the {@link
 * LanguageConfig}. {@code LanguageFamilies} has the families of this library and takes others.
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

  /**
   * How a pair of texts becomes the tokens of training: {@link TrainingText#SEPARATE} for a model
   * with an encoder, or else {@link TrainingText#JOINED}.
   */
  default TrainingText trainingText() {
    return encodes() ? TrainingText.SEPARATE : TrainingText.JOINED;
  }

  /** LAVIS's numbers for this family; {@link LavisRules#UNKNOWN} for one that LAVIS lacks. */
  default LavisRules lavis() {
    return LavisRules.UNKNOWN;
  }

  /**
   * Changes the configuration of a plain language model to that of the language model of a BLIP-2,
   * as LAVIS does.
   *
   * @param text its {@code config.json}, which becomes the {@code text_config}
   * @param tokenizer of the language model
   */
  default void joinToImages(JsonObject text, Tokenizer tokenizer) {}

  /** How an input and an output become the tokens of training, by LAVIS's conventions. */
  enum TrainingText {
    /**
     * One text, {@code input output} and a line feed, is tokenised and truncated (OPT). The line
     * feed's token must be among the {@linkplain LanguageConfig#endIds end tokens}; {@link
     * #joinToImages} is where OPT puts it there.
     */
    LINE,
    /**
     * Both are tokenised and truncated alone; the output, with the space before it if the tokens
     * hold it ({@link io.github.blip2j.text.Continuation}), and the first end token follow the
     * input.
     */
    JOINED,
    /**
     * The input is the encoder's and the output the decoder's. The tokenizer ends both with an end
     * token.
     */
    SEPARATE
  }
}
