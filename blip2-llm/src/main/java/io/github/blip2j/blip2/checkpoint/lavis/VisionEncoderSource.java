package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.blip2.checkpoint.files.ModelFolder;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
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
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A vision encoder wherever it lies: in a BLIP-2 folder of Hugging Face, in a BLIP-2 checkpoint of
 * LAVIS, or in a file of its own as LAVIS downloads it ({@code eva_vit_g.pth}, {@code
 * clip_vit_L.pth}), of which the last block is dropped as BLIP-2 does.
 *
 * @param origin the file or folder
 * @param folder whether it is a folder of Hugging Face
 */
public record VisionEncoderSource(Path origin, boolean folder, Checkpoint checkpoint)
    implements AutoCloseable {
  /** Where a model has its vision encoder. */
  public static final String PATH = "vision";

  private static final String IN_BLIP2 = "visual_encoder";

  /** What the patches are read with, EVA's and CLIP's. */
  private static final List<String> PATCHES = List.of("patch_embed.proj.weight", "conv1.weight");

  /**
   * Opens a folder or file, or the one file of LAVIS in a folder.
   *
   * @throws CheckpointException if a file holds no vision encoder
   */
  public static VisionEncoderSource open(Path path) throws IOException {
    @Nullable Path file = LavisFile.in(path);
    Path origin = file == null ? path : file;
    Checkpoint checkpoint = ModelFolder.open(origin);
    boolean alone = PATCHES.stream().anyMatch(checkpoint.tensors()::containsKey);
    if (file != null && !alone && !isIn(checkpoint)) {
      checkpoint.close();
      throw new CheckpointException(
          origin
              + ": vision encoder expected, got a file without one; name its file, such as"
              + " eva_vit_g.pth, or a BLIP-2 that has it");
    }
    return new VisionEncoderSource(origin, file == null, checkpoint);
  }

  /** Whether a checkpoint of LAVIS holds a vision encoder beside other parts. */
  static boolean isIn(Checkpoint checkpoint) {
    @Nullable String first = checkpoint.tensors().ceilingKey(IN_BLIP2 + ".");
    return first != null && first.startsWith(IN_BLIP2 + ".");
  }

  /** Its sizes; heads as a {@code model.json} beside a file tells, or those of the released. */
  public VisionConfig config() throws IOException {
    if (folder) {
      ConfigJson json = ModelFolder.config(origin);
      return VisionConfig.fromJson(json.child("vision_config"));
    }
    var sizes =
        isAlone()
            ? LavisSizes.ofTower(origin.toString(), checkpoint.tensors())
            : new LavisSizes(origin.toString(), checkpoint.tensors());
    VisionConfig whole = sizes.vision(sizes.visionHeadsBeside(origin));
    return isAlone() ? whole.withLayers(whole.layers() - 1) : whole;
  }

  /** Its parameters under {@value #PATH}, with positions for pictures of the size asked for. */
  public Weights weights(VisionConfig config) {
    var stored = new CheckpointWeights(origin.toString(), checkpoint, keys(config));
    return ResizedPositions.of(stored, config, PATH);
  }

  /** Whether the file holds nothing else. */
  boolean isAlone() {
    return !folder && !isIn(checkpoint);
  }

  /**
   * The vision encoder's tensors alone, as a BLIP-2 calls them: of LAVIS from a file, of Hugging
   * Face from a folder.
   */
  Checkpoint named() throws IOException {
    if (folder) {
      String norm = "vision_model.post_layernorm."; // which is the second stage's own
      return checkpoint.renamed(
          name -> kept(name, name.startsWith("vision_model.") && !name.startsWith(norm)));
    }
    if (!isAlone()) {
      return checkpoint.renamed(name -> kept(name, name.startsWith(IN_BLIP2 + ".")));
    }
    KeyMap ofBlip2 = keys(config());
    return checkpoint.renamed(
        name -> {
          // LAVIS leaves a bias of the keys unread; where one was kept, its block decides.
          String asked = name.replace(".attn.k_bias", ".attn.q_bias");
          return kept(IN_BLIP2 + "." + name, !ofBlip2.ignores(asked));
        });
  }

  private static Optional<String> kept(String name, boolean kept) {
    return kept ? Optional.of(name) : Optional.empty();
  }

  private KeyMap keys(VisionConfig config) {
    KeyMap.Builder keys = KeyMap.builder();
    if (folder) {
      HuggingFaceNames.vision(keys);
      return keys.ignore("*").build();
    }
    LavisVisionNames.add(keys, config, PATH, isAlone() ? "" : IN_BLIP2);
    return isAlone() ? keys.build() : keys.ignore("*").build();
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
