package io.github.blip2j.cli.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code evaluate caption} and {@code evaluate vqa} of results that are there already. */
final class GivenResultsTest {
  private static final String ITEM =
      "{\"image\": \"a.png\", \"image_id\": 1, \"caption\": \"a\", \"question_id\": 1,"
          + " \"question\": \"?\", \"answer\": \"a\"}";
  private static final String RESULT =
      "[{\"image_id\": 1, \"caption\": \"a\", \"question_id\": 1, \"answer\": \"a\"}]";

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "caption, --model=m",
    "caption, --model=m.pth --language=l",
    "caption, --model=m --adapter=x",
    "vqa, --model=m",
    "vqa, --model=m.pth --language=l",
    "vqa, --model=m --adapter=x"
  })
  void results_andAModel_areRefused(String command, String options) throws IOException {
    Path items = Files.writeString(folder.resolve("items.jsonl"), ITEM);
    Path results = Files.writeString(folder.resolve("given.json"), RESULT);
    List<String> words = new ArrayList<>(List.of("evaluate", command, items.toString()));
    words.addAll(List.of("--results", results.toString()));
    assertEquals(0, Shell.run(words.toArray(String[]::new)).exit());
    words.addAll(List.of(options.split(" ")));

    Shell shell = Shell.run(words.toArray(String[]::new));

    assertEquals(
        new Shell(
            2,
            "",
            "blip2: --results: results of an earlier run expected without a model, got --model too;"
                + " leave one of them out\n"),
        shell);
  }
}
