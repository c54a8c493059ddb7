package io.github.blip2j.io.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Downloads one file to an incomplete file beside its place. It continues an existing incomplete
 * file, whoever wrote it; the result must have the right checksum.
 */
final class FileTransfer {
  private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-\\d+/(\\d{1,18}|\\*)");

  private final ModelCache cache;
  private final ModelId model;
  private final RemoteFile file;
  private final String path;
  private final Path incomplete;
  private final HubClient client;
  private final DownloadResources means;
  private long best; // the largest size so far

  FileTransfer(
      ModelCache cache,
      RemoteModel remote,
      RemoteFile file,
      HubClient client,
      DownloadResources means) {
    this.cache = cache;
    this.means = means;
    this.model = cache.id();
    this.file = file;
    this.path = remote.path(model, file.name());
    this.incomplete = cache.incomplete(file.etag());
    this.client = client;
  }

  /**
   * Downloads and checks the file.
   *
   * @param listener receives the number of bytes so far
   * @throws HubException if the file can't be downloaded completely
   */
  void run(RetryPolicy attempts, LongConsumer listener) throws IOException {
    Files.createDirectories(incomplete.resolveSibling(""));
    LongConsumer progress =
        at -> {
          if (at > best) { // otherwise a host that always restarts would be retried forever
            best = at;
            attempts.progressed();
          }
          listener.accept(at);
        };
    while (!attempts.run(() -> fetch(progress))) {
      Files.delete(incomplete); // the host could not continue from it
    }
    try (FileChannel channel = FileChannel.open(incomplete, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Checksum.require(model, file, incomplete);
  }

  /** Downloads the rest; false if the host does not have that range. */
  private boolean fetch(LongConsumer progress) throws IOException {
    long from = BlobLock.sizeOf(incomplete);
    if (file.size() < 0 || from > file.size()) {
      Files.deleteIfExists(incomplete);
      from = 0;
    }
    if (from > 0 && from == file.size()) {
      return true;
    }
    try (HubResponse answer = client.get(path, from)) {
      boolean goesOn = from > 0 && answer.status() == 206 && isRangeFrom(from, answer);
      if (answer.status() == 200 || goesOn) {
        requireRoom(answer);
        receive(answer.body(), goesOn ? from : 0, progress);
        requireWhole(answer);
        return true;
      }
      if (from > 0 && (answer.status() == 416 || answer.status() == 206)) {
        return false;
      }
      throw HubErrors.ofFile(model, client.endpoint(), file.name(), answer);
    }
  }

  private boolean isRangeFrom(long from, HubResponse answer) {
    @Nullable String range = answer.header("Content-Range");
    Matcher matcher = RANGE.matcher(range == null ? "" : range);
    return matcher.matches()
        && Long.parseLong(matcher.group(1)) == from
        && (matcher.group(2).equals("*") || Long.parseLong(matcher.group(2)) == file.size());
  }

  private void receive(TimedBody body, long from, LongConsumer progress) throws IOException {
    try (FileChannel out =
        FileChannel.open(incomplete, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      out.truncate(from).position(from);
      var pace = new Pace(from);
      for (@Nullable List<ByteBuffer> piece = body.next(); piece != null; piece = body.next()) {
        for (ByteBuffer buffer : piece) {
          write(buffer, out);
        }
        requireNoMore(out.position());
        pace.require(out.position());
        progress.accept(out.position());
      }
    }
  }

  private void write(ByteBuffer bytes, FileChannel out) throws IOException {
    try {
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    } catch (IOException e) {
      if (file.size() < 0) { // an incomplete file of unknown size could not be resumed
        Files.deleteIfExists(incomplete);
      }
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: room expected for %s, got %s; make room and run it again",
              model,
              incomplete,
              e.getMessage()),
          e);
    }
  }

  /** Rejects more bytes than stated; an endless response would fill the disk. */
  private void requireNoMore(long size) throws IOException {
    if (file.size() >= 0 && size > file.size()) {
      Files.delete(incomplete);
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: %s expected of %d bytes, got more; it was removed, run it again",
              model,
              file.name(),
              file.size()));
    }
  }

  /**
   * Rejects a file of unknown size, because a truncation would go unnoticed; checks the room for a
   * size that only this response states.
   */
  private void requireRoom(HubResponse answer) throws IOException {
    if (file.size() >= 0) {
      return;
    }
    long size = answer.size("Content-Length");
    if (size < 0) {
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: %s expected with its size, got none; check HF_ENDPOINT",
              model,
              file.name()));
    }
    DiskSpace.require(size, cache, means.machine());
  }

  /**
   * The rate at which the file grows. A host that sends a byte now and then never times out, and
   * never ends.
   */
  private final class Pace {
    private long since = means.machine().nanoTime();
    private long begin;

    Pace(long begin) {
      this.begin = begin;
    }

    void require(long size) throws HubException {
      Duration span = means.limits().wholeAnswer();
      long now = means.machine().nanoTime();
      if (now - since <= span.toNanos()) {
        return;
      }
      if (size - begin < Limits.LEAST_RATE * span.toMillis() / 1000) {
        throw new HubException(
            String.format(
                Locale.ROOT,
                "%s: %s expected to grow by %d bytes a second, got %d in %s; run it again to go on",
                model,
                file.name(),
                Limits.LEAST_RATE,
                size - begin,
                Limits.seconds(span)));
      }
      since = now;
      begin = size;
    }
  }

  /** Checks the length; without a length in the headers a lost connection looks like the end. */
  private void requireWhole(HubResponse answer) throws IOException {
    if (file.size() >= 0 && Files.size(incomplete) < file.size()) {
      throw new TransientException(answer.uri(), "no connection or a cut one", null, null);
    }
  }
}
