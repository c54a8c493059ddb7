package io.github.blip2j.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.data.Question;
import io.github.blip2j.data.RetrievalSet;
import io.github.blip2j.distributed.InMemoryCollectives;
import io.github.blip2j.distributed.RankException;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.evaluation.data.CaptionItem;
import io.github.blip2j.evaluation.data.ClassNames;
import io.github.blip2j.evaluation.data.LabelledImage;
import io.github.blip2j.evaluation.data.PromptTemplates;
import io.github.blip2j.evaluation.data.QuestionItem;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Evaluations that ranks share have the results, and the journal, of one process. */
@Timeout(120)
final class SharedEvaluationTest {
  private static final Path GOLDEN = Path.of("../blip2-llm/src/test/resources/golden");
  private static final int IMAGES = 7;

  private static Blip2 blip2;
  private static ImageTextMatcher matcher;

  @TempDir private Path folder;
  private final List<String> names = new ArrayList<>();

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.load(GOLDEN.resolve("hf-opt"));
    matcher = ImageTextMatcher.load(GOLDEN.resolve("hf-itm"));
  }

  @AfterAll
  static void close() {
    blip2.close();
    matcher.close();
  }

  @BeforeEach
  void draw() throws IOException {
    for (int i = 0; i < IMAGES; i++) {
      var image = new BufferedImage(48, 48, BufferedImage.TYPE_INT_RGB);
      var graphics = image.createGraphics();
      graphics.setColor(new Color(30 * i, 255 - 30 * i, 200));
      graphics.fillRect(4 * i, 10, 20 - i, 20);
      graphics.dispose();
      names.add(i + ".png");
      ImageIO.write(image, "png", folder.resolve(i + ".png").toFile());
    }
  }

  /** An evaluation with its journal. */
  @FunctionalInterface
  private interface Work {
    Object run(Ranks ranks, RunJournal journal) throws IOException;
  }

  private RunJournal open(Path file) throws IOException {
    return RunJournal.open(file, Map.of("task", "test"), false);
  }

  /** What each rank returned or threw; the first has a journal in the file. */
  private List<Object> onRanks(int size, Path file, Work work) {
    List<Object> results = new ArrayList<>(Collections.nCopies(size, null));
    InMemoryCollectives.run(
        size,
        Duration.ofSeconds(60),
        collectives -> {
          Ranks ranks = Ranks.of(collectives);
          Object result;
          try (RunJournal journal = ranks.isFirst() ? open(file) : RunJournal.inMemory()) {
            result = work.run(ranks, journal);
          } catch (IOException | RuntimeException e) {
            result = e;
          }
          results.set(collectives.rank(), result);
        });
    return results;
  }

  /** The same by one process and by ranks, whole and resumed, to the byte. */
  private void assertShared(Work work) throws IOException {
    Path one = folder.resolve("one.journal");
    Object expected;
    try (RunJournal journal = open(one)) {
      expected = work.run(Ranks.ALONE, journal);
    }
    List<String> lines = Files.readAllLines(one);
    for (int size : List.of(1, 2, 3, 5)) {
      Path several = folder.resolve(size + ".journal");
      assertEquals(
          Collections.nCopies(size, expected), onRanks(size, several, work), size + " ranks");
      assertEquals(comparable(lines), comparable(Files.readAllLines(several)), size + " ranks");
    }
    Path resumed = folder.resolve("resumed.journal");
    Files.write(resumed, lines.subList(0, 3));
    assertEquals(Collections.nCopies(2, expected), onRanks(2, resumed, work), "resumed");
    assertEquals(comparable(lines), comparable(Files.readAllLines(resumed)));
    assertEquals(Collections.nCopies(3, expected), onRanks(3, resumed, work), "done before");
    assertEquals(lines.size(), Files.readAllLines(resumed).size());
  }

  /** Without the id that each retrieval draws. */
  private static List<String> comparable(List<String> lines) {
    return lines.stream().map(line -> line.replaceAll("\"run\":\"[^\"]*\"", "")).toList();
  }

  private ImageFolder images(boolean answers) {
    return new ImageFolder(folder, answers ? blip2::read : matcher::read);
  }

  private List<CaptionItem> items() {
    return names.stream().map(name -> new CaptionItem(name, name, List.of(), null)).toList();
  }

  @Test
  void captions_areThoseOfOneProcess() throws IOException {
    assertShared(
        (ranks, journal) ->
            CaptioningTask.of(blip2)
                .withBatchSize(1)
                .among(ranks)
                .run(items(), images(true), journal));
  }

  @Test
  void captions_inBatches_areThoseOfOneProcess() throws IOException {
    CaptioningTask task = CaptioningTask.of(blip2).withBatchSize(2);
    Map<String, String> expected = task.run(items(), images(true), RunJournal.inMemory());

    List<Object> ended =
        onRanks(
            3,
            folder.resolve("several.journal"),
            (ranks, journal) -> task.among(ranks).run(items(), images(true), journal));

    assertEquals(Collections.nCopies(3, expected), ended);
  }

  @Test
  void answers_areThoseOfOneProcess() throws IOException {
    List<QuestionItem> questions = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      var question =
          new Question(null, "what is it?", List.of(), List.of("a dog", "a star"), 1, null);
      questions.add(new QuestionItem("q" + i, names.get(i), question));
    }

    assertShared(
        (ranks, journal) ->
            VqaTask.of(blip2).withBatchSize(1).among(ranks).run(questions, images(true), journal));
  }

  @Test
  void classes_areThoseOfOneProcess() throws IOException {
    Path names =
        Files.writeString(folder.resolve("classes.txt"), "dog\nstar\ncircle\nbus\ncat\ncup\n");
    ClassNames classes = ClassNames.read(names);
    Path file = Files.writeString(folder.resolve("templates.txt"), "a {}\na photo of a {}\n");
    PromptTemplates templates = PromptTemplates.read(file);
    List<LabelledImage> images =
        this.names.stream().map(name -> new LabelledImage(name, 0)).toList();

    assertShared(
        (ranks, journal) ->
            ClassificationTask.of(matcher)
                .withTemplates(templates)
                .withBatchSize(1)
                .among(ranks)
                .run(images, classes, images(false), journal));
  }

  private RetrievalSet retrieval() {
    List<String> texts = new ArrayList<>();
    List<Integer> imageOfText = new ArrayList<>();
    for (int i = 0; i < 30 * IMAGES; i++) { // more than three ranks encode at once
      texts.add("a " + List.of("dog", "star", "circle", "bus").get(i % 4) + " of number " + i);
      imageOfText.add(i / 30);
    }
    return new RetrievalSet(names, texts, imageOfText);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 128})
  void retrieval_isThatOfOneProcess(int candidates) throws IOException {
    assertShared(
        (ranks, journal) ->
            RetrievalTask.of(matcher)
                .withCandidates(candidates)
                .among(ranks)
                .run(retrieval(), images(false), journal)
                .json());
  }

  @ParameterizedTest
  @ValueSource(strings = {"IMAGES", "TEXTS", "MATCHING"})
  void retrieval_stoppedAnywhere_isResumedByAnotherNumberOfRanks(String part) throws IOException {
    Object expected =
        RetrievalTask.of(matcher)
            .withCandidates(4)
            .run(retrieval(), images(false), RunJournal.inMemory())
            .json();
    Path file = folder.resolve("stopped.journal");

    List<Object> stopped =
        onRanks(
            3,
            file,
            (ranks, journal) ->
                RetrievalTask.of(matcher)
                    .withCandidates(4)
                    .among(ranks)
                    .onProgress(
                        (at, done, of) -> {
                          if (at.name().equals(part) && done >= 3 && done < of) {
                            throw new IllegalStateException("stopped");
                          }
                        })
                    .run(retrieval(), images(false), journal));
    stopped.forEach(each -> assertInstanceOf(RuntimeException.class, each, part));
    byte[] tokens = Files.readAllBytes(folder.resolve("stopped.journal.tokens"));
    List<Integer> read = Collections.synchronizedList(new ArrayList<>());
    var counting =
        new ImageFolder(
            folder,
            path -> {
              read.add(1);
              return matcher.read(path);
            });
    List<Object> resumed =
        onRanks(
            2,
            file,
            (ranks, journal) ->
                RetrievalTask.of(matcher)
                    .withCandidates(4)
                    .among(ranks)
                    .run(retrieval(), counting, journal)
                    .json());

    assertTrue(tokens.length > 0);
    assertEquals(List.of(expected, expected), resumed);
    assertTrue(read.size() < IMAGES, read.size() + " images encoded again");
    assertTrue(Files.notExists(folder.resolve("stopped.journal.tokens")));
  }

  @Test
  void image_thatOneRankCannotRead_endsAllAfterTheBatchesBeforeIt() throws IOException {
    Files.writeString(folder.resolve("4.png"), "no image"); // of rank 1 of 3
    Path file = folder.resolve("failed.journal");

    List<Object> ended =
        onRanks(
            3,
            file,
            (ranks, journal) ->
                CaptioningTask.of(blip2)
                    .withBatchSize(1)
                    .among(ranks)
                    .run(items(), images(true), journal));

    var own = assertInstanceOf(IOException.class, ended.get(1));
    assertTrue(String.valueOf(own.getMessage()).contains("4.png"), own::toString);
    for (int other : List.of(0, 2)) {
      var told = assertInstanceOf(RankException.class, ended.get(other));
      assertEquals("rank 1: " + own.getMessage(), told.getMessage());
    }
    assertEquals(1 + 4, Files.readAllLines(file).size());
  }

  @Test
  void items_thatDifferOnARank_areRefused() {
    List<Object> ended =
        onRanks(
            2,
            folder.resolve("other.journal"),
            (ranks, journal) ->
                CaptioningTask.of(blip2)
                    .among(ranks)
                    .run(items().subList(ranks.rank(), IMAGES), images(true), journal));

    for (Object each : ended) {
      String message =
          String.valueOf(assertInstanceOf(IllegalArgumentException.class, each).getMessage());
      assertTrue(message.startsWith("ranks: items expected equal on all"), message);
    }
  }

  @Test
  void journal_ofTheSameRun_isThatOfOneProcessToTheByte() throws IOException {
    Path one = folder.resolve("one.journal");
    try (RunJournal journal = open(one)) {
      CaptioningTask.of(blip2).withBatchSize(2).run(items(), images(true), journal);
    }
    Path several = folder.resolve("several.journal");

    onRanks(
        2,
        several,
        (ranks, journal) ->
            CaptioningTask.of(blip2)
                .withBatchSize(2)
                .among(ranks)
                .run(items(), images(true), journal));

    assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(several));
    assertTrue(Files.readString(one, StandardCharsets.UTF_8).contains("image_bytes"));
  }
}
