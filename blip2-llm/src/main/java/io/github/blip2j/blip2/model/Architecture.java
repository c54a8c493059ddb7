package io.github.blip2j.blip2.model;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The {@code architectures} of a {@code config.json}. transformers loads any folder as the class
 * that is asked for, whatever architecture it names; so does this library, except for architectures
 * that lack needed parts.
 */
public final class Architecture {
  /** Architecture of a model that compares images with texts, without a language model. */
  private static final String RETRIEVAL = "Blip2ForImageTextRetrieval";

  /** Architectures that are a part of a model. */
  private static final Set<String> PARTS =
      Set.of(
          "Blip2VisionModel",
          "Blip2VisionModelWithProjection",
          "Blip2QFormerModel",
          "Blip2TextModelWithProjection",
          "InstructBlipVisionModel",
          "InstructBlipQFormerModel");

  private Architecture() {}

  /**
   * Whether the folder is of a retrieval model, for {@code ImageTextMatcher}, and not of one with a
   * language model, for {@code Blip2}: by its architecture, or else by its Q-Former, for only the
   * Q-Former of a BLIP-2 retrieval model takes text.
   */
  public static boolean compares(ConfigJson json) throws CheckpointException {
    List<String> architectures = json.stringsAt("architectures");
    return architectures.isEmpty()
        ? json.stringAt("model_type", "").equals("blip-2")
            && json.childOrEmpty("qformer_config").booleanAt("use_qformer_text_input", false)
        : architectures.contains(RETRIEVAL);
  }

  /**
   * Checks that a folder is of a model with a language model.
   *
   * @throws CheckpointException if its architecture is a retrieval model, or a part of a model
   */
  static void requireWriting(ConfigJson json) throws CheckpointException {
    boolean instructs = json.stringAt("model_type", "").equals("instructblip");
    requireWhole(
        json, instructs ? "InstructBlipForConditionalGeneration" : "Blip2ForConditionalGeneration");
    if (compares(json)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: architectures expected Blip2ForConditionalGeneration, got %s, which compares images"
                  + " with texts and generates none; use blip2 match or ImageTextMatcher",
              json,
              told(json)));
    }
  }

  /**
   * Checks that a folder is of a retrieval model.
   *
   * @throws CheckpointException if its architecture has a language model, or is a part of a model
   */
  static void requireComparing(ConfigJson json) throws CheckpointException {
    requireWhole(json, RETRIEVAL);
    if (!json.stringsAt("architectures").isEmpty() && !compares(json)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: architectures expected %s, got %s, which generates texts and compares none; use blip2"
                  + " caption, vqa or Blip2",
              json,
              RETRIEVAL,
              told(json)));
    }
  }

  private static void requireWhole(ConfigJson json, String expected) throws CheckpointException {
    List<String> architectures = json.stringsAt("architectures");
    if (!architectures.isEmpty() && PARTS.containsAll(architectures)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: architectures expected %s, got %s, which is a part of a model; use the complete model",
              json,
              expected,
              told(json)));
    }
  }

  private static String told(ConfigJson json) throws CheckpointException {
    List<String> architectures = json.stringsAt("architectures");
    return architectures.isEmpty()
        ? "none and a Q-Former that takes text"
        : String.join(", ", architectures);
  }
}
