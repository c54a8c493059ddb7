package io.github.blip2j.training.run;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A file of events as TensorBoard reads it: TFRecords, each of which is an {@code Event} in
 * protocol buffers.
 *
 * <pre>{@code
 * record  uint64 length, uint32 masked CRC-32C of the length, bytes, uint32 masked CRC-32C of them
 * Event   1 wall_time: double, 2 step: int64, 3 file_version: string, 5 summary: Summary,
 *         7 session_log: SessionLog
 * Summary 1 value: repeated { 1 tag: string, 2 simple_value: float }
 * SessionLog 1 status: START is 1
 * }</pre>
 *
 * All numbers are little-endian.
 */
final class EventFile implements AutoCloseable {
  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED_32 = 5;
  private static final int MASK_DELTA = 0xa282ead8; // of TensorFlow's record writer

  private final OutputStream out;

  private EventFile(OutputStream out) {
    this.out = out;
  }

  /** A new file in a folder, which exists. */
  static EventFile create(Path folder, double seconds) throws IOException {
    long pid = ProcessHandle.current().pid();
    for (int i = 0; ; i++) { // TensorBoard reads files in the order of their names
      String name =
          String.format(
              Locale.ROOT, "events.out.tfevents.%010d.blip2.%d.%d", (long) seconds, pid, i);
      Path file = folder.resolve(name);
      if (!Files.exists(file)) {
        var events = new EventFile(Files.newOutputStream(file, StandardOpenOption.CREATE_NEW));
        var version = new Message();
        version.put(1, seconds);
        version.put(3, "brain.Event:2".getBytes(StandardCharsets.UTF_8));
        events.write(version);
        return events;
      }
    }
  }

  /** Tells that a run goes on with {@code step}: events from there on in earlier files are void. */
  void writeStart(double seconds, long step) throws IOException {
    var start = new Message();
    start.put(1, 1L);
    var event = new Message();
    event.put(1, seconds);
    event.put(2, step);
    event.put(7, start.bytes());
    write(event);
  }

  /** The numbers of a step, by tag. */
  void writeScalars(double seconds, long step, Map<String, Double> scalars) throws IOException {
    var summary = new Message();
    scalars.forEach(
        (tag, value) -> {
          var scalar = new Message();
          scalar.put(1, tag.getBytes(StandardCharsets.UTF_8));
          scalar.put(2, value.floatValue());
          summary.put(1, scalar.bytes());
        });
    var event = new Message();
    event.put(1, seconds);
    event.put(2, step);
    event.put(5, summary.bytes());
    write(event);
  }

  private void write(Message message) throws IOException {
    byte[] bytes = message.bytes();
    ByteBuffer record = ByteBuffer.allocate(bytes.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(bytes.length);
    record.putInt(maskedChecksum(record.array(), 8));
    record.put(bytes);
    record.putInt(maskedChecksum(bytes, bytes.length));
    out.write(record.array());
  }

  static int maskedChecksum(byte[] bytes, int length) {
    var checksum = new CRC32C();
    checksum.update(bytes, 0, length);
    return Integer.rotateRight((int) checksum.getValue(), 15) + MASK_DELTA;
  }

  @Override
  public void close() throws IOException {
    out.close();
  }

  /** A protocol buffer being written. */
  private static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    byte[] bytes() {
      return out.toByteArray();
    }

    void put(int field, long value) {
      varint((long) field << 3 | VARINT);
      varint(value);
    }

    void put(int field, double value) {
      varint((long) field << 3 | FIXED_64);
      fixed(8, Double.doubleToLongBits(value));
    }

    void put(int field, float value) {
      varint((long) field << 3 | FIXED_32);
      fixed(4, Float.floatToIntBits(value));
    }

    void put(int field, byte[] bytes) {
      varint((long) field << 3 | BYTES);
      varint(bytes.length);
      out.writeBytes(bytes);
    }

    private void varint(long value) {
      long rest = value;
      while ((rest & ~0x7FL) != 0) {
        out.write((int) ((rest & 0x7F) | 0x80));
        rest >>>= 7;
      }
      out.write((int) rest);
    }

    private void fixed(int count, long value) {
      for (int i = 0; i < count; i++) {
        out.write((int) (value >>> (8 * i)));
      }
    }
  }
}
