package io.github.blip2j.io.torch;

import static java.util.Objects.requireNonNull;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.io.file.ReadableFile;
import io.github.blip2j.io.tensor.NewFile;
import io.github.blip2j.io.tensor.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Writes one file of {@code torch.save}, which {@code torch.load(weights_only=True)} reads: a dict
 * of tensors, or a dict that holds such a dict, as LAVIS writes it. Tensors are written one by one,
 * each in any number of pieces.
 *
 * <p>The bytes go to a temporary file beside the target. {@link #close} moves it into place when
 * every tensor is complete, and otherwise removes it: a reader sees the old file or the complete
 * new one. Not for use by several threads at once.
 */
public final class TorchWriter implements AutoCloseable {
  private static final String ROOT = "archive/";

  private final NewFile file;
  private final ZipLayout zip = new ZipLayout();
  private final Map<String, Storage> storages = new HashMap<>(); // by tensor

  private record Storage(ZipLayout.Entry entry, CRC32 crc) {}

  private TorchWriter(NewFile file, TorchPickle pickle, List<TensorSpec> tensors)
      throws IOException {
    this.file = file;
    whole(zip.add(ROOT + "data.pkl", pickle.bytes().length), pickle.bytes());
    whole(zip.add(ROOT + "byteorder", 6), "little".getBytes(StandardCharsets.US_ASCII));
    for (int i = 0; i < tensors.size(); i++) {
      TensorSpec spec = tensors.get(i);
      ZipLayout.Entry entry = zip.add(ROOT + "data/" + i, spec.byteSize());
      storages.put(spec.name(), new Storage(entry, new CRC32()));
      file.reserve(spec, entry.begin());
    }
    whole(zip.add(ROOT + "version", 2), "3\n".getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * Starts a file that holds exactly these tensors in one dict.
   *
   * @throws CheckpointException if the folder doesn't exist
   * @throws IllegalArgumentException if two tensors share a name
   */
  public static TorchWriter create(Path target, List<TensorSpec> tensors) throws IOException {
    return create(target, null, tensors);
  }

  /**
   * Starts a file that holds a dict whose one key, such as {@code "model"}, holds a dict of exactly
   * these tensors.
   *
   * @throws CheckpointException if the folder doesn't exist
   * @throws IllegalArgumentException if two tensors share a name
   */
  public static TorchWriter createUnder(String key, Path target, List<TensorSpec> tensors)
      throws IOException {
    return create(target, key, tensors);
  }

  private static TorchWriter create(Path target, @Nullable String key, List<TensorSpec> tensors)
      throws IOException {
    NewFile.requireDistinct(ReadableFile.nameOf(target), tensors, "");
    NewFile file = new NewFile(target);
    try (var opened = new OpenResources()) {
      opened.add(file::discard);
      return opened.keep(new TorchWriter(file, new TorchPickle(key, tensors), tensors));
    }
  }

  /**
   * Appends the buffer's remaining bytes, little-endian, to a tensor. Tensors may be written in any
   * order.
   *
   * @throws IllegalArgumentException if there is no such tensor, or its bytes would exceed its size
   */
  public void write(String name, ByteBuffer bytes) throws IOException {
    ByteBuffer copy = bytes.duplicate();
    file.append(name, bytes);
    requireNonNull(storages.get(name)).crc.update(copy);
  }

  /**
   * Moves the file into place if every tensor is complete; otherwise leaves nothing behind.
   *
   * @throws IllegalStateException if a tensor is incomplete
   */
  @Override
  public void close() throws IOException {
    if (!file.isOpen()) {
      return;
    }
    try {
      file.requireComplete();
      storages.values().forEach(each -> each.entry.checksum(each.crc.getValue()));
      for (ZipLayout.Piece piece : zip.pieces()) {
        file.write(piece.bytes(), piece.position());
      }
      file.publish();
    } finally {
      file.discard();
    }
  }

  private void whole(ZipLayout.Entry entry, byte[] bytes) throws IOException {
    var crc = new CRC32();
    crc.update(bytes);
    entry.checksum(crc.getValue());
    file.write(ByteBuffer.wrap(bytes), entry.begin());
  }
}
