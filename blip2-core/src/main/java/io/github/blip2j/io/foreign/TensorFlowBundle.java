package io.github.blip2j.io.foreign;

import io.github.blip2j.io.file.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The variables of a TensorFlow SavedModel or checkpoint: an index, which is a table of LevelDB,
 * and one file of data. Bundles in several files and of other types than float32 are refused.
 */
public final class TensorFlowBundle {
  private static final long TABLE = 0xdb4775248b80fb57L;
  private static final int FOOTER = 48;

  // Numbers of fields in tensor_bundle.proto and tensor_shape.proto.
  private static final int ENTRY_TYPE = 1;
  private static final int ENTRY_SHAPE = 2;
  private static final int ENTRY_SHARD = 3;
  private static final int ENTRY_OFFSET = 4;
  private static final int ENTRY_SIZE = 5;
  private static final int SHAPE_DIM = 2;
  private static final int DIM_SIZE = 1;
  private static final int FLOAT = 1;

  private final String where;
  private final ByteBuffer index;

  private TensorFlowBundle(String where, ByteBuffer index) {
    this.where = where;
    this.index = index;
  }

  /** One entry of a block of the table. */
  private record Entry(String key, ByteBuffer value) {}

  /**
   * Reads the variables, without copying their numbers.
   *
   * @param where the file, for messages
   * @param index {@code variables.index}
   * @param data {@code variables.data-00000-of-00001}
   * @return tensors by name
   * @throws CheckpointException if the index is none, or what it tells is not in the data
   */
  public static Map<String, ForeignTensor> read(String where, ByteBuffer index, ByteBuffer data)
      throws CheckpointException {
    ByteBuffer own = index.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (own.capacity() < FOOTER || own.getLong(own.capacity() - Long.BYTES) != TABLE) {
      throw new CheckpointException(where + ": index of variables expected, got another file");
    }
    return new TensorFlowBundle(where, own).tensors(data.slice());
  }

  private Map<String, ForeignTensor> tensors(ByteBuffer data) throws CheckpointException {
    ByteBuffer footer = index.slice(index.capacity() - FOOTER, FOOTER);
    ProtoMessage.varint(where, footer); // the block of meta data, its place and size
    ProtoMessage.varint(where, footer);
    Map<String, ForeignTensor> all = new TreeMap<>();
    for (Entry block : block(footer)) {
      for (Entry entry : block(block.value)) {
        if (!entry.key.isEmpty()) { // the first one describes the bundle
          all.put(entry.key, tensor(entry.key, entry.value, data));
        }
      }
    }
    return Collections.unmodifiableMap(all);
  }

  private ForeignTensor tensor(String name, ByteBuffer value, ByteBuffer data)
      throws CheckpointException {
    String what = where + ": " + name;
    ProtoMessage entry = ProtoMessage.read(what, value);
    if (entry.number(ENTRY_TYPE, 0) != FLOAT || entry.number(ENTRY_SHARD, 0) != 0) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: float32 in the first file expected, got type %d in file %d",
              what,
              entry.number(ENTRY_TYPE, 0),
              entry.number(ENTRY_SHARD, 0)));
    }
    List<Long> dims = new ArrayList<>();
    ByteBuffer shape = entry.bytes(ENTRY_SHAPE);
    if (shape != null) {
      for (ByteBuffer dim : ProtoMessage.read(what, shape).all(SHAPE_DIM)) {
        dims.add(ProtoMessage.read(what, dim).number(DIM_SIZE, 0));
      }
    }
    long offset = entry.number(ENTRY_OFFSET, 0);
    long size = entry.number(ENTRY_SIZE, 0);
    requireInside(what, offset, size, data.capacity());
    long[] axes = dims.stream().mapToLong(Long::longValue).toArray();
    return ForeignTensor.of(what, axes, data.slice((int) offset, (int) size));
  }

  /** The entries of the block at a place that is told as two numbers. */
  private List<Entry> block(ByteBuffer handle) throws CheckpointException {
    ByteBuffer read = handle.duplicate();
    long offset = ProtoMessage.varint(where, read);
    long size = ProtoMessage.varint(where, read);
    requireInside(where, offset, size + 1, index.capacity());
    if (index.get((int) (offset + size)) != 0) {
      throw new CheckpointException(
          where + ": index expected without compression, got one with it");
    }
    ByteBuffer block = index.slice((int) offset, (int) size).order(ByteOrder.LITTLE_ENDIAN);
    requireInside(where, size - Integer.BYTES, Integer.BYTES, size);
    long restarts = Integer.toUnsignedLong(block.getInt((int) size - Integer.BYTES));
    long end = size - Integer.BYTES - Integer.BYTES * restarts;
    requireInside(where, 0, end, size);
    return entries(block.limit((int) end));
  }

  /** A key repeats the beginning of the one before it. */
  private List<Entry> entries(ByteBuffer block) throws CheckpointException {
    List<Entry> entries = new ArrayList<>();
    byte[] key = {};
    while (block.hasRemaining()) {
      long shared = ProtoMessage.varint(where, block);
      long fresh = ProtoMessage.varint(where, block);
      long length = ProtoMessage.varint(where, block);
      requireInside(where, 0, shared, key.length);
      requireInside(where, fresh, length, block.remaining());
      byte[] next = new byte[(int) (shared + fresh)];
      System.arraycopy(key, 0, next, 0, (int) shared);
      block.get(next, (int) shared, (int) fresh);
      ByteBuffer value = block.slice(block.position(), (int) length);
      block.position(block.position() + (int) length);
      key = next;
      entries.add(new Entry(new String(key, StandardCharsets.UTF_8), value));
    }
    return entries;
  }

  private static void requireInside(String what, long offset, long size, long all)
      throws CheckpointException {
    if (offset < 0 || size < 0 || offset > all || size > all - offset) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: bytes %d to %d expected, got an end at %d; is it damaged?",
              what,
              offset,
              offset + size,
              all));
    }
  }
}
