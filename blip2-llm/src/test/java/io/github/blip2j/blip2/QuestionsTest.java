package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.blip2.text.Conversation;
import io.github.blip2j.blip2.text.QuestionPrompt;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.vision.image.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Questions, one and many, with what was asked before. */
final class QuestionsTest {
  private static final List<String> QUESTIONS =
      List.of("what color is the star?", "why?", "what is to the left of the white ring?", "a?");

  private static Blip2 blip2;
  private static List<BufferedImage> images;

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.load(Fixture.HF_OPT);
    images = Fixture.images().stream().map(image -> image.toBufferedImage()).toList();
  }

  @AfterAll
  static void close() {
    blip2.close();
  }

  @Test
  void ask_withContext_isAsUsersOfLavisWriteIt() {
    Conversation talk = Conversation.empty().and("which city is this?", "singapore");

    assertEquals(
        "Question: which city is this? Answer: singapore. Question: why? Answer:",
        QuestionPrompt.ANSWER.ask(talk, " why?\n"));
    assertEquals(
        "Question: which city is this? Short answer: singapore. Question: why? Short answer: it has"
            + " a statue! Question: whose? Short answer:",
        QuestionPrompt.SHORT_ANSWER.ask(talk.and("why?", "it has a statue!"), "whose?"));
    assertEquals("Q why? A", new QuestionPrompt("Q {} A").ask(Conversation.empty(), "why?"));
  }

  @Test
  void template_withoutOnePlace_isRefused() {
    for (String template : List.of("Answer:", "{} or {}", "{ }", "")) {
      assertSays(
          IllegalArgumentException.class,
          "template: text expected {} once, where the question goes, got '" + template + "'",
          () -> new QuestionPrompt(template));
    }
  }

  @Test
  void answers_ofDifferentLengths_equalOneByOne() {
    List<BufferedImage> asked = new ArrayList<>();
    List<String> questions = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      asked.add(images.get(i % 3));
      questions.add(QUESTIONS.get(i % 4));
      expected.add(blip2.answer(asked.get(i), questions.get(i)));
    }

    assertEquals(expected, blip2.answers(asked.stream().map(Image::of).toList(), questions));
    assertEquals("yellow", blip2.answer(images.get(1), QUESTIONS.get(0)));
    assertEquals(List.of(), blip2.answers(List.of(), List.of()));
  }

  @Test
  void answer_withContext_readsIt() {
    Conversation talk = Conversation.empty().and(QUESTIONS.get(0), "yellow");
    String prompt = QuestionPrompt.ANSWER.ask(talk, QUESTIONS.get(2));

    assertEquals(
        blip2.generate(images.get(1), prompt, GenerationConfig.greedy()).get(0).text(),
        blip2.answer(Image.of(images.get(1)), talk, QUESTIONS.get(2)));
  }

  @Test
  void withQuestions_asksSo() {
    Blip2 other = blip2.withQuestions(new QuestionPrompt("a {} of"));

    assertEquals(QuestionPrompt.ANSWER, blip2.questions());
    assertEquals(
        blip2.generate(images.get(0), "a photo of", GenerationConfig.greedy()).get(0).text(),
        other.answer(images.get(0), "photo"));
  }

  @Test
  void answers_toBlankQuestions_sayWhich() {
    assertSays(
        IllegalArgumentException.class,
        "answers: questions[1] expected text, got a blank",
        () ->
            blip2.answers(
                images.subList(0, 2).stream().map(Image::of).toList(), List.of("why?", " ")));
    assertSays(
        IllegalArgumentException.class,
        "answers: questions[1] expected text, got '...', of which cleaning leaves none",
        () ->
            blip2
                .withConvention(Convention.LAVIS)
                .answers(
                    images.subList(0, 2).stream().map(Image::of).toList(), List.of("why?", "...")));
    assertSays(
        IllegalArgumentException.class,
        "answers: questions expected one for each of 2 images, got 1",
        () ->
            blip2.answers(images.subList(0, 2).stream().map(Image::of).toList(), List.of("why?")));
    assertSays(
        IllegalArgumentException.class,
        "conversation: answer expected text, got a blank",
        () -> Conversation.empty().and("why?", ""));
    assertSays(
        IllegalArgumentException.class,
        "conversation: question expected text, got a blank",
        () -> Conversation.empty().and(" ", "so"));
  }

  @Test
  @SuppressWarnings("NullAway") // callers outside the null checker
  void calls_withNull_nameIt() {
    assertNull("answers: images expected, got null", () -> blip2.answers(null, QUESTIONS));
    assertNull(
        "answers: questions expected, got null",
        () -> blip2.answers(images.stream().map(Image::of).toList(), null));
    assertNull(
        "answers: questions[1] expected, got null",
        () ->
            blip2.answers(
                images.subList(0, 2).stream().map(Image::of).toList(),
                Arrays.asList("why?", null)));
    assertNull(
        "answer: conversation expected, got null",
        () -> blip2.answer(Image.of(images.get(0)), (Conversation) null, "why?"));
    assertNull(
        "conversation: answer expected, got null", () -> Conversation.empty().and("a", null));
    assertNull("template: text expected, got null", () -> new QuestionPrompt(null));
    assertNull("answer: template expected, got null", () -> blip2.withQuestions(null));
  }

  private static void assertNull(String message, Executable call) {
    assertSays(NullPointerException.class, message, call);
  }

  private static void assertSays(
      Class<? extends RuntimeException> type, String message, Executable call) {
    assertEquals(message, assertThrows(type, call).getMessage());
  }
}
