package io.github.blip2j.blip2.inference;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.blip2.model.PromptLayout;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.text.Continuation;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Tokenizes prompts for a language model. */
public final class PromptTokenizer {
  private static final int LAVIS_PROMPT = 32; // its max_txt_len

  private final HuggingFaceTokenizer tokenizer;
  private final Blip2Config config;
  private final LanguageModel language;
  private final Continuation continuation;
  private final TextCuts cuts = new TextCuts();

  PromptTokenizer(HuggingFaceTokenizer tokenizer, Blip2Model model) {
    this.tokenizer = tokenizer;
    this.config = model.config();
    this.language = model.language();
    this.continuation = Continuation.of(tokenizer);
  }

  /** Prompts after one image each, padded on the language model's side. */
  PromptBatch batch(List<int[]> ids) {
    return PromptBatch.of(ids, config.text().padId(), language.paddingSide());
  }

  /** Prompts with images anywhere, padded on the language model's side. */
  PromptBatch layoutBatch(List<PromptLayout> layouts) {
    return PromptBatch.ofLayouts(layouts, config.text().padId(), language.paddingSide());
  }

  /** The ids of a prompt after one image; cut with the convention of LAVIS if it is too long. */
  public int[] ids(String prompt) {
    int[] ids = textIds(prompt);
    // LAVIS truncates OPT's prompts only; in generation T5's and InstructBLIP's are whole.
    boolean cutting =
        config.convention() == Convention.LAVIS
            && !config.readsInstruction()
            && config.text().family().lavis().cutsPrompts();
    if (!cutting || ids.length <= LAVIS_PROMPT) {
      return ids;
    }
    cuts.tell("prompt", ids.length, LAVIS_PROMPT, "end", "convention HF reads it whole");
    return tokenizer.encodeTruncated(prompt, LAVIS_PROMPT, Side.RIGHT);
  }

  /** The ids of a text; of the empty text, the start token. */
  private int[] textIds(String text) {
    int begin = beginId();
    int[] ids = text.isEmpty() ? new int[] {begin} : tokenizer.encode(text);
    requireWords(ids);
    if (ids.length > 0 && ids[0] == config.text().beginId()) {
      ids[0] = begin;
    }
    return ids.length == 0 ? new int[] {begin} : ids;
  }

  /** The token before every prompt. */
  private int beginId() {
    return config.convention() == Convention.LAVIS
        ? config.text().lavisBeginId()
        : config.text().beginId();
  }

  /** The ids of a text without special tokens. */
  private int[] plainIds(String text) {
    return requireWords(tokenizer.encodePlain(text));
  }

  private int[] requireWords(int[] ids) {
    VocabularyCheck.requireEmbeddings(
        "generate: prompt", tokenizer, language.vocabSize(), config.imageTokenId(), ids);
    return ids;
  }

  /**
   * The layout of a prompt's images and tokens. The tokenizer's start tokens are put before the
   * first text, its end tokens at the very end.
   */
  public PromptLayout layout(Prompt prompt) {
    List<Prompt.Part> parts = prompt.parts();
    String first = firstText(parts);
    if (isAfterImage(parts)) {
      return PromptLayout.afterImage(ids(first));
    }
    int[] whole = textIds(first);
    int[] plain = first.isEmpty() ? new int[0] : tokenizer.encodePlain(first);
    int before = indexOf(whole, plain);
    int[] begin = Arrays.copyOf(whole, before);
    int[] end = Arrays.copyOfRange(whole, before + plain.length, whole.length);
    PromptLayout layout = PromptLayout.tokens(new int[0]);
    boolean begun = false;
    for (Prompt.Part part : parts) {
      if (part instanceof Prompt.TextPart some) {
        layout = begun ? layout : layout.and(PromptLayout.tokens(begin));
        begun = true;
        layout = layout.and(PromptLayout.tokens(plainIds(some.text())));
      } else {
        layout = layout.and(PromptLayout.image());
      }
    }
    layout = begun ? layout : layout.and(PromptLayout.tokens(begin));
    return layout.and(PromptLayout.tokens(end));
  }

  /**
   * The tokens of an answer, as the model would generate them after this text.
   *
   * <p>A decoder continues the text, with a space between if its tokens hold it ({@link
   * Continuation}). T5's output is a text of its own, without a space before it.
   *
   * @param where the name of the answer in messages
   * @param before the text right before the answer, empty after an image
   * @throws IllegalArgumentException if the answer has no tokens
   */
  int[] answerIds(String where, String before, String answer) {
    if (answer.isBlank()) {
      throw new IllegalArgumentException(where + " expected text, got a blank");
    }
    String continued = config.text().family().encodes() ? "" : before;
    int[] ids = requireWords(continuation.ids(continued, answer.strip()));
    if (ids.length == 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s expected text, got '%s', of which the tokenizer makes nothing",
              where,
              answer));
    }
    return ids;
  }

  /** Whether it has the form of training, one image and text, and may be cut. */
  private static boolean isAfterImage(List<Prompt.Part> parts) {
    return parts.size() == 2
        && !(parts.get(0) instanceof Prompt.TextPart)
        && parts.get(1) instanceof Prompt.TextPart;
  }

  private static String firstText(List<Prompt.Part> parts) {
    for (Prompt.Part part : parts) {
      if (part instanceof Prompt.TextPart some) {
        return some.text();
      }
    }
    return "";
  }

  /** The start of a text's own tokens among those with special tokens. */
  private static int indexOf(int[] whole, int[] plain) {
    for (int at = 0; at + plain.length <= whole.length; at++) {
      if (Arrays.equals(whole, at, at + plain.length, plain, 0, plain.length)) {
        return at;
      }
    }
    throw new AssertionError("special tokens only surround a text");
  }
}
