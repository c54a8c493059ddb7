package io.github.blip2j.blip2.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.ImageTextMatcherTest;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.UnreadableImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Features of many images in one file. */
final class FeatureExportTest {
  private static final float CLOSE = 1e-5f;
  private static final List<String> TEXTS =
      List.of("a red circle", "a green star to the left ".repeat(9));

  private static ImageTextMatcher matcher;
  private static Blip2 blip2;

  @TempDir Path folder;
  private Path out = Path.of("");

  @BeforeAll
  static void load() throws IOException {
    matcher = ImageTextMatcher.load(ImageTextMatcherTest.FOLDER);
    blip2 = Blip2.load(Fixture.HF_OPT);
  }

  @AfterAll
  static void close() {
    matcher.close();
    blip2.close();
  }

  @BeforeEach
  void target() {
    out = folder.resolve("f.safetensors");
  }

  @Test
  void export_toAFolderOrIntoNone_isRefusedBeforeAnyImageIsRead() throws IOException {
    FeatureExport unread =
        matcher
            .export(Feature.IMAGE)
            .reading(
                name -> {
                  throw new AssertionError(name);
                });
    Path nowhere = folder.resolve("none").resolve("f.jsonl");
    List<String> images = List.of("a.png");

    assertUnwritable(
        folder + ": file expected, got a folder; name a file in it",
        () -> unread.toSafetensors(images, folder));
    assertUnwritable(
        folder + ": file expected, got a folder; name a file in it",
        () -> unread.toJsonLines(images, folder));
    assertUnwritable(
        nowhere + ": folder expected to exist; create it first",
        () -> unread.toJsonLines(images, nowhere));
  }

  private static void assertUnwritable(String message, Executable call) {
    assertEquals(message, assertThrows(IOException.class, call).getMessage());
  }

  @Test
  void toSafetensors_ofMatcher_holdsWhatEachCallGives() throws IOException {
    List<String> images = copies(10);

    matcher
        .export(Feature.PATCHES, Feature.QUERIES, Feature.IMAGE, Feature.SINGLE, Feature.TEXT)
        .withTexts(TEXTS)
        .toSafetensors(images, out);

    try (var scope = Scope.open()) {
      FeatureExtractor features = matcher.features();
      for (int i : new int[] {0, 7, 8, 9}) {
        Image image = matcher.read(Path.of(images.get(i)));
        assertRow(features.images(List.of(image)).queries().toFloats(), "queries", 10, i);
        assertRow(features.images(List.of(image)).compared().toFloats(), "image_embeds", 10, i);
        assertRow(features.patches(List.of(image)).toFloats(), "patches", 10, i);
        assertRow(matcher.embedPooled(image), "single_embeds", 10, i);
        assertArrayEquals(
            matcher.embedPooled(image), features.single(List.of(image)).toFloats(), CLOSE);
      }
    }
    assertRow(matcher.embed(TEXTS.get(1)), "text_embeds", 2, 1);
    try (var file = SafetensorsFile.open(out)) {
      assertEquals(images, names(file, "images"));
      assertEquals(TEXTS, names(file, "texts"));
      assertEquals("[10, 37, 64]", shape(file, "patches"));
      assertEquals("[10, 8, 48]", shape(file, "queries"));
      assertEquals("[10, 8, 24]", shape(file, "image_embeds"));
      assertEquals("[10, 24]", shape(file, "single_embeds"));
      assertEquals("[2, 24]", shape(file, "text_embeds"));
    }
  }

  @Test
  void toSafetensors_multimodal_pairsImagesWithTheirTexts() throws IOException {
    List<String> images = copies(2);

    matcher.export(Feature.MULTIMODAL).withTexts(TEXTS).toSafetensors(images, out);

    try (var scope = Scope.open()) {
      for (int i = 0; i < 2; i++) {
        List<Image> image = List.of(matcher.read(Path.of(images.get(i))));
        float[] expected = matcher.features().multimodal(image, List.of(TEXTS.get(i))).toFloats();
        assertRow(expected, "multimodal_embeds", 2, i);
      }
    }
  }

