package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.vision.LavisVisionNames;
import io.github.blip2j.vision.ResizedPositions;
import io.github.blip2j.vision.VisionConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A stored vision encoder: in a BLIP-2 folder of Hugging Face, in a BLIP-2 checkpoint of LAVIS, or
 * in a file of its own as LAVIS downloads it ({@code eva_vit_g.pth}, {@code clip_vit_L.pth}). The
 * last block of such a file is left out, as in BLIP-2.
 *
 * @param origin the file or folder
 * @param folder whether it is a folder of Hugging Face
 */
public record VisionEncoderSource(Path origin, boolean folder, Checkpoint checkpoint)
    implements AutoCloseable {
  /** The path of the vision encoder in a model. */
  public static final String PATH = "vision";

  /**
   * Opens a folder or file, or the one file of LAVIS in a folder.
   *
   * @throws CheckpointException if a file holds no vision encoder
   */
  public static VisionEncoderSource open(Path path) throws IOException {
    @Nullable Path file = LavisFile.in(path);
    Path origin = file == null ? path : file;
    Checkpoint checkpoint = ModelFolder.open(origin);
    boolean alone = LavisVisionNames.family(checkpoint.tensors().keySet(), "").isPresent();
    if (file != null && !alone && !LavisNames.hasVision(checkpoint.tensors())) {
      checkpoint.close();
      throw new CheckpointException(
          origin
              + ": vision encoder expected, got a file without one; name its file, such as"
              + " eva_vit_g.pth, or a BLIP-2 that has it");
    }
    return new VisionEncoderSource(origin, file == null, checkpoint);
  }

  /** The sizes. Heads come from a {@code model.json} beside a file, or from the released models. */
  public VisionConfig config() throws IOException {
    if (folder) {
      ConfigJson json = ModelFolder.config(origin);
      return VisionConfig.fromJson(json.child("vision_config"));
    }
    var sizes =
        isAlone()
            ? LavisSizes.ofVisionEncoder(origin.toString(), checkpoint.tensors())
            : new LavisSizes(origin.toString(), checkpoint.tensors());
    VisionConfig whole = sizes.vision(sizes.visionHeadsBeside(origin));
    return isAlone() ? whole.withLayers(whole.layers() - 1) : whole;
  }

  /** The parameters under {@value #PATH}, with positions for the configured image size. */
  public Weights weights(VisionConfig config) {
    var stored = new CheckpointWeights(origin.toString(), checkpoint, keys(config));
    return ResizedPositions.of(stored, config, PATH);
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
    KeyMap ofBlip2 = keys(config());
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

  private KeyMap keys(VisionConfig config) {
    return folder ? HuggingFaceNames.visionEncoder() : LavisNames.vision(config, PATH, isAlone());
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
