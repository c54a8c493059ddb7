package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.model.LibraryFormat;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.WrapperNames;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.vision.ResizedPositions;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamilies;
import io.github.blip2j.vision.VisionTransformerConfig;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A stored vision encoder of any family: in a folder of its own, in a larger model's ({@code
 * vision_model.*} of a SigLIP or a BLIP-2 of Hugging Face), in a BLIP-2 checkpoint of LAVIS, or in
 * a file of its own as LAVIS downloads it ({@code eva_vit_g.pth}, {@code clip_vit_L.pth}). The last
 * block of such a file is left out, as in BLIP-2.
 *
 * @param origin the file or folder
 * @param folder whether it is a folder with a {@code config.json}
 * @param families the families that are known
 */
public record VisionEncoderSource(
    Path origin, boolean folder, Checkpoint checkpoint, VisionFamilies families)
    implements AutoCloseable {
  /** The path of the vision encoder in a model. */
  public static final String PATH = "vision";

  /**
   * Opens a folder or file, or the one file of LAVIS in a folder.
   *
   * @throws CheckpointException if a file holds no vision encoder, or an adapter lies in the
   *     folder, which would be left out
   */
  public static VisionEncoderSource open(Path path, VisionFamilies families) throws IOException {
    LoraAdapter.requireNone(path, "vision encoder");
    @Nullable Path file = LavisFile.in(path);
    Path origin = file == null ? path : file;
    Checkpoint checkpoint = ModelFolder.open(origin);
    boolean alone = LavisNames.vision(families, checkpoint.tensors().keySet(), "").isPresent();
    if (file != null && !alone && !LavisNames.hasVision(checkpoint.tensors())) {
      checkpoint.close();
      throw new CheckpointException(
          origin
              + ": vision encoder expected, got a file without one; name its file, such as"
              + " eva_vit_g.pth, or a BLIP-2 that has it");
    }
    return new VisionEncoderSource(origin, file == null, checkpoint, families);
  }

  /** The sizes. Heads come from a {@code model.json} beside a file, or from the released models. */
  public VisionConfig config() throws IOException {
    if (folder) {
      return families.readModel(ModelFolder.configOfPart(origin));
    }
    var sizes =
        isAlone()
            ? LavisSizes.ofVisionEncoder(origin.toString(), checkpoint.tensors(), families)
            : new LavisSizes(origin.toString(), checkpoint.tensors(), families);
    VisionConfig whole = sizes.vision(sizes.visionHeadsBeside(origin));
    return isAlone() && whole instanceof VisionTransformerConfig vit
        ? vit.withLayers(vit.layers() - 1)
        : whole;
  }

  /** The parameters under {@value #PATH}, with positions for the configured image size. */
  public Weights weights(VisionConfig config) throws IOException {
    var stored = new CheckpointWeights(origin.toString(), checkpoint, keys(config));
    return ResizedPositions.of(stored, config, PATH);
  }

  /** The image processor that a folder describes, or else that of the family. */
  public ImageProcessor processor(VisionConfig config) throws IOException {
    int side = config.imageSize();
    return folder
        ? ModelFolder.processor(origin, config).withSize(side, side)
        : new ImageProcessor(config.processor());
  }

  /** Whether the file holds only a vision encoder. */
  boolean isAlone() {
    return !folder && !LavisNames.hasVision(checkpoint.tensors());
  }

  /**
   * The vision encoder's tensors alone, under their names in a BLIP-2: LAVIS's names from a file,
   * Hugging Face's from a folder.
   */
  Checkpoint named() throws IOException {
    if (folder) {
      return checkpoint.renamed(name -> kept(name, HuggingFaceNames.isVisionEncoder(name)));
    }
    if (!isAlone()) {
      return checkpoint.renamed(name -> kept(name, name.startsWith(LavisNames.IN_VISION)));
    }
    KeyMap ofBlip2 = LavisNames.vision(config(), PATH, true);
    return checkpoint.renamed(
        name -> {
          // LAVIS ignores a key bias; it is kept if its block is.
          String asked = name.replace(LavisNames.KEY_BIAS, LavisNames.QUERY_BIAS);
          return kept(LavisNames.IN_VISION + name, !ofBlip2.ignores(asked));
        });
  }

  private static Optional<String> kept(String name, boolean kept) {
    return kept ? Optional.of(name) : Optional.empty();
  }

  /** The names of the tensors. */
  public KeyMap keys(VisionConfig config) throws IOException {
    if (!folder) {
      return LavisNames.vision(config, PATH, isAlone());
    }
    ConfigJson json = ModelFolder.configOfPart(origin);
    if (LibraryFormat.isIn(json)) {
      return KeyMap.builder().ignore("*").build();
    }
    String prefix =
        config
            .family()
            .landmark()
            .map(name -> WrapperNames.before(checkpoint.tensors().navigableKeySet(), name))
            .orElse("");
    KeyMap.Builder keys = config.addNames(KeyMap.builder(), PATH + ".", prefix);
    return json.hasChild("vision_config") ? keys.ignore("*").build() : keys.build();
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
