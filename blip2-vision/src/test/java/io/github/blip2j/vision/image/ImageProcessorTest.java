package io.github.blip2j.vision.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ImageProcessorTest {
  private static final String CHANNELS = "'image_mean': [0.5, 0.4, 0.3], 'image_std': [1, 2, 4]";

  private static final String OTHER = "'image_processor_type': 'ViTImageProcessor'";

  private final Path folder;

  ImageProcessorTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private ImageProcessor load(String json) throws IOException {
    Files.writeString(folder.resolve("preprocessor_config.json"), json.replace('\'', '"'));
    return ImageProcessor.load(folder);
  }

  /** What is wrong with the file, without its name. */
  private String refusal(String json) {
    var e = assertThrows(CheckpointException.class, () -> load(json));
    String where = "preprocessor_config.json: ";
    String message = String.valueOf(e.getMessage());
    assertEquals(where, message.substring(0, where.length()));
    return message.substring(where.length());
  }

  @Test
  void pixels_oneColor_isRescaledAndNormalized() throws IOException {
    var processor = load("{'size': {'height': 2, 'width': 1}, " + CHANNELS + "}");

    float[] pixels = processor.pixels(Image.of(1, 1, new byte[] {-1, 0, 51}));

    assertEquals(6, pixels.length);
    assertEquals(0.5f, pixels[0]);
    assertEquals(-0.2f, pixels[2]);
    assertEquals(-0.025f, pixels[5], 1e-7f);
  }

  @Test
  void load_withoutNormalizingOrRescaling_keepsLevels() throws IOException {
    var processor = load("{'size': 1, 'do_rescale': false, 'do_normalize': false}");

    assertEquals(200, processor.pixels(Image.of(1, 1, new byte[] {0, -56, 0}))[1]);
  }

  @Test
  void load_stepThatIsNull_isSwitchedOff() throws IOException {
    var processor = load("{'size': 1, 'do_rescale': null, 'do_normalize': null}");

    assertEquals(200, processor.pixels(Image.of(1, 1, new byte[] {0, -56, 0}))[1]);
    assertEquals("image_mean is missing", refusal("{'size': 1, 'image_mean': null}"));
  }

  @Test
  void load_oneNumberForAllChannels_isTakenForEach() throws IOException {
    var processor =
        load("{'size': 1, 'do_rescale': false, 'image_mean': 100.0, 'image_std': 50.0}");

    assertEquals(2, processor.pixels(Image.of(1, 1, new byte[] {0, -56, 0}))[1]);
  }

  @Test
  void load_bareNumber_isSquare() throws IOException {
    assertEquals(new ImageSize(30, 30), load("{'size': 30, " + CHANNELS + "}").size());
  }

  @ParameterizedTest
  @CsvSource({"'{\"shortest_edge\": 20}'", "20"})
  void load_clipProcessor_keepsProportionsAndCutsTheMiddle(String size) throws IOException {
    String crop = ", 'do_center_crop': true, 'crop_size': {'height': 16, 'width': 10}, ";
    var processor = load("{'size': " + size + crop + CHANNELS + "}");
    Image image = Image.wrap(101, 50, new byte[101 * 50 * 3]);

    assertEquals("10x16 RGB", processor.fit(image).toString());
    assertEquals(20, processor.config().shortestEdge());
    assertEquals("32x32 RGB", processor.withSize(32, 32).fit(image).toString());
  }

  @Test
  void load_cropWithoutResizing_padsSmallPictures() throws IOException {
    var processor =
        load("{'do_resize': false, 'do_center_crop': true, 'crop_size': 3, " + CHANNELS + "}");

    Image fitted = processor.fit(Image.of(1, 1, new byte[] {1, 2, 3}));

    assertEquals(0x010203, fitted.rgb(1, 1));
    assertEquals(0, fitted.rgb(0, 0));
  }

  @Test
  void load_nestedInProcessorConfig_isFound() throws IOException {
    String json = "{'image_processor': {'size': 7, 'resample': 1, " + CHANNELS + "}}";
    Files.writeString(folder.resolve("processor_config.json"), json.replace('\'', '"'));

    ImageProcessorConfig config = ImageProcessor.load(folder).config();

    assertEquals(ImageSize.square(7), config.size());
    assertEquals(Resampling.LANCZOS, config.resampling());
  }

  /** As transformers 5 looks for them, which leaves the older file where it was. */
  @Test
  void load_bothFiles_newerGoesBeforeOlder() throws IOException {
    write("processor_config.json", "{'image_processor': {'size': 7}}");
    write("preprocessor_config.json", "{'size': 9}");

    assertEquals(ImageSize.square(7), ImageProcessor.load(folder).config().size());
  }

  @ParameterizedTest
  @CsvSource({"'{\"num_query_tokens\": 4}'", "'{\"image_processor\": null}'"})
  void load_newerFileWithoutImages_olderIsRead(String newer) throws IOException {
    Files.writeString(folder.resolve("processor_config.json"), newer);
    write("preprocessor_config.json", "{'size': 9}");

    assertEquals(ImageSize.square(9), ImageProcessor.load(folder).config().size());
    assertTrue(ImageProcessor.isToldIn(folder));
  }

  @Test
  void isToldIn_noFileThatTells_isFalse() throws IOException {
    write("processor_config.json", "{'num_query_tokens': 4}");

    assertFalse(ImageProcessor.isToldIn(folder));
  }

  /** The values of {@code BlipImageProcessor} and {@code CLIPImageProcessor} in transformers. */
  @Test
  void load_whatIsLeftOut_isOfTheProcessorsClass() throws IOException {
    write("preprocessor_config.json", "{'image_processor_type': 'BlipImageProcessorFast'}");
    assertEquals(ImageProcessorConfig.blip2(384), ImageProcessor.load(folder).config());

    write("preprocessor_config.json", "{}");
    assertEquals(ImageProcessorConfig.blip2(384), ImageProcessor.load(folder).config());

    write("preprocessor_config.json", "{'feature_extractor_type': 'CLIPFeatureExtractor'}");
    ImageProcessorConfig clip = ImageProcessor.load(folder).config();
    assertEquals(224, clip.shortestEdge());
    assertEquals(ImageSize.square(224), clip.croppedTo());
    assertEquals(ImageProcessorConfig.blip2(384).mean(), clip.mean());
  }

  @Test
  void load_siglipProcessor_isSiglips() throws IOException {
    write("preprocessor_config.json", "{'image_processor_type': 'SiglipImageProcessorFast'}");

    assertEquals(ImageProcessorConfig.siglip(224), ImageProcessor.load(folder).config());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'size': {'height': 3, 'width': 5}, 'resample': 1, 'image_mean': [0.5, 0.25, 0.125]}",
        "{'image_processor_type': 'CLIPImageProcessor', 'size': {'shortest_edge': 20}}",
        "{'do_resize': false, 'do_center_crop': true, 'crop_size': 7}",
        "{'do_normalize': false, 'do_rescale': false, 'size': 9}"
      })
  void toJson_thenLoaded_isTheSame(String json) throws IOException {
    write("preprocessor_config.json", json);
    ImageProcessorConfig config = ImageProcessor.load(folder).config();

    write("preprocessor_config.json", config.toJson().toString());

    assertEquals(config, ImageProcessor.load(folder).config());
  }

  @Test
  void load_listOfTwo_isHeightAndWidth() throws IOException {
    write("preprocessor_config.json", "{'size': [3, 5]}");

    assertEquals(new ImageSize(3, 5), ImageProcessor.load(folder).config().size());
  }

  private void write(String name, String json) throws IOException {
    Files.writeString(folder.resolve(name), json.replace('\'', '"'));
  }

  @Test
  void load_noFile_saysWhatElseToDo() {
    var e = assertThrows(CheckpointException.class, () -> ImageProcessor.load(folder));

    assertEquals(
        folder
            + ": file expected preprocessor_config.json, got none; use ImageProcessor.blip2(size)",
        e.getMessage());
  }

  @Test
  void load_notOneJsonObject_isRefused() {
    assertEquals("JSON object expected, got a list of 0 at the top", refusal("[]"));
    assertEquals("JSON expected, got malformed text", refusal("{"));
  }

  @Test
  void load_notUtf8_isRefused() throws IOException {
    byte[] latin1 = "{\"size\": \"gro\u00df\"}".getBytes(StandardCharsets.ISO_8859_1);
    Files.write(folder.resolve("preprocessor_config.json"), latin1);

    var e = assertThrows(CheckpointException.class, () -> ImageProcessor.load(folder));

    assertEquals("preprocessor_config.json: text expected UTF-8, got other bytes", e.getMessage());
  }

  @Test
  void load_fileOfAbsurdSize_isRefusedUnread() throws IOException {
    Path path = folder.resolve("preprocessor_config.json");
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(8L << 30); // takes no room on the disk
    }

    var e = assertThrows(CheckpointException.class, () -> ImageProcessor.load(folder));

    assertEquals(
        "preprocessor_config.json: file expected at most 100000000 bytes, got 8589934592",
        e.getMessage());
  }

  @Test
  void load_wrongValues_areNamed() {
    assertEquals("size is missing", refusal("{" + OTHER + ", " + CHANNELS + "}"));
    assertEquals("do_resize expected true or false, got \"no\"", refusal("{'do_resize': 'no'}"));
    assertEquals("size.width is missing", refusal("{'size': {'height': 3}}"));
    assertEquals("size expected an integer, got 2.5", refusal("{'size': 2.5}"));
    assertEquals(
        "size: image size: height and width expected 1 to 16384, got 0x0",
        refusal("{'size': 0, " + CHANNELS + "}"));
    assertEquals("image_mean is missing", refusal("{" + OTHER + ", 'size': 3}"));
    assertEquals(
        "do_pad expected false, got true; it is not supported", refusal("{'do_pad': true}"));
    assertEquals(
        "size expected height and width or shortest_edge, got [longest_edge, shortest_edge]",
        refusal("{'size': {'shortest_edge': 4, 'longest_edge': 5}}"));
    assertEquals(
        "ImageProcessorConfig: image_mean expected 3 numbers, got [1.0, 2.0]",
        refusal("{'size': 3, 'image_mean': [1, 2], 'image_std': [1, 2, 3]}"));
    assertEquals(
        "ImageProcessorConfig: image_std expected 3 positive numbers, got [1.0]",
        refusal("{'size': 3, 'image_mean': [1, 2, 3], 'image_std': [1]}"));
    assertEquals(
        "resample expected 0 to 5, got 6", refusal("{'size': 3, 'resample': 6, " + CHANNELS + "}"));
  }

  @Test
  void load_wrongValueInProcessorConfig_isNamedWithItsPath() throws IOException {
    String json = "{'image_processor': {'size': {'shortest_edge': 'long'}}}";
    Files.writeString(folder.resolve("processor_config.json"), json.replace('\'', '"'));

    var e = assertThrows(CheckpointException.class, () -> ImageProcessor.load(folder));

    assertEquals(
        "processor_config.json: image_processor.size.shortest_edge expected an integer, got"
            + " \"long\"",
        e.getMessage());
  }

  @Test
  void load_contradictions_areNamed() {
    assertEquals(
        "size expected height and width or shortest_edge, got [height, shortest_edge, width]",
        refusal("{'size': {'shortest_edge': 4, 'height': 5, 'width': 5}}"));
    assertEquals(
        "ImageProcessorConfig: do_resize to height and width or do_center_crop expected, got"
            + " neither; images would keep sizes of their own",
        refusal("{'size': {'shortest_edge': 4}, " + CHANNELS + "}"));
    assertEquals(
        "ImageProcessorConfig: image_std expected 3 positive numbers, got [1.0, 0.0, 1.0]",
        refusal("{'size': 3, 'image_mean': [1, 2, 3], 'image_std': [1, 0, 1]}"));
    assertEquals(
        "ImageProcessorConfig: rescale_factor expected a number other than 0, got 0.0",
        refusal("{'size': 3, 'rescale_factor': 0, " + CHANNELS + "}"));
  }

  @Test
  void config_bothSizes_isRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new ImageProcessorConfig(
                    ImageSize.square(2),
                    3,
                    null,
                    Resampling.BOX,
                    1,
                    List.of(0.0, 0.0, 0.0),
                    List.of(1.0, 1.0, 1.0)));

    assertEquals(
        "ImageProcessorConfig: size expected height and width or shortest_edge, got both",
        e.getMessage());
  }

  @Test
  void read_withExifRotation_turnsThePicture() throws IOException {
    Path file = Fixtures.own("images").resolve("exif6.jpg");

    assertEquals("101x67 RGB", ImageProcessor.blip2(8).read(file).toString());
    assertEquals(
        "67x101 RGB", ImageProcessor.blip2(8).withExifRotation(true).read(file).toString());
  }
}
