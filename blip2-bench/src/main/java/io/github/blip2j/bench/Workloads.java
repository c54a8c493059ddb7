package io.github.blip2j.bench;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.llm.DecoderModel;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.VisionConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** The work of each figure, with the shapes and repetitions of the Python counterpart. */
final class Workloads {
  private static final int STEPS = 16; // of one caption
  private static final int CAPTIONS = 16;
  private static final int SHORT_CAPTION = 8;
  private static final int TEXTS = 8;
  private static final int TEXT_TOKENS = 64;
  private static final int CAPTION_TOKENS = 32;
  private static final int WORDS = 30_000;

  private final Parts parts;
  private final SplittableRandom random = new SplittableRandom(2);

  Workloads(Parts parts) {
    this.parts = parts;
  }

  /** Measures one figure. Inputs belong to the open scope. */
  Measurement measure(Figure figure) {
    return switch (figure) {
      case READ_1GB -> measurement(figure, Limits.read(figure.runs()));
      case PRODUCT -> product();
      case VISION_B1 -> vision(figure, 1);
      case VISION_B4 -> vision(figure, 4);
      case QFORMER_B1 -> qformer();
      case PREFILL -> prefill();
      case DECODE_GREEDY -> decode(figure, 1);
      case DECODE_BEAM5 -> decode(figure, 5);
      case CAPTIONS_1_THREAD -> captions(figure, 1);
      case CAPTIONS_4_THREADS -> captions(figure, 4);
      case BERT_TRAIN -> training();
      case STAGE1_TRAIN -> stageOne();
    };
  }

  private Measurement product() {
    Tensor x = uniform(Limits.ROWS, Limits.WIDTH);
    Tensor weight = uniform(Limits.WIDTH, Limits.WIDTH);
    try (var off = GradMode.noGrad()) {
      int runs = Figure.PRODUCT.runs();
      return measurement(Figure.PRODUCT, Limits.product(runs, parts.precision(), x, weight));
    }
  }

  private Measurement vision(Figure figure, int images) {
    Tensor pixels = pixels(images);
    return inference(figure, () -> parts.encodeImage(pixels));
  }

  private Measurement qformer() {
    VisionConfig vision = parts.sizes().vision();
    int side = vision.imageSize();
    Tensor image = uniform(1, vision.tokens(side, side), vision.dim()); // [1, N, E]
    return inference(Figure.QFORMER_B1, () -> parts.encodeQueries(image));
  }

  /** Prefill of a caption: keys and values are kept, and logits computed at every position. */
  private Measurement prefill() {
    int positions = parts.sizes().queryTokens() + 1;
    Tensor x = uniform(1, positions, parts.sizes().text().embeddingDim()); // [1, T, L]
    int[][] mask = ones(positions);
    return inference(
        Figure.PREFILL,
        () -> {
          DecoderModel language = parts.decoder();
          var cache = language.cache(positions);
          language.logits(language.forward(x, mask, cache, ForwardPass.evaluation()));
        });
  }

  /** The steps of captions, whose image is encoded once, before. */
  private Measurement decode(Figure figure, int beams) {
    try (var off = GradMode.noGrad()) {
      Tensor prompt = Scope.run(() -> prompt(pixels(1)));
      double[] times = new double[figure.runs()];
      Stopwatch.warmUp(() -> decode(prompt, beams, new double[STEPS]));
      for (int done = 0; done < times.length; done += STEPS) {
        double[] steps = new double[STEPS];
        try (var scope = Scope.open()) {
          decode(prompt, beams, steps);
        }
        System.arraycopy(steps, 0, times, done, STEPS);
      }
      return measurement(figure, Stopwatch.of(times));
    }
  }

  /** Decodes one caption and times its steps; its first token comes from the prompt. */
  private void decode(Tensor prompt, int beams, double[] times) {
    StepClock clock = generate(prompt, beams, times.length + 2, times);
    if (clock.steps() != times.length) {
      throw new IllegalStateException(
          "bench: steps expected " + times.length + ", got " + clock.steps());
    }
  }

