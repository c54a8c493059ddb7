package io.github.blip2j.blip2.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Instructions letter by letter. */
final class InstructionTest {
  private static final String READ = "OCR tokens: {}. Question: {} Short answer:";
  private static final String CHOOSE = "Question: {} Options: {}. Short answer:";

  @Test
  void text_ofRequestAlone_isTheRequest() {
    assertEquals("what is this?", Instruction.of("what is this?").text());
  }

  @Test
  void text_withEverything_putsCaptionFirst() {
    Instruction instruction =
        Instruction.of("what is behind it?")
            .withContext("cats sleep a lot")
            .withCaption("a cat on a couch")
            .withHistory("is it day? yes");

    assertEquals(
        "This image has the caption \"a cat on a couch\". dialog history: is it day? yes\n"
            + "context: cats sleep a lot. what is behind it?",
        instruction.text());
  }

  @Test
  void text_withOneOfEach_isThatOne() {
    Instruction plain = Instruction.of("why?");

    assertEquals("context: it rains. why?", plain.withContext("it rains").text());
    assertEquals("dialog history: who? I\nwhy?", plain.withHistory("who? I").text());
    assertEquals("This image has the caption \"rain\". why?", plain.withCaption("rain").text());
  }

  @Test
  void reading_ofTokens_joinsThemByCommas() {
    assertEquals(
        "OCR tokens: stop, 50. Question: what does it say? Short answer:",
        Instruction.reading(READ, List.of("stop", "50"), "what does it say?").text());
    assertEquals(
        "a caption with stop, {}:",
        Instruction.reading("a caption with {}:", List.of("stop", "{}")).text());
    assertEquals(
        "OCR tokens: . Question: why? Short answer:",
        Instruction.reading(READ, List.of(), "why?").text());
  }

  @Test
  void reading_ofMoreThanThirtyTokens_takesTheFirst() {
    List<String> tokens = IntStream.rangeClosed(1, 31).mapToObj(i -> "t" + i).toList();

    String text = Instruction.reading("{}!", tokens).text();

    assertEquals(String.join(", ", tokens.subList(0, 30)) + "!", text);
  }

  @Test
  void choosing_ofSeveral_givesEachALetter() {
    assertEquals(
        "Question: what is it? Options: (a) a cat (b) a dog (c) {}. Short answer:",
        Instruction.choosing(CHOOSE, "what is it?", List.of("a cat", "a dog", "{}")).text());
  }

  @Test
  void choosing_wrongly_saysWhatIsWrong() {
    List<String> many = Collections.nCopies(27, "x");

    assertSays(
        "instruction: choices expected at most 26, one for each letter, got 27",
        () -> Instruction.choosing(CHOOSE, "what?", many));
    assertSays(
        "instruction: choices expected at least 1, got 0",
        () -> Instruction.choosing(CHOOSE, "what?", List.of()));
    assertSays(
        "instruction: template expected {} twice, got 'Question: {}'",
        () -> Instruction.choosing("Question: {}", "what?", List.of("a")));
  }

  @Test
  void reading_withOtherPlaces_isRefused() {
    assertSays(
        "instruction: template expected {} once, got 'read it'",
        () -> Instruction.reading("read it", List.of()));
    assertSays(
        "instruction: template expected {} once, got '{} or {}'",
        () -> Instruction.reading("{} or {}", List.of()));
  }

  @Test
  void of_blank_isRefused() {
    assertSays("instruction: request expected text, got a blank", () -> Instruction.of(" \n"));
  }

  private static void assertSays(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }
}
