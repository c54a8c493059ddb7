package io.github.blip2j.io.tensor;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.PickleBytes;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.torch.TorchFile;
import io.github.blip2j.io.torch.TorchFileTest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors whose numbers are not those that lie in the file, or of which none do. */
final class UnreadableTensorTest {
  private static final long[] SIZE = {2, 3};
  private static final long[] STRIDE = {3, 1};

  private final Path folder;

  UnreadableTensorTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void read_sparseTensor_isRefusedWhenAskedFor() throws IOException {
    PickleBytes pickle = besideOne("sparse").global("torch._utils", "_rebuild_sparse_tensor");
    pickle.global("torch.serialization", "_get_layout").text("torch.sparse_coo").ops(0x85, 'R');
    pickle.ops('(').rebuild("F", 6, 0, SIZE, STRIDE).rebuild("F", 6, 0, SIZE, STRIDE);
    pickle.global("torch", "Size").ops('K', 4, 'K', 5, 0x86, 0x85, 'R', 0x89, 't', 0x86, 'R', 's');

    assertEquals(
        "a.pth: tensor sparse expected to be a dense one, got a sparse one; save its to_dense()",
        refusal(pickle, "sparse", "[4, 5]"));
  }

  @Test
  void read_metaTensor_isRefusedWhenAskedFor() throws IOException {
    PickleBytes pickle =
        besideOne("meta").global("torch._utils", "_rebuild_meta_tensor_no_storage");
    pickle.ops('(').global("torch", "float32").tuple(SIZE).tuple(STRIDE).ops(0x89, 't', 'R', 's');

    assertEquals(
        "a.pth: tensor meta expected to be a dense one, got one on the meta device, which has no"
            + " numbers; save it from where it has",
        refusal(pickle, "meta", "[2, 3]"));
  }

