package io.github.blip2j.blip2;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.generation.Decoding;
import io.github.blip2j.generation.TokenListener;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Tokenizer;
import io.github.blip2j.vision.ImageProcessor;
import io.github.blip2j.vision.RgbImage;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
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
  private static final String QUESTION = "Question: %s Answer:";
  private static final int BATCH = 8; // more gains little and takes memory

  private final LoadedModel loaded;
  private final ImageProcessor processor;

  private Blip2(LoadedModel loaded, ImageProcessor processor) {
    this.loaded = loaded;
    this.processor = processor;
  }

  /**
   * Loads a Hugging Face folder, weights in float32.
   *
   * @throws io.github.blip2j.io.CheckpointException if the folder is not a BLIP-2 with OPT or T5,
   *     or its tensors do not fit its configuration
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
    LoadedModel loaded = LoadedModel.load(folder, given("load", "precision", precision));
    return new Blip2(loaded, loaded.processor());
  }

  /** The tiny model of drawn scenes that comes with the library: for a first try and for tests. */
  public static Blip2 bundled() throws IOException {
    return bundled(Precision.FLOAT32);
  }

  /** The same, its matrices stored as {@link #load(Path, Precision)} stores them. */
  public static Blip2 bundled(Precision precision) throws IOException {
    LoadedModel loaded = BundledModel.load(precision);
    return new Blip2(loaded, loaded.processor());
  }

  /**
   * The same model, turning photographs in files upright as their EXIF data asks, or not. The
   * references do not, so neither is this the default. Both share one memory: close either.
   */
  public Blip2 withExifRotation(boolean exifRotation) {
    return new Blip2(loaded, processor.withExifRotation(exifRotation));
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

  /** The tokenizer that came with the model. */
  public Tokenizer tokenizer() {
    return loaded.tokenizer();
  }

  /** Reads a picture as the model's processor is told to. */
  public RgbImage read(Path file) throws IOException {
    return processor.read(given("read", "file", file));
  }

  /** A caption, decoded greedily. */
  public String caption(BufferedImage image) {
    return captionOf(picture("caption", image));
  }

  /** A caption of a picture in a file, decoded greedily. */
  public String caption(Path file) throws IOException {
    return captionOf(read(file));
  }

  /** A caption of each picture, decoded greedily; faster than one by one. */
  public List<String> captions(List<BufferedImage> images) {
    given("captions", "images", images);
    List<String> captions = new ArrayList<>();
    for (int from = 0; from < images.size(); from += BATCH) {
      List<RgbImage> batch =
          images.subList(from, Math.min(from + BATCH, images.size())).stream()
              .map(image -> picture("captions", image))
              .toList();
      try (ImageFeatures features = encode(batch)) {
        List<String> prompts = Collections.nCopies(batch.size(), "");
        generate(features, prompts, Decoding.greedy())
            .forEach(texts -> captions.add(texts.get(0).text()));
      }
    }
    return List.copyOf(captions);
  }

  private String captionOf(RgbImage image) {
    return generate(image, "", Decoding.greedy()).get(0).text();
  }

  /** The answer to a question about a picture, decoded greedily. */
  public String answer(BufferedImage image, String question) {
    return answerOf(picture("answer", image), question);
  }

  /** The answer to a question about a picture in a file, decoded greedily. */
  public String answer(Path file, String question) throws IOException {
    return answerOf(read(file), question);
  }

  private String answerOf(RgbImage image, String question) {
    return generate(image, questionPrompt(question), Decoding.greedy()).get(0).text();
  }

  /** The prompt that asks a question, {@code Question: ... Answer:} (section 4.1). */
  public static String questionPrompt(String question) {
    if (given("answer", "question", question).isBlank()) {
      throw new IllegalArgumentException("answer: question expected words, got a blank");
    }
    return QUESTION.formatted(question.strip());
  }

  /**
   * Texts that continue a prompt about a picture, the best first.
   *
   * @param prompt words that the text begins with; may be empty
   * @param decoding its longest length is cut to what the model has positions for
   */
  public List<Generated> generate(BufferedImage image, String prompt, Decoding decoding) {
    return generate(picture("generate", image), prompt, decoding);
  }

  /** As above, for a picture in a file. */
  public List<Generated> generate(Path file, String prompt, Decoding decoding) throws IOException {
    return generate(read(file), prompt, decoding);
  }

  /** As above, for a picture that is read already. */
  public List<Generated> generate(RgbImage image, String prompt, Decoding decoding) {
    given("generate", "prompt", prompt);
    given("generate", "decoding", decoding);
    try (ImageFeatures features = encode(List.of(given("generate", "image", image)))) {
      return generate(features, List.of(prompt), decoding).get(0);
    }
  }

  /**
   * As {@link #generate(BufferedImage, String, Decoding)}, handing out the one text piece by piece
   * while it is written. Beam search decides all of it at its end.
   *
   * @param text is given pieces that joined are {@link Generated#text()}
   */
  public Generated stream(
      BufferedImage image, String prompt, Decoding decoding, Consumer<String> text) {
    if (given("stream", "decoding", decoding).returning() != 1) {
      throw new IllegalArgumentException(
          "stream: returning expected 1, got %d; generate returns several"
              .formatted(decoding.returning()));
    }
    given("stream", "prompt", prompt);
    given("stream", "text", text);
    TextStream stream = TextStream.of(tokenizer(), text);
    try (ImageFeatures features = encode(List.of(picture("stream", image)))) {
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
    return loaded.during(
        () -> {
          try (var off = GradMode.noGrad();
              var scope = Scope.open()) {
            Pass pass = Pass.evaluation();
            Blip2Model model = loaded.model();
            Tensor patches = Scope.run(() -> model.encodeImage(pixels, pass));
            Tensor queries = Scope.run(() -> model.encodeQueries(patches, pass));
            return new ImageFeatures(patches, queries, model.place(model.project(queries)));
          }
        });
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
   * @param listener hears of tokens as they are decided
   * @return for each prompt its texts, the best first
   */
  public List<List<Generated>> generate(
      ImageFeatures features, List<String> prompts, Decoding decoding, TokenListener listener) {
    given("generate", "prompts", prompts).forEach(prompt -> given("generate", "prompt", prompt));
    given("generate", "listener", listener);
    var writer =
        new TextWriter(
            loaded,
            given("generate", "features", features),
            given("generate", "decoding", decoding));
    return loaded.during(() -> features.during(() -> writer.write(prompts, listener)));
  }

  /** Frees the model's memory, after the calls that still run. */
  @Override
  public void close() {
    loaded.close();
  }

  private static RgbImage picture(String where, BufferedImage image) {
    return RgbImage.of(given(where, "image", image));
  }

  /** Callers outside the null checker get a name instead of a place in our code. */
  private static <T> T given(String where, String what, T value) {
    return Objects.requireNonNull(value, () -> where + ": " + what + " expected, got null");
  }
}
