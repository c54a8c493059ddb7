package io.github.blip2j.blip2;

import static io.github.blip2j.blip2.Required.given;

import io.github.blip2j.generation.Decoding;
import io.github.blip2j.generation.TokenListener;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Tokenizer;
import io.github.blip2j.vision.image.ImageProcessor;
import io.github.blip2j.vision.image.RgbImage;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.function.Consumer;

/**
 * BLIP-2 as an application uses it: pictures in, text out.
 *
 * <pre>{@code
 * try (var blip2 = Blip2.load(Path.of("blip2-opt-2.7b"))) {
 *   String caption = blip2.caption(image);
 *   String answer = blip2.answer(image, "how many cats are there?");
 * }
 * }</pre>
 *
 * <p>A loaded model may be used by many threads at once. It holds off-heap memory: close it. A
 * closed model throws {@link IllegalStateException}.
 */
public final class Blip2 implements AutoCloseable {
  private final LoadedModel loaded;
  private final ImageProcessor processor;
  private final QuestionPrompt questions;

  private Blip2(LoadedModel loaded, ImageProcessor processor, QuestionPrompt questions) {
    this.loaded = loaded;
    this.processor = processor;
    this.questions = questions;
  }

  private Blip2(LoadedModel loaded) {
    this(loaded, loaded.processor(), QuestionPrompt.usual(loaded.model().config()));
  }

  /**
   * Loads a Hugging Face folder, weights in float32.
   *
   * @throws io.github.blip2j.io.CheckpointException if the folder is no BLIP-2 or InstructBLIP with
   *     one of our language models, or its tensors do not fit its configuration
   */
  public static Blip2 load(Path folder) throws IOException {
    return load(folder, Precision.FLOAT32);
  }

  /**
   * Loads a Hugging Face folder.
   *
   * @param precision how the matrices of the vision and language models are stored and multiplied;
   *     Q-Former, projection and the language model's head stay in bfloat16 where that is int8
   */
  public static Blip2 load(Path folder, Precision precision) throws IOException {
    given("load", "folder", folder);
    return new Blip2(LoadedModel.load(folder, given("load", "precision", precision)));
  }

  /**
   * Loads a Hugging Face folder. A LoRA adapter that lies in it is merged into the weights, as one
   * that the options name is.
   *
   * @throws io.github.blip2j.io.CheckpointException if the folder is no BLIP-2 or InstructBLIP with
   *     one of our language models, its tensors do not fit its configuration, or the adapter does
   *     not fit them
   */
  public static Blip2 load(Path folder, LoadOptions options) throws IOException {
    given("load", "folder", folder);
    return new Blip2(LoadedModel.load(folder, given("load", "options", options)));
  }

  /**
   * Loads a model of LAVIS's second stage from its parts; it then runs as LAVIS would, see {@link
   * #withFlavour}.
   *
   * @throws io.github.blip2j.io.CheckpointException if a part is something else, they are not of
   *     one model, or a tensor is missing, unused or of another shape
   */
  public static Blip2 load(Blip2Parts parts, Precision precision) throws IOException {
    return load(parts, LoadOptions.of(given("load", "precision", precision)));
  }

  /**
   * Loads a model of LAVIS's second stage, likewise.
   *
   * @throws IllegalArgumentException if the options name an adapter, which these files have none of
   */
  public static Blip2 load(Blip2Parts parts, LoadOptions options) throws IOException {
    given("load", "parts", parts);
    return new Blip2(LoadedModel.load(parts, given("load", "options", options)));
  }

  /** The tiny model of drawn scenes that comes with the library: for a first try and for tests. */
  public static Blip2 bundled() throws IOException {
    return bundled(Precision.FLOAT32);
  }

  /** The same, its matrices stored as {@link #load(Path, Precision)} stores them. */
  public static Blip2 bundled(Precision precision) throws IOException {
    return new Blip2(BundledModel.load(precision));
  }

  /**
   * The same model, turning photographs in files upright as their EXIF data asks, or not. The
   * references do not, so neither is this the default. Both share one memory: close either.
   */
  public Blip2 withExifRotation(boolean exifRotation) {
    return new Blip2(loaded, processor.withExifRotation(exifRotation), questions);
  }

  /** The same model, asked so, instead of as the paper asks its kind. Both share one memory. */
  public Blip2 withQuestions(QuestionPrompt newQuestions) {
    return new Blip2(loaded, processor, given("answer", "template", newQuestions));
  }

  /** How this model is asked. */
  public QuestionPrompt questions() {
    return questions;
  }

  /**
   * The same model as {@code flavour} would run it, whosever checkpoint it is. Both share one
   * memory: close either.
   */
  public Blip2 withFlavour(Flavour flavour) {
    LoadedModel other = loaded.withFlavour(given("blip2", "flavour", flavour));
    return new Blip2(other, processor, questions.cleaning(flavour.questions()));
  }

  /** Whose rules the model follows: of its checkpoint, unless changed. */
  public Flavour flavour() {
    return loaded.flavour();
  }

  /** How {@link #caption(Path)} decodes: greedily, or as LAVIS captions. */
  public Decoding captionDecoding() {
    return GenerationDefaults.caption(loaded.model().config());
  }

