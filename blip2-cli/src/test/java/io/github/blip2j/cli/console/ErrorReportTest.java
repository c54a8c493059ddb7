package io.github.blip2j.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.cli.Shell;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ErrorReportTest {
  private static final String CIRCLE = Shell.image("a.png");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--num-beams 2 --num-return 3|decoding: --num-return expected at most --num-beams=2, got 3;"
            + " use more beams",
        "--num-return 2|decoding: --num-return expected 1 without sampling at --num-beams=1, got 2;"
            + " sample or use more beams",
        "--top-p 0|decoding: --top-p expected within (0, 1], got 0.0",
        "--top-p 1.5|decoding: --top-p expected within (0, 1], got 1.5",
        "--max-new-tokens -1|decoding: --max-new-tokens expected at least 1, got -1",
        "--min-new-tokens 30|decoding: --min-new-tokens expected at most --max-new-tokens=20, got"
            + " 30; raise --max-new-tokens",
        "--temperature 0|decoding: --temperature expected a finite number above 0, got 0.0",
        "--threads 0|--threads expected 1 to 1024, got 0",
        "--stream --json|--stream: output expected as text, got --json; leave one of them out",
        "-|-: standard input expected once, got it several times; name files instead",
        "--num-beams two|invalid value for option '--num-beams': 'two' is not an int; see blip2"
            + " caption --help",
        "--dtype int4|invalid value for option '--dtype': expected float32, bfloat16 or int8, got 'int4';"
            + " see blip2 caption --help",
        "--early-stopping=late|invalid value for option '--early-stopping': expected true, false or"
            + " never, got 'late'; see blip2 caption --help",
        "--colour|unknown option: '--colour'; see blip2 caption --help",
      })
  void caption_wrongUsage_exits2WithOneLine(String options, String message) {
    String[] args = ("caption - " + options).split(" ");

    assertEquals(new Shell(2, "", "blip2: " + message + "\n"), Shell.run(args));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "decoding: temperature expected above 0, got 0 | decoding: --temperature expected above 0,"
            + " got 0",
        "decoding: topP expected within (0, 1], got 2 | decoding: --top-p expected within (0, 1],"
            + " got 2",
        "stage2: maxOutputTokens expected with an encoder, got opt; use maxTextTokens | stage2:"
            + " --max-output-tokens expected with an encoder, got opt; use --max-text-tokens",
        "a.json: temperature expected a number | a.json: temperature expected a number",
        "myFile.json: captions expected, got none | myFile.json: captions expected, got none"
      })
  void describe_settingOfAProgram_isTheOption(String message, String expected) {
    assertEquals(expected, ErrorReport.describe(new IllegalArgumentException(message)));
  }

  @Test
  void caption_withoutImage_exits2() {
    String message =
        "blip2: missing required parameter: 'IMAGE|FOLDER'; see blip2 caption --help\n";

    assertEquals(new Shell(2, "", message), Shell.run("caption"));
  }

  @Test
  void blip2_withoutCommand_exits2() {
    String message = "blip2: missing required subcommand; see blip2 --help\n";

    assertEquals(new Shell(2, "", message), Shell.run());
  }

  @Test
  void caption_missingFile_exits1() {
    Path image = folder.resolve("none.png");

    String message =
        "image expected a JPEG, PNG, GIF, BMP, TIFF or WebP file, got no such file; check the path";
    assertEquals(failure(image, message), Shell.run("caption", image.toString()));
  }

  @Test
  void caption_directoryWithoutPictures_exits1() {
    String message = "images expected in the folder, got none";
    assertEquals(failure(folder, message), Shell.run("caption", folder.toString()));
  }

  @Test
  void caption_noImage_exits1() throws Exception {
    Path image = Files.writeString(folder.resolve("notes.png"), "shopping");

    String message =
        "image expected a JPEG, PNG, GIF, BMP, TIFF or WebP file, got bytes 73 68 6f 70 70 69 6e 67;"
            + " convert it to PNG first";
    assertEquals(failure(image, message), Shell.run("caption", image.toString()));
  }

  @Test
  void caption_oneBadImageAmongGood_keepsTheOthers() {
    Path bad = folder.resolve("none.png");

    Shell shell = Shell.run("caption", bad.toString(), CIRCLE, "--json");

    assertEquals(1, shell.exit());
    assertTrue(shell.err().startsWith("blip2: " + bad + ": image expected"), shell::err);
    assertEquals(1, shell.err().lines().count());
    assertEquals(1, shell.document().getAsJsonArray("results").size());
  }

  @Test
  void caption_missingModel_exits1() {
    Path model = folder.resolve("none");

    assertEquals(
        failure(model, "model expected a folder, got nothing"),
        Shell.run("caption", CIRCLE, "--model", model.toString()));
  }

  @Test
  void debug_showsWhereTheErrorComesFrom() {
    Shell shell =
        Shell.run("caption", CIRCLE, "--debug", "--model", folder.resolve("x").toString());

    assertTrue(shell.err().contains("\tat io.github.blip2j"), shell::err);
  }

  @Test
  void describe_fullHeap_namesTheVariable() {
    String message = ErrorReport.describe(new OutOfMemoryError("Java heap space"));

    assertTrue(
        message.matches(
            "heap expected room for more, got full at \\d+ MiB; set BLIP2_JAVA_OPTS=-Xmx4g or higher"),
        message);
  }

  @Test
  void describe_limitOfJavaCpp_namesItsSetting() {
    var failure =
        new OutOfMemoryError(
            "Physical memory usage is too high: physicalBytes (83M) > maxPhysicalBytes (50M)");

    assertEquals(
        "memory outside the heap expected within JavaCPP's limits, got Physical memory usage is too"
            + " high: physicalBytes (83M) > maxPhysicalBytes (50M); leave out"
            + " -Dorg.bytedeco.javacpp.maxphysicalbytes and maxbytes, or raise them",
        ErrorReport.describe(failure));
  }

  @Test
  void describe_noThread_namesTheLimit() {
    var failure = new OutOfMemoryError("unable to create native thread");

    assertTrue(
        ErrorReport.describe(failure).contains("(ulimit -u)"), ErrorReport.describe(failure));
  }

  @Test
  void describe_streamThatCanNotRead_saysWhatItsCauseSays() {
    var failure = new UncheckedIOException(new NoSuchFileException("a.png"));

    assertEquals(
        "a.png: file expected to be readable or writable, got nothing there",
        ErrorReport.describe(failure));
  }

  @Test
  void describe_pathOfOtherCharacters_namesIt() {
    assertEquals(
        "a.png: path expected in this system's characters, got Nul character not allowed; rename it"
            + " or set LC_ALL=C.UTF-8",
        ErrorReport.describe(new InvalidPathException("a.png", "Nul character not allowed")));
  }

  @Test
  void describe_missingNatives_namesDoctor() {
    assertEquals(
        "native library expected to load, got UnsatisfiedLinkError (no jnind4jcpu); run blip2 doctor",
        ErrorReport.describe(new UnsatisfiedLinkError("no jnind4jcpu")));
  }

  private static Shell failure(Path where, String message) {
    return new Shell(1, "", "blip2: " + where + ": " + message + "\n");
  }
}
