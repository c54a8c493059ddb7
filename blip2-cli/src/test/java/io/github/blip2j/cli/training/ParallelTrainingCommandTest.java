package io.github.blip2j.cli.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.cli.Main;
import io.github.blip2j.cli.Shell;
import io.github.blip2j.cli.ranks.Mpirun;
import io.github.blip2j.cli.ranks.Mpirun.Ended;
import io.github.blip2j.golden.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code mpirun blip2 train}, by the MPI libraries of this machine. */
final class ParallelTrainingCommandTest {
  private static final Path MODEL = Fixtures.own("lavis-stage1");

  private final Path folder;
  private final Path data;

  ParallelTrainingCommandTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.data = write("captions.jsonl", "star");
  }

  private Path write(String name, String word) throws IOException {
    var lines = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      lines.append("{\"image\": \"" + i + ".png\", \"caption\": \"a " + word + " " + i + "\"}\n");
    }
    return Files.writeString(folder.resolve(name), lines.toString());
  }

  private List<String> arguments(String out, String... more) {
    List<String> all = new ArrayList<>(List.of("train", "stage1", "--model", MODEL.toString()));
    all.addAll(List.of("--data", data.toString(), "--images", MODEL + "/images"));
    all.addAll(List.of("--out", folder.resolve(out).toString(), "--batch-size", "4"));
    all.addAll(List.of("--augment", "--lr", "1e-4", "--warmup-steps", "3", "--log-every", "1"));
    all.addAll(List.of("--epochs", "9", "--max-steps", "6", "--threads", "1"));
    all.addAll(List.of(more));
    return all;
  }

  private Ended run(Mpirun mpirun, int ranks, List<String> arguments) throws Exception {
    return mpirun.run(folder, ranks, Main.class, arguments);
  }

  private List<JsonObject> updates(String out) throws IOException {
    return Files.readAllLines(folder.resolve(out).resolve("log.jsonl")).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .filter(line -> line.has("loss"))
        .toList();
  }

  private void assertSameLosses(String expected, String actual, double tolerance)
      throws IOException {
    List<JsonObject> one = updates(expected);
    List<JsonObject> several = updates(actual);
    assertEquals(6, one.size());
    assertEquals(6, several.size());
    for (int i = 0; i < 6; i++) {
      for (Map.Entry<String, JsonElement> each : one.get(i).entrySet()) {
        if (each.getKey().startsWith("loss")) {
          double loss = each.getValue().getAsDouble();
          double got = several.get(i).get(each.getKey()).getAsDouble();
          double share = each.getKey().equals("loss") ? 0.5 : 1; // parts, such as contrast's
          assertEquals(
              loss,
              got,
              share * tolerance * Math.abs(loss),
              each.getKey() + " of update " + (i + 1));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"OPEN_MPI, 2", "OPEN_MPI, 4", "MPICH, 2"})
  void train_onRanks_isThatOfOneProcess(Mpirun mpirun, int ranks) throws Exception {
    Shell one = Shell.run(arguments("one").toArray(String[]::new));
    assertEquals(0, one.exit(), one.err());

    Ended several = run(mpirun, ranks, arguments("several"));

    assertEquals(0, several.code(), several.output());
    assertSameLosses("one", "several", 2e-6);
    assertEquals(
        1,
        several.output().lines().filter(line -> line.startsWith("done after step 6")).count(),
        several.output());
  }

  @Test
  void resume_onAnotherNumberOfRanks_goesOn() throws Exception {
    Shell one = Shell.run(arguments("one").toArray(String[]::new));
    assertEquals(0, one.exit(), one.err());

    List<String> half = arguments("several");
    half.set(half.indexOf("--max-steps") + 1, "3");
    Ended begun = run(Mpirun.OPEN_MPI, 4, half);
    assertEquals(0, begun.code(), begun.output());
    Ended resumed = run(Mpirun.MPICH, 2, arguments("several", "--resume"));

    assertEquals(0, resumed.code(), resumed.output());
    assertSameLosses("one", "several", 2e-6);
  }

  /** Rank 0 alone looks at the folder of the run. */
  @Test
  void resume_ofARunOfAnotherModel_endsAllWithOneMessage() throws Exception {
    Shell one = Shell.run(arguments("out").toArray(String[]::new));
    assertEquals(0, one.exit(), one.err());
    List<String> other = arguments("out", "--resume");
    other.set(other.indexOf(MODEL.toString()), Fixtures.own("lavis-stage1-clip").toString());

    Ended ended = run(Mpirun.MPICH, 3, other);

    assertTrue(ended.code() != 0, ended.output());
    List<String> failures =
        ended.messages().stream().filter(line -> !line.startsWith("blip2: loading")).toList();
    assertEquals(1, failures.size(), ended.output());
    assertTrue(failures.get(0).contains("run.json: run of --model "), ended.output());
  }

  @Test
  void model_thatOneRankHasNot_endsAllWithOneMessage() throws Exception {
    List<String> second = arguments("out");
    second.set(second.indexOf(MODEL.toString()), folder.resolve("nothing").toString());

    Ended ended = Mpirun.OPEN_MPI.run(folder, Main.class, arguments("out"), second);

    assertTrue(ended.code() != 0, ended.output());
    List<String> failures =
        ended.messages().stream().filter(line -> line.contains("expected")).toList();
    assertEquals(1, failures.size(), ended.output());
    assertTrue(failures.get(0).contains("nothing"), ended.output());
  }

  /** 4 ranks begin, 2 go on; what each has of the optimizer's state is in the checkpoint. */
  @Test
  void resume_withAShardedOptimizer_goesOn() throws Exception {
    Shell one = Shell.run(arguments("one").toArray(String[]::new));
    assertEquals(0, one.exit(), one.err());

    List<String> half = arguments("several", "--shard-optimizer");
    half.set(half.indexOf("--max-steps") + 1, "3");
    Ended begun = run(Mpirun.MPICH, 4, half);
    assertEquals(0, begun.code(), begun.output());
    Ended resumed = run(Mpirun.OPEN_MPI, 2, arguments("several", "--resume", "--shard-optimizer"));

    assertEquals(0, resumed.code(), resumed.output());
    assertSameLosses("one", "several", 2e-6);
  }

  /** Gradients have three digits then; the losses of the first update know nothing of it. */
  @ParameterizedTest
  @EnumSource(Mpirun.class)
  void train_withSumsInBfloat16_isAlmostThatOfOneProcess(Mpirun mpirun) throws Exception {
    Shell one = Shell.run(arguments("one").toArray(String[]::new));
    assertEquals(0, one.exit(), one.err());

    Ended several = run(mpirun, 2, arguments("several", "--gradient-sums", "bfloat16"));

    assertEquals(0, several.code(), several.output());
    assertSameLosses("one", "several", 2e-3);
    double expected = updates("one").get(0).get("grad_norm").getAsDouble();
    double got = updates("several").get(0).get("grad_norm").getAsDouble();
    double difference = Math.abs(got - expected) / expected;
    assertTrue(difference > 1e-6, "sums expected to be rounded, got a norm of " + got);
    assertTrue(difference < 1e-3, expected + " expected, got " + got);
  }

  @Test
  void data_thatDiffersOnARank_isFoundBeforeTheFirstUpdate() throws Exception {
    Path other = write("other.jsonl", "circle");
    List<String> second = arguments("out");
    second.set(second.indexOf(data.toString()), other.toString());

    Ended ended = Mpirun.OPEN_MPI.run(folder, Main.class, arguments("out"), second);

    assertTrue(ended.code() != 0, ended.output());
    assertTrue(ended.output().contains("ranks: data expected equal on all"), ended.output());
    assertEquals(
        1, ended.output().lines().filter(line -> line.startsWith("blip2: ranks:")).count());
    assertTrue(Files.notExists(folder.resolve("out/step-00000001.safetensors")));
  }

  @Test
  void image_thatOneRankCannotRead_endsAllWithOneMessageAndACheckpoint() throws Exception {
    Path images = Files.createDirectory(folder.resolve("images"));
    for (int i = 0; i < 8; i++) {
      Files.copy(MODEL.resolve("images/" + i + ".png"), images.resolve(i + ".png"));
    }
    Files.writeString(images.resolve("5.png"), "no image");
    List<String> arguments = arguments("out");
    arguments.set(arguments.indexOf(MODEL + "/images"), images.toString());
    arguments.addAll(List.of("--data-threads", "0"));

    Ended ended = run(Mpirun.OPEN_MPI, 4, arguments);

    assertTrue(ended.code() != 0, ended.output());
    List<String> messages = ended.output().lines().filter(line -> line.contains("5.png")).toList();
    assertEquals(1, messages.size(), ended.output());
  }

  @Test
  void batch_thatRanksCannotShare_isRefused() throws Exception {
    Ended ended = run(Mpirun.MPICH, 3, arguments("out"));

    assertTrue(ended.code() != 0, ended.output());
    assertTrue(
        ended.output().contains("batch size: a multiple of the 3 ranks expected, got 4"),
        ended.output());
  }
}