  @Test
  void toSafetensors_ofModelThatWrites_holdsItsStages() throws IOException {
    List<String> images = copies(3);

    blip2.export(Feature.PATCHES, Feature.QUERIES, Feature.PROMPT).toSafetensors(images, out);

    Image image = blip2.read(Path.of(images.get(2)));
    try (ImageFeatures features = blip2.encode(List.of(image))) {
      assertRow(features.patches().toFloats(), "patches", 3, 2);
      assertRow(features.queries().toFloats(), "queries", 3, 2);
      assertRow(features.prompt().toFloats(), "prompt", 3, 2);
      float[][] queries = blip2.embed(image, Feature.QUERIES);
      assertEquals(features.queries().dim(1), queries.length);
      assertArrayEquals(features.queries().select(0, 0).select(0, 1).toFloats(), queries[1], CLOSE);
    }
  }

  @Test
  void toJsonLines_holdsALineForEach() throws IOException {
    Path lines = folder.resolve("f.jsonl");
    List<String> images = copies(9);

    List<String> written =
        matcher
            .export(Feature.SINGLE, Feature.IMAGE, Feature.TEXT)
            .withTexts(TEXTS)
            .toJsonLines(images, lines);

    assertEquals(images, written);
    List<String> read = Files.readAllLines(lines);
    assertEquals(11, read.size());
    JsonObject text = JsonParser.parseString(read.get(1)).getAsJsonObject();
    assertEquals(TEXTS.get(1), text.get("text").getAsString());
    assertArrayEquals(
        matcher.embed(TEXTS.get(1)), floats(text.getAsJsonArray("text_embeds")), CLOSE);
    JsonObject last = JsonParser.parseString(read.get(10)).getAsJsonObject();
    Image image = matcher.read(Path.of(images.get(8)));
    assertEquals(images.get(8), last.get("image").getAsString());
    assertArrayEquals(
        matcher.embedPooled(image), floats(last.getAsJsonArray("single_embeds")), CLOSE);
    JsonArray queries = last.getAsJsonArray("image_embeds");
    assertEquals(8, queries.size());
    assertArrayEquals(matcher.embed(image)[3], floats(queries.get(3).getAsJsonArray()), CLOSE);
  }

  @Test
  void unreadable_skipped_isToldAndLeavesNoRow() throws IOException {
    List<String> images = copies(4);
    Files.writeString(Path.of(images.get(1)), "no picture");
    List<String> skipped = new ArrayList<>();
    var listener =
        new FeatureExport.Listener() {
          @Override
          public void skipped(UnreadableImageException why) {
            skipped.add(String.valueOf(why.getMessage()));
          }
        };
    FeatureExport export =
        matcher
            .export(Feature.MULTIMODAL)
            .withTexts(List.of("a", "b", "c", "d"))
            .skippingUnreadable()
            .onProgress(listener);

    List<String> written = export.toSafetensors(images, out);
    export.toJsonLines(images, folder.resolve("f.jsonl"));

    assertEquals(List.of(images.get(0), images.get(2), images.get(3)), written);
    assertEquals(3, Files.readAllLines(folder.resolve("f.jsonl")).size());
    String why = images.get(1) + ": image expected a JPEG, PNG, GIF, BMP, TIFF or WebP file, got ";
    assertEquals(2, skipped.size());
    assertTrue(skipped.get(0).startsWith(why), skipped::toString);
    try (var scope = Scope.open()) {
      List<Image> image = List.of(matcher.read(Path.of(images.get(3))));
      float[] expected = matcher.features().multimodal(image, List.of("d")).toFloats();
      assertRow(expected, "multimodal_embeds", 3, 2);
    }
  }

