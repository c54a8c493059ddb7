package io.github.blip2j.blip2.checkpoint.hf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.vision.image.ImageProcessorConfig;
import io.github.blip2j.vision.image.ImageSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written beside weights that were trained on pictures of another size. */
final class Blip2FolderTest {
  private static final String PREPROCESSOR = "preprocessor_config.json";
  private static final String PROCESSOR = "processor_config.json";
  private static final List<Double> HALVES = List.of(0.5, 0.5, 0.5);

  @TempDir Path folder;
  private Path from;
  private Path to;

  @BeforeEach
  void copy() throws IOException {
    from = Files.createDirectory(folder.resolve("from"));
    to = Files.createDirectory(folder.resolve("to"));
    for (String name : List.of("config.json", PREPROCESSOR, PROCESSOR, "tokenizer.json")) {
      Files.copy(Fixture.HF_OPT.resolve(name), from.resolve(name));
    }
  }

  @Test
  void describe_anotherSize_keepsTheRestOfThePreprocessor() throws IOException {
    JsonObject images = read(from.resolve(PREPROCESSOR));
    normalizeByHalves(images);
    Files.writeString(from.resolve(PREPROCESSOR), images.toString());

    Blip2Folder.of(from).withImageSize(64).describe(to);

    ImageProcessorConfig before = ImageProcessorConfig.load(from);
    assertEquals(HALVES, before.mean());
    assertEquals(before.withSize(ImageSize.square(64)), ImageProcessorConfig.load(to));
    assertEquals(
        64,
        read(to.resolve("config.json"))
            .getAsJsonObject("vision_config")
            .get("image_size")
            .getAsInt());
  }

  @Test
  void describe_anotherSizeOfACut_keepsThatItIsCut() throws IOException {
    JsonObject images = read(from.resolve(PREPROCESSOR));
    var edge = new JsonObject();
    edge.addProperty("shortest_edge", 48);
    images.add("size", edge);
    images.addProperty("do_center_crop", true);
    images.addProperty("crop_size", 48);
    Files.writeString(from.resolve(PREPROCESSOR), images.toString());

    Blip2Folder.of(from).withImageSize(64).describe(to);

    ImageProcessorConfig before = ImageProcessorConfig.load(from);
    assertEquals(before.withSize(ImageSize.square(64)), ImageProcessorConfig.load(to));
  }

  @Test
  void describe_anotherSizeInTheNewerFile_changesItThere() throws IOException {
    JsonObject images = read(from.resolve(PREPROCESSOR));
    normalizeByHalves(images);
    JsonObject parts = read(from.resolve(PROCESSOR));
    parts.add("image_processor", images);
    parts.add("nothing", JsonNull.INSTANCE);
    Files.writeString(from.resolve(PROCESSOR), parts.toString());
    Files.delete(from.resolve(PREPROCESSOR));

    Blip2Folder.of(from).withImageSize(64).describe(to);

    assertFalse(Files.exists(to.resolve(PREPROCESSOR)));
    ImageProcessorConfig before = ImageProcessorConfig.load(from);
    assertEquals(before.withSize(ImageSize.square(64)), ImageProcessorConfig.load(to));
    assertEquals(parts.keySet(), read(to.resolve(PROCESSOR)).keySet());
  }

  @Test
  void describe_anotherSizeWhereNoneIsTold_tellsIt() throws IOException {
    Blip2Folder resized = Blip2Folder.of(from).withImageSize(64);
    JsonObject sizes = read(from.resolve("config.json"));
    sizes.remove("vision_config");
    Files.writeString(from.resolve("config.json"), sizes.toString());
    Files.delete(from.resolve(PREPROCESSOR));

    resized.describe(to);

    JsonObject written = read(to.resolve("config.json"));
    assertEquals(64, written.getAsJsonObject("vision_config").get("image_size").getAsInt());
    assertEquals(ImageProcessorConfig.blip2(64), ImageProcessorConfig.load(to));
  }

  @Test
  void describe_theFoldersOwnSize_copiesEveryByte() throws IOException {
    Blip2Folder.of(from).describe(to);

    for (String name : List.of("config.json", PREPROCESSOR, PROCESSOR)) {
      assertEquals(-1, Files.mismatch(from.resolve(name), to.resolve(name)), name);
    }
  }

  private static void normalizeByHalves(JsonObject images) {
    for (String key : List.of("image_mean", "image_std")) {
      var halves = new JsonArray();
      HALVES.forEach(halves::add);
      images.add(key, halves);
    }
  }

  private static JsonObject read(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }
}
