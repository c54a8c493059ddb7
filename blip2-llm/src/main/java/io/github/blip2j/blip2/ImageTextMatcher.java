package io.github.blip2j.blip2;

import static io.github.blip2j.blip2.text.Arguments.required;
import static io.github.blip2j.blip2.text.Arguments.requiredAll;

import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.features.Feature;
import io.github.blip2j.blip2.features.FeatureExport;
import io.github.blip2j.blip2.features.FeatureExtractor;
import io.github.blip2j.blip2.features.FloatRows;
import io.github.blip2j.blip2.inference.BundledModel;
import io.github.blip2j.blip2.inference.CaptionGenerator;
import io.github.blip2j.blip2.inference.GradCamMaps;
import io.github.blip2j.blip2.inference.MatchingFeatures;
import io.github.blip2j.blip2.inference.MatchingSession;
import io.github.blip2j.blip2.inference.PairScores;
import io.github.blip2j.blip2.inference.TextVectors;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.blip2.text.Arguments;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.blip2.text.TextLength;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.nn.CancellationToken;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Tokenizer;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableSet;

/**
 * A model of BLIP-2's first stage for applications: image-text matching, embeddings in one space,
 * and GradCAM maps (section 3.1).
 *
 * <pre>{@code
 * try (var matcher = ImageTextMatcher.load(Path.of("blip2-itm-vit-g"))) {
 *   Match match = matcher.match(image, "two cats on a couch");
 *   float[][] queries = matcher.embed(image);
 *   float[] text = matcher.embed("two cats");
 * }
 * }</pre>
 *
 * <p>Texts are tokenized as in the checkpoint's reference. With LAVIS's checkpoints they are cut to
 * the length of training (32 tokens) with a warning, except by {@link #features}; with Hugging
 * Face's they are used whole, up to the model's positions. {@link #withMaxTextTokens} sets another
 * limit. An empty text is a text of two special tokens, and is scored as one.
 *
 * <p>A loaded model may be used by many threads at once. It holds off-heap memory: close it. A
 * closed model throws {@link IllegalStateException}.
 */
public final class ImageTextMatcher implements AutoCloseable {
  private final MatchingSession session;
  private final ImageProcessor processor;

  private ImageTextMatcher(MatchingSession session, ImageProcessor processor) {
    this.session = session;
    this.processor = processor;
  }

  /**
   * Loads a checkpoint of LAVIS ({@code .pth}, or its folder), or a Hugging Face folder of a {@code
   * Blip2ForImageTextRetrieval}; weights in float32. A {@code tokenizer.json} is expected beside
   * the weights.
   *
   * @throws io.github.blip2j.io.file.CheckpointException if the path is neither, or its tensors do
   *     not fit
   */
  public static ImageTextMatcher load(Path path) throws IOException {
    return load(path, Precision.FLOAT32);
  }

  /**
   * Loads a checkpoint.
   *
   * @param precision how matrices are stored and multiplied
   */
  public static ImageTextMatcher load(Path path, Precision precision) throws IOException {
    return load(path, LoadOptions.of(required("load", "precision", precision)));
  }

  /**
   * Loads a checkpoint; in the case of a Hugging Face folder, with the LoRA adapter in it or the
   * one that the options name.
   *
   * @throws io.github.blip2j.io.file.CheckpointException if it is no model of the first stage, its
   *     tensors do not fit, or the adapter does not fit them
   */
  public static ImageTextMatcher load(Path path, LoadOptions options) throws IOException {
    required("load", "path", path);
    MatchingSession session = MatchingSession.load(path, required("load", "options", options));
    return new ImageTextMatcher(session, session.processor());
  }

  /**
   * The small model that comes with the library, for first steps: it knows the names of things in
   * drawings. See {@link Blip2#bundled()} for the same that writes.
   */
  public static ImageTextMatcher bundled() throws IOException {
    return bundled(LoadOptions.of(Precision.FLOAT32));
  }

  /** The bundled model, loaded with options, such as in another precision. */
  public static ImageTextMatcher bundled(LoadOptions options) throws IOException {
    MatchingSession session = BundledModel.matcher(required("bundled", "options", options));
    return new ImageTextMatcher(session, session.processor());
  }