  @Test
  void unreadable_notSkipped_failsAndLeavesTheOldFile() throws IOException {
    List<String> images = copies(20);
    matcher.export(Feature.SINGLE).toSafetensors(images.subList(0, 2), out);
    byte[] old = Files.readAllBytes(out);
    Files.writeString(Path.of(images.get(17)), "no picture");

    assertThrows(
        UnreadableImageException.class,
        () -> matcher.export(Feature.SINGLE).toSafetensors(images, out));
    assertThrows(
        UnreadableImageException.class,
        () -> matcher.export(Feature.SINGLE).toJsonLines(images, folder.resolve("f.jsonl")));

    assertArrayEquals(old, Files.readAllBytes(out));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(
          List.of(), files.filter(f -> f.getFileName().toString().startsWith(".")).toList());
    }
    assertTrue(Files.notExists(folder.resolve("f.jsonl")));
  }

  @Test
  void memory_ofManyImages_isThatOfABatch() throws IOException {
    List<Long> used = new ArrayList<>();
    List<Long> held = new ArrayList<>();
    var listener =
        new FeatureExport.Listener() {
          @Override
          public void done(int images, int of) {
            used.add(TensorMemory.usedBytes());
            held.add(TensorMemory.totalBytes());
          }
        };
    long before = TensorMemory.usedBytes();

    blip2
        .export(Feature.PATCHES, Feature.PROMPT)
        .onProgress(listener)
        .toSafetensors(copies(64), out);

    assertEquals(8, used.size());
    assertEquals(List.of(before), used.stream().distinct().toList());
    assertEquals(held.get(1), held.get(7));
  }

  @Test
  void pictures_ofFolder_areSortedByName() throws IOException {
    for (String name : List.of("b.PNG", "a.jpg", "notes.txt", ".hidden.png", "c.webp")) {
      Files.writeString(folder.resolve(name), "");
    }
    Files.createDirectory(folder.resolve("d.png"));

    assertEquals(
        Stream.of("a.jpg", "b.PNG", "c.webp").map(name -> folder.resolve(name).toString()).toList(),
        FeatureExport.images(folder));
  }

  @Test
  @SuppressWarnings("NullAway") // callers outside the null checker
  void exports_thatCannotBe_areRefused() throws IOException {
    List<String> images = copies(3);
    assertSays(
        "embed: feature expected of [patches, queries, prompt], which this model has, got image",
        () -> blip2.export(Feature.IMAGE));
    assertSays(
        "embed: feature expected of [patches, queries, prompt], which this model has, got single",
        () -> blip2.embed(blip2.read(Path.of(images.get(0))), Feature.SINGLE));
    assertSays(
        "embed: feature expected of [patches, queries, image, single, text, multimodal], which this"
            + " model has, got prompt",
        () -> matcher.export(Feature.PROMPT));
    assertSays("embed: features expected at least 1, got 0", () -> matcher.export());
    assertSays(
        "embed: images expected at least 1 for [single], got 0",
        () -> matcher.export(Feature.SINGLE).toSafetensors(List.of(), out));
    assertSays(
        "embed: texts expected at least 1 for text, got 0",
        () -> matcher.export(Feature.TEXT).toSafetensors(images, out));
    assertSays(
        "embed: texts expected 1 or one for each of 3 images for multimodal, got 2",
        () ->
            matcher
                .export(Feature.MULTIMODAL)
                .withTexts(TEXTS)
                .toJsonLines(images, folder.resolve("f.jsonl")));
    Files.writeString(Path.of(images.get(0)), "");
    assertSays(
        "embed: readable images expected, got none",
        () ->
            matcher
                .export(Feature.SINGLE)
                .skippingUnreadable()
                .toSafetensors(images.subList(0, 1), out));
    assertEquals(
        "embed: feature expected, got null",
        assertThrows(NullPointerException.class, () -> matcher.export((Feature) null))
            .getMessage());
  }

  /** So many pictures of three kinds. */
  private List<String> copies(int count) throws IOException {
    List<String> copies = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Path copy = folder.resolve(String.format(Locale.ROOT, "%03d.png", i));
      Files.copy(Fixture.pictures().get(i % 3), copy);
      copies.add(copy.toString());
    }
    return copies;
  }

  private void assertRow(float[] expected, String tensor, int rows, int row) throws IOException {
    try (var file = SafetensorsFile.open(out)) {
      ByteBuffer bytes =
          ByteBuffer.allocate(rows * expected.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      file.read(tensor, bytes);
      float[] all = new float[rows * expected.length];
      bytes.flip().asFloatBuffer().get(all);
      float[] found = Arrays.copyOfRange(all, row * expected.length, (row + 1) * expected.length);
      Golden.assertClose(tensor + " " + row, expected, found, CLOSE);
    }
  }

  private static String shape(SafetensorsFile file, String tensor) {
    return Objects.requireNonNull(file.tensors().get(tensor)).shape().toString();
  }

  private static List<String> names(SafetensorsFile file, String key) {
    List<String> names = new ArrayList<>();
    JsonParser.parseString(file.metadata().get(key))
        .getAsJsonArray()
        .forEach(name -> names.add(name.getAsString()));
    return names;
  }

  private static float[] floats(JsonArray array) {
    float[] values = new float[array.size()];
    int i = 0;
    for (JsonElement value : array) {
      values[i++] = value.getAsFloat();
    }
    return values;
  }

  private static void assertSays(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }
}
