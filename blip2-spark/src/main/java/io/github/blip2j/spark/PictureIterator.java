package io.github.blip2j.spark;

import io.github.blip2j.nn.CancellationToken;
import io.github.blip2j.spark.PictureReader.Read;
import io.github.blip2j.vision.image.Image;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one partition. Spark's thread takes rows and hands out results; threads of its own
 * decode; the model works on threads that all tasks share.
 *
 * <pre>
 * Spark's thread   rows of batch k+1 | wait | results of batch k-1 to Spark | rows of batch k+2
 * decoding                 batch k+1 ......                                           batch k+2
 * model            batch k ..........................| batch k+1 .........................
 * </pre>
 *
 * <p>At most two batches of decoded pictures wait for the model or are in it, and one is being
 * read. All of Spark's own objects, accumulators too, are touched by Spark's thread only.
 */
final class PictureIterator implements Iterator<Row> {
  private static final int AHEAD = 2;

  private final PictureFunction function;
  private final ExecutorModel model;
  private final PictureReader reader;
  private final Iterator<Row> rows;
  private final ExecutorService decoders;
  private final CancellationToken token = CancellationToken.create();
  private final ArrayDeque<Batch> running = new ArrayDeque<>();
  private final ArrayDeque<Row> ready = new ArrayDeque<>();
  private long idleSince = System.nanoTime();

  /** A row that is on its way. */
  private static final class Pending {
    final @Nullable Object[] values; // of the result, without output and error
    final @Nullable String text;
    final Future<Read> read;
    @Nullable Image fitted;
    @Nullable Object result;
    @Nullable String error;

    Pending(@Nullable Object[] values, @Nullable String text, Future<Read> read) {
      this.values = values;
      this.text = text;
      this.read = read;
    }
  }

  /** Rows that the model works on together. */
  private record Batch(List<Pending> rows, Future<Times> done) {}

  /** When the model began and ended. */
  private record Times(long start, long end) {}

  PictureIterator(
      PictureFunction function, ExecutorModel model, PictureReader reader, Iterator<Row> rows) {
    this.function = function;
    this.model = model;
    this.reader = reader;
    this.rows = rows;
    this.decoders = Daemons.pool("blip2-decoder", function.options().decodingThreads());
    TaskCompletionListener ending = context -> stop();
    TaskContext.get().addTaskCompletionListener(ending);
  }

  /** Ends all work, also when the task was killed or nobody wants the rest of the rows. */
  private void stop() {
    token.cancel();
    decoders.shutdownNow();
    for (Batch batch : running) {
      batch.done.cancel(false); // takes it out of the queue, if it waits there
    }
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty() && (rows.hasNext() || !running.isEmpty())) {
      while (running.size() < AHEAD && rows.hasNext()) {
        submit(decoded(read()));
      }
      deliver(running.remove());
    }
    return !ready.isEmpty();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }

  /** Takes the rows of a batch and starts to decode them. */
  private List<Pending> read() {
    List<Pending> batch = new ArrayList<>();
    while (batch.size() < function.options().batchSize() && rows.hasNext()) {
      batch.add(pending(rows.next()));
    }
    return batch;
  }

  private Pending pending(Row row) {
    PictureTable table = function.table();
    @Nullable Object[] values = new Object[table.schema().size()];
    int next = 0;
    for (int kept : table.kept()) {
      values[next++] = row.get(kept);
    }
    String input = function.options().input();
    @Nullable TextSource source = function.work().text();
    @Nullable String text = null;
    if (source != null) {
      text = source.isColumn() ? row.getString(table.text()) : source.value();
      if (text == null || text.isBlank()) {
        return new Pending(values, null, broken(source.value() + ": text expected, got none"));
      }
    }
    if (row.isNullAt(table.input())) {
      return new Pending(values, null, broken(input + ": picture expected, got null"));
    }
    byte @Nullable [] bytes = table.holdsBytes() ? (byte[]) row.get(table.input()) : null;
    String path = table.name() < 0 ? input : String.valueOf(row.get(table.name()));
    String name = bytes == null ? row.getString(table.input()) : path;
    return new Pending(values, text, decoders.submit(() -> reader.read(bytes, name)));
  }

  private static Future<Read> broken(String error) {
    return CompletableFuture.completedFuture(new Read(null, error, 0));
  }

  /** Waits for the pictures of a batch. */
  private List<Pending> decoded(List<Pending> batch) {
    for (Pending row : batch) {
      Read read = await(row.read, "decoding");
      row.fitted = read.fitted();
      row.error = read.error();
      function.metrics().addDecoding(read.nanos());
    }
    return batch;
  }

  /** Gives a batch to the model. */
  private void submit(List<Pending> batch) {
    if (running.isEmpty() || running.getLast().done.isDone()) {
      long since = running.isEmpty() ? idleSince : await(running.getLast().done, "the model").end();
      function.metrics().addWaiting(System.nanoTime() - since);
    }
    running.add(new Batch(batch, model.threads().submit(() -> run(batch))));
  }

  /** Runs the model, on a thread of its own. */
  private Times run(List<Pending> batch) {
    long start = System.nanoTime();
    token.throwIfCancelled();
    List<Pending> good = batch.stream().filter(row -> row.fitted != null).toList();
    if (!good.isEmpty()) {
      compute(good);
    }
    return new Times(start, System.nanoTime());
  }

  private void compute(List<Pending> good) {
    List<Image> images = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (Pending row : good) {
      if (row.fitted != null) {
        images.add(row.fitted);
      }
      if (row.text != null) {
        texts.add(row.text);
      }
    }
    try {
      List<?> results = function.work().of(model, images, texts, token);
      for (int i = 0; i < good.size(); i++) {
        good.get(i).result = results.get(i);
      }
    } catch (IllegalArgumentException e) { // a text that is too long, for example
      if (good.size() == 1) {
        good.get(0).error = String.valueOf(e.getMessage());
      } else {
        good.forEach(row -> compute(List.of(row)));
      }
    }
  }

  /** Waits for the model, and makes rows of its results. */
  private void deliver(Batch batch) {
    Times times = await(batch.done, "a batch of " + batch.rows.size());
    idleSince = times.end();
    function.metrics().addModel(times.end() - times.start());
    for (Pending row : batch.rows) {
      int last = row.values.length - 1;
      row.values[last - 1] = row.result;
      row.values[last] = row.error;
      ready.add(RowFactory.create(row.values));
      function.metrics().addRow(row.error != null);
    }
  }

  private static <T> T await(Future<T> future, String what) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("spark: task expected to run to its end, got killed", e);
    } catch (ExecutionException e) {
      throw Failures.told(what, e.getCause() == null ? e : e.getCause());
    }
  }
}
