package io.github.blip2j.vision;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.KeyMap;
import java.util.Set;

/**
 * How LAVIS's files store a family of vision encoders: under {@code visual_encoder.*} in a BLIP-2,
 * or in a file of its own. Their sizes are those of the tensors.
 */
public interface LavisEncoder {
  /** Shapes of stored tensors, by the names of a model's parameters. */
  interface Shapes {
    /**
     * The length of a parameter's axis as it is stored.
     *
     * @throws CheckpointException if it is not stored, or has fewer axes
     */
    int size(String parameter, int axis) throws CheckpointException;

    /** The number of layers that are stored, by the name of a parameter in the first. */
    int count(String parameter);
  }

  /**
   * Whether a checkpoint holds an encoder of this family.
   *
   * @param stored names of its tensors
   * @param theirs {@code "visual_encoder"} in a BLIP-2, empty in an encoder's own file
   */
  boolean isIn(Set<String> stored, String theirs);

  /** The released encoder, whose names of tensors any size has. */
  VisionConfig released();

  /**
   * The sizes that shapes show.
   *
   * @param where the file, for messages
   * @param path of the encoder in the model
   * @param heads of attention, which no shape shows
   */
  VisionConfig sizes(String where, Shapes shapes, String path, int heads)
      throws CheckpointException;

  /** The width of the features that shapes show. */
  int dim(Shapes shapes, String path) throws CheckpointException;

  /** The width of a head in the released encoder, for files that do not tell the heads. */
  int headWidth();

  /** The number of attention heads. */
  int heads(VisionConfig config);

  /** The sizes with the parameters that LAVIS has: EVA's attention keys have no bias there. */
  VisionConfig stored(VisionConfig config);

  /**
   * Whether LAVIS leaves out the bias of attention keys, which other formats have; it changes no
   * softmax.
   */
  boolean lacksKeyBias();

  /**
   * Adds LAVIS's names. Layers beyond those of {@code config} may stay unused: BLIP-2 drops the
   * last one of each encoder.
   *
   * @param ours path of the encoder, empty if it is the root
   * @param theirs {@code "visual_encoder"} in a BLIP-2, empty in an encoder's own file
   * @return {@code keys}
   */
  KeyMap.Builder addNames(KeyMap.Builder keys, VisionConfig config, String ours, String theirs);
}
