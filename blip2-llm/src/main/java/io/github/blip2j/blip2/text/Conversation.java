package io.github.blip2j.blip2.text;

import static io.github.blip2j.blip2.text.Arguments.required;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Questions about an image and their answers so far, for a question that follows up on them. The
 * model keeps no state between calls, so each prompt repeats the conversation. Immutable.
 *
 * <pre>{@code
 * Conversation talk = Conversation.empty().and("which city is this?", "singapore");
 * String why = blip2.answer(image, talk, "why?");
 * }</pre>
 *
 * @param turns from the first to the last
 */
public record Conversation(List<Turn> turns) {
  /** A question and its answer, neither blank. */
  public record Turn(String question, String answer) {
    /** Checks that both have text. */
    public Turn {
      requireWords("question", question);
      requireWords("answer", answer);
    }

    private static void requireWords(String what, String text) {
      if (required("conversation", what, text).isBlank()) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "conversation: %s expected text, got a blank", what));
      }
    }
  }

  /** Keeps the list from changing. */
  public Conversation {
    turns = List.copyOf(required("conversation", "turns", turns));
  }

  /** The conversation before the first question. */
  public static Conversation empty() {
    return new Conversation(List.of());
  }

  /** This conversation and one more question and answer. */
  public Conversation and(String question, String answer) {
    List<Turn> more = new ArrayList<>(turns);
    more.add(new Turn(question, answer));
    return new Conversation(more);
  }
}
