package io.github.blip2j.pretraining.parts;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.data.DataException;
import io.github.blip2j.data.EpochOrder;
import io.github.blip2j.training.BatchSource;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Batches of texts for the training of a language model. A file has one JSON object a line, {@code
 * {"text": "..."}}. Each epoch has an order of its own, and texts that fill no batch are left out
 * of it.
 */
public final class PageBatches implements BatchSource<PageBatch> {
  private final List<String> texts;
  private final int batchSize;
  private final long seed;

  private PageBatches(List<String> texts, int batchSize, long seed) {
    this.texts = texts;
    this.batchSize = batchSize;
    this.seed = seed;
  }

  /**
   * Reads the texts of several files, one after the other.
   *
   * @param seed of the orders
   * @throws DataException naming the file and the line that has no text
   * @throws IllegalArgumentException if there are fewer texts than a batch has
   */
  public static PageBatches open(List<Path> files, int batchSize, long seed) throws IOException {
    List<String> texts = new ArrayList<>();
    for (Path file : files) {
      read(file, texts);
    }
    if (batchSize < 1 || batchSize > texts.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "texts: batch size expected 1 to %d, which is how many there are, got %d",
              texts.size(),
              batchSize));
    }
    return new PageBatches(List.copyOf(texts), batchSize, seed);
  }

  private static void read(Path file, List<String> texts) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new DataException(file + ": texts expected, got no file; check the path");
    }
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (!line.isBlank()) {
          texts.add(text(file, number, line));
        }
      }
    } catch (CharacterCodingException e) {
      throw new DataException(file + ": text expected UTF-8, got other bytes", e);
    }
  }

  private static String text(Path file, int number, String line) throws DataException {
    try {
      @Nullable JsonElement text = null;
      if (JsonParser.parseString(line) instanceof JsonObject record) {
        text = record.get("text");
      }
      if (text instanceof JsonPrimitive words
          && words.isString()
          && !words.getAsString().isBlank()) {
        return words.getAsString();
      }
    } catch (JsonParseException e) {
      throw new DataException(
          String.format(Locale.ROOT, "%s: line %d expected JSON, got malformed text", file, number),
          e);
    }
    throw new DataException(
        String.format(
            Locale.ROOT,
            "%s: line %d expected {\"text\": \"...\"} with words, got something else",
            file,
            number));
  }

  /** The number of texts. */
  public int size() {
    return texts.size();
  }

  @Override
  public OptionalLong batchesPerEpoch() {
    return OptionalLong.of(texts.size() / batchSize);
  }

  @Override
  public Map<String, Long> sizes() {
    return Map.of("batch_size", (long) batchSize, "records", (long) texts.size());
  }

  @Override
  public Stream<PageBatch> open(int epoch, long first) {
    int[] order = EpochOrder.of(texts.size(), seed, epoch);
    return LongStream.range(first, texts.size() / batchSize).mapToObj(each -> batch(order, each));
  }

  private PageBatch batch(int[] order, long number) {
    List<String> chosen = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    int begin = Math.toIntExact(number * batchSize);
    for (int i = begin; i < begin + batchSize; i++) {
      chosen.add(texts.get(order[i]));
      ids.add("text " + (order[i] + 1));
    }
    return new PageBatch(chosen, ids);
  }
}
