package io.github.blip2j.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An image with its captions or dialogue.
 *
 * @param image path of the file, within the folder of images
 * @param captions at least one
 * @param imageId id of the image, equal for records of the same image, or null
 * @param dialogue input and output text of a language model, or null
 * @param question a question about the image with its answers, or null
 */
public record CaptionRecord(
    String image,
    List<String> captions,
    @Nullable String imageId,
    @Nullable Dialogue dialogue,
    @Nullable Question question) {

  /**
   * The input of a language model and its target output.
   *
   * @param input such as a question; may be empty
   * @param output such as its answer
   */
  public record Dialogue(String input, String output) {}

  /**
   * A question with the answers that people gave.
   *
   * @param text the question
   * @param answers at least one; an answer that several people gave is there as often
   */
  public record Question(String text, List<String> answers) {
    /** Checks that there is an answer. */
    public Question {
      answers = List.copyOf(answers);
      if (answers.isEmpty()) {
        throw new IllegalArgumentException(
            "captions: answers expected at least 1 to '" + text + "', got none");
      }
    }
  }

  /** Checks that there is a caption. */
  public CaptionRecord {
    captions = List.copyOf(captions);
    if (captions.isEmpty()) {
      throw new IllegalArgumentException(
          "captions: expected at least 1 of " + image + ", got none");
    }
  }

  /** An image with captions only. */
  public CaptionRecord(String image, List<String> captions, @Nullable String imageId) {
    this(image, captions, imageId, null, null);
  }

  /** An image with captions or a dialogue. */
  public CaptionRecord(
      String image, List<String> captions, @Nullable String imageId, @Nullable Dialogue dialogue) {
    this(image, captions, imageId, dialogue, null);
  }

  /** This record with another image id. */
  public CaptionRecord withImageId(@Nullable String newId) {
    return new CaptionRecord(image, captions, newId, dialogue, question);
  }

  /** With a question about the image, or without one for null. */
  public CaptionRecord withQuestion(@Nullable Question asked) {
    return new CaptionRecord(image, captions, imageId, dialogue, asked);
  }
}
