package io.github.blip2j.io.torch;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.io.file.ReadableFile;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorFile;
import io.github.blip2j.io.tensor.UnreadableTensor;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An open file of PyTorch's {@code torch.save}: {@code .pth}, {@code .pt}, {@code .bin}; zip
 * archives of PyTorch 1.6 and later, and the earlier pickles. Numbers are little-endian.
 *
 * <p>Such a file is a Python program. None of it runs: objects of classes other than those of
 * weights are names that are {@linkplain #passedOver skipped}, calls of other functions are
 * rejected, and stated sizes are checked before anything is read or allocated.
 *
 * <p>The tensors are those of a dict, of its {@code model} or of its {@code state_dict}; names in
 * nested dicts are joined by dots. A tensor that is a view of a shared, transposed or negated
 * storage reads as if it were stored alone. Sparse and quantized tensors, and those without
 * numbers, are listed; their {@link TensorEntry#dtype} throws. Reads are positional, so any number
 * of threads may share one file.
 */
public final class TorchFile implements TensorFile {
  private final ReadableFile file;
  private final NavigableMap<String, TensorEntry> tensors;
  private final Map<String, PickledTensor> views; // not contiguous in the file
  private final NavigableMap<String, String> passedOver;

  private TorchFile(ReadableFile file) throws IOException {
    this.file = file;
    TorchContents contents = TorchContents.of(file);
    StateDict state = StateDict.of(contents.object(), file);
    NavigableMap<String, TensorEntry> entries = new TreeMap<>();
    this.views = new HashMap<>();
    this.passedOver = Collections.unmodifiableNavigableMap(state.passedOver());
    var limits = new TorchExpansion(file);
    for (Map.Entry<String, PickledTensor> named : state.tensors().entrySet()) {
      PickledTensor tensor = named.getValue();
      entries.put(named.getKey(), entry(named.getKey(), tensor, contents));
      limits.add(named.getKey(), tensor);
      if (tensor.run() != tensor.count() || tensor.negated()) {
        views.put(named.getKey(), tensor);
      }
    }
    state.unreadable().forEach((name, tensor) -> entries.put(name, entry(name, tensor)));
    this.tensors = Collections.unmodifiableNavigableMap(entries);
  }

  /**
   * Opens a file and reads the description of its tensors.
   *
   * @throws CheckpointException if there is no such file, it is not one of {@code torch.save},
   *     names anything but weights and plain data, or is damaged
   */
  public static TorchFile open(Path path) throws IOException {
    ReadableFile file = ReadableFile.open(path);
    try (var opened = new OpenResources()) {
      opened.add(file::close);
      return opened.keep(new TorchFile(file));
    }
  }

  @Override
  public NavigableMap<String, TensorEntry> tensors() {
    return tensors;
  }

  @Override
  public String name() {
    return file.name();
  }

  @Override
  public void readStored(TensorEntry entry, long byteOffset, ByteBuffer into) throws IOException {
    @Nullable PickledTensor view = views.get(entry.name());
    if (view == null) {
      file.readFully(into, entry.begin() + byteOffset);
    } else if (view.negated()) {
      Negation.read(entry, byteOffset, into, (at, part) -> gather(view, entry.begin(), at, part));
    } else {
      gather(view, entry.begin(), byteOffset, into);
    }
  }

  /**
   * The other contents of the file, by name, with a description: an optimizer's state, the epoch,
   * objects of which only the class's name was read. At most a thousand; unmodifiable.
   */
  @Override
  public NavigableMap<String, String> passedOver() {
    return passedOver;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private TensorEntry entry(String name, PickledTensor tensor, TorchContents contents)
      throws CheckpointException {
    @Nullable Long storage = contents.storages().get(tensor.storage().key());
    if (storage == null) {
      throw file.error("tensor %s expected its storage, got none; copy the file again", name);
    }
    long byteSize = tensor.count() * tensor.elementBytes();
    long offset = byteSize == 0 ? 0 : tensor.offset(); // an empty tensor may state any offset
    long begin = storage + offset * tensor.elementBytes();
    return new TensorEntry(
        name, file.name(), tensor.type(), Shape.of(tensor.size()), begin, byteSize);
  }

  /** The entry of an unreadable tensor, which has no bytes. */
  private TensorEntry entry(String name, UnreadableTensor tensor) {
    return new TensorEntry(name, file.name(), tensor.kind(), Shape.of(tensor.size()), 0, 0);
  }

  /** Reads a view run by run, from the piece of the file that it spans. */
  private void gather(PickledTensor view, long begin, long byteOffset, ByteBuffer into)
      throws IOException {
    long runBytes = view.run() * view.elementBytes();
    if (!into.hasRemaining()) {
      return;
    }
    // A small part of a large view is not worth reading the whole.
    int most = (int) Math.min(ViewReader.WHOLE, 8L * into.remaining());
    var span = new ViewReader(file, begin, view.span() * view.elementBytes(), most);
    long at = byteOffset;
    while (into.hasRemaining()) {
      long run = at / runBytes;
      long within = at - run * runBytes;
      int count = (int) Math.min(runBytes - within, into.remaining());
      span.read(view.place(run * view.run()) * view.elementBytes() + within, count, into);
      at += count;
    }
  }
}
