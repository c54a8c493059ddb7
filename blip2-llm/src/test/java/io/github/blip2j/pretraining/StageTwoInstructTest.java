package io.github.blip2j.pretraining;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Training of an InstructBLIP, whose Q-Former reads what the language model is asked. */
@ExtendWith(InScope.class)
final class StageTwoInstructTest {
  private static final String UNREAD = "qformer.layers.3.textMlp."; // the last layer's

  private final Path folder;
  private final Scope home = Scope.detached();
  private final StageTwoModel model;
  private final HuggingFaceTokenizer tokenizer;
  private final HuggingFaceTokenizer instructions;
  private final StageTwoTraining training;

  StageTwoInstructTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.model = StageTwoModel.load(Questions.MODEL, home, StageTwoSetup.lavis());
    this.tokenizer = model.openTokenizer();
    this.instructions = requireNonNull(model.openInstructionTokenizer());
    this.training = StageTwoTraining.of(model, tokenizer, instructions);
  }

  @AfterEach
  void close() {
    instructions.close();
    tokenizer.close();
    home.close();
  }

  @Test
  void tokens_ofAQuestion_areReadByBothAndTheAnswerWritten() throws IOException {
    PairTokens tokens = tokens(training, asked("what color is the ring?", "blue"));

    assertArrayEquals(instructions.encode("what color is the ring?"), tokens.instruction());
    assertArrayEquals(tokenizer.encode("what color is the ring?"), tokens.text());
    assertArrayEquals(tokenizer.encode("blue"), tokens.labels());
  }

  @Test
  void tokens_ofACaption_areAskedForByThePromptOrByNothing() throws IOException {
    String prompt = "a short image description";

    PairTokens prompted = tokens(training.withPrompt(prompt), asked("", "a star"));
    PairTokens bare = tokens(training, asked("", "a star"));

    assertArrayEquals(instructions.encode(prompt), prompted.instruction());
    assertArrayEquals(tokenizer.encode(prompt), prompted.text());
    assertArrayEquals(instructions.encode(""), bare.instruction());
    assertEquals(2, bare.instruction().length); // [CLS] [SEP]
    assertArrayEquals(new int[] {1}, bare.text()); // </s>
  }

  @Test
  void tokens_ofLongTexts_loseTheBeginningOfInputsAndTheEndOfOutputs() throws IOException {
    String input = "a ring, a star, a circle ".repeat(40) + "what color is the ring?";
    String output = "a red star above a blue circle ".repeat(60);

    PairTokens tokens = tokens(training, asked(input, output));

    int[] all = tokenizer.encode(input.strip());
    assertArrayEquals(Arrays.copyOfRange(all, all.length - 128, all.length), tokens.text());
    int[] written = tokenizer.encode(output.strip());
    assertEquals(256, tokens.labels().length);
    assertArrayEquals(Arrays.copyOf(written, 255), Arrays.copyOf(tokens.labels(), 255));
    assertEquals(1, tokens.labels()[255]); // </s>
    // The small Q-Former has 64 positions.
    int[] read = instructions.encode(input.strip());
    assertEquals(64, tokens.instruction().length);
    assertEquals(read[0], tokens.instruction()[0]); // [CLS]
    assertArrayEquals(
        Arrays.copyOfRange(read, read.length - 63, read.length),
        Arrays.copyOfRange(tokens.instruction(), 1, 64));
  }

  @Test
  void tokens_ofOtherLengths_areCutThere() throws IOException {
    StageTwoTraining cut = training.withMaxTextTokens(9).withMaxOutputTokens(5);
    String input = "what color is the ring above the star?";
    String output = "blue, as it seems";

    PairTokens tokens = tokens(cut, asked(input, output));

    assertArrayEquals(tokenizer.encodeTruncated(input, 9, Side.LEFT), tokens.text());
    assertArrayEquals(instructions.encodeTruncated(input, 9, Side.LEFT), tokens.instruction());
    assertArrayEquals(tokenizer.encodeTruncated(output, 5, Side.RIGHT), tokens.labels());
  }

  @Test
  void losses_dependOnWhatTheQFormerReads() throws IOException {
    CaptionBatch batch = asked("what color is the ring?", "blue");
    double whole = training.losses(batch, ForwardPass.evaluation()).total().item();

    try (var other =
        HuggingFaceTokenizer.open(Questions.MODEL)) { // T5's words are others of BERT's
      var misread = StageTwoTraining.of(model, tokenizer, other);

      assertNotEquals(whole, misread.losses(batch, ForwardPass.evaluation()).total().item());
    }
  }

  @Test
  void backward_reachesWhatLearnsAndNothingElse() throws IOException {
    training.losses(questions(3), random(1)).total().backward();

    for (Parameter parameter : model.parameters().values()) {
      String name = parameter.name();
      boolean frozen = name.startsWith("vision.") || name.startsWith("language.");
      assertEquals(!frozen, parameter.isTrained(), name);
      boolean read = !frozen && !name.startsWith(UNREAD);
      assertEquals(read, parameter.gradient() != null, name);
    }
    assertTrue(model.parameters().containsKey("qformer.embeddings.words.weight"));
    assertTrue(model.parameters().containsKey("qformer.layers.0.textMlp.up.weight"));
  }

  @Test
  void losses_recomputed_haveTheSameGradients() throws IOException {
    CaptionBatch batch = questions(3);
    training.losses(batch, random(3)).total().backward();
    double[] kept = gradient(model, "qformer.embeddings.words.weight");
    model.parameters().values().forEach(Parameter::clearGradient);

    training.losses(batch, random(3).withGradientCheckpointing()).total().backward();

    assertArrayEquals(kept, gradient(model, "qformer.embeddings.words.weight"));
  }

  @Test
  void backward_throughNarrowFrozenWeights_isCloseToFloat32() throws IOException {
    CaptionBatch batch = questions(3);
    training.losses(batch, ForwardPass.evaluation()).total().backward();
    double[] exact = gradient(model, "queryTokens");
    StageTwoModel narrow =
        StageTwoModel.load(
            Questions.MODEL, home, StageTwoSetup.lavis().withFrozenPrecision(Precision.BFLOAT16));

    StageTwoTraining.of(narrow, tokenizer, instructions)
        .losses(batch, ForwardPass.evaluation())
        .total()
        .backward();

    double[] rounded = gradient(narrow, "queryTokens");
    double product = 0;
    double apart = 0;
    for (int i = 0; i < exact.length; i++) {
      product += exact[i] * exact[i];
      apart += (exact[i] - rounded[i]) * (exact[i] - rounded[i]);
    }
    assertTrue(apart < 0.05 * product, apart + " of " + product);
  }

  @Test
  void losses_ofPaddedInstructions_areThoseOfEachAlone() throws IOException {
    CaptionBatch all = questions(3);
    double together = training.losses(all, ForwardPass.evaluation()).total().item();

    double sum = 0;
    int count = 0;
    for (int row = 0; row < 3; row++) {
      var alone =
          new CaptionBatch(
              all.pixels().narrow(0, row, 1),
              all.captions().subList(row, row + 1),
              all.ids().subList(row, row + 1),
              List.of(),
              all.inputs().subList(row, row + 1));
      int labels = tokens(training, alone).labels().length;
      sum += training.losses(alone, ForwardPass.evaluation()).total().item() * labels;
      count += labels;
    }

    assertEquals(sum / count, together, 1e-5);
  }

  @Test
  void withPrefixSplit_ofACaption_theQFormerReadsWhatComesBefore() throws IOException {
    PairTokens tokens = tokens(training.withPrefixSplit(), asked("", "a red star above a ring"));

    String before = tokenizer.decode(tokens.text());
    assertArrayEquals(instructions.encode(before), tokens.instruction());
  }

  @Test
  void of_withoutTheTokenizerOfInstructions_isRefused() {
    var e =
        assertThrows(IllegalArgumentException.class, () -> StageTwoTraining.of(model, tokenizer));

    assertEquals(
        "stage2: tokenizer of the Q-Former expected by InstructBLIP, got none; open it with"
            + " openInstructionTokenizer",
        e.getMessage());
  }

  @Test
  void of_plainBlip2WithTheTokenizerOfInstructions_isRefused() throws IOException {
    StageTwoModel plain = StageTwoModel.load(Speech.OPT, home, StageTwoSetup.lavis());
    assertNull(plain.openInstructionTokenizer());
    try (var own = plain.openTokenizer()) {
      var e =
          assertThrows(
              IllegalArgumentException.class, () -> StageTwoTraining.of(plain, own, instructions));

      assertEquals(
          "stage2: tokenizer of the Q-Former expected for InstructBLIP only, got one for a Q-Former"
              + " of queries only",
          e.getMessage());
      e =
          assertThrows(
              IllegalArgumentException.class,
              () -> StageTwoTraining.of(plain, own).withMaxOutputTokens(9));
      assertEquals(
          "stage2: maxOutputTokens expected with an encoder, got opt; use maxTextTokens",
          e.getMessage());
    }
  }

  @Test
  void of_tokenizerOfALargerQFormer_isRefused() throws IOException {
    try (var larger = HuggingFaceTokenizer.open(Scenes.MODEL)) {
      var e =
          assertThrows(
              CheckpointException.class, () -> StageTwoTraining.of(model, tokenizer, larger));

      assertEquals(
          "tokenizer.json: largest token id expected below the model's vocabulary of 251, got 251;"
              + " use the tokenizer that came with the model",
          e.getMessage());
    }
  }

  @Test
  void withMaxOutputTokens_one_isRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> training.withMaxOutputTokens(1));

    assertEquals("stage2: maxOutputTokens expected at least 2, got 1", e.getMessage());
  }

  private static double[] gradient(StageTwoModel of, String name) {
    Parameter parameter = requireNonNull(of.parameters().get(name), name);
    return requireNonNull(parameter.gradient(), name).toDoubles();
  }

  private static PairTokens tokens(StageTwoTraining of, CaptionBatch batch) {
    return of.tokens(batch, random(1)).get(0);
  }

  private static ForwardPass random(long seed) {
    return ForwardPass.training(new SplittableRandom(seed));
  }

  private CaptionBatch asked(String input, String output) throws IOException {
    CaptionBatch drawn = questions(1);
    return new CaptionBatch(
        drawn.pixels(), List.of(output.strip()), drawn.ids(), List.of(), List.of(input.strip()));
  }

  private CaptionBatch questions(int size) throws IOException {
    try (Stream<CaptionBatch> stream = Questions.batches(folder, size).open(0, 0)) {
      return stream.iterator().next();
    }
  }
}