  /** How {@link #answer(Path, String)} decodes: greedily, or as LAVIS answers. */
  public Decoding answerDecoding() {
    return GenerationDefaults.answer(loaded.model().config());
  }

  /**
   * The model itself, for those who want its parts: hidden states, logits, a module to look into.
   *
   * <p>{@link #close} waits for the calls of this class, not for calls on what is returned here.
   * End those first: a close frees the parameters under a call that still reads them, which may end
   * the process. A later call throws {@link IllegalStateException}.
   */
  public Blip2Model model() {
    return loaded.model();
  }

  /**
   * Names of the tensors that lay with the model and have no place in it; none but with {@link
   * LoadOptions#leavingOutUnexpected}.
   */
  public NavigableSet<String> leftOut() {
    return loaded.leftOut();
  }

  /** The tokenizer that came with the model. */
  public Tokenizer tokenizer() {
    return loaded.tokenizer();
  }

  /** Reads a picture as the model's processor is told to. */
  public RgbImage read(Path file) throws IOException {
    return processor.read(given("read", "file", file));
  }

  /** A caption: the text that the model generates without a prompt, see {@link #captionDecoding}. */
  public String caption(RgbImage image) {
    return text("caption", image, "", captionDecoding());
  }

  /** Shorthand for {@link #caption(RgbImage)}. */
  public String caption(BufferedImage image) {
    return caption(decoded("caption", image));
  }

  /** A caption of each image; faster than one by one. */
  public List<String> captions(List<RgbImage> images) {
    requireImages("captions", images);
    List<String> prompts = Collections.nCopies(images.size(), "");
    return pipeline().captions(images, prompts, captionDecoding());
  }

  /** The answer to a question about an image, decoded as {@link #answerDecoding} says. */
  public String answer(RgbImage image, String question) {
    return text("answer", image, questions.ask(question), answerDecoding());
  }

  /** Shorthand for {@link #answer(RgbImage, String)}. */
  public String answer(BufferedImage image, String question) {
    return answer(decoded("answer", image), question);
  }

  /** The answer to a question that follows up on others about the same image. */
  public String answer(RgbImage image, Conversation before, String question) {
    return text("answer", image, questions.ask(before, question), answerDecoding());
  }

  /**
   * The answer to question i about image i: what one by one would give, faster.
   *
   * @throws IllegalArgumentException if a question is blank, or there are not as many as images
   */
  public List<String> answers(List<RgbImage> images, List<String> asked) {
    requireImages("answers", images);
    List<String> prompts = questions.askEach(images.size(), asked);
    return pipeline().captions(images, prompts, answerDecoding());
  }

  /**
   * Texts that continue a prompt about an image, the best first.
   *
   * @param prompt words that the text begins with; may be empty
   * @param decoding its longest length is cut to what the model has positions for
   */
  public List<Generated> generate(RgbImage image, String prompt, Decoding decoding) {
    given("generate", "prompt", prompt);
    given("generate", "decoding", decoding);
    return generate("generate", image, prompt, decoding);
  }

  /** Shorthand for {@link #generate(RgbImage, String, Decoding)}. */
  public List<Generated> generate(BufferedImage image, String prompt, Decoding decoding) {
    return generate(decoded("generate", image), prompt, decoding);
  }

  /** Texts that continue a prompt of images and words in any order, the best first. */
  public List<Generated> generate(Prompt prompt, Decoding decoding) {
    return generate(List.of(given("generate", "prompt", prompt)), decoding).get(0);
  }

  /**
   * Texts that continue each prompt. Prompts with different numbers of images and words do not
   * influence each other.
   */
  public List<List<Generated>> generate(List<Prompt> prompts, Decoding decoding) {
    return pipeline().generate(prompts, decoding);
  }