  /**
   * A view of a model that is there already, such as one that is being trained: it computes with
   * the parameters as they are at each call. Closing it closes the tokenizer and leaves the model.
   */
  public static ImageTextMatcher over(
      Blip2RetrievalModel model, HuggingFaceTokenizer tokenizer, ImageProcessor processor) {
    MatchingSession session =
        MatchingSession.borrowing(
            required("over", "model", model),
            required("over", "tokenizer", tokenizer),
            required("over", "processor", processor));
    return new ImageTextMatcher(session, processor);
  }

  /**
   * A view of this model that turns photographs in files upright by their EXIF orientation, or not.
   * Both share one memory: close either.
   */
  public ImageTextMatcher withExifRotation(boolean exifRotation) {
    return new ImageTextMatcher(session, processor.withExifRotation(exifRotation));
  }

  /**
   * A view of this model that uses at most {@code most} tokens of a text. Both share one memory:
   * close either.
   *
   * @throws IllegalArgumentException if the model has fewer positions, or the limit is below 2
   */
  public ImageTextMatcher withMaxTextTokens(int most) {
    return new ImageTextMatcher(session.withMaxTextTokens(most), processor);
  }

  /**
   * A view of this model whose calls stop when the token is cancelled, with a {@link
   * java.util.concurrent.CancellationException}: before the next layer or the next token. So do
   * those of an {@link #index} that it makes. Both share one memory: close either.
   */
  public ImageTextMatcher withCancellation(CancellationToken token) {
    return new ImageTextMatcher(
        session.withCancellation(required("match", "token", token)), processor);
  }

  /** The length of a text in tokens, and how many of them are used. */
  public TextLength length(String text) {
    required("match", "text", text);
    return session.during(() -> session.length(text));
  }

  /**
   * The model itself, for access to its modules. {@link #close} does not wait for calls on the
   * returned model: end those first.
   */
  public Blip2RetrievalModel model() {
    return session.model();
  }

  /**
   * Names of the checkpoint's tensors that the model has no parameter for; empty unless loaded with
   * {@link LoadOptions#leavingOutUnexpected}.
   */
  public NavigableSet<String> leftOut() {
    return session.leftOut();
  }

  /** The tokenizer that came with the model. */
  public Tokenizer tokenizer() {
    return session.tokenizer();
  }

  /** How images are resized and normalised for the model, on other threads for example. */
  public ImageProcessor processor() {
    return processor;
  }

  /** Reads an image file, with the EXIF setting of this model. */
  public Image read(Path file) throws IOException {
    return processor.read(required("read", "file", file));
  }

  /** How well a text describes an image. */
  public Match match(Image image, String text) {
    return match(image, List.of(required("match", "text", text))).get(0);
  }

  /** Shorthand for {@link #match(Image, String)}. */
  public Match match(BufferedImage image, String text) {
    return match(Image.of(required("match", "image", image)), text);
  }

  /** How well each text describes one image, which is encoded once. */
  public List<Match> match(Image image, List<String> texts) {
    required("match", "image", image);
    requiredAll("match", "text", texts);
    return session.during(
        () -> new PairScores(session).against(image, session.comparedIds("match", texts)));
  }

  /**
   * How well text i describes image i. Pairs do not influence each other.
   *
   * @throws IllegalArgumentException if there are not as many texts as images
   */
  public List<Match> matchPairs(List<Image> images, List<String> texts) {
    requiredAll("match", "image", images);
    requiredAll("match", "text", texts);
    Arguments.paired("match", images, texts);
    return session.during(
        () -> new PairScores(session).pairs(images, session.comparedIds("match", texts)));
  }

  /** Encodes images once, for any number of texts about them. */
  public MatchingFeatures encode(List<Image> images) {
    requiredAll("encode", "image", images);
    return session.during(() -> MatchingFeatures.of(session, images));
  }

  /**
   * How well each text describes one encoded image.
   *
   * @throws IllegalArgumentException if the features are of several images or of another model
   */
  public List<Match> match(MatchingFeatures features, List<String> texts) {
    required("match", "features", features);
    requiredAll("match", "text", texts);
    return session.during(
        () -> new PairScores(session).against(features, session.comparedIds("match", texts)));
  }

  /**
   * How well text i describes encoded image i.
   *
   * @throws IllegalArgumentException if there are not as many texts as images, or the features are
   *     of another model
   */
  public List<Match> matchPairs(MatchingFeatures features, List<String> texts) {
    required("match", "features", features);
    requiredAll("match", "text", texts);
    return session.during(
        () -> new PairScores(session).pairs(features, session.comparedIds("match", texts)));
  }

