package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.vision.VisionFamilies;
import io.github.blip2j.vision.VisionFamily;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Optional;

/**
 * The tensors of a conversion between LAVIS and Hugging Face.
 *
 * @param shared tensors that both formats have
 * @param lavisOnly tensors that Hugging Face has no place for, by LAVIS's names
 */
public record ConversionPlan(List<TensorCopy> shared, List<TensorCopy> lavisOnly) {
  public ConversionPlan {
    shared = List.copyOf(shared);
    lavisOnly = List.copyOf(lavisOnly);
  }

  /**
   * A plan from a checkpoint of LAVIS to Hugging Face.
   *
   * @param families the families of vision encoders that are known
   */
  public static ConversionPlan ofLavis(
      Path where, NavigableMap<String, TensorEntry> tensors, VisionFamilies families)
      throws CheckpointException {
    Optional<VisionFamily> vision =
        LavisNames.vision(families, tensors.keySet(), LavisNames.VISION);
    if (vision.isPresent() && !vision.get().isInHuggingFaceBlip2()) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: visual_encoder expected an EVA, got a %s; Hugging Face has no such BLIP-2",
              where,
              vision.get().name()));
    }
    return new LavisPlanner(where, tensors, families).plan();
  }

  /** A plan from a folder of Hugging Face to LAVIS, in which all tensors are shared. */
  public static ConversionPlan ofHuggingFace(Path folder, Checkpoint from, KeyBias keyBias)
      throws IOException {
    return new HuggingFacePlanner(folder, from, keyBias).plan();
  }

  /** Whether tensors of LAVIS are a first stage's, which has a matching head. */
  public static boolean isFirstStage(NavigableMap<String, TensorEntry> tensors) {
    return tensors.containsKey("itm_head.weight");
  }

  /**
   * The part of a conversion to LAVIS that the second stage trains: without language model and
   * vision encoder.
   */
  public ConversionPlan trained() {
    List<TensorCopy> trained =
        shared.stream().filter(copy -> LavisNames.isTrained(copy.spec().name())).toList();
    return new ConversionPlan(trained, List.of());
  }

  /** The counterpart of a name, which a tensor of BLIP-2 has. */
  static String known(Optional<String> counterpart, Path where, String name)
      throws CheckpointException {
    return counterpart.orElseThrow(
        () ->
            new CheckpointException(
                String.format(
                    Locale.ROOT,
                    "%s: tensors expected to be those of BLIP-2, got %s",
                    where,
                    name)));
  }
}
