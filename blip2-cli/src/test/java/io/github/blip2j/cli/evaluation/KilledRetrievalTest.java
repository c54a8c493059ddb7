package io.github.blip2j.cli.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A retrieval that is killed while it encodes images, texts, and matches. */
final class KilledRetrievalTest {
  private static final Path MODEL = Path.of("../blip2-llm/src/test/resources/golden/hf-itm");
  private static final int IMAGES = 150;

  private final Path folder;
  private final Path data;
  private final Path journal;
  private final Path tokens;
  private final KilledCommand killed;

  KilledRetrievalTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.killed = new KilledCommand(folder);
    this.journal = folder.resolve("parts.json.journal");
    this.tokens = folder.resolve("parts.json.journal.tokens");
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      String image = List.of("a", "b", "c").get(i % 3);
      Files.copy(MODEL.resolve("images/" + image + ".png"), folder.resolve(i + ".png"));
      lines.add(
          String.format(
              Locale.ROOT,
              "{\"image\": \"%d.png\", \"caption\": [\"a star of %d\", \"%d dogs\"]}",
              i,
              i,
              i));
    }
    this.data = Files.write(folder.resolve("data.jsonl"), lines);
  }

  @AfterEach
  void endAll() throws InterruptedException {
    killed.close();
  }

  @Test
  void killedInEachPart_endsWithTheSameFile() throws Exception {
    killed.killOnce(() -> size(tokens) > 20_000, command("parts.json"));
    long images = size(tokens);
    killed.killOnce(() -> size(tokens) > 2 * images, command("parts.json"));
    killed.killOnce(() -> lines("\"texts ") >= 1, command("parts.json"));
    killed.killOnce(() -> lines("\"match ") >= 5, command("parts.json"));
    long matched = lines("\"match ");
    killed.killOnce(() -> lines("\"match ") >= matched + 5, command("parts.json"));
    long before = lines("\"match ");
    // As after a loss of power: the last of what was written is not there.
    try (var file = new RandomAccessFile(tokens.toFile(), "rw")) {
      file.seek(file.length() - 100);
      file.writeInt(12345);
    }

    JsonObject rest = Shell.run(command("parts.json", "--json")).json();
    JsonObject whole = Shell.run(command("whole.json", "--json")).json();
    JsonObject again = Shell.run(command("parts.json", "--json")).json();

    assertTrue(before > matched && before < IMAGES, killed::log);
    assertEquals(IMAGES - 1, rest.get("earlier").getAsInt(), killed::log); // one is written anew
    assertEquals(0, whole.get("earlier").getAsInt());
    assertEquals(
        Files.readString(folder.resolve("whole.json")),
        Files.readString(folder.resolve("parts.json")));
    assertEquals(whole.get("scores"), rest.get("scores"));
    assertEquals(IMAGES, lines("\"match ")); // none was computed twice
    assertEquals(IMAGES, again.get("earlier").getAsInt());
    assertEquals(whole.get("scores"), again.get("scores"));
    assertFalse(Files.exists(tokens));
  }

  private static long size(Path file) throws IOException {
    return Files.exists(file) ? Files.size(file) : 0;
  }

  /** The number of the journal's lines with a text. */
  private long lines(String with) throws IOException {
    if (!Files.exists(journal)) {
      return 0;
    }
    try (Stream<String> lines = Files.lines(journal)) {
      return lines.filter(line -> line.contains(with) && line.endsWith("}")).count();
    }
  }

  private String[] command(String out, String... more) {
    List<String> args = new ArrayList<>(List.of("evaluate", "retrieval", data.toString()));
    args.addAll(List.of("--model", MODEL.toString(), "--k", "7", "--threads", "1"));
    args.addAll(List.of("--out", folder.resolve(out).toString()));
    args.addAll(List.of(more));
    return args.toArray(String[]::new);
  }
}
