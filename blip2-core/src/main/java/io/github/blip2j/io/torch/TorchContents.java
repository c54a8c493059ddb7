package io.github.blip2j.io.torch;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.GitLfs;
import io.github.blip2j.io.file.ReadableFile;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The contents of a file of {@code torch.save}: the object, and the positions of its storages.
 *
 * @param storages position of each storage's first byte in the file, by key
 */
record TorchContents(Object object, Map<String, Long> storages) {
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final Long PROTOCOL = 1001L;
  private static final String OBJECT = "/data.pkl";
  private static final String OLD_START = "L" + MAGIC; // the same number, as text
  private static final int FIRST_OPCODE = 0x80; // since protocol 2 every pickle begins with it

  /** Reads a file of either format. */
  static TorchContents of(ReadableFile file) throws IOException {
    if (ZipDirectory.isZip(file)) {
      return zip(file, new ZipDirectory(file));
    }
    if (file.size() > 0 && file.bytes(0, 1).get() == (byte) FIRST_OPCODE) {
      return legacy(file);
    }
    ByteBuffer start = file.bytes(0, (int) Math.min(GitLfs.LENGTH, file.size()));
    GitLfs.requireNone(start, file.name(), "tensors");
    ByteBuffer first = file.bytes(0, (int) Math.min(OLD_START.length(), file.size()));
    if (StandardCharsets.ISO_8859_1.decode(first).toString().equals(OLD_START)) {
      throw file.error(Pickle.OLD_PROTOCOL);
    }
    throw file.error("safetensors or file of torch.save expected, got neither; check the path");
  }

  /**
   * Reads the format since PyTorch 1.6: a zip archive with the object's pickle and one entry for
   * each storage.
   */
  private static TorchContents zip(ReadableFile file, ZipDirectory directory) throws IOException {
    String root = root(file, directory);
    requireLittleEndian(file, directory, root);
    ZipDirectory.Span pickle = directory.find(root + OBJECT);
    var in = new PickleInput(file, pickle.position(), pickle.position() + pickle.size());
    var tensors = new PickledTensors(in);
    Object object = new Pickle(in, tensors).load();
    Map<String, Long> positions = new HashMap<>();
    for (PickledTensor.Storage storage : tensors.storages().values()) {
      ZipDirectory.Span span = directory.find(root + "/data/" + storage.key());
      if (span.size() != storage.byteSize()) {
        throw file.error(
            "storage %s expected %d bytes for %d %s, got %d; the file is damaged, copy it again",
            storage.key(), storage.byteSize(), storage.count(), storage.type(), span.size());
      }
      positions.put(storage.key(), span.position());
    }
    return new TorchContents(object, positions);
  }

  private static String root(ReadableFile file, ZipDirectory directory) throws CheckpointException {
    for (String name : directory.names()) {
      if (name.endsWith(OBJECT) && name.indexOf('/') == name.length() - OBJECT.length()) {
        String root = name.substring(0, name.length() - OBJECT.length());
        if (directory.has(root + "/constants.pkl")) {
          throw file.error("weights expected, got a TorchScript program; save its state_dict()");
        }
        return root;
      }
    }
    throw file.error("data.pkl expected in the zip archive, got none; check the path");
  }

  private static void requireLittleEndian(ReadableFile file, ZipDirectory directory, String root)
      throws IOException {
    if (directory.has(root + "/byteorder")) {
      ZipDirectory.Span span = directory.find(root + "/byteorder");
      int count = (int) Math.min(span.size(), "little".length());
      String order =
          StandardCharsets.US_ASCII.decode(file.bytes(span.position(), count)).toString();
      requireLittleEndian(file, order.equals("little"));
    }
  }

  private static void requireLittleEndian(ReadableFile file, boolean little)
      throws CheckpointException {
    if (!little) {
      throw file.error("numbers expected little-endian, got big-endian; save them on a PC");
    }
  }

  /**
   * Reads the format before PyTorch 1.6: several pickles, then the storages, each after its length.
   */
  private static TorchContents legacy(ReadableFile file) throws IOException {
    var in = new PickleInput(file, 0, file.size());
    var tensors = new PickledTensors(in);
    Object magic = new Pickle(in, tensors).load();
    if (!magic.equals(MAGIC) || !new Pickle(in, tensors).load().equals(PROTOCOL)) {
      throw file.error("file of torch.save expected, got another pickle; check the path");
    }
    Object system = new Pickle(in, tensors).load();
    requireLittleEndian(
        file, !(system instanceof Map<?, ?> map && Boolean.FALSE.equals(map.get("little_endian"))));
    Object object = new Pickle(in, tensors).load();
    if (!(new Pickle(in, tensors).load() instanceof List<?> keys)) {
      throw file.error("list of storages expected, got something else; copy the file again");
    }
    return new TorchContents(object, legacyStorages(file, in.position(), keys, tensors));
  }

  private static Map<String, Long> legacyStorages(
      ReadableFile file, long begin, List<?> keys, PickledTensors tensors) throws IOException {
    Map<String, Long> positions = new HashMap<>();
    long at = begin;
    for (Object key : keys) {
      PickledTensor.@Nullable Storage storage =
          key instanceof String known ? tensors.storages().get(known) : null;
      if (storage == null) {
        throw file.error("storage expected among those of the tensors, got another");
      }
      if (at > file.size() - Long.BYTES - storage.byteSize()) {
        throw file.error(
            "storage %s expected %d bytes at byte %d, got the end of the file; %s",
            storage.key(), storage.byteSize(), at, "the file is truncated, copy it again");
      }
      long count = file.bytes(at, Long.BYTES).getLong();
      if (count != storage.count()) {
        throw file.error(
            "storage %s expected %d elements, got %d; the file is damaged, copy it again",
            storage.key(), storage.count(), count);
      }
      positions.put(storage.key(), at + Long.BYTES);
      at += Long.BYTES + storage.byteSize();
    }
    return positions;
  }
}
