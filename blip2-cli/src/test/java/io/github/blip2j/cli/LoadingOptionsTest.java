package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a model can be loaded with, and without. */
final class LoadingOptionsTest {
  private static final Path ALL = Path.of("../blip2-llm/src/test/resources/checkpoints");

  @TempDir Path folder;

  @Test
  void adapter_inAFolderOfItsOwn_isMerged() throws IOException {
    Path saved = ALL.resolve("opt-with-adapter");
    Path base = Files.createDirectory(folder.resolve("base"));
    Path adapter = Files.createDirectory(folder.resolve("adapter"));
    try (Stream<Path> files = Files.list(saved)) {
      for (Path file : files.toList()) {
        String name = String.valueOf(file.getFileName());
        Files.copy(file, (name.startsWith("adapter") ? adapter : base).resolve(name));
      }
    }

    assertEquals("[107,261,182,137,219,182,261,356]", ids(base, "--adapter", adapter.toString()));
  }

  @Test
  void ignoreUnexpectedKeys_surplusTensors_areLeftOut() {
    assertEquals(
        "[408,408,408,408,408,408,408,408]",
        ids(ALL.resolve("opt-surplus"), "--ignore-unexpected-keys"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"nd4j", "onednn"})
  void backend_ofAnyName_writesTheSame(String name) {
    Path model = ALL.resolve("opt-surplus");

    assertEquals(
        "[408,408,408,408,408,408,408,408]",
        ids(model, "--ignore-unexpected-keys", "--backend", name));
  }

  @Test
  void backend_thatIsNotThere_exits2AndNamesThoseThatAre() {
    String image = ALL.resolve("mt5/image.png").toString();

    Shell shell = Shell.run("caption", image, "--backend", "cuda");

    assertEquals(2, shell.exit());
    assertTrue(shell.err().matches("blip2: --backend: expected .*, got cuda; .*\n"), shell::err);
    assertTrue(shell.err().contains("nd4j") && shell.err().contains("onednn"), shell::err);
  }

  @ParameterizedTest
  @CsvSource({"--adapter=x, --adapter", "--ignore-unexpected-keys, --ignore-unexpected-keys"})
  void ofTheBundledModel_exits2(String option, String name) {
    String image = ALL.resolve("mt5/image.png").toString();

    assertEquals(
        new Shell(
            2, "", "blip2: " + name + ": --model expected beside it, got the bundled model\n"),
        Shell.run("caption", image, option));
  }

  private static String ids(Path model, String... options) {
    List<String> command =
        List.of(
            "caption",
            model.resolve("image.png").toString(),
            "--model",
            model.toString(),
            "--prompt",
            "a red",
            "--max-new-tokens",
            "8",
            "--json");
    Shell shell =
        Shell.run(Stream.concat(command.stream(), Stream.of(options)).toArray(String[]::new));
    return shell
        .json()
        .getAsJsonArray("results")
        .get(0)
        .getAsJsonObject()
        .getAsJsonArray("sequences")
        .get(0)
        .getAsJsonObject()
        .get("token_ids")
        .toString();
  }
}
