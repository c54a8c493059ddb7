package io.github.blip2j.blip2.model;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a {@code config.json} says of the class that wrote it. transformers reads any folder as the
 * class that it is asked for, whatever stands there; so do we, but for those that lack what is
 * asked for.
 */
public final class Architecture {
  /** Of a model that compares images with texts, and has no language model. */
  private static final String RETRIEVAL = "Blip2ForImageTextRetrieval";

  /** Those that hold a part of a model. */
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
   * Whether such a folder is of a model that compares, for {@code ImageTextMatcher}, and not of one
   * that writes, for {@code Blip2}: what its architecture says, or else its Q-Former, for only a
   * BLIP-2 that compares has one that reads text.
   */
  public static boolean compares(ConfigJson json) throws CheckpointException {
    List<String> architectures = json.stringsAt("architectures");
    return architectures.isEmpty()
        ? json.stringAt("model_type", "").equals("blip-2")
            && json.childOrEmpty("qformer_config").booleanAt("use_qformer_text_input", false)
        : architectures.contains(RETRIEVAL);
  }

  /**
   * Checks that a folder is of a model that writes.
   *
   * @throws CheckpointException if it says that it is one that compares, or a part of one
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
                  + " with texts and writes none; use blip2 match or ImageTextMatcher",
              json,
              told(json)));
    }
  }

  /**
   * Checks that a folder is of a model that compares.
   *
   * @throws CheckpointException if it says that it is one that writes, or a part of one
   */
  static void requireComparing(ConfigJson json) throws CheckpointException {
    requireWhole(json, RETRIEVAL);
    if (!json.stringsAt("architectures").isEmpty() && !compares(json)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: architectures expected %s, got %s, which writes texts and compares none; use blip2"
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
              "%s: architectures expected %s, got %s, which is a part of a model; take the whole one",
              json,
              expected,
              told(json)));
    }
  }

  private static String told(ConfigJson json) throws CheckpointException {
    List<String> architectures = json.stringsAt("architectures");
    return architectures.isEmpty()
        ? "none and a Q-Former that reads text"
        : String.join(", ", architectures);
  }
}
