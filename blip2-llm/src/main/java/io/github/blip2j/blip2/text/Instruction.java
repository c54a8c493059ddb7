package io.github.blip2j.blip2.text;

import static io.github.blip2j.blip2.text.Arguments.required;
import static io.github.blip2j.blip2.text.Arguments.requiredAll;

import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/**
 * An instruction in the format that InstructBLIP was trained on, as LAVIS builds it (Dai et al.
 * 2023, section 2.2). Immutable.
 *
 * <pre>{@code
 * Instruction.of("what is behind it?").withHistory("Q: what is this? A: a cat").text()
 * Instruction.choosing("{} Options: {}.", "what is it?", List.of("a cat", "a dog")).text()
 * }</pre>
 *
 * @param request the question or task
 * @param context further knowledge, or empty
 * @param history a dialog so far, or empty
 * @param caption of the image, or empty
 */
public record Instruction(String request, String context, String history, String caption) {
  private static final String PLACE = "{}";
  private static final int MOST_OCR_TOKENS = 30;
  private static final int LETTERS = 26;

  /** Checks that there is a request. */
  public Instruction {
    if (required("instruction", "request", request).isBlank()) {
      throw new IllegalArgumentException("instruction: request expected text, got a blank");
    }
    required("instruction", "context", context);
    required("instruction", "history", history);
    required("instruction", "caption", caption);
  }

  /** A request, such as a question. */
  public static Instruction of(String request) {
    return new Instruction(request, "", "", "");
  }

  /**
   * A request about text in the image.
   *
   * @param template with {@code {}} once, where the first 30 tokens go, joined by commas
   * @param ocrTokens the result of character recognition, in its order
   */
  public static Instruction reading(String template, List<String> ocrTokens) {
    return of(filled(template, tokens(ocrTokens)));
  }

  /**
   * A question about text in the image.
   *
   * @param template with {@code {}} twice, first for the tokens, then for the question
   * @param ocrTokens the result of character recognition, in its order; the first 30 are used
   */
  public static Instruction reading(String template, List<String> ocrTokens, String question) {
    required("instruction", "question", question);
    return of(filled(template, tokens(ocrTokens), question));
  }

  /**
   * A question with answers to choose from.
   *
   * @param template with {@code {}} twice, first for the question, then for the choices
   * @param choices at most 26, written as {@code (a) a cat (b) a dog}
   */
  public static Instruction choosing(String template, String question, List<String> choices) {
    required("instruction", "question", question);
    requiredAll("instruction", "choice", choices);
    if (choices.size() > LETTERS) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "instruction: choices expected at most %d, one for each letter, got %d",
              LETTERS,
              choices.size()));
    }
    var listed = new StringJoiner(" ");
    for (int i = 0; i < choices.size(); i++) {
      listed.add(String.format(Locale.ROOT, "(%c) %s", 'a' + i, choices.get(i)));
    }
    return of(filled(template, question, listed.toString()));
  }

  /** This instruction with context. */
  public Instruction withContext(String newContext) {
    return new Instruction(request, newContext, history, caption);
  }

  /** This instruction with a dialog so far. */
  public Instruction withHistory(String newHistory) {
    return new Instruction(request, context, newHistory, caption);
  }

  /** This instruction with a caption of the image. */
  public Instruction withCaption(String newCaption) {
    return new Instruction(request, context, history, newCaption);
  }

  /** The prompt: caption, history, context and request, in this order, each if it is there. */
  public String text() {
    var text = new StringBuilder();
    if (!caption.isEmpty()) {
      text.append("This image has the caption \"").append(caption).append("\". ");
    }
    if (!history.isEmpty()) {
      text.append("dialog history: ").append(history).append('\n');
    }
    if (!context.isEmpty()) {
      text.append("context: ").append(context).append(". ");
    }
    return text.append(request).toString();
  }

  private static String tokens(List<String> ocrTokens) {
    required("instruction", "tokens", ocrTokens)
        .forEach(token -> required("instruction", "token", token));
    int count = Math.min(ocrTokens.size(), MOST_OCR_TOKENS);
    return String.join(", ", ocrTokens.subList(0, count));
  }

  /** The template with a value in each of its places. */
  private static String filled(String template, String... values) {
    var text = new StringBuilder();
    int from = 0;
    for (String value : values) {
      int at = required("instruction", "template", template).indexOf(PLACE, from);
      if (at < 0) {
        throw wrongPlaces(template, values.length);
      }
      text.append(template, from, at).append(value);
      from = at + PLACE.length();
    }
    if (template.indexOf(PLACE, from) >= 0) {
      throw wrongPlaces(template, values.length);
    }
    return text.append(template, from, template.length()).toString();
  }

  private static IllegalArgumentException wrongPlaces(String template, int expected) {
    return new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "instruction: template expected {} %s, got '%s'",
            expected == 1 ? "once" : "twice",
            template));
  }
}
