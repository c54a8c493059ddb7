package io.github.blip2j.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.cli.Shell;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code blip2 convert --dtype}; the other kinds are tested with what they convert. */
final class ConvertCommandTest {
  private static final Path MODEL = Path.of("../blip2-llm/src/test/resources/golden/hf-opt");
  private static final String OPT = MODEL.toString();
  private static final String IMAGES = MODEL.resolve("images").toString();

  @TempDir private Path folder;

  @Test
  void dtype_int8_isSmallerAndCaptionsTheSame() throws Exception {
    Path out = folder.resolve("int8");

    Shell converted = Shell.run("convert", "--dtype", "int8", OPT, out.toString());

    assertEquals(0, converted.exit(), converted.err());
    assertTrue(converted.out().startsWith(out + ": "), converted.out());
    assertTrue(
        Files.size(out.resolve("model.safetensors"))
            < Files.size(Path.of(OPT, "model.safetensors")) / 2);
    Shell before = Shell.run("caption", IMAGES, "--model", OPT);
    Shell after = Shell.run("caption", IMAGES, "--model", out.toString());
    assertEquals(0, after.exit(), after.err());
    assertEquals(before.out(), after.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --dtype int4 | type expected float32, float16, bfloat16 or int8, got int4
          --dtype int8 --from hf | convert: --from, --merge-lora or --dtype expected, got more than one
          --dtype int8 --trained | convert: --dtype expected alone, got options of --from; convert afterwards
          --json | convert: --from, --merge-lora or --dtype expected, got none of them
          """)
  void dtype_wrongOptions_areNamed(String options, String message) {
    String[] words = ("convert " + options + " " + OPT + " " + folder + "/x").split(" ", -1);

    Shell shell = Shell.run(words);

    assertEquals(2, shell.exit());
    assertTrue(shell.err().contains(message), shell.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"x.pth", "x.safetensors"})
  void dtype_targetNamedAsFile_isRefused(String name) {
    String out = folder.resolve(name).toString();

    Shell shell = Shell.run("convert", "--dtype", "int8", OPT, out);

    assertEquals(2, shell.exit());
    assertTrue(shell.err().contains("OUT expected a folder, got " + out), shell.err());
  }
}
