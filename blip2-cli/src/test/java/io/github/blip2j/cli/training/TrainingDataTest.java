package io.github.blip2j.cli.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.cli.Shell;
import io.github.blip2j.data.shard.Tar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training from shards, tables and mixtures. */
final class TrainingDataTest {
  private static final Path MODEL =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "lavis-stage1");

  private final Path folder;

  TrainingDataTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void stage1_mixtureStoppedAndResumed_endsAsOneRunWithoutThreads() throws IOException {
    shards();
    table();
    String[] data = {"--data", in("{0..1}.tar") + ":3," + in("c.csv") + ":1", "--images", images()};

    Shell whole = train("whole", with(data, "--max-steps", "6", "--data-threads", "0"));
    Shell first = train("parts", with(data, "--max-steps", "2", "--data-threads", "3"));
    Shell second = train("parts", with(data, "--max-steps", "6", "--resume", "--prefetch", "5"));

    assertEquals(0, whole.exit(), whole.err());
    assertEquals(0, first.exit(), first.err());
    assertEquals(0, second.exit(), second.err());
    assertArrayEquals(checkpoint("whole"), checkpoint("parts"));
    Shell other =
        train("parts", with(data, "--max-steps", "8", "--resume", "--shuffle-buffer", "2"));
    assertEquals(1, other.exit());
    assertTrue(other.err().contains("shuffle_buffer"), other.err());
  }

  @Test
  void stage1_shardsAlone_needNoFolderOfImages() throws IOException {
    shards();

    Shell shell = train("out", "--data", in("{0..1}.tar"), "--max-steps", "1");

    assertEquals(0, shell.exit(), shell.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"0.tar | 0.tar", "{0..1}.tar:2 | ./1.tar:1"})
  void stage1_shardInTwoSets_isRefused(String first, String second) throws IOException {
    shards();

    Shell comma = train("out", "--data", in(first) + "," + in(second), "--max-steps", "1");
    Shell again = train("out", "--data", in(first), "--data", in(second), "--max-steps", "1");

    assertEquals(1, comma.exit(), comma.err());
    assertTrue(comma.err().contains(".tar: shard expected once, got it again"), comma.err());
    assertEquals(comma, again);
  }

  @Test
  void stage1_truncatedShard_isNamedBeforeTheModelIsLoaded() throws IOException {
    shards();
    Path file = folder.resolve("1.tar");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));

    Shell shell = train("out", "--data", in("{0..1}.tar"), "--max-steps", "1");

    assertEquals(1, shell.exit());
    assertTrue(shell.err().startsWith("blip2: " + file + ": shard expected"), shell.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--data=c.json | --images: folder expected for the images of c.json, got none",
        "--data=a.tar,b.tar:x | --images: folder expected for the images of b.tar:x, got none",
        "--data={1..0}.tar | data: braces of {1..0}.tar expected from the smaller to the larger"
            + " number",
        "--data=a.tar --shuffle-buffer=0 | --shuffle-buffer: samples expected at least 1, got 0",
        "--data=a.tar --data-threads=-1 | --data-threads expected 0 to 1024, got -1",
        "--data=a.tar --prefetch=0 | --prefetch: batches expected at least 1, got 0",
      })
  void stage1_otherOptions_areWrongUsage(String options, String message) {
    Shell shell = train("out", options.split(" ", -1));

    assertEquals(new Shell(2, "", "blip2: " + message + "\n"), shell);
  }

  @Test
  void stage1_weightsOfSome_areWrongUsage() throws IOException {
    shards();
    table();

    Shell shell = train("out", "--data", in("0.tar") + ":1," + in("c.csv"), "--images", images());

    assertEquals(2, shell.exit());
    assertTrue(
        shell.err().startsWith("blip2: data: weights expected for all sets or for none"),
        shell.err());
  }

  private void shards() throws IOException {
    for (int shard = 0; shard < 2; shard++) {
      var tar = new Tar();
      for (int i = 4 * shard; i < 4 * shard + 4; i++) {
        tar.add(i + ".png", Files.readAllBytes(MODEL.resolve("images/" + i + ".png")));
        tar.add(i + ".txt", "A star, " + i + ".");
      }
      tar.write(folder.resolve(shard + ".tar"));
    }
  }

  private void table() throws IOException {
    Files.writeString(
        folder.resolve("c.csv"), "image,caption\n0.png,\"a moon, white\"\n1.png,a sun\n");
  }

  private String in(String name) {
    return folder.resolve(name).toString();
  }

  private static String images() {
    return MODEL.resolve("images").toString();
  }

  private static String[] with(String[] some, String... more) {
    List<String> all = new ArrayList<>(List.of(some));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private Shell train(String out, String... more) {
    String[] begin = {
      "train",
      "stage1",
      "--model",
      MODEL.toString(),
      "--out",
      in(out),
      "--batch-size",
      "2",
      "--log-every",
      "1",
      "--augment"
    };
    return Shell.run(with(begin, more));
  }

  private byte[] checkpoint(String run) throws IOException {
    return Files.readAllBytes(folder.resolve(run).resolve("step-00000006.safetensors"));
  }
}