  /** Generates the same captions on a number of threads, which start together and are joined. */
  private Measurement captions(Figure figure, int threads) {
    Tensor pixels = pixels(1);
    inference(() -> caption(pixels, 1, SHORT_CAPTION)); // makes the parts, in one thread
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      Runnable share =
          () -> {
            for (int i = 0; i < CAPTIONS / threads; i++) {
              inference(() -> caption(pixels, 1, SHORT_CAPTION));
            }
          };
      return measurement(
          figure,
          Stopwatch.time(
              figure.runs(),
              () ->
                  Stream.generate(() -> CompletableFuture.runAsync(share, pool))
                      .limit(threads)
                      .toList()
                      .forEach(CompletableFuture::join)));
    } finally {
      pool.shutdown();
    }
  }

  private void caption(Tensor pixels, int beams, int count) {
    generate(prompt(pixels), beams, count, new double[0]);
  }

  /** The image's soft prompt and the begin token, [1, Q + 1, L]. */
  private Tensor prompt(Tensor pixels) {
    Tensor image = parts.imagePrompt(pixels); // [1, Q, L]
    int begin = parts.sizes().text().beginId();
    Tensor word = parts.language().embed(Tensor.ids(begin).reshape(1, 1)); // [1, 1, L]
    return Tensor.concat(1, List.of(image, word));
  }

  private StepClock generate(Tensor prompt, int beams, int count, double[] times) {
    int begin = parts.sizes().text().beginId();
    int[][] mask = ones(Math.toIntExact(prompt.dim(1)));
    GenerationConfig decoding =
        GenerationConfig.beams(beams).maxNewTokens(count).minNewTokens(count);
    int[] ends = parts.sizes().text().endIds().stream().mapToInt(Integer::intValue).toArray();
    StepClock clock = new StepClock(parts.language().startDecoding(prompt, mask, count), times);
    Generator.of(decoding, ends).generate(clock, List.of(new int[] {begin}));
    return clock;
  }

  private Measurement training() {
    TrainingStep step = parts.training();
    long[] words = random.longs((long) TEXTS * TEXT_TOKENS, 0, WORDS).toArray();
    Tensor ids = Tensor.of(words, TEXTS, TEXT_TOKENS);
    return measurement(
        Figure.BERT_TRAIN, Stopwatch.time(Figure.BERT_TRAIN.runs(), () -> step.run(ids)));
  }

  private Measurement stageOne() {
    StageOneStep step = parts.stageOne();
    VisionConfig encoder = VisionConfig.evaG();
    long tokens = encoder.tokens(encoder.imageSize(), encoder.imageSize());
    Tensor image = uniform(TEXTS, tokens, encoder.dim()); // [B, N, E]
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < TEXTS; i++) {
      texts.add(random.ints(CAPTION_TOKENS, 0, WORDS).toArray());
    }
    TextBatch captions = TextBatch.of(texts, 0);
    return measurement(
        Figure.STAGE1_TRAIN,
        Stopwatch.time(Figure.STAGE1_TRAIN.runs(), () -> step.run(image, captions)));
  }

  private static void inference(Runnable work) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      work.run();
    }
  }

  private static Measurement inference(Figure figure, Runnable work) {
    try (var off = GradMode.noGrad()) {
      return measurement(figure, Stopwatch.time(figure.runs(), work));
    }
  }

  private static Measurement measurement(Figure figure, Stopwatch watch) {
    return new Measurement(
        figure, watch.median(), watch.shortest(), watch.longest(), figure.runs());
  }

  private Tensor pixels(int images) {
    int side = parts.sizes().vision().imageSize();
    return uniform(images, 3, side, side);
  }

  private Tensor uniform(long... shape) {
    long size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    float[] values = new float[Math.toIntExact(size)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble();
    }
    return Tensor.of(values, shape);
  }

  private static int[][] ones(int count) {
    int[][] mask = new int[1][count];
    Arrays.fill(mask[0], 1);
    return mask;
  }
}
