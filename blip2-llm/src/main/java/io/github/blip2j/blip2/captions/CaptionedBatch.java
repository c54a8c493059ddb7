package io.github.blip2j.blip2.captions;

import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.distributed.RankFailure;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What became of the images of a batch, on the rank that captioned them or on another. */
final class CaptionedBatch {
  private static final int FAILED = -1;

  private final List<Entry> entries = new ArrayList<>();

  /**
   * An image's texts, or why it has none.
   *
   * @param image its number in the batch
   */
  private record Entry(int image, List<Generated> texts, @Nullable Throwable why) {}

  /** Adds an image with its texts. */
  void add(int image, List<Generated> texts) {
    entries.add(new Entry(image, texts, null));
  }

  /** Adds an image that has no caption. */
  void fail(int image, Throwable why) {
    entries.add(new Entry(image, List.of(), why));
  }

  /** Adds an image from a batch of its own. */
  void add(int image, CaptionedBatch alone) {
    alone.entries.forEach(each -> entries.add(new Entry(image, each.texts, each.why)));
  }

  /** The number of images with texts. */
  int captioned() {
    return entries.size() - failed();
  }

  /** The number of images without. */
  int failed() {
    return (int) entries.stream().filter(each -> each.why != null).count();
  }

  /** Writes the texts, and tells of failures. */
  void write(List<Path> images, CaptionTarget target, CaptionExport.Listener listener)
      throws IOException {
    for (Entry each : entries) {
      Path image = images.get(each.image);
      if (each.why == null) {
        target.add(image, each.texts);
      } else {
        listener.failed(image, each.why);
      }
    }
    if (captioned() > 0) {
      target.flush();
    }
  }

  /** These as bytes: of each text, the text and its score. */
  byte[] bytes() throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    for (Entry each : entries) {
      out.writeInt(each.image);
      if (each.why != null) {
        out.writeInt(FAILED);
        write(out, RankFailure.bytes(each.why));
        continue;
      }
      out.writeInt(each.texts.size());
      for (Generated text : each.texts) {
        write(out, text.text().getBytes(StandardCharsets.UTF_8));
        out.writeDouble(text.score());
      }
    }
    return bytes.toByteArray();
  }

  /** What {@link #bytes} are of. */
  static CaptionedBatch of(byte[] bytes) throws IOException {
    var batch = new CaptionedBatch();
    var in = new DataInputStream(new ByteArrayInputStream(bytes));
    while (in.available() > 0) {
      int image = in.readInt();
      int count = in.readInt();
      if (count == FAILED) {
        batch.fail(image, RankFailure.of(read(in)));
        continue;
      }
      List<Generated> texts = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String text = new String(read(in), StandardCharsets.UTF_8);
        texts.add(
            new Generated(text, text, List.of(), in.readDouble(), true, List.of(), List.of()));
      }
      batch.add(image, texts);
    }
    return batch;
  }

  private static void write(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static byte[] read(DataInputStream in) throws IOException {
    return in.readNBytes(in.readInt());
  }
}
