package io.github.blip2j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonObject;
import io.github.blip2j.distributed.Ranks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RunJournalTest {
  private static final Map<String, String> SETTINGS = Map.of("model", "tiny", "data", "x");

  private static final String IMAGE = "image.png";

  private final Path folder;
  private final Path file;
  private final List<String> computed = new ArrayList<>();

  RunJournalTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    Files.writeString(folder.resolve(IMAGE), "an image");
    this.file = folder.resolve("results.json.journal");
  }

  @Test
  void results_outliveTheRun() throws IOException {
    run(3, false);
    List<JsonObject> all = run(8, false);

    assertEquals(IntStream.range(0, 8).mapToObj(i -> "id" + i).toList(), computed);
    assertEquals(64, all.get(7).get("text").getAsString().length());
  }

  /** Whatever is cut off, the rest is computed, and all results are right. */
  @Test
  void cutAnywhere_isGoneOnWith() throws IOException {
    run(8, false);
    byte[] whole = Files.readAllBytes(file);
    var random = new Random(3);
    for (int i = 0; i < 200; i++) {
      int length = random.nextInt(whole.length + 1);
      Files.write(file, Arrays.copyOf(whole, length));
      computed.clear();
      List<JsonObject> all = run(8, false);

      assertEquals(8, all.size());
      for (int j = 0; j < 8; j++) {
        assertEquals(text(j), all.get(j).get("text").getAsString());
      }
      assertEquals(8, linesOf(file) - 1);
    }
  }

  @Test
  void anew_forgetsEarlierResults() throws IOException {
    run(3, false);
    run(3, true);

    assertEquals(6, computed.size());
  }

  @Test
  void otherSettings_areRefused() throws IOException {
    run(2, false);

    var e =
        assertThrows(
            IOException.class,
            () -> RunJournal.open(file, Map.of("model", "large", "data", "x"), false));
    assertEquals(
        file
            + ": results of a run with the same settings expected, got those with model \"tiny\""
            + " instead of \"large\"; name another file, or begin anew (--overwrite)",
        e.getMessage());
  }

  @Test
  void otherValuesOfARecord_areThoseInTheMessage() throws IOException {
    RunJournal.open(file, Map.of("decoding", "C[beams=1, stop=[a, b=c], tokens=20]"), false)
        .close();

    var e =
        assertThrows(
            IOException.class,
            () ->
                RunJournal.open(
                    file, Map.of("decoding", "C[beams=5, stop=[a, b=c], tokens=30]"), false));
    assertEquals(
        file
            + ": results of a run with the same settings expected, got those with decoding"
            + " \"beams=1, tokens=20\" instead of \"beams=5, tokens=30\"; name another file, or"
            + " begin anew (--overwrite)",
        e.getMessage());
  }

  @Test
  void anotherImageOfTheSameName_isRefused() throws IOException {
    run(2, false);
    Files.writeString(folder.resolve(IMAGE), "another image");

    assertEquals(
        file
            + ": results of the same images expected, got one of image.png with 8 bytes instead of"
            + " 13; name another file, or begin anew (--overwrite)",
        assertThrows(IOException.class, () -> run(3, false)).getMessage());
    assertEquals(3, run(3, true).size());
  }

  /** Earlier versions kept no sizes. */
  @Test
  void resultWithoutASize_isTaken() throws IOException {
    run(2, false);
    Files.writeString(file, Files.readString(file).replaceAll(",\"image_bytes\":8", ""));
    Files.writeString(folder.resolve(IMAGE), "another image");
    computed.clear();

    run(3, false);

    assertEquals(List.of("id2"), computed);
  }

  @Test
  void otherFile_isRefusedAndKept() throws IOException {
    Files.writeString(file, "a text\nof mine\n");

    assertThrows(IOException.class, () -> RunJournal.open(file, SETTINGS, false));
    assertEquals("a text\nof mine\n", Files.readString(file));
    Files.writeString(file, "no line");
    assertThrows(IOException.class, () -> RunJournal.open(file, SETTINGS, false));
    assertEquals("no line", Files.readString(file));
  }

  @Test
  void twoWriters_areRefused() throws IOException {
    try (RunJournal first = RunJournal.open(file, SETTINGS, false)) {
      assertNull(first.get("a"));
      var e = assertThrows(IOException.class, () -> RunJournal.open(file, SETTINGS, false));
      assertEquals(
          file + ": file expected to be free, got one that another run is writing; wait for it",
          e.getMessage());
    }
  }

  @Test
  void failure_keepsTheBatchesBefore() throws IOException {
    try (RunJournal journal = RunJournal.open(file, SETTINGS, false)) {
      assertThrows(
          IOException.class,
          () ->
              ResumableRun.of(
                  items(List.of("a", "b", "c"), id -> id),
                  2,
                  journal,
                  (done, earlier, of) -> {},
                  Ranks.ALONE,
                  some -> {
                    if (some.contains("c")) {
                      throw new IOException("c");
                    }
                    return List.of(new JsonObject(), new JsonObject());
                  }));
    }

    String text = Files.readString(file);
    assertEquals(3, text.lines().count(), text);
  }

  private static long linesOf(Path path) throws IOException {
    return Files.readString(path).lines().count();
  }

  private List<JsonObject> run(int items, boolean anew) throws IOException {
    List<Integer> numbers = IntStream.range(0, items).boxed().toList();
    try (RunJournal journal = RunJournal.open(file, SETTINGS, anew)) {
      return ResumableRun.of(
          items(numbers, number -> "id" + number),
          2,
          journal,
          (done, earlier, of) -> assertEquals(items, of),
          Ranks.ALONE,
          some -> some.stream().map(this::result).toList());
    }
  }

  /** Items of one image. */
  private <T> ResumableRun.Items<T> items(List<T> all, Function<T, String> id) {
    var images = new ImageFolder(folder, path -> Assertions.fail("nothing is read"));
    return new ResumableRun.Items<>(all, id, Collections.nCopies(all.size(), IMAGE), images);
  }

  private JsonObject result(int number) {
    computed.add("id" + number);
    var result = new JsonObject();
    result.addProperty("text", text(number));
    return result;
  }

  private static String text(int number) {
    return (number + "é").repeat(32);
  }
}
