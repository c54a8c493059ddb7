package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.files.PlainLanguage;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.data.CaptionRecord;
import io.github.blip2j.data.DataException;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Questions with several answers, for Q-Formers that read them. */
final class QuestionTrainingTest {
  private static final Path STAGE_ONE = Fixtures.own("lavis-stage1");
  private static final String RECORD =
      "{\"image\": \"a.png\", \"question\": \"What color is it?\", \"question_id\": 7,"
          + " \"answer\": [\"red\", \"red\", \"orange\", \"red\"]}";

  private final Path folder;

  QuestionTrainingTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private CaptionBatches batches(String... records) throws IOException {
    Path file = Files.write(folder.resolve("vqa.jsonl"), List.of(records));
    Path images = Fixtures.own("hf-opt").resolve("images");
    CaptionSet set = CaptionSet.open(List.of(file), images, CaptionSet.Faulty.REFUSE);
    return CaptionBatches.of(set, ImageProcessor.blip2(32), 1, 42);
  }

  @Test
  void withQuestions_templateAndCleaning_areLavis() throws IOException {
    try (Scope scope = Scope.open();
        Stream<CaptionBatch> stream =
            batches(RECORD).withQuestions(QuestionTexts.lavis()).open(0, 0)) {
      CaptionBatch batch = stream.iterator().next();

      assertEquals(List.of("Question: what color is it? Answer:"), batch.inputs());
      assertTrue(List.of("red", "orange").contains(batch.captions().get(0)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"WEIGHTED", "DISTINCT", "MOST_FREQUENT"})
  void output_manyEpochs_hasTheSharesOfTheChoice(String name) {
    var choice = QuestionTexts.Choice.valueOf(name);
    var question = new CaptionRecord.Question("?", List.of("red", "red", "orange", "red"));
    Map<String, Integer> counts = new TreeMap<>();
    var random = new SplittableRandom(1);
    for (int i = 0; i < 4000; i++) {
      counts.merge(QuestionTexts.lavis().with(choice).output(question, random), 1, Integer::sum);
    }

    double share =
        switch (choice) {
          case WEIGHTED -> 0.75;
          case DISTINCT -> 0.5;
          case MOST_FREQUENT -> 1;
        };
    assertEquals(share, counts.getOrDefault("red", 0) / 4000.0, 0.03);
  }

  @Test
  void withQuestions_captionsAndQuestionsOfMarks_areRefused() throws IOException {
    CaptionBatches caption = batches("{\"image\": \"a.png\", \"caption\": \"a dog\"}");
    assertEquals(
        "captions: question and answer expected about a.png, got a caption; train on captions with"
            + " withDialogues, train caption",
        String.valueOf(
            assertThrows(DataException.class, () -> caption.withQuestions(QuestionTexts.lavis()))
                .getMessage()));
    CaptionBatches marks =
        batches("{\"image\": \"a.png\", \"question\": \"!!\", \"answer\": \"x\"}");
    assertThrows(DataException.class, () -> marks.withQuestions(QuestionTexts.lavis()));
    CaptionBatches asked = batches(RECORD);
    assertEquals(
        "captions: caption expected about a.png, got a question; train on questions with"
            + " withQuestions, train vqa",
        String.valueOf(assertThrows(DataException.class, asked::withDialogues).getMessage()));
  }

  @Test
  void withDialogues_aQuestionThatHasAnInputToo_isTrainedOnAsThatInput() throws IOException {
    CaptionBatches both =
        batches(
            "{\"image\": \"a.png\", \"question\": \"what is it?\", \"answer\": \"a dog\","
                + " \"text_input\": \"Question: what is it? Answer:\", \"text_output\": \"a dog\"}");

    CaptionBatches trained = both.withDialogues();

    assertEquals(
        List.of("Question: what is it? Answer:"),
        trained.asked().stream().map(trained::input).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf-opt", "hf-t5", "hf-blip2-llama"})
  void load_textSideOfTheFirstStage_readsAndExportsQuestions(String language) throws IOException {
    Path plain = PlainLanguage.write(Fixtures.own(language), folder.resolve("language"));
    Path exported = folder.resolve("hf");
    double loss;
    try (Scope home = Scope.detached();
        Scope scope = Scope.open()) {
      StageTwoSetup setup = StageTwoSetup.lavis().withTextSide(STAGE_ONE).withImageSize(40);
      var model = StageTwoModel.load(StageTwoParts.of(STAGE_ONE, plain), home, setup);
      Blip2RetrievalModel first = RetrievalLoader.load(STAGE_ONE, home);
      for (String name :
          List.of("qformer.embeddings.words.weight", "qformer.layers.1.textMlp.up.weight")) {
        assertArrayEquals(
            value(first.parameters().get(name)), value(model.parameters().get(name)), name);
        assertTrue(Objects.requireNonNull(model.parameters().get(name)).isTrained());
      }
      loss = loss(model, "what color is it?");
      assertNotEquals(loss, loss(model, "how many are there?"));
      new StageTwoExport(model).toHuggingFace(exported);
    }

    try (Scope home = Scope.detached();
        Scope scope = Scope.open()) {
      var again = StageTwoModel.load(exported, home, StageTwoSetup.lavis());

      assertTrue(again.blip2().config().readsInstruction());
      assertEquals(40, again.blip2().config().vision().imageSize());
      assertEquals(loss, loss(again, "what color is it?"), 1e-5);
    }
  }

  /** Of a batch, with gradients of both sides of the Q-Former. */
  private double loss(StageTwoModel model, String question) throws IOException {
    CaptionBatches batches = batches(RECORD.replace("What color is it?", question));
    CaptionBatches sized =
        CaptionBatches.of(
            CaptionSet.open(
                List.of(folder.resolve("vqa.jsonl")),
                Fixtures.own("hf-opt").resolve("images"),
                CaptionSet.Faulty.REFUSE),
            model.processor(),
            1,
            42);
    assertEquals(batches.sizes(), sized.sizes());
    try (var tokenizer = model.openTokenizer();
        var instructions = model.openInstructionTokenizer();
        Stream<CaptionBatch> stream = sized.withQuestions(QuestionTexts.lavis()).open(0, 0)) {
      var training = StageTwoTraining.of(model, tokenizer, instructions);
      var losses = training.losses(stream.iterator().next(), ForwardPass.evaluation());
      losses.total().backward();
      Parameter read = model.parameters().get("qformer.layers.0.textMlp.up.weight");
      assertNotNull(Objects.requireNonNull(read).gradient());
      return losses.total().item();
    }
  }

  private static float[] value(@Nullable Parameter parameter) {
    return Objects.requireNonNull(parameter).value().detach().toFloats();
  }

  @Test
  void load_textSideThatDoesNotFit_isRefused() {
    try (Scope home = Scope.detached()) {
      StageTwoSetup setup = StageTwoSetup.lavis().withTextSide(STAGE_ONE);
      assertTrue(
          String.valueOf(
                  assertThrows(
                          CheckpointException.class,
                          () -> StageTwoModel.load(Fixtures.own("hf-instructblip"), home, setup))
                      .getMessage())
              .contains("text side expected for a Q-Former without one, got an InstructBLIP's"));
      assertTrue(
          String.valueOf(
                  assertThrows(
                          CheckpointException.class,
                          () -> StageTwoModel.load(Fixtures.own("hf-opt"), home, setup))
                      .getMessage())
              .contains("text side expected of a Q-Former of "));
    }
  }
}
