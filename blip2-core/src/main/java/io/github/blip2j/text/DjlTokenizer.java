package io.github.blip2j.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.github.blip2j.io.CheckpointException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Tokenizer} on Hugging Face's own library, through DJL. Reads local files only.
 *
 * <p>The native library shares one tokenizer between threads but doesn't survive a close during a
 * call, so calls hold a read lock and {@link #close} the write lock.
 */
public final class DjlTokenizer implements Tokenizer {
  static final String FILE = "tokenizer.json";

  // Left alone, the library truncates at 512 tokens and pads with id 0.
  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false");

  private final TokenizerFile file;
  private final TokenizerSettings settings;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private @Nullable HuggingFaceTokenizer tokenizer;

  private DjlTokenizer(
      TokenizerFile file, TokenizerSettings settings, HuggingFaceTokenizer tokenizer) {
    this.file = file;
    this.settings = settings;
    this.tokenizer = tokenizer;
  }

  /**
   * Opens a tokenizer, with the settings in {@code tokenizer_config.json} if a folder has one.
   *
   * @param path a folder that holds {@code tokenizer.json}, or such a file under any name
   * @throws CheckpointException if there is no such file or it describes no tokenizer
   * @throws IOException if the native library can't be loaded here
   */
  public static DjlTokenizer open(Path path) throws IOException {
    boolean folder = Files.isDirectory(path);
    Path json = folder ? path.resolve(FILE) : path;
    if (!Files.isRegularFile(json)) {
      throw new CheckpointException(json + ": file expected, got none; check the path");
    }
    byte[] bytes = Files.readAllBytes(json);
    String name = String.valueOf(json.getFileName());
    TokenizerFile file = TokenizerFile.parse(new String(bytes, StandardCharsets.UTF_8), name);
    TokenizerSettings settings = folder ? TokenizerSettings.read(path) : TokenizerSettings.NONE;
    TokenizerNatives.load();
    return new DjlTokenizer(file, settings, create(bytes, name));
  }

  /**
   * Loads the native library ahead of the first tokenizer, to find out whether it runs here.
   *
   * @return the folder that holds what it was unpacked to
   * @throws IOException if it can't be unpacked or doesn't run on this system
   */
  public static Path loadNatives() throws IOException {
    TokenizerNatives.load();
    return TokenizerNatives.folder();
  }

  @Override
  public int[] encode(String text) {
    return call(tokenizer -> toInts(tokenizer.encode(text, true, false).getIds()));
  }

  @Override
  public int[] encodePlain(String text) {
    return call(tokenizer -> toInts(tokenizer.encode(text, false, false).getIds()));
  }

  @Override
  public int[] encodeTruncated(String text, int maxTokens, Side side) {
    int[] full = encode(text);
    int[] plain = encodePlain(text);
    int room = maxTokens - (full.length - plain.length);
    if (room < 0) {
      throw new IllegalArgumentException(
          "encodeTruncated: maxTokens expected at least %d for the special tokens, got %d"
              .formatted(full.length - plain.length, maxTokens));
    }
    if (full.length <= maxTokens) {
      return full;
    }
    int before = indexOf(full, plain);
    int cut = plain.length - room;
    int from = before + (side == Side.LEFT ? 0 : room);
    int[] kept = new int[maxTokens];
    System.arraycopy(full, 0, kept, 0, from);
    System.arraycopy(full, from + cut, kept, from, maxTokens - from);
    return kept;
  }

  @Override
  public String decode(int[] ids) {
    return decode(ids, true);
  }

  @Override
  public String decodeAll(int[] ids) {
    return decode(ids, false);
  }

  @Override
  public int vocabSize() {
    return file.ids().size();
  }

  @Override
  public OptionalInt idOf(String token) {
    @Nullable Integer id = file.ids().get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
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
  public void requireFits(int modelVocabSize) throws CheckpointException {
    file.requireFits(modelVocabSize);
  }

  @Override
  public void close() {
    Lock exclusive = lock.writeLock();
    exclusive.lock();
    try {
      if (tokenizer != null) {
        tokenizer.close();
        tokenizer = null;
      }
    } finally {
      exclusive.unlock();
    }
  }

  private static HuggingFaceTokenizer create(byte[] json, String name) throws IOException {
    try {
      return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS);
    } catch (RuntimeException e) { // all that the native side throws
      var exception =
          new CheckpointException("%s: tokenizer expected, got %s".formatted(name, e.getMessage()));
      exception.initCause(e);
      throw exception;
    }
  }

  private String decode(int[] ids, boolean skipSpecialTokens) {
    long[] longs = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0) {
        throw new IllegalArgumentException(
            "decode: token ids expected 0 or more, got %d at %d".formatted(ids[i], i));
      }
      longs[i] = ids[i];
    }
    String text = call(tokenizer -> tokenizer.decode(longs, skipSpecialTokens));
    return settings.cleanUp(text, file.modelType());
  }

  private <T> T call(Function<HuggingFaceTokenizer, T> body) {
    Lock shared = lock.readLock();
    shared.lock();
    try {
      if (tokenizer == null) {
        throw new IllegalStateException(
            "tokenizer: open tokenizer expected, got a closed one; close it after its last use");
      }
      return body.apply(tokenizer);
    } finally {
      shared.unlock();
    }
  }

  /** How many special tokens precede the text's own. */
  private static int indexOf(int[] full, int[] plain) {
    for (int at = 0; at + plain.length <= full.length; at++) {
      if (Arrays.equals(full, at, at + plain.length, plain, 0, plain.length)) {
        return at;
      }
    }
    throw new AssertionError("special tokens only surround a text");
  }

  private static int[] toInts(long[] ids) {
    return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
  }
}
