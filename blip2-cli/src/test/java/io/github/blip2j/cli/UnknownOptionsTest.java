package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mistyped options, which are not to be taken for values. */
final class UnknownOptionsTest {
  @ParameterizedTest
  @CsvSource({
    "match a.png --text one --heatmap x.png, match, --heatmap",
    "match --text one --heatmap x.png a.png, match, --heatmap",
    "embed a.png --text one --heatmap, embed, --heatmap",
    "match a.png --text one --heatmap=x.png, match, --heatmap",
    "caption a.png --prompt --heatmap, caption, --heatmap",
    "rank a.png --candidate one --candidate --heatmap, rank, --heatmap",
    "train stage1 --captions --nothing, train stage1, --nothing"
  })
  void run_optionThatThereIsNot_isRefused(String line, String command, String option) {
    Shell shell = Shell.run(line.split(" "));

    assertEquals(2, shell.exit());
    assertEquals("", shell.out());
    String whole = line.contains(option + "=x.png") ? option + "=x.png" : option;
    assertEquals(
        "blip2: unknown option: '"
            + option
            + "'; a value that begins with dashes is written --option="
            + whole
            + "; see blip2 "
            + command
            + " --help\n",
        shell.err());
  }

  @Test
  void run_withoutData_isToldByTheNameOfTheDocuments() {
    Shell shell = Shell.run("train", "stage1", "--out", "o");

    assertEquals(2, shell.exit());
    assertTrue(shell.err().contains("'--data=F'"), shell.err());
    assertFalse(shell.err().contains("--captions"), shell.err());
  }

  @Test
  void run_imageAfterTheTexts_saysWhereItWent() {
    assertEquals(
        new Shell(
            2,
            "",
            "blip2: missing required parameter: 'IMAGE|FOLDER', before the options, for --text takes"
                + " all that follows; see blip2 match --help\n"),
        Shell.run("match", "--text", "one", "a.png"));
  }

  /** These fail later, by the image that there is not. */
  @ParameterizedTest
  @CsvSource({"--prompt=--odd", "'--prompt;-- with a space'", "--prompt;-odd"})
  void run_valuesWithDashes_areTaken(String option) {
    String[] words = ("caption;none.png;" + option).split(";");

    Shell shell = Shell.run(words);

    assertEquals(1, shell.exit());
    assertEquals(
        "blip2: none.png: image expected a JPEG, PNG, GIF, BMP, TIFF or WebP file, got no such file;"
            + " check the path\n",
        shell.err());
  }
}
