package io.github.blip2j.cli.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An evaluation in a process of its own, which is killed again and again. */
final class KilledEvaluationTest {
  private static final int IMAGES = 400;
  private static final int KILLS = 3;

  private final Path folder;
  private final Path data;
  private final KilledCommand killed;

  KilledEvaluationTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.killed = new KilledCommand(folder);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      String image = List.of("a", "b", "c").get(i % 3);
      lines.add(
          String.format(
              Locale.ROOT,
              "{\"image\": \"%s.png\", \"image_id\": %d, \"caption\": \"a star, %d.\"}",
              image,
              i,
              i));
    }
    this.data = Files.write(folder.resolve("data.jsonl"), lines);
    for (String image : List.of("a", "b", "c")) {
      Files.copy(Path.of(Shell.image(image + ".png")), folder.resolve(image + ".png"));
    }
  }

  @AfterEach
  void endAll() throws InterruptedException {
    killed.close();
  }

  @Test
  void killedAndResumed_endsWithTheSameFile() throws Exception {
    long least = 0;
    for (int i = 0; i < KILLS; i++) {
      least = killAfter(least + 5);
    }
    long before = results();

    JsonObject rest = Shell.run(command("parts.json", "--json")).json();
    JsonObject whole = Shell.run(command("whole.json", "--json")).json();

    assertTrue(before > 0 && before < IMAGES, killed::log);
    assertTrue(rest.get("earlier").getAsInt() >= before - 1, killed::log);
    assertEquals(0, whole.get("earlier").getAsInt());
    assertEquals(
        Files.readString(folder.resolve("whole.json")),
        Files.readString(folder.resolve("parts.json")));
    assertEquals(whole.get("scores"), rest.get("scores"));
  }

  /** Kills a run once it has so many results; returns how many there are. */
  private long killAfter(long least) throws Exception {
    killed.killOnce(() -> results() >= least, command("parts.json"));
    return results();
  }

  private long results() throws IOException {
    Path journal = folder.resolve("parts.json.journal");
    if (!Files.exists(journal)) {
      return 0;
    }
    try (Stream<String> lines = Files.lines(journal)) {
      return Math.max(0, lines.count() - 1);
    }
  }

  private String[] command(String out, String... more) {
    List<String> args = new ArrayList<>(List.of("evaluate", "caption", data.toString()));
    args.addAll(List.of("--out", folder.resolve(out).toString(), "--batch-size", "1"));
    args.addAll(List.of("--threads", "1"));
    args.addAll(List.of(more));
    return args.toArray(String[]::new);
  }
}
