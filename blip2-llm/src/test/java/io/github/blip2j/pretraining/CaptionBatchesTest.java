package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.data.DataException;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.text.CaptionText;
import io.github.blip2j.vision.image.Augmentation;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import io.github.blip2j.vision.image.ImageProcessor;
import io.github.blip2j.vision.image.Resampling;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(InScope.class)
final class CaptionBatchesTest {
  private final Path folder;

  CaptionBatchesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void open_epoch_holdsEveryPairOnceAndDropsTheRest() throws IOException {
    CaptionBatches batches = Scenes.batches(folder, 3, 42);

    List<CaptionBatch> epoch = all(batches, 0, 0);

    assertEquals(OptionalLong.of(2), batches.batchesPerEpoch());
    assertEquals(2, epoch.size());
    assertEquals(6, new HashSet<>(ids(epoch)).size());
    for (CaptionBatch batch : epoch) {
      assertEquals("[3, 3, 32, 32]", batch.pixels().shape().toString());
      for (int i = 0; i < 3; i++) {
        int scene = Integer.parseInt(batch.ids().get(i).substring(0, 1));
        assertEquals(Scenes.CAPTIONS.get(scene), batch.captions().get(i));
        assertEquals(Integer.toString(100 + scene), batch.imageIds().get(i));
      }
    }
  }

  @Test
  void open_fromTheSecondBatch_givesTheSameAsAfterTheFirst() throws IOException {
    CaptionBatch whole = all(Scenes.batches(folder, 3, 42), 5, 0).get(1);
    CaptionBatch later = all(Scenes.batches(folder, 3, 42), 5, 1).get(0);

    assertEquals(whole.ids(), later.ids());
    assertArrayEquals(whole.pixels().toFloats(), later.pixels().toFloats());
    assertEquals(List.of(), all(Scenes.batches(folder, 3, 42), 5, 2));
  }

  @Test
  void open_otherEpochOrSeed_hasAnotherOrder() throws IOException {
    List<String> order = ids(all(Scenes.batches(folder, 4, 42), 0, 0));

    assertEquals(order, ids(all(Scenes.batches(folder, 4, 42), 0, 0)));
    assertNotEquals(order, ids(all(Scenes.batches(folder, 4, 42), 1, 0)));
    assertNotEquals(order, ids(all(Scenes.batches(folder, 4, 43), 0, 0)));
  }

  @Test
  void open_pixels_areThoseOfEvaluation() throws IOException {
    CaptionBatch batch = all(Scenes.batches(folder, 8, 42), 0, 0).get(0);

    for (int i = 0; i < 8; i++) {
      Image image = new ImageDecoder().decode(Scenes.IMAGES.resolve(batch.ids().get(i)));
      assertArrayEquals(
          ImageProcessor.blip2(32).pixels(image), batch.pixels().select(0, i).toFloats());
    }
  }

  @Test
  void with_augmentation_changesPicturesByEpochAndCanBeRepeated() throws IOException {
    CaptionBatches batches = Scenes.batches(folder, 8, 42).with(Augmentation.blip2());
    Tensor first = pictureOf("3.png", batches, 0);

    assertArrayEquals(first.toFloats(), pictureOf("3.png", batches, 0).toFloats());
    assertFalse(Arrays.equals(first.toFloats(), pictureOf("3.png", batches, 1).toFloats()));
    assertEquals("[3, 32, 32]", first.shape().toString());
  }

  @Test
  void open_picturesOfManySizes_comeOutAtOne() throws IOException {
    Image image = new ImageDecoder().decode(Scenes.IMAGES.resolve("0.png"));
    image.crop(0, 0, 20, 9).writePng(folder.resolve("0.png"));
    image.resize(70, 50, Resampling.BOX).writePng(folder.resolve("1.png"));
    Path file =
        Scenes.write(
            folder, List.of(Scenes.record("0.png", "a", "1"), Scenes.record("1.png", "b", "2")));
    CaptionSet set = CaptionSet.open(List.of(file), folder, CaptionSet.Faulty.REFUSE);

    CaptionBatch batch = all(CaptionBatches.of(set, Scenes.processor(), 2, 1), 0, 0).get(0);

    assertEquals("[2, 3, 32, 32]", batch.pixels().shape().toString());
  }

