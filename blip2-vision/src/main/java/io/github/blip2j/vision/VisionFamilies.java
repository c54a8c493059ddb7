package io.github.blip2j.vision;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.service.ModelTypes;
import io.github.blip2j.service.Services;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The families of vision encoders that checkpoints are read with. Immutable.
 *
 * <pre>{@code
 * VisionFamilies families = VisionFamilies.installed().with(new MixerFamily());
 * Blip2.load(folder, LoadOptions.of(Precision.FLOAT32).withVisionFamilies(families));
 * }</pre>
 */
public final class VisionFamilies {
  /** EVA ViT-g of EVA-CLIP (Fang et al. 2023), the encoder of all released BLIP-2 models. */
  public static final VisionFamily EVA = new EvaFamily();

  /** CLIP ViT-L (Radford et al. 2021), of LAVIS's {@code pretrain_vitL}. */
  public static final VisionFamily CLIP = new ClipFamily();

  /** SigLIP (Zhai et al. 2023). */
  public static final VisionFamily SIGLIP = new SiglipFamily();

  private static final VisionFamilies BUILT_IN = new VisionFamilies(List.of(EVA, CLIP, SIGLIP));

  private final List<VisionFamily> families;
  private final Map<String, VisionFamily> byType = new LinkedHashMap<>();

  private VisionFamilies(List<VisionFamily> families) {
    for (VisionFamily family : families) {
      ModelTypes.enter(
          byType, "vision families", family, VisionFamily::name, VisionFamily::modelTypes);
    }
    this.families = List.copyOf(families);
  }

  /** EVA, CLIP and SigLIP. */
  public static VisionFamilies builtIn() {
    return BUILT_IN;
  }

  /**
   * The built-in families, and those that {@link java.util.ServiceLoader} finds for {@link
   * VisionFamily}: first by the class loader of this library, then by that of the thread.
   *
   * @throws IllegalArgumentException if two of them have the same model type
   */
  public static VisionFamilies installed() {
    List<VisionFamily> found = Services.find(VisionFamily.class);
    if (found.isEmpty()) {
      return BUILT_IN;
    }
    List<VisionFamily> all = new ArrayList<>(BUILT_IN.families);
    all.addAll(found);
    return new VisionFamilies(all);
  }

  /**
   * These families and another one.
   *
   * @throws IllegalArgumentException if one of its model types is blank or taken, or it has none
   */
  public VisionFamilies with(VisionFamily family) {
    List<VisionFamily> all = new ArrayList<>(families);
    all.add(family);
    return new VisionFamilies(all);
  }

  /** The families, the built-in ones first. */
  public List<VisionFamily> all() {
    return families;
  }

  /** The family of a {@code model_type}, if it is known. */
  public Optional<VisionFamily> find(String modelType) {
    return Optional.ofNullable(byType.get(modelType));
  }

  /**
   * The family of a {@code model_type}.
   *
   * @param where the file and key, for the message
   * @throws CheckpointException naming the known ones, if it is not known
   */
  public VisionFamily require(String where, String modelType) throws CheckpointException {
    Optional<VisionFamily> family = find(modelType);
    if (family.isEmpty()) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s expected one of %s, got %s; another family is registered by"
                  + " withVisionFamilies of LoadOptions, StageOneParts or StageTwoSetup, or as a service %s",
              where,
              String.join(", ", byType.keySet()),
              modelType.isEmpty() ? "nothing" : modelType,
              VisionFamily.class.getName()));
    }
    return family.get();
  }

  /**
   * Reads a {@code vision_config}, or the {@code config.json} of an encoder alone.
   *
   * @param otherwise the model type of a file that states none
   * @throws CheckpointException if the model type is not known, or the sizes do not fit
   */
  public VisionConfig read(ConfigJson json, String otherwise) throws CheckpointException {
    return require(json + ": model_type", json.stringAt("model_type", otherwise)).read(json);
  }

  /**
   * Reads the vision encoder's sizes in the {@code config.json} of a model with a {@code
   * vision_config}, such as a BLIP-2 or a SigLIP, or of an encoder alone.
   *
   * @throws CheckpointException if the model type is not known, or the sizes do not fit
   */
  public VisionConfig readModel(ConfigJson json) throws CheckpointException {
    String type = json.stringAt("model_type", "");
    return json.hasChild("vision_config")
        ? read(json.child("vision_config"), type)
        : read(json, type);
  }
}
