package io.github.blip2j.blip2.inference;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.blip2.text.TextLength;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.nn.CancellationToken;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import io.github.blip2j.text.TokenizerFolder;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A loaded model of the first stage: weights, tokenizer and image processor. */
public final class MatchingSession implements AutoCloseable {
  private static final String END = "[SEP]";

  private final CloseGuard gate;
  private final TextCuts cuts;
  private final Scope memory;
  private final Blip2RetrievalModel model;
  private final NavigableSet<String> leftOut;
  private final HuggingFaceTokenizer tokenizer;
  private final ImageProcessor processor;
  private final @Nullable Integer usualTokens; // null: texts are not cut
  private final @Nullable Integer chosenTokens; // null: as usual
  private final List<CancellationToken> tokens; // each stops the calls of this view

  private MatchingSession(Scope memory, RetrievalLoader.Loaded loaded, Path folder)
      throws IOException {
    this.gate = new CloseGuard("matcher", "model");
    this.cuts = new TextCuts();
    this.memory = memory;
    this.model = loaded.model();
    // LAVIS cuts texts to max_txt_len; Hugging Face uses all tokens that there are positions for.
    this.chosenTokens = null;
    this.tokens = List.of();
    this.usualTokens =
        loaded.convention() == Convention.LAVIS ? Integer.valueOf(config().maxTextTokens()) : null;
    this.leftOut = loaded.leftOut();
    this.processor = ModelFolder.processor(folder, model.config().vision());
    this.tokenizer = HuggingFaceTokenizer.open(folder); // last: nothing fails after it
  }

  private MatchingSession(
      Blip2RetrievalModel model, HuggingFaceTokenizer tokenizer, ImageProcessor processor) {
    this.gate = new CloseGuard("matcher", "model");
    this.cuts = new TextCuts();
    this.memory = Scope.detached(model.backend());
    this.model = model;
    this.chosenTokens = null;
    this.tokens = List.of();
    this.usualTokens = config().maxTextTokens(); // as it is trained
    this.leftOut = Collections.emptyNavigableSet();
    this.processor = processor;
    this.tokenizer = tokenizer;
  }

  private MatchingSession(
      MatchingSession from, @Nullable Integer maxTextTokens, List<CancellationToken> tokens) {
    this.gate = from.gate;
    this.cuts = from.cuts;
    this.memory = from.memory;
    this.model = from.model;
    this.leftOut = from.leftOut;
    this.tokenizer = from.tokenizer;
    this.processor = from.processor;
    this.usualTokens = from.usualTokens;
    this.chosenTokens = maxTextTokens;
    this.tokens = tokens;
  }

  /** A model that is there already; closing the session closes its tokenizer. */
  public static MatchingSession borrowing(
      Blip2RetrievalModel model, HuggingFaceTokenizer tokenizer, ImageProcessor processor) {
    return new MatchingSession(model, tokenizer, processor);
  }