  @Test
  void read_quantizedTensor_isRefusedWhenAskedFor() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}').text("codes");
    pickle.global("torch._utils", "_rebuild_qtensor").ops('(');
    pickle.storage("QUInt8Storage", "0", 24).number(0).tuple(SIZE).tuple(STRIDE);
    pickle.global("torch", "per_tensor_affine").ops('G').raw(new byte[8]).ops('K', 0, 0x87);
    pickle.ops(0x89).global("collections", "OrderedDict").ops(')', 'R', 't', 'R', 's');

    assertEquals(
        "a.pth: tensor codes expected to be a dense one, got a quantized one; save its"
            + " dequantize()",
        refusal(pickle, "codes", "[2, 3]"));
  }

  @Test
  void read_wrapperAroundATensor_isRefusedWhenAskedFor() throws IOException {
    PickleBytes pickle = besideOne("shard").global("torch._utils", "_rebuild_wrapper_subclass");
    pickle.ops('(').global("torch.distributed.tensor", "DTensor").global("torch", "float32");
    pickle.tuple(SIZE).tuple(STRIDE).ops('t', 'R', 's');

    assertEquals(
        "a.pth: tensor shard expected to be a dense one, got an object of"
            + " torch.distributed.tensor.DTensor; save it as a plain tensor",
        refusal(pickle, "shard", "[2, 3]"));
  }

  @Test
  void read_integersOfAClass_areRefusedWhenAskedFor() throws IOException {
    PickleBytes pickle = besideOne("four").global("torch._tensor", "_rebuild_from_type_v2");
    pickle.ops('(').global("torch._utils", "_rebuild_tensor_v2");
    pickle.global("bitsandbytes.nn.modules", "Params4bit").ops('(');
    pickle.storage("ByteStorage", "1", 6).number(0).tuple(6).tuple(1);
    pickle.ops(0x89).global("collections", "OrderedDict").ops(')', 'R', 't', '}', 't', 'R', 's');

    PickleBytes.zip(
        folder.resolve("a.pth"),
        Map.of("a/data.pkl", pickle.stop(), "a/data/0", new byte[24], "a/data/1", new byte[6]));
    try (TorchFile open = TorchFile.open(folder.resolve("a.pth"))) {
      var thrown = assertThrows(CheckpointException.class, () -> TorchFileTest.bytes(open, "four"));
      assertEquals(
          "a.pth: tensor four expected to be a dense one, got an object of"
              + " bitsandbytes.nn.modules.Params4bit; save it as a plain tensor",
          thrown.getMessage());
    }
  }

  @Test
  void read_objectCalledATensor_isRefusedWhenAskedFor() throws IOException {
    PickleBytes pickle = besideOne("old").global("torch", "FloatTensor").ops(')', 0x81, 's');

    assertEquals(
        "a.pth: tensor old expected to be a dense one, got an object of torch.FloatTensor; save it"
            + " as a plain tensor",
        refusal(pickle, "old", "[]"));
  }

  @Test
  void read_metadataThatNobodyKnows_areRefusedWhenAskedFor() throws IOException {
    PickleBytes pickle = besideOne("x").rebuildWith("scaled", "F", 6, SIZE, STRIDE).ops('s');

    assertEquals(
        "a.pth: tensor x expected to be a dense one, got one with metadata \"scaled\"; save its"
            + " resolve_conj().resolve_neg()",
        refusal(pickle, "x", "[2, 3]"));
  }

  @Test
  void read_conjugateOfComplexNumbers_isRefusedWhenAskedFor() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}').text("x");
    pickle.rebuildWith("conj", "ComplexFloatStorage", 3, new long[] {3}, new long[] {1});

    assertEquals(
        "a.pth: tensor x expected to be a dense one, got one with metadata \"conj\"; save its"
            + " resolve_conj().resolve_neg()",
        refusal(pickle.ops('s'), "x", "[3]"));
  }

  @Test
  void read_conjugateOfRealNumbers_isTheNumbers() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}').text("x");
    Path file = pickle.rebuildWith("conj", "F", 6, SIZE, STRIDE).ops('s').saveIn(folder, bytes());

    try (TorchFile open = TorchFile.open(file)) {
      assertEquals(ByteBuffer.wrap(bytes()), TorchFileTest.bytes(open, "x"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "DoubleStorage, 3",
    "FloatStorage, 6",
    "HalfStorage, 12",
    "BFloat16Storage, 12",
    "LongStorage, 3",
    "IntStorage, 6",
    "ByteStorage, 24"
  })
  void read_negated_isNegatedFromAnyByteOn(String kind, int count) throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}').text("x");
    pickle.rebuildWith("neg", kind, count, new long[] {count}, new long[] {1}).ops('s');

    try (TorchFile open = TorchFile.open(pickle.saveIn(folder, bytes()))) {
      ByteBuffer whole = TorchFileTest.bytes(open, "x").order(ByteOrder.LITTLE_ENDIAN);
      ByteBuffer stored = ByteBuffer.wrap(bytes()).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < count; i++) {
        switch (kind) {
          case "DoubleStorage" -> assertEquals(-stored.getDouble(8 * i), whole.getDouble(8 * i));
          case "FloatStorage" -> assertEquals(-stored.getFloat(4 * i), whole.getFloat(4 * i));
          case "LongStorage" -> assertEquals(-stored.getLong(8 * i), whole.getLong(8 * i));
          case "IntStorage" -> assertEquals(-stored.getInt(4 * i), whole.getInt(4 * i));
          case "ByteStorage" -> assertEquals((byte) -stored.get(i), whole.get(i));
          default -> assertEquals((short) (stored.getShort(2 * i) ^ 0x8000), whole.getShort(2 * i));
        }
      }
      for (int from = 0; from < 24; from++) {
        ByteBuffer part = ByteBuffer.allocate(Math.min(7, 24 - from));
        open.read("x", from, part);
        assertEquals(whole.slice(from, part.limit()), part.flip(), "from " + from);
      }
    }
  }

  @Test
  void read_negatedTranspose_isBoth() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}').text("x");
    pickle.rebuildWith("neg", "F", 6, new long[] {3, 2}, new long[] {1, 3}).ops('s');

    try (TorchFile open = TorchFile.open(pickle.saveIn(folder, bytes()))) {
      ByteBuffer stored = ByteBuffer.wrap(bytes()).order(ByteOrder.LITTLE_ENDIAN);
      ByteBuffer whole = TorchFileTest.bytes(open, "x").order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < 6; i++) {
        assertEquals(-stored.getFloat(4 * (i % 2 * 3 + i / 2)), whole.getFloat(4 * i));
      }
    }
  }

  @Test
  void open_tensorThatIsChangedAfterwards_isRefused() {
    PickleBytes state = PickleBytes.start().ops('}').text("x").rebuild("F", 6, 0, SIZE, STRIDE);
    state.ops('(').storage("F", "0", 6).number(1).tuple(5).tuple(1).ops('t', 'b', 's');
    PickleBytes item = PickleBytes.start().ops('}').text("x").rebuild("F", 6, 0, SIZE, STRIDE);
    item.ops('K', 0, 'K', 1, 's', 's');

    assertEquals(
        List.of("a.pth: tensor expected whole", "a.pth: pickle expected a dict"),
        List.of(failure(state).substring(0, 28), failure(item).substring(0, 29)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void open_argumentsThatNoTensorHas_areRefused(int more) {
    PickleBytes pickle = PickleBytes.start().global("torch._utils", "_rebuild_tensor_v2").ops('(');
    pickle.storage("F", "0", 6).number(0).tuple(SIZE).tuple(STRIDE).ops(0x89, '}', '}');
    pickle.repeat(more, 'N').ops('t', 'R');

    assertEquals("got other arguments", failure(pickle).substring(failure(pickle).length() - 19));
  }

  private static byte[] bytes() {
    ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 6; i++) {
      bytes.putFloat(1.5f - i);
    }
    return bytes.array();
  }

  /** A dict of a tensor "w", and the name of another. */
  private static PickleBytes besideOne(String name) {
    return PickleBytes.tensor(0, SIZE, STRIDE).text(name);
  }

  private String refusal(PickleBytes pickle, String name, String shape) throws IOException {
    try (TorchFile open = TorchFile.open(pickle.saveIn(folder))) {
      TensorEntry entry = requireNonNull(open.tensors().get(name));
      assertEquals(shape, entry.shape().toString());
      if (open.tensors().containsKey("w")) {
        assertEquals(ByteBuffer.allocate(24), TorchFileTest.bytes(open, "w"));
      }
      return String.valueOf(assertThrows(CheckpointException.class, entry::dtype).getMessage());
    }
  }

  private String failure(PickleBytes pickle) {
    Path file = pickle.saveIn(folder);
    var thrown = assertThrows(CheckpointException.class, () -> TorchFile.open(file));
    return String.valueOf(thrown.getMessage());
  }
}
