package io.github.blip2j.text;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.text.tokenizer.TokenizerPipeline;
import io.github.blip2j.text.tokenizer.TokenizerPipeline.SpecialTokenRule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Tokenizer} from Hugging Face's files: byte-pair encoding, WordPiece, Unigram or whole
 * words, with all components of a {@code tokenizer.json}. It reads local files only, and gives the
 * same ids as Hugging Face's library.
 *
 * <p>Half a surrogate pair, which no UTF-8 file can contain, is replaced by U+FFFD.
 */
public final class HuggingFaceTokenizer implements Tokenizer {
  private static final String IMAGE = "<image>";

  private final TokenizerPipeline pipeline;
  private final TokenizerSettings settings;
  private final int rows; // of the model's token embedding
  private final AtomicBoolean closed; // shared by all views

  private HuggingFaceTokenizer(
      TokenizerPipeline pipeline, TokenizerSettings settings, int rows, AtomicBoolean closed) {
    this.pipeline = pipeline;
    this.settings = settings;
    this.rows = rows;
    this.closed = closed;
  }

  /**
   * Opens a tokenizer, with the settings in {@code tokenizer_config.json} if a folder has one.
   *
   * @param path a folder that holds {@code tokenizer.json} or the older files, {@code vocab.json}
   *     with {@code merges.txt} or {@code vocab.txt}; or a {@code tokenizer.json} under any name
   * @throws CheckpointException if there is no such file, it describes no tokenizer, or one with an
   *     unknown component
   */
  public static HuggingFaceTokenizer open(Path path) throws IOException {
    TokenizerSettings settings = TokenizerSettings.of(path);
    TokenizerPipeline pipeline = TokenizerFolder.read(path, settings.overrides());
    return new HuggingFaceTokenizer(
        pipeline, settings, Integer.MAX_VALUE, new AtomicBoolean(false));
  }

  @Override
  public HuggingFaceTokenizer within(int modelVocabSize) throws CheckpointException {
    int largest = pipeline.largestOwnId();
    if (largest >= modelVocabSize) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: largest token id expected below the model's vocabulary of %d, got %d; %s",
              pipeline,
              modelVocabSize,
              largest,
              "use the tokenizer that came with the model"));
    }
    return new HuggingFaceTokenizer(pipeline, settings, modelVocabSize, closed);
  }

  @Override
  public int[] encode(String text) {
    int[] plain = encodePlain(text);
    int[] before = pipeline.idsBefore();
    int[] behind = pipeline.idsBehind();
    return fitting(joined(before, plain, 0, plain.length, behind));
  }

  @Override
  public int[] encodePlain(String text) {
    return fitting(open().encode(text));
  }

  @Override
  public int[] encodeTruncated(String text, int maxTokens, Side side) {
    int[] plain = open().encode(text);
    int[] before = pipeline.idsBefore();
    int[] behind = pipeline.idsBehind();
    int room = maxTokens - before.length - behind.length;
    if (room < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "encodeTruncated: maxTokens expected at least %d for the special tokens, got %d",
              before.length + behind.length,
              maxTokens));
    }
    int kept = Math.min(room, plain.length);
    int from = side == Side.LEFT ? plain.length - kept : 0;
    return fitting(joined(before, plain, from, kept, behind));
  }

  @Override
  public String decode(int[] ids) {
    return decode(ids, SpecialTokenRule.SKIP);
  }

  @Override
  public String decodeAll(int[] ids) {
    return decode(ids, SpecialTokenRule.KEEP);
  }

  @Override
  public int vocabSize() {
    return pipeline.size();
  }

  @Override
  public OptionalInt idOf(String token) {
    @Nullable Integer id = pipeline.idOf(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The spelling of the end token, if the settings beside the file name one. */
  public Optional<String> endToken() {
    return Optional.ofNullable(settings.endToken());
  }

  @Override
  public OptionalInt padId() {
    for (String token : settings.padTokens()) {
      OptionalInt id = idOf(token);
      if (id.isPresent()) {
        return id;
      }
    }
    return OptionalInt.empty();
  }

  @Override
  public void close() {
    closed.set(true);
  }

  private TokenizerPipeline open() {
    if (closed.get()) {
      throw new IllegalStateException(
          "tokenizer: open tokenizer expected, got a closed one; close it after its last use");
    }
    return pipeline;
  }

  private String decode(int[] ids, SpecialTokenRule rule) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT, "decode: token ids expected 0 or more, got %d at %d", ids[i], i));
      }
    }
    return settings.cleanUp(open().decode(ids, rule), pipeline.modelType());
  }

  /** Checks that the model has embeddings for the ids. */
  private int[] fitting(int[] ids) {
    for (int id : ids) {
      if (id >= rows) {
        String token = pipeline.decode(new int[] {id}, SpecialTokenRule.KEEP);
        String hint =
            token.equals(IMAGE) ? "it stands for the image" : "the model has no embedding for it";
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "encode: token ids expected below the model's vocabulary of %d, got %d for %s; %s",
                rows,
                id,
                token,
                hint + ", so leave it out of the text"));
      }
    }
    return ids;
  }

  private static int[] joined(int[] before, int[] plain, int from, int count, int[] behind) {
    int[] ids = new int[before.length + count + behind.length];
    System.arraycopy(before, 0, ids, 0, before.length);
    System.arraycopy(plain, from, ids, before.length, count);
    System.arraycopy(behind, 0, ids, before.length + count, behind.length);
    return ids;
  }
}
