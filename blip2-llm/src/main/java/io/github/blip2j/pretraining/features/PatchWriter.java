package io.github.blip2j.pretraining.features;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.distributed.Rounds;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.training.StepRandom;
import io.github.blip2j.vision.image.Augmentation;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes what a frozen vision encoder sees of images, so that a first stage can be trained many
 * times without it.
 *
 * @param type float32, or bfloat16 for half the space
 * @param views of each image; more than one are random crops
 * @param augmented whether views are random crops, as {@link Augmentation#blip2}
 * @param seed of the crops
 */
public record PatchWriter(DType type, int views, boolean augmented, long seed) {
  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if views of whole images would be equal, or the type is
   *     another
   */
  public PatchWriter {
    if (views < 1 || (views > 1 && !augmented)) {
      throw new IllegalArgumentException(
          "features: views expected 1 of whole images, or more with augmentation, got " + views);
    }
    if (type != DType.FLOAT32 && type != DType.BFLOAT16) {
      throw new IllegalArgumentException(
          "features: type expected float32 or bfloat16, got " + type);
    }
  }

  /** Whole images, in float32. */
  public static PatchWriter whole() {
    return new PatchWriter(DType.FLOAT32, 1, false, 0);
  }

  /** With another type. */
  public PatchWriter withType(DType newType) {
    return new PatchWriter(newType, views, augmented, seed);
  }

  /** With random crops in place of whole images. */
  public PatchWriter withViews(int newViews, long newSeed) {
    return new PatchWriter(type, newViews, true, newSeed);
  }

  /**
   * Writes the features of images. The file appears when it is complete.
   *
   * @param target replaced if it is there
   * @param images in the order of the rows
   * @param done receives how many images are written
   * @throws io.github.blip2j.vision.image.UnreadableImageException if an image is damaged
   */
  public void write(Path target, Tower tower, ImageList images, IntConsumer done)
      throws IOException {
    write(target, tower, images, done, Ranks.ALONE);
  }

  /**
   * Writes the same by ranks that call this together: they take the images in turn, and the first
   * writes the file.
   *
   * @param target replaced by the first rank if it is there
   * @param images in the order of the rows, the same on all ranks
   * @param done receives how many images are written, on each rank
   * @throws io.github.blip2j.vision.image.UnreadableImageException if an image is damaged
   */
  public void write(Path target, Tower tower, ImageList images, IntConsumer done, Ranks ranks)
      throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    PatchHeader header = ranks.agreeIo(() -> header(tower, images, specs));
    ranks.requireEqual(
        "images and encoder",
        specs.get(0).shape() + " " + Integer.toHexString(header.metadata().hashCode()));
    List<SafetensorsWriter> own =
        ranks.agreeIo(
            () ->
                ranks.isFirst()
                    ? List.of(SafetensorsWriter.create(target, specs, header.metadata()))
                    : List.of());
    try (@Nullable SafetensorsWriter writer = own.isEmpty() ? null : own.get(0)) {
      boolean whole = false;
      try {
        Rounds.run(
            ranks,
            images.names().size(),
            i -> encoded(tower, images, i),
            (i, bytes) -> {
              if (writer != null) {
                writer.write(PatchFile.TENSOR, ByteBuffer.wrap(bytes));
              }
              done.accept(i + 1);
            });
        whole = true;
      } finally {
        if (!whole && writer != null) {
          writer.discard();
        }
      }
    }
  }

  /** What an encoder sees of an image, as it is written. */
  private byte[] encoded(Tower tower, ImageList images, int index) throws IOException {
    try (Scope scope = Scope.open(tower.backend());
        var off = GradMode.noGrad()) {
      Tensor seen = encode(tower, read(tower, images, index)).to(type);
      ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(seen.size() * type.byteSize()));
      seen.write(bytes::put);
      return bytes.array();
    }
  }

  private PatchHeader header(Tower tower, ImageList images, List<TensorSpec> specs)
      throws IOException {
    List<String> names = images.names();
    if (names.isEmpty()) {
      throw new IllegalArgumentException("features: images expected at least 1, got none");
    }
    List<Long> bytes = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      bytes.add(images.bytes(i));
    }
    var header = PatchHeader.of(this, tower.source(), names, bytes);
    Shape one = shapeOf(tower, images);
    specs.add(
        new TensorSpec(
            PatchFile.TENSOR, type, Shape.of(names.size(), views, one.dim(1), one.dim(2))));
    return header;
  }

  private static Shape shapeOf(Tower tower, ImageList images) throws IOException {
    try (Scope scope = Scope.open(tower.backend());
        var off = GradMode.noGrad()) {
      ImageProcessor processor = tower.processor();
      return encode(tower, processor.tensor(List.of(images.read(0, processor)))).shape();
    }
  }

  private static Tensor encode(Tower tower, Tensor pixels) {
    return tower.encoder().forward(pixels, ForwardPass.evaluation());
  }

  /** The views of an image, [V, 3, H, W]. */
  private Tensor read(Tower tower, ImageList images, int index) throws IOException {
    ImageProcessor processor = tower.processor();
    Image image = images.read(index, processor);
    if (!augmented) {
      return processor.tensor(List.of(image));
    }
    var stretching = new ImageProcessor(processor.config().withoutCrop());
    List<Image> crops = new ArrayList<>();
    for (int view = 0; view < views; view++) {
      var random = StepRandom.ofSample(seed, view, index);
      crops.add(Augmentation.blip2().apply(image, processor.size(), random));
    }
    return stretching.tensor(crops);
  }
}
