package io.github.blip2j.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Puts pickles together opcode by opcode, and files of torch.save around them. */
public final class PickleBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** The start of a pickle. */
  public static PickleBytes start() {
    return new PickleBytes().ops(0x80, 2);
  }

  /** A file of torch.save with storage "0" of 6 floats, whose object is {@code {"w": tensor}}. */
  public static PickleBytes tensor(long offset, long[] size, long[] stride) {
    return start().ops('}').text("w").rebuild("F", 6, offset, size, stride).ops('s');
  }

  public PickleBytes ops(int... bytes) {
    for (int each : bytes) {
      out.write(each);
    }
    return this;
  }

  public PickleBytes repeat(int count, int... bytes) {
    for (int i = 0; i < count; i++) {
      ops(bytes);
    }
    return this;
  }

  public PickleBytes text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return ops('X').int32(bytes.length).raw(bytes);
  }

  public PickleBytes global(String module, String name) {
    return ops('c').raw((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
  }

  public PickleBytes number(long value) {
    return ops(0x8a, 8).raw(little(8).putLong(0, value).array());
  }

  public PickleBytes int32(int value) {
    return raw(little(4).putInt(0, value).array());
  }

  public PickleBytes raw(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  /** The call that makes a tensor over storage "0" of {@code count} elements. */
  public PickleBytes rebuild(String kind, long count, long offset, long[] size, long[] stride) {
    global("torch._utils", "_rebuild_tensor_v2").ops('(');
    storage(kind, "0", count).number(offset).tuple(size).tuple(stride);
    return ops(0x89).global("collections", "OrderedDict").ops(')', 'R', 't', 'R');
  }

  /** A tensor over the six floats of storage "0", with metadata that say {@code key: True}. */
  public PickleBytes rebuildWith(String key, String kind, long count, long[] size, long[] stride) {
    global("torch._utils", "_rebuild_tensor_v2").ops('(');
    storage(kind, "0", count).number(0).tuple(size).tuple(stride);
    ops(0x89).global("collections", "OrderedDict").ops(')', 'R');
    return ops('}').text(key).ops(0x88, 's', 't', 'R');
  }

  public PickleBytes storage(String kind, String key, long count) {
    String name = kind.equals("F") ? "FloatStorage" : kind;
    return ops('(')
        .text("storage")
        .global("torch", name)
        .text(key)
        .text("cpu")
        .number(count)
        .ops('t', 'Q');
  }

  public PickleBytes tuple(long... numbers) {
    ops('(');
    for (long number : numbers) {
      number(number);
    }
    return ops('t');
  }

  public byte[] stop() {
    ops('.');
    return out.toByteArray();
  }

  /** Writes the pickle as an archive with storage "0" of 24 bytes. */
  public Path saveIn(Path folder) {
    return saveIn(folder, new byte[24]);
  }

  /** Writes the pickle as an archive with these bytes as storage "0". */
  public Path saveIn(Path folder, byte[] storage) {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", stop());
    entries.put("a/data/0", storage);
    return zip(folder.resolve("a.pth"), entries);
  }

  public static Path zip(Path file, Map<String, byte[]> entries) {
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      for (Map.Entry<String, byte[]> each : entries.entrySet()) {
        var entry = new ZipEntry(each.getKey());
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(each.getValue().length);
        var crc = new CRC32();
        crc.update(each.getValue());
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(each.getValue());
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
