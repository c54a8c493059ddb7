package io.github.blip2j.blip2;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.generation.Decoding;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.generation.TokenListener;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Tokenizer;
import io.github.blip2j.vision.RgbImage;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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
 * <p>A loaded model may be used by many threads at once. It holds off-heap memory: close it, after
 * the last call has returned.
 */
public final class Blip2 implements AutoCloseable {
  private static final String QUESTION = "Question: %s Answer:";

  private final LoadedModel loaded;

  private Blip2(LoadedModel loaded) {
    this.loaded = loaded;
  }

  /**
   * Loads a Hugging Face folder, weights in float32.
   *
   * @throws io.github.blip2j.io.CheckpointException if the folder is not a BLIP-2 with OPT, or its
   *     tensors do not fit its configuration
   */
  public static Blip2 load(Path folder) throws IOException {
    return load(folder, DType.FLOAT32);
  }

  /**
   * Loads a Hugging Face folder.
   *
   * @param weightType how the matrices of the vision and language models are stored: float32, or
   *     bfloat16 for half the memory; arithmetic is float32
   */
  public static Blip2 load(Path folder, DType weightType) throws IOException {
    return new Blip2(LoadedModel.load(folder, weightType));
  }

  /** The tiny model of drawn scenes that comes with the library: for a first try and for tests. */
  public static Blip2 bundled() throws IOException {
    return new Blip2(BundledModel.load());
  }

  /** The model itself, for those who want its parts. */
  public Blip2Opt model() {
    return loaded.model();
  }

  /** The tokenizer that came with the model. */
  public Tokenizer tokenizer() {
    return loaded.tokenizer();
  }

  /** Reads a picture as the model's processor is told to. */
  public RgbImage read(Path file) throws IOException {
    return loaded.processor().read(file);
  }

  /** A caption, decoded greedily. */
  public String caption(BufferedImage image) {
    return caption(RgbImage.of(image));
  }

  /** A caption of a picture in a file, decoded greedily. */
  public String caption(Path file) throws IOException {
    return caption(read(file));
  }

  private String caption(RgbImage image) {
    return generate(image, "", Decoding.greedy()).get(0).text();
  }

  /** The answer to a question about a picture, decoded greedily. */
  public String answer(BufferedImage image, String question) {
    return generate(image, questionPrompt(question), Decoding.greedy()).get(0).text();
  }

  /** The prompt that asks a question, {@code Question: ... Answer:} (section 4.1). */
  public static String questionPrompt(String question) {
    if (question.isBlank()) {
      throw new IllegalArgumentException("answer: question expected words, got a blank");
    }
    return QUESTION.formatted(question.strip());
  }

  /**
   * Texts that continue a prompt about a picture, the best first.
   *
   * @param prompt words that the text begins with; may be empty
   */
  public List<Generated> generate(BufferedImage image, String prompt, Decoding decoding) {
    return generate(RgbImage.of(image), prompt, decoding);
  }

  /** As above, for a picture that is read already. */
  public List<Generated> generate(RgbImage image, String prompt, Decoding decoding) {
    try (ImageFeatures features = encode(List.of(image))) {
      return generate(features, List.of(prompt), decoding).get(0);
    }
  }

  /** Looks at pictures once, to ask about them often. */
  public ImageFeatures encode(List<RgbImage> images) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Pass pass = Pass.evaluation();
      Blip2Opt model = loaded.model();
      Tensor patches = Scope.run(() -> model.encodeImage(loaded.pixels(images), pass));
      Tensor queries = Scope.run(() -> model.encodeQueries(patches, pass));
      return new ImageFeatures(patches, queries, model.place(model.project(queries)));
    }
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
    requireOneEach(features, prompts);
    List<int[]> ids = new ArrayList<>();
    for (String prompt : prompts) {
      ids.add(loaded.promptIds(prompt));
    }
    PromptBatch text = PromptBatch.of(ids, loaded.padId());
    Decoding fitting = fitted(decoding, text);
    Generator generator = Generator.of(fitting, loaded.endIds()).onToken(listener);
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Tensor prompt = features.prompt();
      Tensor each =
          features.size() == prompts.size()
              ? prompt
              : prompt.expand(prompts.size(), prompt.dim(1), prompt.dim(2));
      return texts(loaded.model().generate(each, text, generator, fitting.maxNewTokens()));
    }
  }

  @Override
  public void close() {
    loaded.close();
  }

  private List<List<Generated>> texts(List<List<Sequence>> sequences) {
    return sequences.stream().map(row -> row.stream().map(this::text).toList()).toList();
  }

  private Generated text(Sequence sequence) {
    float[] logs = sequence.logProbabilities();
    List<Double> logProbabilities = new ArrayList<>();
    for (float log : logs) {
      logProbabilities.add((double) log);
    }
    return new Generated(
        loaded.tokenizer().decode(sequence.tokens()).strip(),
        Arrays.stream(sequence.tokens()).boxed().toList(),
        sequence.score(),
        sequence.ended(),
        List.copyOf(logProbabilities));
  }

  /** What still fits: the model has no positions beyond its last. */
  private Decoding fitted(Decoding decoding, PromptBatch text) {
    int used = loaded.model().config().queryTokens() + text.length();
    int room = loaded.model().language().maxPositions() - used;
    if (room <= 0) {
      throw new IllegalArgumentException(
          "generate: prompt of %d tokens and %d of the image exceed maxPositions=%d; shorten the prompt"
              .formatted(
                  text.length(),
                  loaded.model().config().queryTokens(),
                  loaded.model().language().maxPositions()));
    }
    if (decoding.minNewTokens() > room) {
      throw new IllegalArgumentException(
          "generate: minNewTokens expected at most %d after a prompt of %d tokens, got %d"
              .formatted(room, text.length(), decoding.minNewTokens()));
    }
    return decoding.maxNewTokens() <= room ? decoding : decoding.maxNewTokens(room);
  }

  private static void requireOneEach(ImageFeatures features, List<String> prompts) {
    boolean fits = features.size() == prompts.size() || features.size() == 1;
    if (prompts.isEmpty() || !fits) {
      throw new IllegalArgumentException(
          "generate: prompts expected one for each of %d images, got %d"
              .formatted(features.size(), prompts.size()));
    }
  }
}
