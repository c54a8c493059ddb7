package io.github.blip2j.server.work;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.blip2.text.TextStreamer;
import io.github.blip2j.generation.GeneratedToken;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.TokenStreamer;
import io.github.blip2j.server.models.ServedModel;
import io.github.blip2j.text.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Text about one image or several. */
public final class GenerateJob extends Job<GenerateJob.Written> {
  /**
   * What was generated.
   *
   * @param texts the best first
   * @param promptTokens positions of the prompt: those of the images and the tokens of the text
   * @param tokens of each text, spelled out
   */
  public record Written(List<Generated> texts, int promptTokens, List<List<Spelled>> tokens) {}

  /** Receives a text while it is decoded. */
  @FunctionalInterface
  public interface Listener {
    /**
     * A piece of the text, on the model thread.
     *
     * @param tokens those since the last piece, of which an end may not be told yet
     */
    void piece(String text, List<Spelled> tokens);
  }

  /** What jobs of one batch have in common. */
  private record Kind(GenerationConfig config, boolean oneImage) {}

  private final List<Picture> pictures;
  private final Function<Blip2, String> text;
  private final GenerationConfig config;
  private final @Nullable Listener pieces;
  private boolean told; // a piece of text; of the model thread alone

  /**
   * A job.
   *
   * @param pictures at least one; they come before the text
   * @param text the prompt's text, which may depend on the model
   * @param pieces receives the text while it is decoded; or null
   */
  public GenerateJob(
      String model,
      List<Picture> pictures,
      Function<Blip2, String> text,
      GenerationConfig config,
      @Nullable Listener pieces) {
    super(model, new Kind(config, pictures.size() == 1));
    this.pictures = List.copyOf(pictures);
    this.text = text;
    this.config = config;
    this.pieces = pieces;
  }

  @Override
  public String label() {
    return "generate";
  }

  @Override
  protected boolean isRestartable() {
    return super.isRestartable() && !told;
  }

  @Override
  protected void run(ServedModel model, List<? extends Job<?>> jobs, Bench bench)
      throws IOException {
    List<GenerateJob> mine = jobs.stream().map(GenerateJob.class::cast).toList();
    Blip2 blip2 = model.blip2().withCancellation(bench.token());
    List<String> texts = mine.stream().map(job -> job.text.apply(blip2)).toList();
    var streams = new Streams(mine, blip2, bench.listener());
    List<List<Generated>> found =
        pictures.size() == 1
            ? aboutOne(model, blip2, mine, texts, streams, bench)
            : aboutSeveral(blip2, mine, texts, streams, bench);
    streams.finish();
    for (int i = 0; i < mine.size(); i++) {
      found.get(i).forEach(one -> bench.listener().tokens(one.tokenIds().size()));
      mine.get(i).result().complete(mine.get(i).written(blip2, texts.get(i), found.get(i)));
    }
  }

  private List<List<Generated>> aboutSeveral(
      Blip2 blip2, List<GenerateJob> jobs, List<String> texts, TokenStreamer streams, Bench bench)
      throws IOException {
    List<Prompt> prompts = prompts(jobs, texts, bench.maxPixels());
    List<Picture> all = jobs.stream().flatMap(job -> job.pictures.stream()).toList();
    return Picture.resized(all, () -> blip2.generate(prompts, config, streams));
  }

  private Written written(Blip2 blip2, String prompt, List<Generated> texts) {
    int images = pictures.size() * blip2.model().config().queryTokens();
    List<List<Spelled>> tokens =
        texts.stream().map(text -> Spelled.of(text, blip2.tokenizer())).toList();
    return new Written(texts, images + blip2.tokenizer().encodePlain(prompt).length, tokens);
  }

  private List<List<Generated>> aboutOne(
      ServedModel model,
      Blip2 blip2,
      List<GenerateJob> jobs,
      List<String> texts,
      TokenStreamer streams,
      Bench bench)
      throws IOException {
    List<Picture> images = jobs.stream().map(job -> job.pictures.get(0)).toList();
    List<ImageFeatures> each = bench.features().of(model, images, bench);
    if (each.stream().distinct().count() == 1) {
      return blip2.generate(each.get(0), texts, config, streams);
    }
    try (ImageFeatures all = ImageFeatures.joined(each)) {
      return blip2.generate(all, texts, config, streams);
    }
  }

  private static List<Prompt> prompts(List<GenerateJob> jobs, List<String> texts, long maxPixels)
      throws IOException {
    List<Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < jobs.size(); i++) {
      List<Picture> pictures = jobs.get(i).pictures;
      Prompt prompt = Prompt.of(pictures.get(0).decode(maxPixels));
      for (Picture more : pictures.subList(1, pictures.size())) {
        prompt = prompt.image(more.decode(maxPixels));
      }
      prompts.add(prompt.text(texts.get(i)));
    }
    return prompts;
  }

  /** The text of one job, piece by piece. */
  private static final class Stream {
    private final Tokenizer tokenizer;
    private final TextStreamer text;
    private List<Spelled> untold = new ArrayList<>();

    Stream(GenerateJob job, Listener pieces, Tokenizer tokenizer) {
      this.tokenizer = tokenizer;
      this.text =
          TextStreamer.of(
              tokenizer,
              job.config,
              piece -> {
                job.told = true;
                List<Spelled> tokens = untold;
                untold = new ArrayList<>();
                pieces.piece(piece, tokens);
              });
    }

    void add(GeneratedToken token) {
      untold.add(Spelled.of(token, tokenizer));
      text.onToken(0, token.id());
    }

    void finish() {
      text.finish();
    }
  }

  /** Hands the tokens of a batch to the streams of its jobs. */
  private static final class Streams implements TokenStreamer {
    private final List<@Nullable Stream> streams = new ArrayList<>();
    private final List<GenerateJob> jobs;
    private final int sequences; // of each job
    private final WorkListener listener;
    private final long begun = System.nanoTime();
    private boolean first = true;

    Streams(List<GenerateJob> jobs, Blip2 blip2, WorkListener listener) {
      this.jobs = jobs;
      this.listener = listener;
      this.sequences = jobs.get(0).config.numReturnSequences();
      for (GenerateJob job : jobs) {
        Listener pieces = job.pieces;
        streams.add(pieces == null ? null : new Stream(job, pieces, blip2.tokenizer()));
      }
    }

    @Override
    public void onToken(int row, GeneratedToken token) {
      if (first) {
        first = false;
        listener.firstToken((System.nanoTime() - begun) / 1e9);
      }
      Stream stream = streams.get(row / sequences);
      if (stream != null && row % sequences == 0 && !jobs.get(row / sequences).isCancelled()) {
        stream.add(token);
      }
    }

    @Override
    public void onToken(int row, int token) {
      throw new AssertionError("tokens expected with their log-probabilities");
    }

    void finish() {
      for (Stream stream : streams) {
        if (stream != null) {
          stream.finish();
        }
      }
    }
  }
}
