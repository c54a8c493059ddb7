package io.github.blip2j.cli.match;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.cli.Shell;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MatchCommandTest {
  private static final Path GOLDEN = Path.of("../blip2-llm/src/test/resources/golden");
  private static final String MODEL = GOLDEN.resolve("hf-itm").toString();
  private static final String LAVIS = GOLDEN.resolve("lavis-stage1").toString();
  private static final String A = MODEL + "/images/a.png";
  private static final String B = MODEL + "/images/b.png";
  private static final String TEXT = "a red circle above a blue square";
  private static final String STAR = "a green star";

  @TempDir Path folder;

  @Test
  void match_json_hasTheDocumentedShape() {
    Shell shell =
        Shell.run("match", A, B, "--text", TEXT, "--text", STAR, "--model", MODEL, "--json");

    JsonObject document = shell.json();
    assertEquals(List.of("model", "results", "timing_ms"), List.copyOf(document.keySet()));
    assertEquals(
        List.of("load", "preprocess", "match", "total"),
        List.copyOf(document.getAsJsonObject("timing_ms").keySet()));
    JsonArray results = document.getAsJsonArray("results");
    assertEquals(4, results.size());
    JsonObject first = results.get(0).getAsJsonObject();
    assertEquals(
        List.of(
            "image",
            "text",
            "text_tokens",
            "text_tokens_read",
            "itc",
            "itm_logit",
            "itm_probability"),
        List.copyOf(first.keySet()));
    assertEquals(first.get("text_tokens"), first.get("text_tokens_read"));
    assertEquals(A, first.get("image").getAsString());
    assertEquals(TEXT, first.get("text").getAsString());
    assertEquals(0.536065, first.get("itc").getAsDouble(), 1e-5);
    assertEquals(1.0013, first.get("itm_logit").getAsDouble(), 2e-4);
    assertEquals(0.806305, first.get("itm_probability").getAsDouble(), 1e-4);
    JsonObject last = results.get(3).getAsJsonObject();
    assertEquals(List.of(B, STAR), List.of(string(last, "image"), string(last, "text")));
    assertEquals(0.895355, last.get("itc").getAsDouble(), 1e-5);
  }

  @Test
  void match_limitThatNoModelHas_namesTheOption() {
    Shell shell = Shell.run("match", A, "--text", TEXT, "--model", MODEL, "--max-text-tokens", "1");

    assertEquals(2, shell.exit());
    assertTrue(
        shell.err().startsWith("blip2: matcher: --max-text-tokens expected 2 to "), shell.err());
  }

  @Test
  void match_textBeyondTheLimit_saysHowMuchIsRead() {
    Shell shell =
        Shell.run("match", A, "--text", TEXT, "--model", MODEL, "--json", "--max-text-tokens", "4");

    JsonObject result = shell.json().getAsJsonArray("results").get(0).getAsJsonObject();
    assertEquals(9, result.get("text_tokens").getAsInt());
    assertEquals(4, result.get("text_tokens_read").getAsInt());
  }

  @Test
  void embed_textBeyondTheLimit_isListed() {
    String file = folder.resolve("texts.safetensors").toString();

    Shell shell =
        Shell.run(
            "embed",
            "--text",
            TEXT,
            STAR,
            "--model",
            MODEL,
            "--out",
            file,
            "--json",
            "--max-text-tokens",
            "6");

    assertEquals("[\"" + TEXT + "\"]", shell.json().getAsJsonArray("texts_cut").toString());
  }

  @Test
  void match_severalTextsAfterOneOption_areAllTaken() {
    Shell shell = Shell.run("match", A, "--text", TEXT, STAR, "--model", MODEL);

    assertEquals(
        new Shell(
            0,
            String.format(
                Locale.ROOT,
                """
            %s: %s: itc 0.5361, itm 0.8063 (logit 1.0013)
            %s: %s: itc -0.8500, itm 0.0012 (logit -3.2742)
            """,
                A,
                TEXT,
                A,
                STAR),
            ""),
        shell);
  }

  @Test
  void match_lavisFileAndFolder_areTheSame() {
    String image = LAVIS + "/images/0.png";
    Shell folderRun = Shell.run("match", image, "--text", STAR, "--model", LAVIS);
    Shell file = Shell.run("match", image, "--text", STAR, "--model", LAVIS + "/checkpoint.pth");

    assertEquals(0, file.exit(), file.err());
    assertEquals(folderRun, file);
  }

  @Test
  void cam_isDrawnAtThePicturesSize() throws IOException {
    Path png = folder.resolve("cam.png");

    Shell shell = Shell.run("match", A, "--text", TEXT, "--model", MODEL, "--cam", png.toString());

    assertEquals(List.of(0, ""), List.of(shell.exit(), shell.err()));
    Image picture = new ImageDecoder().decode(Path.of(A));
    Image drawing = new ImageDecoder().decode(png);
    assertEquals(picture.toString(), drawing.toString());
    assertNotEquals(Arrays.hashCode(picture.toByteArray()), Arrays.hashCode(drawing.toByteArray()));
    Path other = folder.resolve("other.png");
    Shell.run(
        "match", A, "--text", TEXT, "--model", MODEL, "--cam", other.toString(), "--layer", "0");
    assertNotEquals(-1, Files.mismatch(png, other));
  }

  @Test
  void cam_ofSeveral_exits2() {
    assertEquals(
        new Shell(2, "", "blip2: --cam: one image and one text expected, got 2 and 1\n"),
        Shell.run("match", A, B, "--text", TEXT, "--model", MODEL, "--cam", "cam.png"));
  }

  @Test
  void camWords_ofSeveral_exits2() {
    assertEquals(
        new Shell(2, "", "blip2: --cam-words: one image and one text expected, got 1 and 2\n"),
        Shell.run("match", A, "--text", TEXT, STAR, "--model", MODEL, "--cam-words", "cams"));
  }

  @Test
  void camWords_areAPictureEach() throws IOException {
    Path cams = folder.resolve("cams");

    Shell shell =
        Shell.run("match", A, "--text", STAR, "--model", MODEL, "--cam-words", cams.toString());

    assertEquals(List.of(0, ""), List.of(shell.exit(), shell.err()));
    try (Stream<Path> files = Files.list(cams)) {
      assertEquals(
          List.of("01-a.png", "02-green.png", "03-star.png"),
          files.map(file -> String.valueOf(file.getFileName())).sorted().toList());
    }
    Image drawing = new ImageDecoder().decode(cams.resolve("03-star.png"));
    assertEquals(new ImageDecoder().decode(Path.of(A)).toString(), drawing.toString());
    assertNotEquals(-1, Files.mismatch(cams.resolve("01-a.png"), cams.resolve("03-star.png")));
  }

  @Test
  void layer_thatReadsNoImage_isNamed() {
    Path png = folder.resolve("cam.png");

    Shell shell =
        Shell.run(
            "match", A, "--text", TEXT, "--model", MODEL, "--cam", png.toString(), "--layer", "1");

    assertEquals(
        new Shell(
            1, "", "blip2: --layer expected among those that attend to the image, [0, 2], got 1\n"),
        shell);
  }

  @Test
  void layer_withoutCam_isIdle() {
    Shell shell = Shell.run("match", A, "--text", TEXT, "--model", MODEL, "--layer", "0");

    assertEquals(0, shell.exit());
    assertEquals("blip2: --layer has no effect without --cam or --cam-words\n", shell.err());
  }

  @Test
  void match_withoutModel_isTheBundledOnes() throws IOException {
    Path out = folder.resolve("f.safetensors");

    assertEquals(
        "bundled",
        Shell.run("match", A, "--text", TEXT, "--json").json().get("model").getAsString());
    assertEquals(0, Shell.run("embed", A, "--out", out.toString()).exit());
    try (var file = SafetensorsFile.open(out)) {
      assertEquals(
          Shape.of(1, 16, 256), Objects.requireNonNull(file.tensors().get("image_embeds")).shape());
    }
  }

  @Test
  void match_oneUnreadableImage_failsButTheOtherIsPrinted() {
    Shell shell = Shell.run("match", "nothing.png", A, "--text", TEXT, "--model", MODEL, "--json");

    assertEquals(1, shell.exit());
    assertEquals(
        "blip2: nothing.png: image expected a JPEG, PNG, GIF, BMP, TIFF or WebP file, got no such file; check the path\n",
        shell.err());
    assertEquals(1, shell.document().getAsJsonArray("results").size());
  }

  @Test
  void embed_imagesAndTexts_writesWhatItSays() throws IOException {
    Path out = folder.resolve("expected.safetensors");

    Shell shell =
        Shell.run(
            "embed",
            A,
            B,
            "--text",
            TEXT,
            STAR,
            "--model",
            MODEL,
            "--out",
            out.toString(),
            "--json");

    JsonObject document = shell.json();
    assertEquals(
        List.of("model", "file", "tensors", "images", "texts", "texts_cut", "timing_ms"),
        List.copyOf(document.keySet()));
    assertEquals(
        List.of("load", "preprocess", "embed", "total"),
        List.copyOf(document.getAsJsonObject("timing_ms").keySet()));
    assertEquals(out.toString(), string(document, "file"));
    assertEquals(
        "[{\"name\":\"image_embeds\",\"shape\":[2,8,24]},{\"name\":\"text_embeds\",\"shape\":[2,24]}]",
        document.getAsJsonArray("tensors").toString());
    Path golden = Path.of(MODEL).resolve("expected.safetensors");
    assertArrayEquals(
        floats(golden, "itc.image_embeds", 2 * 8 * 24),
        floats(out, "image_embeds", 2 * 8 * 24),
        1e-5f);
    assertArrayEquals(floats(golden, "itc.text_embeds", 24), floats(out, "text_embeds", 24), 1e-5f);
  }

  @Test
  void embed_textsAlone_printsALineForEachTensor() {
    String out = folder.resolve("t.safetensors").toString();

    assertEquals(
        new Shell(0, out + ": text_embeds [1, 24]\n", ""),
        Shell.run("embed", "--text", TEXT, "--model", MODEL, "--out", out));
  }

  @Test
  void embed_nothing_exits2() {
    assertEquals(
        new Shell(2, "", "blip2: embed: images or --text expected, got neither\n"),
        Shell.run("embed", "--model", MODEL, "--out", "f.safetensors"));
  }

  /** The first numbers of a tensor. */
  private static float[] floats(Path file, String name, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (var tensors = SafetensorsFile.open(file)) {
      tensors.read(name, 0, bytes);
    }
    float[] values = new float[count];
    bytes.flip().asFloatBuffer().get(values);
    return values;
  }

  private static String string(JsonObject object, String key) {
    return object.get(key).getAsString();
  }
}