  /**
   * As {@link #generate(RgbImage, String, Decoding)}, handing out the one text piece by piece
   * while it is written. Beam search decides all of it at its end.
   *
   * @param text is given pieces that joined are {@link Generated#text()}
   */
  public Generated stream(
      RgbImage image, String prompt, Decoding decoding, Consumer<String> text) {
    if (given("stream", "decoding", decoding).returning() != 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "stream: returning expected 1, got %d; generate returns several",
              decoding.returning()));
    }
    given("stream", "prompt", prompt);
    given("stream", "text", text);
    TextStream stream = TextStream.of(tokenizer(), text);
    try (ImageFeatures features = encode(List.of(given("stream", "image", image)))) {
      Generated written = generate(features, List.of(prompt), decoding, stream).get(0).get(0);
      stream.finish();
      return written;
    }
  }

  /** Looks at pictures once, to ask about them often. */
  public ImageFeatures encode(List<RgbImage> images) {
    if (given("encode", "images", images).isEmpty()) {
      throw new IllegalArgumentException("encode: images expected at least 1, got 0");
    }
    images.forEach(image -> given("encode", "image", image));
    try (var scope = Scope.open()) {
      return encode(pixels(images));
    }
  }

  /**
   * Pictures resized and normalised as the vision transformer reads them, in the open scope.
   *
   * @return [B, 3, H, W]
   */
  public Tensor pixels(List<RgbImage> images) {
    return loaded.during(() -> loaded.pixels(images));
  }

  /**
   * Looks at pictures that are pixel values already.
   *
   * @param pixels [B, 3, H, W]
   */
  public ImageFeatures encode(Tensor pixels) {
    return loaded.during(() -> new ImageEncoder(loaded).encode(pixels));
  }

  /**
   * A picture as vectors: {@link Feature#PATCHES} [N][E], {@link Feature#QUERIES} [Q][C] or its
   * {@link Feature#PROMPT} [Q][L].
   */
  public float[][] embed(RgbImage image, Feature feature) {
    return new PromptFeatures(loaded).of(given("embed", "image", image), feature);
  }

  /** Writes {@link Feature#PATCHES}, queries or prompts of many images, in bounded memory. */
  public FeatureExport export(Feature... features) {
    return FeatureExport.from(new PromptFeatures(loaded), processor, features);
  }

  /**
   * Prompts as the Q-Former of InstructBLIP reads them, for {@link Blip2Model#encodeQueries(Tensor,
   * TextBatch, io.github.blip2j.nn.Pass)}. An empty prompt is two special tokens.
   *
   * @throws IllegalArgumentException if one is blank but not empty, or is too long
   * @throws IllegalStateException if the model's Q-Former reads none
   */
  public TextBatch instructions(List<String> prompts) {
    return loaded.during(() -> loaded.requireInstructions().read("instructions", prompts));
  }

  /** As {@link #generate(ImageFeatures, List, Decoding, TokenListener)}, unheard. */
  public List<List<Generated>> generate(
      ImageFeatures features, List<String> prompts, Decoding decoding) {
    return generate(features, prompts, decoding, (row, token) -> {});
  }

  /**
   * Texts that continue each prompt. Prompts of different lengths do not influence each other.
   *
   * @param features of one image for each prompt, or of one image for all
   * @param prompts words that each text begins with; may be empty
   * @param listener hears of tokens as they are decided; it may wait for other threads, also for
   *     one that uses or closes this model
   * @return for each prompt its texts, the best first
   */
  public List<List<Generated>> generate(
      ImageFeatures features, List<String> prompts, Decoding decoding, TokenListener listener) {
    return pipeline().generate(features, prompts, decoding, listener);
  }

  /**
   * How likely a text follows a prompt about a picture, token by token and with its end: what
   * {@link Generated#logProbabilities} tells of a text that the model wrote.
   */
  public ScoredText score(RgbImage image, String prompt, String text) {
    given("score", "image", image);
    return score(Prompt.about(image, given("score", "prompt", prompt)), text);
  }

  /** How likely a text follows a prompt of images and words in any order. */
  public ScoredText score(Prompt prompt, String text) {
    return pipeline().score(prompt, text);
  }

  /**
   * The candidates by how likely they follow a prompt about a picture, the best first and equals in
   * the order given. The prompt is read once, however many there are.
   *
   * @param prompt words, such as {@link #questions}{@code .ask(question)}
   */
  public List<RankedAnswer> rank(
      RgbImage image, String prompt, List<String> candidates, CandidateOrder order) {
    given("rank", "image", image);
    Prompt about = Prompt.about(image, given("rank", "prompt", prompt));
    return rank(about, candidates, order);
  }

  /** As above, after a prompt of images and words in any order. */
  public List<RankedAnswer> rank(Prompt prompt, List<String> candidates, CandidateOrder order) {
    return rank(List.of(given("rank", "prompt", prompt)), candidates, order).get(0);
  }

  /** The candidates after each prompt; prompts do not influence each other. */
  public List<List<RankedAnswer>> rank(
      List<Prompt> prompts, List<String> candidates, CandidateOrder order) {
    return pipeline().rank(prompts, candidates, order);
  }

  /** As above, for pictures that have been looked at: one for each prompt, or one for all. */
  public List<List<RankedAnswer>> rank(
      ImageFeatures features, List<String> prompts, List<String> candidates, CandidateOrder order) {
    return pipeline().rank(features, prompts, candidates, order);
  }

  /**
   * Frees the model's memory, after the calls that still run. It waits for them, but not for a
   * listener: a call that is in its own when all others have ended frees the memory when it ends.
   *
   * @throws IllegalStateException from within a call, as a listener on its thread would be
   */
  @Override
  public void close() {
    loaded.close();
  }

  private String text(String where, RgbImage image, String prompt, Decoding decoding) {
    return generate(where, image, prompt, decoding).get(0).text();
  }

  private List<Generated> generate(
      String where, RgbImage image, String prompt, Decoding decoding) {
    List<RgbImage> images = List.of(given(where, "image", image));
    return pipeline().generate(images, List.of(prompt), decoding).get(0);
  }

  private GenerationPipeline pipeline() {
    return new GenerationPipeline(loaded);
  }

  private static void requireImages(String where, List<RgbImage> images) {
    given(where, "images", images).forEach(image -> given(where, "image", image));
  }

  private static RgbImage decoded(String where, BufferedImage image) {
    return RgbImage.of(given(where, "image", image));
  }
}
