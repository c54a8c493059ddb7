package io.github.blip2j.blip2;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Prompts to token ids. */
final class PromptReader {
  private final LoadedModel loaded;

  PromptReader(LoadedModel loaded) {
    this.loaded = loaded;
  }

  /**
   * Where a prompt's images and words stand. What the tokenizer puts before and after a text stands
   * before the first words and at the very end.
   */
  PromptLayout read(Prompt prompt) {
    List<Prompt.Part> parts = prompt.parts();
    String first = firstWords(parts);
    if (isAfterImage(parts)) {
      return PromptLayout.afterImage(loaded.promptIds(first));
    }
    int[] whole = loaded.textIds(first);
    int[] plain = first.isEmpty() ? new int[0] : loaded.tokenizer().encodePlain(first);
    int before = indexOf(whole, plain);
    int[] begin = Arrays.copyOf(whole, before);
    int[] end = Arrays.copyOfRange(whole, before + plain.length, whole.length);
    PromptLayout layout = PromptLayout.words(new int[0]);
    boolean begun = false;
    for (Prompt.Part part : parts) {
      if (part instanceof Prompt.Words words) {
        layout = begun ? layout : layout.and(PromptLayout.words(begin));
        begun = true;
        layout = layout.and(PromptLayout.words(loaded.wordIds(words.text())));
      } else {
        layout = layout.and(PromptLayout.image());
      }
    }
    layout = begun ? layout : layout.and(PromptLayout.words(begin));
    return layout.and(PromptLayout.words(end));
  }

  /**
   * An answer's tokens, as the model would write them after these words.
   *
   * <p>OPT's tokens hold the space before a word, so an answer gets one unless it begins the text
   * or a space stands there already. T5 writes a text of its own, which begins without.
   *
   * @param where the answer, as messages name it
   * @param before the words right before the answer, empty where an image is
   * @throws IllegalArgumentException if there are none
   */
  int[] answerIds(String where, String before, String answer) {
    if (answer.isBlank()) {
      throw new IllegalArgumentException(where + " expected words, got a blank");
    }
    boolean continued =
        !loaded.model().config().text().kind().encodes()
            && !before.isEmpty()
            && !Character.isWhitespace(before.charAt(before.length() - 1));
    int[] ids = loaded.wordIds((continued ? " " : "") + answer.strip());
    if (ids.length == 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s expected words, got '%s', of which the tokenizer makes nothing",
              where,
              answer));
    }
    return ids;
  }

  /** Whether it is what models were trained on, and may be cut. */
  private static boolean isAfterImage(List<Prompt.Part> parts) {
    return parts.size() == 2
        && !(parts.get(0) instanceof Prompt.Words)
        && parts.get(1) instanceof Prompt.Words;
  }

  private static String firstWords(List<Prompt.Part> parts) {
    for (Prompt.Part part : parts) {
      if (part instanceof Prompt.Words words) {
        return words.text();
      }
    }
    return "";
  }

  /** Where the text's own tokens begin among those with what surrounds them. */
  private static int indexOf(int[] whole, int[] plain) {
    for (int at = 0; at + plain.length <= whole.length; at++) {
      if (Arrays.equals(whole, at, at + plain.length, plain, 0, plain.length)) {
        return at;
      }
    }
    throw new AssertionError("special tokens only surround a text");
  }
}
