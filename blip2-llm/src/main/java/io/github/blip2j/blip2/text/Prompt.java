package io.github.blip2j.blip2.text;

import static io.github.blip2j.blip2.text.Arguments.required;

import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.List;

/**
 * Images and words in the order in which the language model reads them. Immutable.
 *
 * <pre>{@code
 * Prompt.about(image, "a photo of")                 [Q places][words]
 * Prompt.of(before).image(after).text("a change:")  [Q places][Q places][words]
 * Prompt.of(image).text("a cat.").image(other)      [Q places][words][Q places]
 * }</pre>
 *
 * <p>Words are read as they stand, without a space added before or after an image; texts in a row
 * are one text. A language model's own tokens stand once: what begins a text before the first
 * words, or after the images if there are none, and what ends it at the very end.
 *
 * <p>The released models saw one image before each text in training. More images, or images between
 * words, are possible and untrained; frames of a video in a row are how InstructBLIP reads it.
 */
public final class Prompt {
  /** An image, or words. */
  public sealed interface Part permits Picture, Words {}

  /** An image. */
  record Picture(Image image) implements Part {}

  /** Words, not empty. */
  public record Words(String text) implements Part {}

  private final List<Part> parts;

  private Prompt(List<Part> parts) {
    this.parts = List.copyOf(parts);
  }

  /** A prompt that begins with an image. */
  public static Prompt of(Image image) {
    return new Prompt(List.of()).image(image);
  }

  /** A prompt that begins with words. */
  public static Prompt of(String text) {
    return new Prompt(List.of()).text(text);
  }

  /** An image, then words, which may be empty: what models were trained on. */
  public static Prompt about(Image image, String text) {
    return of(image).text(text);
  }

  /**
   * Frames of a video in a row, then words, which may be empty. InstructBLIP reads the words with
   * each frame.
   */
  public static Prompt video(List<Image> frames, String text) {
    Prompt prompt = new Prompt(List.of());
    for (Image frame : Arguments.requiredAll("prompt", "frame", frames)) {
      prompt = prompt.image(frame);
    }
    return prompt.text(text);
  }

  /** This prompt and one more image. */
  public Prompt image(Image image) {
    return with(new Picture(required("prompt", "image", image)));
  }

  /** This prompt and more words. */
  public Prompt text(String text) {
    if (required("prompt", "text", text).isEmpty()) {
      return this;
    }
    int last = parts.size() - 1;
    if (last >= 0 && parts.get(last) instanceof Words before) {
      return new Prompt(parts.subList(0, last)).with(new Words(before.text() + text));
    }
    return with(new Words(text));
  }

  /** The images, in order. */
  public List<Image> images() {
    List<Image> images = new ArrayList<>();
    for (Part part : parts) {
      if (part instanceof Picture picture) {
        images.add(picture.image());
      }
    }
    return List.copyOf(images);
  }

  /** All words without the images, joined as they stand. */
  public String words() {
    var words = new StringBuilder();
    for (Part part : parts) {
      if (part instanceof Words some) {
        words.append(some.text());
      }
    }
    return words.toString();
  }

  /** The words at its very end; none where an image is. */
  public String ending() {
    Part last = parts.get(parts.size() - 1);
    return last instanceof Words words ? words.text() : "";
  }

  public List<Part> parts() {
    return parts;
  }

  private Prompt with(Part part) {
    List<Part> more = new ArrayList<>(parts);
    more.add(part);
    return new Prompt(more);
  }

  /** As in {@code [image]a photo of}. */
  @Override
  public String toString() {
    var text = new StringBuilder();
    for (Part part : parts) {
      text.append(part instanceof Words words ? words.text() : "[image]");
    }
    return text.toString();
  }
}
