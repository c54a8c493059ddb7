package io.github.blip2j.cli.ranks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.cli.Main;
import io.github.blip2j.cli.Shell;
import io.github.blip2j.cli.ranks.Mpirun.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code mpirun blip2 evaluate}, {@code caption}, {@code vqa} and {@code embed}. */
final class SharedCommandsTest {
  private static final String WRITER = "../blip2-llm/src/test/resources/golden/hf-opt";
  private static final String MATCHER = "../blip2-llm/src/test/resources/golden/hf-itm";
  private static final String ENCODER = "../blip2-llm/src/test/resources/golden/lavis-stage1";
  private static final int IMAGES = 7;

  @TempDir private Path folder;

  @BeforeEach
  void data() throws IOException {
    Files.createDirectory(folder.resolve("images"));
    var captions = new ArrayList<String>();
    var questions = new ArrayList<String>();
    var labels = new ArrayList<String>();
    for (int i = 0; i < IMAGES; i++) {
      String name = i + ".png";
      Files.copy(Path.of(ENCODER, "images", name), folder.resolve("images").resolve(name));
      captions.add(
          String.format(
              Locale.ROOT,
              "{\"image\": \"%s\", \"caption\": [\"a star %d\", \"a dog\"]}",
              name,
              i));
      questions.add(
          String.format(
              Locale.ROOT,
              "{\"image\": \"%s\", \"question\": \"what is it?\", \"question_id\": %d,"
                  + " \"answer\": \"a star\"}",
              name,
              i));
      labels.add(String.format(Locale.ROOT, "{\"image\": \"%s\", \"label\": %d}", name, i % 3));
    }
    Files.write(folder.resolve("captions.jsonl"), captions);
    Files.write(folder.resolve("questions.jsonl"), questions);
    Files.write(folder.resolve("labels.jsonl"), labels);
    Files.write(folder.resolve("classes.txt"), List.of("dog", "star", "circle", "bus", "cat", "x"));
    Files.write(folder.resolve("templates.txt"), List.of("a {}", "a photo of a {}"));
  }

  private static Arguments of(Mpirun launcher, int ranks, String result, String command) {
    return Arguments.of(launcher, ranks, result, command);
  }

  static Stream<Arguments> commands() {
    return Stream.of(
        of(
            Mpirun.OPEN_MPI,
            2,
            "out.json",
            "evaluate caption DIR/captions.jsonl --images DIR/images --batch-size 2 --out DIR/out.json"
                + " --model "
                + WRITER),
        of(
            Mpirun.MPICH,
            3,
            "out.json",
            "evaluate vqa DIR/questions.jsonl --images DIR/images --batch-size 2 --out DIR/out.json"
                + " --model "
                + WRITER),
        of(
            Mpirun.OPEN_MPI,
            3,
            "out.json",
            "evaluate retrieval DIR/captions.jsonl --images DIR/images --k 3 --out DIR/out.json"
                + " --model "
                + MATCHER),
        of(
            Mpirun.MPICH,
            2,
            "out.json",
            "evaluate classify DIR/labels.jsonl --images DIR/images --classes DIR/classes.txt"
                + " --templates DIR/templates.txt --batch-size 2 --out DIR/out.json --model "
                + MATCHER),
        of(
            Mpirun.MPICH,
            2,
            "out.jsonl",
            "caption DIR/images --batch-size 2 --out DIR/out.jsonl --model " + WRITER),
        of(
            Mpirun.OPEN_MPI,
            2,
            "out.json",
            "vqa --data DIR/questions.jsonl --images DIR/images --batch-size 4 --out DIR/out.json"
                + " --model "
                + WRITER),
        of(
            Mpirun.OPEN_MPI,
            2,
            "out.safetensors",
            "embed DIR/images --kind queries,single --out DIR/out.safetensors --model " + MATCHER),
        of(
            Mpirun.MPICH,
            2,
            "out.safetensors",
            "embed --kind patches --data DIR/captions.jsonl --images DIR/images --views 2"
                + " --out DIR/out.safetensors --model "
                + ENCODER));
  }

  private String[] arguments(String command) {
    return (command + " --threads 1").replace("DIR", folder.toString()).split(" ");
  }