  @Test
  void open_severalCaptions_drawsOneEachEpochBehindThePrompt() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("several.jsonl"),
            "{\"image\": \"0.png\", \"caption\": [\"One.\", \"Two!\"]}");
    CaptionSet set = CaptionSet.open(List.of(file), Scenes.IMAGES, CaptionSet.Faulty.REFUSE);
    CaptionBatches batches =
        CaptionBatches.of(set, Scenes.processor(), 1, 1)
            .with(CaptionText.lavis().withPrompt("a photo of "));

    Set<String> drawn = new HashSet<>();
    for (int epoch = 0; epoch < 20; epoch++) {
      drawn.addAll(all(batches, epoch, 0).get(0).captions());
    }

    assertEquals(Set.of("a photo of one", "a photo of two"), drawn);
    assertEquals(List.of(), all(batches, 0, 0).get(0).imageIds());
  }

  @Test
  void open_damagedPicture_stopsNamingIt() throws IOException {
    CaptionBatches batches = withDamage(CaptionSet.Faulty.REFUSE);

    var e = assertThrows(UncheckedIOException.class, () -> all(batches, 0, 0));

    assertEquals(
        folder.resolve("bad.png")
            + ": image expected a JPEG, PNG, GIF, BMP, TIFF or WebP file, got an empty file;"
            + " copy or download it again",
        messageOfCause(e));
  }

  @Test
  void open_damagedPictureSkipped_takesTheNextAndCountsIt() throws IOException {
    CaptionBatches batches = withDamage(CaptionSet.Faulty.SKIP);

    List<CaptionBatch> epoch = all(batches, 0, 0);

    assertEquals(List.of("good.png", "good.png"), ids(epoch));
    assertEquals(List.of("bad.png"), batches.damaged());
  }

  @Test
  void open_nothingButDamage_isRefused() throws IOException {
    Files.createFile(folder.resolve("bad.png"));
    Path file = Scenes.write(folder, List.of(Scenes.record("bad.png", "a", "1")));
    CaptionSet set = CaptionSet.open(List.of(file), folder, CaptionSet.Faulty.SKIP);
    CaptionBatches batches = CaptionBatches.of(set, Scenes.processor(), 1, 1);

    var e = assertThrows(UncheckedIOException.class, () -> all(batches, 0, 0));

    assertEquals("captions: readable images expected, got 1 damaged ones", messageOfCause(e));
  }

  @Test
  void set_missingPictures_areCountedAndNamed() throws IOException {
    Path file =
        Scenes.write(
            folder,
            List.of(
                Scenes.record("0.png", "a", "1"),
                Scenes.record("gone.png", "b", "2"),
                Scenes.record("\\u0000", "c", "3")));

    var e =
        assertThrows(
            DataException.class,
            () -> CaptionSet.open(List.of(file), Scenes.IMAGES, CaptionSet.Faulty.REFUSE));
    CaptionSet rest = CaptionSet.open(List.of(file), Scenes.IMAGES, CaptionSet.Faulty.SKIP);

    assertEquals(
        Scenes.IMAGES
            + ": images expected for 3 records, got none for 2 (gone.png, \u0000);"
            + " check the folder, or skip such records (Faulty.SKIP, --skip-faulty)",
        e.getMessage());
    assertEquals(1, rest.size());
    assertEquals(2, rest.missing());
  }

  @Test
  void of_batchLargerThanTheSet_isRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> Scenes.batches(folder, 9, 1));

    assertEquals(
        "captions: batch size expected 1 to 8, which is how many there are, got 9", e.getMessage());
  }

  @Test
  void batch_ofOtherCounts_isRefused() {
    Tensor pixels = Tensor.zeros(DType.FLOAT32, 1, 3, 8, 8);

    assertEquals(
        "captions: ids and imageIds expected for 1 captions, got 2 and 0",
        assertThrows(
                IllegalArgumentException.class,
                () -> new CaptionBatch(pixels, List.of("a"), List.of("1", "2"), List.of()))
            .getMessage());
  }

  private static String messageOfCause(UncheckedIOException e) {
    IOException cause = Objects.requireNonNull(e.getCause());
    return String.valueOf(cause.getMessage());
  }

  private CaptionBatches withDamage(CaptionSet.Faulty faulty) throws IOException {
    Files.createFile(folder.resolve("bad.png"));
    Files.copy(Scenes.IMAGES.resolve("0.png"), folder.resolve("good.png"));
    Path file =
        Scenes.write(
            folder,
            List.of(Scenes.record("bad.png", "a", "1"), Scenes.record("good.png", "b", "2")));
    return CaptionBatches.of(
        CaptionSet.open(List.of(file), folder, faulty), Scenes.processor(), 1, 1);
  }

  private static Tensor pictureOf(String id, CaptionBatches batches, int epoch) {
    CaptionBatch batch = all(batches, epoch, 0).get(0);
    return batch.pixels().select(0, batch.ids().indexOf(id));
  }

  private static List<CaptionBatch> all(CaptionBatches batches, int epoch, long first) {
    try (Stream<CaptionBatch> stream = batches.open(epoch, first)) {
      return stream.toList();
    }
  }

  private static List<String> ids(List<CaptionBatch> batches) {
    return batches.stream().flatMap(batch -> batch.ids().stream()).toList();
  }
}
