package io.github.blip2j.blip2.text;

import static io.github.blip2j.blip2.text.Arguments.required;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.text.QuestionText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The template that makes a question a prompt of the language model (Li et al. 2023, section 4.1).
 *
 * @param template the prompt, with {@code {}} once, where the question goes
 * @param cleaning the preprocessing of questions, or null for none
 */
public record QuestionPrompt(String template, @Nullable QuestionText cleaning) {
  private static final String PLACE = "{}";

  /** The template of OPT: {@code Question: {} Answer:}. */
  public static final QuestionPrompt ANSWER = new QuestionPrompt("Question: {} Answer:");

  /** The template of T5 for the short answers of VQA: {@code Question: {} Short answer:}. */
  public static final QuestionPrompt SHORT_ANSWER =
      new QuestionPrompt("Question: {} Short answer:");

  /** Checks that there is one place for the question. */
  public QuestionPrompt {
    int at = required("template", "text", template).indexOf(PLACE);
    if (at < 0 || template.indexOf(PLACE, at + PLACE.length()) >= 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "template: text expected {} once, where the question goes, got '%s'",
              template));
    }
  }

  /** A template without preprocessing of questions. */
  public QuestionPrompt(String template) {
    this(template, null);
  }

  /**
   * The paper's template for this kind of model, with its convention's preprocessing of questions.
   */
  public static QuestionPrompt usual(Blip2Config config) {
    return new QuestionPrompt(
        config.text().family().questionPrompt(), config.convention().questions());
  }

  /** This template with another preprocessing of questions, or none for null. */
  public QuestionPrompt cleaning(@Nullable QuestionText newCleaning) {
    return new QuestionPrompt(template, newCleaning);
  }

  /** Another template with this preprocessing of questions. */
  public QuestionPrompt withTemplate(String newTemplate) {
    return new QuestionPrompt(newTemplate, cleaning);
  }

  /**
   * The prompt that asks a question.
   *
   * @throws IllegalArgumentException if the question is blank
   */
  public String ask(String question) {
    return ask("answer", "question", question);
  }

  private String ask(String where, String which, String question) {
    String text = required(where, which, question);
    String cleaned = cleaning == null ? text : cleaning.clean(text);
    if (cleaned.isBlank()) {
      String got = text.isBlank() ? "a blank" : "'" + text + "', of which cleaning leaves none";
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s: %s expected text, got %s", where, which, got));
    }
    return template.replace(PLACE, cleaned.strip());
  }

  /**
   * The prompt that asks a question after others: {@code Question: which city is this? Answer:
   * singapore. Question: why? Answer:}, as users of LAVIS write it. An answer gets a period unless
   * it ends in one, or in another mark.
   */
  public String ask(Conversation before, String question) {
    var prompt = new StringBuilder();
    for (Conversation.Turn turn : required("answer", "conversation", before).turns()) {
      String answer = turn.answer().strip();
      boolean marked = ".!?".indexOf(answer.charAt(answer.length() - 1)) >= 0;
      prompt.append(ask(turn.question())).append(' ').append(answer).append(marked ? " " : ". ");
    }
    return prompt.append(ask(question)).toString();
  }

  /** The prompts of {@code questions}, of which there must be one for each image. */
  public List<String> askEach(int images, List<String> questions) {
    required("answers", "questions", questions);
    if (questions.size() != images) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "answers: questions expected one for each of %d images, got %d",
              images,
              questions.size()));
    }
    List<String> prompts = new ArrayList<>();
    for (int i = 0; i < images; i++) {
      prompts.add(ask("answers", String.format(Locale.ROOT, "questions[%d]", i), questions.get(i)));
    }
    return prompts;
  }
}
