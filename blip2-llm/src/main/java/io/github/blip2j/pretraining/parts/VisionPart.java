package io.github.blip2j.pretraining.parts;

import io.github.blip2j.blip2.checkpoint.files.SplitWeights;
import io.github.blip2j.blip2.checkpoint.lavis.VisionEncoderSource;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionEncoder;
import io.github.blip2j.vision.VisionFamilies;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * A vision encoder in training, with a head that maps images and sentences to one space. The head
 * is used in training only.
 *
 * <pre>{@code
 * B images, N tokens, E width of the encoder, S width of sentence vectors, P width of the space
 * }</pre>
 */
public final class VisionPart {
  static final String PATH = VisionEncoderSource.PATH;
  private static final String HEAD = "contrast";
  private static final double FIRST_TEMPERATURE = 0.07; // as in CLIP
  private static final double EPS = 1e-6;

  private final VisionConfig config;
  private final VisionEncoder encoder;
  private final ImageProcessor processor;
  private final Head head;
  private final NavigableMap<String, Parameter> parameters;

  /** What only training needs: a norm, two projections and the temperature. */
  private static final class Head {
    private final LayerNorm norm;
    private final Linear image;
    private final Linear sentence;
    private final Parameter temperature;

    Head(int width, int sentenceWidth, int space, Params params) {
      this.norm = new LayerNorm(width, EPS, params.at("norm"));
      this.image = Linear.withoutBias(width, space, params.at("image"));
      this.sentence = Linear.withoutBias(sentenceWidth, space, params.at("sentence"));
      this.temperature = params.get("temperature", Shape.of(), Init.constant(FIRST_TEMPERATURE));
    }
  }

  private VisionPart(
      VisionConfig config,
      VisionEncoder encoder,
      ImageProcessor processor,
      Head head,
      NavigableMap<String, Parameter> parameters) {
    this.config = config;
    this.encoder = encoder;
    this.processor = processor;
    this.head = head;
    this.parameters = new TreeMap<>(parameters);
  }

  /**
   * Loads a vision encoder from a folder, such as one of {@link DrawnPart}, and draws the head. All
   * parameters are trained.
   *
   * @param sentenceWidth width of the sentence vectors, S
   * @param space width of the space in which they are compared, P
   * @param home the scope of the parameters
   * @param random the source of the head
   * @throws CheckpointException if the folder has no vision encoder, or one without names of
   *     transformers
   */
  public static VisionPart load(
      Path folder, int sentenceWidth, int space, Scope home, RandomGenerator random)
      throws IOException {
    try (var source = VisionEncoderSource.open(folder, VisionFamilies.installed())) {
      VisionConfig config = source.config();
      names(config);
      ImageProcessor processor = source.processor(config);
      var all = new SplitWeights(PATH, source.weights(config), Weights.random(random));
      Params params = Params.root(all, home);
      VisionEncoder encoder = config.build(params.at(PATH));
      var head = new Head(config.dim(), sentenceWidth, space, params.at(HEAD));
      params.finish();
      params.all().values().forEach(Parameter::train);
      return new VisionPart(config, encoder, processor, head, params.all());
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * The stored names of an encoder's parameters.
   *
   * @throws CheckpointException if transformers has none for the family
   */
  static KeyMap names(VisionConfig config) throws CheckpointException {
    if (config.family().landmark().isEmpty()) {
      throw new CheckpointException(
          "vision encoder: family expected with a folder of its own, such as blip_2_vision_model or"
              + " siglip_vision_model, got "
              + config.family().name());
    }
    return config.addNames(KeyMap.builder(), PATH + ".", "").build();
  }

  /** The sizes of the encoder. */
  public VisionConfig config() {
    return config;
  }

  /** The encoder. */
  public VisionEncoder encoder() {
    return encoder;
  }

  /** The image processor of the folder, or else that of the family. */
  public ImageProcessor processor() {
    return processor;
  }

  /** All parameters by name, of the encoder and of the head. */
  public NavigableMap<String, Parameter> parameters() {
    return parameters;
  }

  /**
   * Unit vectors of images: the mean of the encoder's normed tokens, projected.
   *
   * @param pixels [B, 3, H, W]
   * @return [B, P]
   */
  public Tensor imageFeatures(Tensor pixels, ForwardPass pass) {
    Tensor tokens = head.norm.forward(encoder.forward(pixels, pass)); // [B, N, E]
    return unit(head.image.forward(tokens.mean(1)));
  }

  /**
   * Unit vectors of sentences.
   *
   * @param vectors [B, S]
   * @return [B, P]
   */
  public Tensor sentenceFeatures(Tensor vectors) {
    return unit(head.sentence.forward(vectors));
  }

  /** The temperature of the contrast, a scalar. */
  public Tensor temperature() {
    return head.temperature.value();
  }

  /**
   * Writes the encoder without the head, in the layout of transformers; {@code train stage1
   * --vision} reads it.
   *
   * @param folder is created if there is none
   */
  public void export(Path folder) throws IOException {
    NavigableMap<String, Parameter> own = new TreeMap<>(parameters);
    own.keySet().removeIf(name -> !name.startsWith(PATH + "."));
    PartFolder.write(folder, config.toJson(), names(config), own, null);
  }

  private static Tensor unit(Tensor x) {
    Tensor squares = x.mul(x).sum(-1); // [B]
    Tensor length = squares.add(1e-12).sqrt().reshape(x.dim(0), 1);
    return x.div(length);
  }
}
