package io.github.blip2j.blip2;

import static io.github.blip2j.blip2.text.Arguments.required;

import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.checkpoint.lavis.Blip2Parts;
import io.github.blip2j.blip2.features.Feature;
import io.github.blip2j.blip2.features.FeatureExport;
import io.github.blip2j.blip2.features.PromptFeatures;
import io.github.blip2j.blip2.inference.BundledModel;
import io.github.blip2j.blip2.inference.GenerationDefaults;
import io.github.blip2j.blip2.inference.GenerationPipeline;
import io.github.blip2j.blip2.inference.GenerationSession;
import io.github.blip2j.blip2.inference.ImageEncoder;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Conversation;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.blip2.text.QuestionPrompt;
import io.github.blip2j.blip2.text.RankedCandidate;
import io.github.blip2j.blip2.text.ScoredText;
import io.github.blip2j.blip2.text.TextStreamer;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.TokenStreamer;
import io.github.blip2j.nn.CancellationToken;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Tokenizer;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * BLIP-2 for applications: generates text from images.
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
  private final GenerationSession session;
  private final ImageProcessor processor;
  private final QuestionPrompt questions;

  private Blip2(GenerationSession session, ImageProcessor processor, QuestionPrompt questions) {
    this.session = session;
    this.processor = processor;
    this.questions = questions;
  }

  private Blip2(GenerationSession session) {
    this(session, session.processor(), QuestionPrompt.usual(session.model().config()));
  }

  /**
   * Loads a Hugging Face folder, weights in float32.
   *
   * @throws io.github.blip2j.io.file.CheckpointException if the folder is no BLIP-2 or InstructBLIP
   *     with one of our language models, or its tensors do not fit its configuration
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
    required("load", "folder", folder);
    return new Blip2(GenerationSession.load(folder, required("load", "precision", precision)));
  }

  /**
   * Loads a Hugging Face folder. A LoRA adapter in the folder is merged into the weights, as is one
   * that the options name.
   *
   * @throws io.github.blip2j.io.file.CheckpointException if the folder is no BLIP-2 or InstructBLIP
   *     with one of our language models, its tensors do not fit its configuration, or the adapter
   *     does not fit them
   */
  public static Blip2 load(Path folder, LoadOptions options) throws IOException {
    required("load", "folder", folder);
    return new Blip2(GenerationSession.load(folder, required("load", "options", options)));
  }

  /**
   * Loads a model of LAVIS's second stage from its parts; it follows {@link Convention#LAVIS}, see
   * {@link #withConvention}.
   *
   * @throws io.github.blip2j.io.file.CheckpointException if a part is of another kind, the parts
   *     are not of one model, or a tensor is missing, unused or of another shape
   */
  public static Blip2 load(Blip2Parts parts, Precision precision) throws IOException {
    return load(parts, LoadOptions.of(required("load", "precision", precision)));
  }

  /**
   * Loads a model of LAVIS's second stage from its parts, with options.
   *
   * @throws IllegalArgumentException if the options name an adapter, which these files do not
   *     support
   */
  public static Blip2 load(Blip2Parts parts, LoadOptions options) throws IOException {
    required("load", "parts", parts);
    return new Blip2(GenerationSession.load(parts, required("load", "options", options)));
  }

  /**
   * A view of a model that is there already, such as one that is being trained: it generates with
   * the parameters as they are at each call. Closing it closes the tokenizers and leaves the model.
   *
   * @param instructions the tokenizer of the Q-Former's instructions, or null if it takes none
   */
  public static Blip2 over(
      Blip2Model model,
      HuggingFaceTokenizer tokenizer,
      @Nullable HuggingFaceTokenizer instructions,
      ImageProcessor processor) {
    return new Blip2(
        GenerationSession.borrowing(
            required("over", "model", model),
            required("over", "tokenizer", tokenizer),
            instructions,
            required("over", "processor", processor)));
  }

  /**
   * The small model that comes with the library, for first steps: it names things in drawings. See
   * {@link ImageTextMatcher#bundled()} for the same that matches.
   */
  public static Blip2 bundled() throws IOException {
    return bundled(Precision.FLOAT32);
  }

  /**
   * The bundled model with its matrices in another precision, as in {@link #load(Path, Precision)}.
   */
  public static Blip2 bundled(Precision precision) throws IOException {
    return bundled(LoadOptions.of(precision));
  }

  /** The bundled model, loaded with options, such as on another backend. */
  public static Blip2 bundled(LoadOptions options) throws IOException {
    return new Blip2(BundledModel.writer(required("bundled", "options", options)));
  }

  /**
   * A view of this model that turns photographs in files upright by their EXIF orientation, or not.
   * The references do not, so the default is off. Both share one memory: close either.
   */
  public Blip2 withExifRotation(boolean exifRotation) {
    return new Blip2(session, processor.withExifRotation(exifRotation), questions);
  }

  /**
   * A view of this model with another template for questions than the paper's. Both share one
   * memory.
   */
  public Blip2 withQuestions(QuestionPrompt newQuestions) {
    return new Blip2(session, processor, required("answer", "template", newQuestions));
  }

  /** The template for questions. */
  public QuestionPrompt questions() {
    return questions;
  }

  /**
   * A view of this model that computes and decodes as {@code convention} does, whatever the format
   * of its checkpoint. Both share one memory: close either.
   */
  public Blip2 withConvention(Convention convention) {
    GenerationSession other = session.withConvention(required("blip2", "convention", convention));
    return new Blip2(other, processor, questions.cleaning(convention.questions()));
  }

  /**
   * A view of this model whose calls stop when the token is cancelled, with a {@link
   * java.util.concurrent.CancellationException}: before the next layer or the next token. Both
   * share one memory: close either.
   */
  public Blip2 withCancellation(CancellationToken token) {
    GenerationSession other = session.withCancellation(required("blip2", "token", token));
    return new Blip2(other, processor, questions);
  }

  /**
   * The reference that the model follows: by default the one its checkpoint's format belongs to.
   */
  public Convention convention() {
    return session.convention();
  }

  /** How {@link #caption(Image)} decodes: greedily, or as LAVIS captions. */
  public GenerationConfig captionConfig() {
    return GenerationDefaults.caption(session.model().config());
  }

  /** How {@link #answer(Image, String)} decodes: greedily, or as LAVIS answers. */
  public GenerationConfig answerConfig() {
    return GenerationDefaults.answer(session.model().config());
  }

  /**
   * The model itself, for access to its modules, hidden states and logits.
   *
   * <p>{@link #close} waits for the calls of this class, not for calls on the returned model. End
   * those first: a close frees the parameters under a call that still uses them, which may crash
   * the process. A later call throws {@link IllegalStateException}.
   */
  public Blip2Model model() {
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

  /** A caption: the text that the model generates without a prompt, see {@link #captionConfig}. */
  public String caption(Image image) {
    return text("caption", image, "", captionConfig());
  }

  /** Shorthand for {@link #caption(Image)}. */
  public String caption(BufferedImage image) {
    return caption(decoded("caption", image));
  }

  /** A caption of each image, in batches, which is faster than one by one. */
  public List<String> captions(List<Image> images) {
    requireImages("captions", images);
    List<String> prompts = Collections.nCopies(images.size(), "");
    return pipeline().captions(images, prompts, captionConfig());
  }

  /** The answer to a question about an image, decoded as {@link #answerConfig} says. */
  public String answer(Image image, String question) {
    return text("answer", image, questions.ask(question), answerConfig());
  }

  /** Shorthand for {@link #answer(Image, String)}. */
  public String answer(BufferedImage image, String question) {
    return answer(decoded("answer", image), question);
  }

  /** The answer to a question that follows up on earlier ones about the same image. */
  public String answer(Image image, Conversation before, String question) {
    return text("answer", image, questions.ask(before, question), answerConfig());
  }

  /**
   * The answer to question i about image i, in batches: the same answers as one by one, faster.
   *
   * @throws IllegalArgumentException if a question is blank, or there are not as many as images
   */
  public List<String> answers(List<Image> images, List<String> questionTexts) {
    requireImages("answers", images);
    List<String> prompts = questions.askEach(images.size(), questionTexts);
    return pipeline().captions(images, prompts, answerConfig());
  }

  /**
   * Texts that continue a prompt about an image, the best first.
   *
   * @param prompt the text to continue; may be empty
   * @param decoding how to decode; its length limit is lowered to the model's positions
   */
  public List<Generated> generate(Image image, String prompt, GenerationConfig decoding) {
    required("generate", "prompt", prompt);
    required("generate", "decoding", decoding);
    return generate("generate", image, prompt, decoding);
  }

  /** Shorthand for {@link #generate(Image, String, GenerationConfig)}. */
  public List<Generated> generate(BufferedImage image, String prompt, GenerationConfig decoding) {
    return generate(decoded("generate", image), prompt, decoding);
  }

  /** Texts that continue a prompt of images and text in any order, the best first. */
  public List<Generated> generate(Prompt prompt, GenerationConfig decoding) {
    return generate(List.of(required("generate", "prompt", prompt)), decoding).get(0);
  }

  /**
   * Texts that continue each prompt. Prompts with different numbers of images and tokens do not
   * influence each other.
   */
  public List<List<Generated>> generate(List<Prompt> prompts, GenerationConfig decoding) {
    return pipeline().generate(prompts, decoding);
  }

  /**
   * Texts that continue each prompt, with a listener that receives tokens as they are decided.
   *
   * @param listener as in {@link #generate(ImageFeatures, List, GenerationConfig, TokenStreamer)}
   */
  public List<List<Generated>> generate(
      List<Prompt> prompts, GenerationConfig decoding, TokenStreamer listener) {
    return pipeline().generate(prompts, decoding, listener);
  }

  /**
   * Generates one text and hands it out piece by piece while it is decoded; otherwise as {@link
   * #generate(Image, String, GenerationConfig)}. Beam search decides all of it at its end.
   *
   * @param text receives pieces that joined are {@link Generated#text()}
   */
  public Generated stream(
      Image image, String prompt, GenerationConfig decoding, Consumer<String> text) {
    if (required("stream", "decoding", decoding).numReturnSequences() != 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "stream: numReturnSequences expected 1, got %d; generate returns several",
              decoding.numReturnSequences()));
    }
    required("stream", "prompt", prompt);
    required("stream", "text", text);
    TextStreamer stream = TextStreamer.of(tokenizer(), decoding, text);
    try (ImageFeatures features = encode(List.of(required("stream", "image", image)))) {
      Generated written = generate(features, List.of(prompt), decoding, stream).get(0).get(0);
      stream.finish();
      return written;
    }
  }

  /** Encodes images once, for any number of prompts about them. */
  public ImageFeatures encode(List<Image> images) {
    if (required("encode", "images", images).isEmpty()) {
      throw new IllegalArgumentException("encode: images expected at least 1, got 0");
    }
    images.forEach(image -> required("encode", "image", image));
    try (var scope = Scope.open(session.backend())) {
      return encode(pixels(images));
    }
  }

  /**
   * Images resized and normalised for the vision transformer, in the open scope.
   *
   * @return [B, 3, H, W]
   */
  public Tensor pixels(List<Image> images) {
    return session.during(() -> session.pixels(images));
  }

  /**
   * Encodes images that are given as pixel values.
   *
   * @param pixels [B, 3, H, W]
   */
  public ImageFeatures encode(Tensor pixels) {
    return session.during(() -> new ImageEncoder(session).encode(pixels));
  }

  /**
   * Feature vectors of an image: {@link Feature#PATCHES} [N][E], {@link Feature#QUERIES} [Q][C] or
   * its {@link Feature#PROMPT} [Q][L].
   */
  public float[][] embed(Image image, Feature feature) {
    return new PromptFeatures(session).of(required("embed", "image", image), feature);
  }

  /**
   * Exports {@link Feature#PATCHES}, queries or prompts of many images to a file, in bounded
   * memory.
   */
  public FeatureExport export(Feature... features) {
    return FeatureExport.from(new PromptFeatures(session), processor, features);
  }

  /**
   * Prompts tokenized for the Q-Former of InstructBLIP, for {@link Blip2Model#encodeQueries(Tensor,
   * TextBatch, ForwardPass)}. An empty prompt is two special tokens.
   *
   * @throws IllegalArgumentException if one is blank but not empty, or is too long
   * @throws IllegalStateException if the model's Q-Former takes no instruction
   */
  public TextBatch instructions(List<String> prompts) {
    return session.during(() -> session.requireInstructions().tokenize("instructions", prompts));
  }

  /**
   * Texts that continue each prompt, without a listener; see {@link #generate(ImageFeatures, List,
   * GenerationConfig, TokenStreamer)}.
   */
  public List<List<Generated>> generate(
      ImageFeatures features, List<String> prompts, GenerationConfig decoding) {
    return generate(features, prompts, decoding, (row, token) -> {});
  }

  /**
   * Texts that continue each prompt. Prompts of different lengths do not influence each other.
   *
   * @param features of one image for each prompt, or of one image for all
   * @param prompts the text to continue of each; may be empty
   * @param listener receives tokens as they are decided; it may wait for other threads, also for
   *     one that uses or closes this model
   * @return for each prompt its texts, the best first
   */
  public List<List<Generated>> generate(
      ImageFeatures features,
      List<String> prompts,
      GenerationConfig decoding,
      TokenStreamer listener) {
    return pipeline().generate(features, prompts, decoding, listener);
  }

  /**
   * The log-probability of each token of a text after a prompt about an image, the end token
   * included: the values that {@link Generated#logProbabilities} has for a generated text.
   */
  public ScoredText score(Image image, String prompt, String text) {
    required("score", "image", image);
    return score(Prompt.about(image, required("score", "prompt", prompt)), text);
  }

  /** The log-probability of each token of a text after a prompt of images and text in any order. */
  public ScoredText score(Prompt prompt, String text) {
    return pipeline().score(prompt, text);
  }

  /**
   * Ranks candidate texts by how likely they follow a prompt about an image, the best first and
   * equals in the order given. The prompt is encoded once for all candidates.
   *
   * @param prompt text, such as {@link #questions}{@code .ask(question)}
   */
  public List<RankedCandidate> rank(
      Image image, String prompt, List<String> candidates, CandidateRanking order) {
    required("rank", "image", image);
    Prompt about = Prompt.about(image, required("rank", "prompt", prompt));
    return rank(about, candidates, order);
  }

  /** Ranks candidate texts after a prompt of images and text in any order. */
  public List<RankedCandidate> rank(
      Prompt prompt, List<String> candidates, CandidateRanking order) {
    return rank(List.of(required("rank", "prompt", prompt)), candidates, order).get(0);
  }

  /** Ranks candidate texts after each prompt; prompts do not influence each other. */
  public List<List<RankedCandidate>> rank(
      List<Prompt> prompts, List<String> candidates, CandidateRanking order) {
    return pipeline().rank(prompts, candidates, order);
  }

  /**
   * Ranks candidate texts after each prompt about encoded images: one for each prompt, or one for
   * all.
   */
  public List<List<RankedCandidate>> rank(
      ImageFeatures features,
      List<String> prompts,
      List<String> candidates,
      CandidateRanking order) {
    return pipeline().rank(features, prompts, candidates, order);
  }

  /**
   * Frees the model's memory, after the calls that still run. It waits for them, but not for a
   * listener: if a call is in its listener when all others have ended, that call frees the memory
   * when it ends.
   *
   * @throws IllegalStateException from within a call, as a listener on its thread would be
   */
  @Override
  public void close() {
    session.close();
  }

  private String text(String where, Image image, String prompt, GenerationConfig decoding) {
    return generate(where, image, prompt, decoding).get(0).text();
  }

  private List<Generated> generate(
      String where, Image image, String prompt, GenerationConfig decoding) {
    List<Image> images = List.of(required(where, "image", image));
    return pipeline().generate(images, List.of(prompt), decoding).get(0);
  }

  private GenerationPipeline pipeline() {
    return new GenerationPipeline(session);
  }

  private static void requireImages(String where, List<Image> images) {
    required(where, "images", images).forEach(image -> required(where, "image", image));
  }

  private static Image decoded(String where, BufferedImage image) {
    return Image.of(required(where, "image", image));
  }
}