  /**
   * GradCAM maps: the relevance of image regions to the match with a text (Selvaraju et al. 2017).
   */
  public GradCamMaps gradCam(Image image, String text) {
    required("gradCam", "image", image);
    required("gradCam", "text", text);
    return session.during(
        () -> GradCamMaps.of(session, image, session.comparedIds("gradCam", text)));
  }

  /**
   * GradCAM maps of an encoded image.
   *
   * @param image the image itself, for drawings
   * @throws IllegalArgumentException if the features are of several images or of another model
   */
  public GradCamMaps gradCam(Image image, MatchingFeatures features, String text) {
    required("gradCam", "image", image);
    required("gradCam", "features", features);
    required("gradCam", "text", text);
    return session.during(
        () -> GradCamMaps.of(session, image, features, session.comparedIds("gradCam", text)));
  }

  /** Shorthand for {@link #embed(Image)}. */
  public float[][] embed(BufferedImage image) {
    return embed(Image.of(required("embed", "image", image)));
  }

  /**
   * The embedding of an image: a unit vector for each query, [Q][P]. The largest dot product of one
   * of them with {@link #embed(String)} is {@link Match#itc}.
   */
  public float[][] embed(Image image) {
    required("embed", "image", image);
    try (var scope = Scope.open(session.backend())) {
      return FloatRows.ofFirst(features().images(List.of(image)).compared()); // [Q][P]
    }
  }

  /** The embedding of a text: a unit vector, [P]. */
  public float[] embed(String text) {
    required("embed", "text", text);
    return session.during(() -> new TextVectors(session).of(session.comparedIds("embed", text)));
  }

  /**
   * One embedding for an image, [P], for indexes that hold one vector each: the unit vector in the
   * direction of the queries' mean. Its dot product with a text is the mean over the queries,
   * divided by the mean's length, where {@link Match#itc} takes the maximum; rankings are similar
   * but not equal.
   */
  public float[] embedPooled(Image image) {
    return FloatRows.direction(embed(image));
  }

  /** {@link #embedPooled(Image)} of one encoded image, [P]. */
  public float[] embedPooled(MatchingFeatures features) {
    return FloatRows.direction(required("embed", "features", features).vectors());
  }

  /** Features of images and texts as tensors. */
  public FeatureExtractor features() {
    return new FeatureExtractor(session);
  }

  /** Exports features of many images and texts to a file, in bounded memory. */
  public FeatureExport export(Feature... features) {
    return FeatureExport.from(features(), processor, features);
  }

  /**
   * An empty index of images and texts, with its temporary file in the system's folder for such
   * files.
   */
  public ImageTextIndex index() throws IOException {
    return index(Path.of(System.getProperty("java.io.tmpdir")));
  }

  /** An empty index of images and texts, with its temporary file in {@code folder}. */
  public ImageTextIndex index(Path folder) throws IOException {
    return ImageTextIndex.create(session, required("retrieval", "folder", folder));
  }

  /**
   * How LAVIS generates captions with a Q-Former: three beams, 9 to 29 tokens after the start
   * token.
   */
  public static GenerationConfig lavisCaptionConfig() {
    return GenerationConfig.beams(3).maxNewTokens(29).minNewTokens(9);
  }

  /** A caption that the Q-Former generates without a language model, as in LAVIS. */
  public String caption(Image image) {
    return caption(List.of(required("caption", "image", image)), lavisCaptionConfig())
        .get(0)
        .get(0)
        .text();
  }

  /**
   * Captions of images that the Q-Former generates without a language model, for each the best
   * first.
   *
   * @param decoding limits count tokens without the start token; LAVIS's nucleus sampling is {@code
   *     GenerationConfig.sample().topP(0.9)}
   * @throws IllegalStateException if the checkpoint lacks the captioning head, as Hugging Face's do
   */
  public List<List<Generated>> caption(List<Image> images, GenerationConfig decoding) {
    requiredAll("caption", "image", images);
    required("caption", "decoding", decoding);
    return new CaptionGenerator(session).generateBatches(images, decoding);
  }

  /** Frees the model's memory, after the calls that still run. */
  @Override
  public void close() {
    session.close();
  }

  /** What {@link ImageTextIndex} works with. */
  MatchingSession session() {
    return session;
  }
}