  /** A view of this model that uses at most {@code most} tokens of a text. */
  public MatchingSession withMaxTextTokens(int most) {
    int positions = config().bert().maxPositions();
    if (most < 2 || most > positions) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "matcher: maxTextTokens expected 2 to %d, got %d", positions, most));
    }
    return new MatchingSession(this, most, tokens);
  }

  /** A view of this model whose calls the token stops too. */
  public MatchingSession withCancellation(CancellationToken token) {
    var more = new ArrayList<>(tokens);
    more.add(token);
    return new MatchingSession(this, chosenTokens, List.copyOf(more));
  }

  public static MatchingSession load(Path path, LoadOptions options) throws IOException {
    Path folder = Files.isDirectory(path) ? path : folderOf(path);
    if (Files.exists(path) && !TokenizerFolder.isIn(folder)) {
      throw new CheckpointException(
          folder
              + ": tokenizer.json expected beside the weights, got none; copy bert-base-uncased's"
              + " there");
    }
    Scope memory = options.openMemory();
    try (var opened = new OpenResources()) {
      opened.add(memory::close);
      RetrievalLoader.Loaded model;
      try (var loading = Scope.open()) {
        model = RetrievalLoader.load(path, memory, options);
      }
      return opened.keep(new MatchingSession(memory, model, folder));
    }
  }

  private static Path folderOf(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    return folder == null ? file : folder;
  }

  public Blip2RetrievalModel model() {
    return model;
  }

  /** The backend of the parameters, on which calls compute. */
  public Backend backend() {
    return memory.backend();
  }

  /** Names of the checkpoint's tensors that the model has no parameter for. */
  public NavigableSet<String> leftOut() {
    return leftOut;
  }

  /** Whether the other shares this model's parameters. */
  boolean sharesWeights(MatchingSession other) {
    return gate == other.gate;
  }

  public Blip2Qformer qformer() {
    return model.qformer();
  }

  Blip2QformerConfig config() {
    return model.config().qformer();
  }

  public HuggingFaceTokenizer tokenizer() {
    return tokenizer;
  }

  public ImageProcessor processor() {
    return processor;
  }

  /** The end token, {@code [SEP]}. */
  int endId() {
    OptionalInt id = tokenizer.idOf(END);
    return id.orElseThrow(
        () -> new IllegalStateException("tokenizer: " + END + " expected among its tokens"));
  }

  public int padId() {
    return tokenizer.padId().orElse(0); // masked, so any token would do
  }

  /** The vision encoder's features of images, [B, N, E]. */
  public Tensor encodeImages(List<Image> images) {
    return Scope.run(
        backend(), () -> model.encodeImage(processor.tensor(images), ForwardPass.evaluation()));
  }

  /** The token ids of a text for comparison: all, or cut as LAVIS or the caller sets. */
  public int[] comparedIds(String where, String text) {
    return comparedIds(where, text, usualTokens);
  }

  /** The token ids of texts for comparison. */
  public List<int[]> comparedIds(String where, List<String> texts) {
    return texts.stream().map(text -> comparedIds(where, text)).toList();
  }

  /**
   * The token ids of a text for comparison, cut to {@code most} if the caller set no limit.
   *
   * @param most the limit of tokens, or null for none
   */
  public int[] comparedIds(String where, String text, @Nullable Integer most) {
    TextLength length = length(text, most);
    if (!length.isCut()) {
      return wholeIds(where, text);
    }
    cuts.tell(
        where,
        length.tokens(),
        length.read(),
        "end",
        "raise the limit by withMaxTextTokens or --max-text-tokens");
    return checked(where, tokenizer.encodeTruncated(text, length.read(), Side.RIGHT));
  }

  /** The length of a text, and of the part that is used. */
  public TextLength length(String text) {
    return length(text, usualTokens);
  }

  private TextLength length(String text, @Nullable Integer most) {
    int tokens = tokenizer.encode(text).length;
    @Nullable Integer limit = chosenTokens == null ? most : chosenTokens;
    int positions = config().bert().maxPositions();
    return new TextLength(
        tokens, limit == null ? tokens : Math.min(tokens, Math.min(limit, positions)));
  }

  /** All token ids of a text. */
  public int[] wholeIds(String where, String text) {
    int[] ids = tokenizer.encode(text);
    int positions = config().bert().maxPositions();
    if (ids.length > positions) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: text expected at most %d tokens, got %d; shorten it",
              where,
              positions,
              ids.length));
    }
    return checked(where, ids);
  }

  /** Texts padded to the longest. */
  public TextBatch batch(List<int[]> texts) {
    return TextBatch.of(texts, padId());
  }

  private int[] checked(String where, int[] ids) {
    VocabularyCheck.requireEmbeddings(
        where + ": text", tokenizer, config().bert().vocabSize(), null, ids);
    return ids;
  }

  /**
   * Runs a call that uses the model; {@link #close} waits for it.
   *
   * @throws IllegalStateException if the model is closed
   */
  public <T> T during(Supplier<T> body) {
    try (CloseGuard.Entry entry = CancellableEntry.of(gate, tokens)) {
      return body.get();
    }
  }

  @Override
  public void close() {
    gate.close(
        () -> {
          try (memory) {
            tokenizer.close();
          }
        });
  }
}
