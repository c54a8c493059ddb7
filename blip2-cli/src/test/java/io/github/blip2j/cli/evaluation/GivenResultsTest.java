package io.github.blip2j.cli.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
    "caption, --model, --model=m",
    "caption, --model, --model=m --adapter=x",
    "caption, --model, --model=m.pth --language=l",
    "caption, --adapter, --adapter=x",
    "vqa, --model, --model=m",
    "vqa, --model, --model=m.pth --language=l",
    "vqa, --adapter, --adapter=x"
  })
  void results_andAModel_areRefused(String command, String told, String options)
      throws IOException {
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
            String.format(
                Locale.ROOT,
                "blip2: --results: results of an earlier run expected without a model, got %s too;"
                    + " leave one of them out\n",
                told)),
        shell);
  }
}
