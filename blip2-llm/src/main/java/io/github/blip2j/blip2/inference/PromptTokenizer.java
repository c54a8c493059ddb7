package io.github.blip2j.blip2.inference;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.blip2.model.PromptLayout;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Prompts to the token ids of a language model. */
public final class PromptTokenizer {
  private static final int LAVIS_PROMPT = 32; // its max_txt_len

  private final HuggingFaceTokenizer tokenizer;
  private final Blip2Config config;
  private final LanguageModel language;
  private final TextCuts cuts = new TextCuts();

  PromptTokenizer(HuggingFaceTokenizer tokenizer, Blip2Model model) {
    this.tokenizer = tokenizer;
    this.config = model.config();
    this.language = model.language();
  }

  /** Prompts after one image each, padded as the language model wants them. */
  PromptBatch batch(List<int[]> ids) {
    return PromptBatch.of(ids, config.text().padId(), language.paddingSide());
  }

  /** Prompts with images anywhere, padded alike. */
  PromptBatch layoutBatch(List<PromptLayout> layouts) {
    return PromptBatch.ofLayouts(layouts, config.text().padId(), language.paddingSide());
  }

  /** The ids of a prompt after one image; LAVIS cuts one that is too long for it. */
  public int[] ids(String prompt) {
    int[] ids = textIds(prompt);
    // LAVIS tells OPT's tokenizer to cut, and in generation neither T5's nor InstructBLIP's.
    boolean cutting =
        config.convention() == Convention.LAVIS
            && !config.readsInstruction()
            && config.text().kind() == LanguageFamily.OPT;
    if (!cutting || ids.length <= LAVIS_PROMPT) {
      return ids;
    }
    cuts.tell("prompt", ids.length, LAVIS_PROMPT, "end", "convention HF reads it whole");
    return tokenizer.encodeTruncated(prompt, LAVIS_PROMPT, Side.RIGHT);
  }

  /** The ids of a text; without words, the token that begins every text. */
  private int[] textIds(String text) {
    int begin = config.text().beginId();
    int[] ids = text.isEmpty() ? new int[] {begin} : tokenizer.encode(text);
    requireWords(ids);
    return ids.length == 0 ? new int[] {begin} : ids;
  }

  /** The ids of words alone, without the tokenizer's special tokens. */
  private int[] wordIds(String words) {
    int[] ids = tokenizer.encodePlain(words);
    requireWords(ids);
    return ids;
  }

  private void requireWords(int[] ids) {
    VocabularyCheck.requireWords(
        "generate: prompt", tokenizer, language.vocabSize(), config.imageTokenId(), ids);
  }

  /**
   * Where a prompt's images and words stand. What the tokenizer puts before and after a text stands
   * before the first words and at the very end.
   */
  public PromptLayout layout(Prompt prompt) {
    List<Prompt.Part> parts = prompt.parts();
    String first = firstWords(parts);
    if (isAfterImage(parts)) {
      return PromptLayout.afterImage(ids(first));
    }
    int[] whole = textIds(first);
    int[] plain = first.isEmpty() ? new int[0] : tokenizer.encodePlain(first);
    int before = indexOf(whole, plain);
    int[] begin = Arrays.copyOf(whole, before);
    int[] end = Arrays.copyOfRange(whole, before + plain.length, whole.length);
    PromptLayout layout = PromptLayout.words(new int[0]);
    boolean begun = false;
    for (Prompt.Part part : parts) {
      if (part instanceof Prompt.Words words) {
        layout = begun ? layout : layout.and(PromptLayout.words(begin));
        begun = true;
        layout = layout.and(PromptLayout.words(wordIds(words.text())));
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
        !config.text().kind().encodes()
            && !before.isEmpty()
            && !Character.isWhitespace(before.charAt(before.length() - 1));
    int[] ids = wordIds((continued ? " " : "") + answer.strip());
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