  private Ended run(Mpirun launcher, int ranks, String command) throws Exception {
    return launcher.run(folder, ranks, Main.class, List.of(arguments(command)));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void command_onRanks_writesAndPrintsWhatOneProcessDoes(
      Mpirun launcher, int ranks, String result, String command) throws Exception {
    Path file = folder.resolve(result);
    Shell one = Shell.run(arguments(command));
    assertEquals(0, one.exit(), one.err());
    byte[] expected = Files.readAllBytes(file);
    Files.delete(file);
    Files.deleteIfExists(folder.resolve(result + ".journal"));

    Ended several = run(launcher, ranks, command);

    assertEquals(0, several.code(), several.err());
    assertEquals(one.out(), several.out());
    assertArrayEquals(expected, Files.readAllBytes(file));
  }

  @Test
  void evaluation_ofOneProcess_isResumedByRanks() throws Exception {
    String command =
        "evaluate caption DIR/captions.jsonl --images DIR/images --batch-size 1 --out DIR/out.json"
            + " --model "
            + WRITER;
    Shell whole = Shell.run(arguments(command));
    byte[] expected = Files.readAllBytes(folder.resolve("out.json"));
    Path journal = folder.resolve("out.json.journal");
    List<String> lines = Files.readAllLines(journal);
    Files.write(journal, lines.subList(0, 4));

    Ended resumed = run(Mpirun.OPEN_MPI, 3, command);

    assertEquals(0, resumed.code(), resumed.err());
    assertEquals(whole.out(), resumed.out());
    assertArrayEquals(expected, Files.readAllBytes(folder.resolve("out.json")));
    assertEquals(lines, Files.readAllLines(journal));
  }

  @Test
  void image_thatOneRankCannotRead_endsAllWithOneMessage() throws Exception {
    Files.writeString(folder.resolve("images/3.png"), "no image");

    Ended failed =
        run(
            Mpirun.OPEN_MPI,
            2,
            "evaluate caption DIR/captions.jsonl --images DIR/images --batch-size 1"
                + " --out DIR/out.json --model "
                + WRITER);

    assertEquals(1, failed.code(), failed.err());
    assertEquals("", failed.out());
    assertEquals(1, failed.messages().size(), failed.err());
    String message = failed.messages().get(0);
    assertTrue(message.startsWith("blip2: rank 1: "), message);
    assertTrue(message.contains("3.png: image expected a JPEG"), message);
    assertEquals(1 + 3, Files.readAllLines(folder.resolve("out.json.journal")).size());
  }

  @Test
  void captions_ofAnImageThatCannotBeRead_areThoseOfTheOthers() throws Exception {
    Files.writeString(folder.resolve("images/3.png"), "no image");
    String command = "caption DIR/images --batch-size 1 --out DIR/out.csv --model " + WRITER;
    Shell one = Shell.run(arguments(command));
    byte[] expected = Files.readAllBytes(folder.resolve("out.csv"));
    Files.delete(folder.resolve("out.csv"));

    Ended several = run(Mpirun.MPICH, 2, command);

    assertEquals(1, one.exit());
    assertEquals(1, several.code());
    assertEquals(one.out(), several.out());
    assertEquals(one.err().lines().toList(), several.messages());
    assertArrayEquals(expected, Files.readAllBytes(folder.resolve("out.csv")));
  }

  @Test
  void wrongUsage_isToldOnce() throws Exception {
    Ended failed = run(Mpirun.MPICH, 2, "caption DIR/images --out DIR/out.txt");

    assertEquals(2, failed.code(), failed.err());
    assertEquals(1, failed.messages().size(), failed.err());
    assertTrue(failed.err().contains("--out: "), failed.err());
  }

  @Test
  void commandsThatRanksCannotShare_areRefused() throws Exception {
    Ended printing = run(Mpirun.OPEN_MPI, 2, "caption DIR/images");
    Ended matching = run(Mpirun.MPICH, 2, "match DIR/images --text dog");

    assertEquals(2, printing.code(), printing.err());
    assertEquals(
        List.of(
            "blip2: caption: one process expected, got 2 ranks; give --out, --txt or --data to"
                + " share the images, or leave mpirun out"),
        printing.messages());
    assertEquals(2, matching.code(), matching.err());
    assertEquals(
        List.of(
            "blip2: blip2 match: one process expected, got rank 0 of 2 by mpirun of MPICH or"
                + " Intel MPI; start it without mpirun"),
        matching.messages());
  }
}
