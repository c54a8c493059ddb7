package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.qformer.QformerNames;
import io.github.blip2j.vision.LavisEncoder;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamilies;
import io.github.blip2j.vision.VisionFamily;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * LAVIS's names for the parameters of BLIP-2: {@code visual_encoder.*} for the vision encoder,
 * those of {@link LavisEncoder} within it, those of {@link QformerNames} for the Q-Former, and
 * {@code opt_model.*} or {@code t5_model.*} for a language model, with {@code opt_proj} or {@code
 * t5_proj} before it.
 */
public final class LavisNames {
  /** The name of the vision encoder in a BLIP-2. */
  static final String VISION = "visual_encoder";

  /** The prefix of the vision encoder's tensors in a BLIP-2. */
  static final String IN_VISION = VISION + ".";

  static final String QUERIES = "query_tokens";

  /** Ends of the names of EVA's biases, which Hugging Face stores as one tensor. */
  static final String QUERY_BIAS = ".attn.q_bias";

  static final String KEY_BIAS = ".attn.k_bias";
  static final String VALUE_BIAS = ".attn.v_bias";
  static final String FUSED_BIAS = ".attn.qkv.bias";

  /** LAVIS's name for the Vicuna of an InstructBLIP. */
  static final String VICUNA = "llm";

  /** LAVIS's names for families of language models. */
  static final List<String> LANGUAGE_MODELS = List.of("opt", "t5", VICUNA);

  private static final String PROJECTION = "_proj";
  private static final String MODEL = "_model";

  private static final Pattern SECOND_STAGE =
      Pattern.compile("(.*\\.)?(" + String.join("|", LANGUAGE_MODELS) + ")_proj\\.weight");

  private LavisNames() {}

  /**
   * The family of the vision encoder among tensors, if they hold one.
   *
   * @param families the families that are known
   * @param stored names of the tensors
   * @param theirs {@value #VISION} in a BLIP-2, empty in an encoder's own file
   */
  static Optional<VisionFamily> vision(VisionFamilies families, Set<String> stored, String theirs) {
    return families.all().stream()
        .filter(family -> family.lavis().map(lavis -> lavis.isIn(stored, theirs)).orElse(false))
        .findFirst();
  }

  private static LavisEncoder encoder(VisionConfig vision) {
    return vision
        .family()
        .lavis()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "vision: EVA or CLIP expected in LAVIS, got " + vision.family().name()));
  }

  /**
   * The names of a model of the first stage, with either vision encoder.
   *
   * @param vision sizes of the vision encoder; LAVIS stores EVA's without a key bias
   */
  public static KeyMap retrieval(VisionConfig vision) {
    KeyMap.Builder keys = KeyMap.builder();
    encoder(vision).addNames(keys, vision, "vision", VISION);
    return QformerNames.addLavis(keys).build();
  }

  /**
   * The names of the parameters that are trained before a language model, of either stage. Without
   * those of the vision encoder if LAVIS has none of its family.
   */
  public static KeyMap trained(VisionConfig vision, @Nullable LanguageFamily family) {
    KeyMap.Builder keys = KeyMap.builder().rename("queryTokens", QUERIES);
    if (family != null) {
      keys.rename("projection", projection(family.lavis().requireName()));
    }
    vision
        .family()
        .lavis()
        .ifPresent(lavis -> lavis.addNames(keys, lavis.stored(vision), "vision", VISION));
    return QformerNames.addLavis(keys).build();
  }

  /** The names of the image side of a {@link Blip2Config} in a checkpoint of the first stage. */
  public static KeyMap imageSide(VisionConfig vision) {
    KeyMap.Builder keys = KeyMap.builder().rename("queryTokens", QUERIES);
    encoder(vision).addNames(keys, vision, "vision", VISION);
    return QformerNames.addLavis(keys).ignore("*").build(); // the text side and the heads
  }

  /** The names of a model of the second stage without vision encoder and language model. */
  static KeyMap withoutFrozen(String language) {
    KeyMap.Builder keys =
        KeyMap.builder().rename("queryTokens", QUERIES).rename("projection", projection(language));
    return QformerNames.addLavis(keys)
        .ignore(IN_VISION + "*")
        .ignore(inLanguageModel(language) + "*")
        .build();
  }

  /** The names of a vision encoder in a BLIP-2, or in a file of its own. */
  static KeyMap vision(VisionConfig config, String path, boolean alone) {
    KeyMap.Builder keys = KeyMap.builder();
    encoder(config).addNames(keys, config, path, alone ? "" : VISION);
    return alone ? keys.build() : keys.ignore("*").build();
  }

  /** The name under which a key bias of Hugging Face is kept, beside this query bias. */
  public static KeyMap.Key keyBias(KeyMap.Key query) {
    return new KeyMap.Key(query.name().replace(QUERY_BIAS, KEY_BIAS), 0, 1);
  }

  /** The name of the projection to a language model. */
  static String projection(String language) {
    return language + PROJECTION;
  }

  /** The prefix of a language model's tensors. */
  static String inLanguageModel(String language) {
    return language + MODEL + ".";
  }

  /** The language model to which a checkpoint projects, by LAVIS's name, if any. */
  static Optional<String> language(NavigableMap<String, TensorEntry> tensors) {
    return LANGUAGE_MODELS.stream()
        .filter(language -> tensors.containsKey(projection(language) + ".weight"))
        .findFirst();
  }

  /**
   * LAVIS's name for the language model of a Hugging Face folder with these tensors.
   *
   * @throws CheckpointException if LAVIS has none of its kind
   */
  static String languageOf(Path folder, NavigableMap<String, TensorEntry> huggingFace)
      throws CheckpointException {
    if (HuggingFaceNames.hasT5(huggingFace)) {
      return "t5";
    }
    if (HuggingFaceNames.hasOpt(huggingFace)) {
      return "opt";
    }
    if (!HuggingFaceNames.hasLlama(huggingFace) && HuggingFaceNames.hasLanguage(huggingFace)) {
      throw new CheckpointException(
          folder
              + ": language model expected to be an OPT, a T5 or of Vicuna's kind, got one that LAVIS"
              + " lacks");
    }
    return VICUNA;
  }

  /**
   * Whether the second stage trains a tensor, where vision encoder and language model are frozen.
   */
  static boolean isTrained(String lavis) {
    return !lavis.startsWith(IN_VISION)
        && LANGUAGE_MODELS.stream().noneMatch(kind -> lavis.startsWith(inLanguageModel(kind)));
  }

  /** Whether names, possibly behind those of wrappers, are of a BLIP-2 of LAVIS. */
  public static boolean isLavis(NavigableSet<String> names) {
    return names.stream().anyMatch(name -> name.endsWith(QUERIES))
        && names.stream().anyMatch(name -> name.contains("Qformer."));
  }

  /** Whether names, possibly behind those of wrappers, hold a projection to a language model. */
  public static boolean isSecondStage(NavigableSet<String> names) {
    return names.stream().anyMatch(name -> SECOND_STAGE.matcher(name).matches());
  }

  /** Whether a checkpoint holds a vision encoder beside other parts. */
  static boolean hasVision(NavigableMap<String, TensorEntry> tensors) {
    @Nullable String first = tensors.ceilingKey(IN_VISION);
    return first != null && first.startsWith(IN_VISION);
  }
}
