package io.github.blip2j.blip2.text;

import static io.github.blip2j.blip2.text.Arguments.required;

import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.List;

/**
 * Images and text in the order of the language model's input. Immutable.
 *
 * <pre>{@code
 * Prompt.about(image, "a photo of")                 [Q positions][text]
 * Prompt.of(before).image(after).text("a change:")  [Q positions][Q positions][text]
 * Prompt.of(image).text("a cat.").image(other)      [Q positions][text][Q positions]
 * }</pre>
 *
 * <p>Text is used as it is, without a space added before or after an image; texts in a row are one
 * text. The language model's special tokens occur once: the start token before the first text, or
 * after the images if there is none, and the end token at the very end.
 *
 * <p>The released models were trained with one image before each text. More images, or images
 * between texts, are possible and untrained; InstructBLIP takes a video as its frames in a row.
 */
public final class Prompt {
  /** An image, or text. */
  public sealed interface Part permits ImagePart, TextPart {}

  /** An image. */
  record ImagePart(Image image) implements Part {}

  /** Text, not empty. */
  public record TextPart(String text) implements Part {}

  private final List<Part> parts;

  private Prompt(List<Part> parts) {
    this.parts = List.copyOf(parts);
  }

  /** A prompt that begins with an image. */
  public static Prompt of(Image image) {
    return new Prompt(List.of()).image(image);
  }

  /** A prompt that begins with text. */
  public static Prompt of(String text) {
    return new Prompt(List.of()).text(text);
  }

  /** An image, then text, which may be empty: the form that models were trained on. */
  public static Prompt about(Image image, String text) {
    return of(image).text(text);
  }

  /**
   * Frames of a video in a row, then text, which may be empty. InstructBLIP's queries attend to the
   * text with each frame.
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
    return with(new ImagePart(required("prompt", "image", image)));
  }

  /** This prompt and more text. */
  public Prompt text(String text) {
    if (required("prompt", "text", text).isEmpty()) {
      return this;
    }
    int last = parts.size() - 1;
    if (last >= 0 && parts.get(last) instanceof TextPart before) {
      return new Prompt(parts.subList(0, last)).with(new TextPart(before.text() + text));
    }
    return with(new TextPart(text));
  }

  /** The images, in order. */
  public List<Image> images() {
    List<Image> images = new ArrayList<>();
    for (Part part : parts) {
      if (part instanceof ImagePart some) {
        images.add(some.image());
      }
    }
    return List.copyOf(images);
  }

  /** All text without the images, concatenated. */
  public String text() {
    var all = new StringBuilder();
    for (Part part : parts) {
      if (part instanceof TextPart some) {
        all.append(some.text());
      }
    }
    return all.toString();
  }

  /** The text at the end; empty if an image is there. */
  public String ending() {
    Part last = parts.get(parts.size() - 1);
    return last instanceof TextPart some ? some.text() : "";
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
      text.append(part instanceof TextPart some ? some.text() : "[image]");
    }
    return text.toString();
  }
}
