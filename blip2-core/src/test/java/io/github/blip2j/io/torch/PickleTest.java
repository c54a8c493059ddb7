package io.github.blip2j.io.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.PickleBytes;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ReadableFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pickles that mean harm or nonsense, put together by hand. */
@Timeout(20)
final class PickleTest {
  private static final long[] SIZE = {2, 3};
  private static final long[] STRIDE = {3, 1};

  private final Path folder;

  PickleTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void open_pickleByHand_findsTheTensor() throws IOException {
    assertEquals(Set.of("w"), names(PickleBytes.tensor(0, SIZE, STRIDE)));
  }

  @ParameterizedTest
  @CsvSource({
    "os, system",
    "posix, system",
    "builtins, eval",
    "builtins, getattr",
    "subprocess, Popen",
    "torch.storage, _load_from_bytes",
    "torch.nn.modules.linear, Linear",
    "java.lang, Runtime",
    "collections, OrderedDict.update"
  })
  void open_forbiddenName_isNamed(String module, String name) {
    PickleBytes pickle = PickleBytes.start().global(module, name).text("true").ops(0x85, 'R');

    assertEquals(
        String.format(
            Locale.ROOT,
            "a.pth: pickle expected to name weights and plain data only, got %s.%s; %s",
            module,
            name,
            "save the model's state_dict() alone"),
        failure(pickle));
  }

  @ParameterizedTest
  @CsvSource({
    "os, system",
    "commands, getoutput",
    "subprocess, Popen",
    "__builtin__, eval",
    "builtins, exec",
    "__builtin__, reduce",
    "urllib, urlopen",
    "pip, main",
    "mylib.data, unpickle_frame"
  })
  void open_forbiddenCallBesideWeights_isRefused(String module, String name) {
    PickleBytes pickle = PickleBytes.tensor(0, SIZE, STRIDE).text("x").global(module, name);

    assertEquals(
        String.format(
            Locale.ROOT,
            "a.pth: pickle expected to name weights and plain data only, got %s.%s; %s",
            Map.of(
                    "commands", "subprocess",
                    "__builtin__", name.equals("reduce") ? "functools" : "builtins",
                    "urllib", "urllib.request")
                .getOrDefault(module, module),
            name,
            "save the model's state_dict() alone"),
        failure(pickle.text("true").ops(0x85, 'R', 's')));
  }

  @ParameterizedTest
  @CsvSource({
    "mylib.data, Frame",
    "mylib.data, _Hidden",
    "__main__, Args",
    "torch.optim.adamw, AdamW",
    "torch.nn.functional, relu"
  })
  void open_nameOfAnything_isPassedOver(String module, String name) throws IOException {
    PickleBytes pickle = PickleBytes.tensor(0, SIZE, STRIDE).text("x").global(module, name);

    assertEquals(Set.of("w"), names(pickle.ops('s')));
  }

  @Test
  void open_objectOfAnyClass_isPassedOver() throws IOException {
    PickleBytes pickle = PickleBytes.tensor(0, SIZE, STRIDE).text("x").global("mylib", "Frame");

    try (TorchFile file =
        TorchFile.open(pickle.text("a").ops(0x85, 'R', '}', 'b', 's').saveIn(folder))) {
      assertEquals(Map.of("x", "mylib.Frame"), file.passedOver());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "__builtin__, unicode, builtins.str",
    "__builtin__, basestring, builtins.str",
    "__builtin__, xrange, builtins.range",
    "exceptions, KeyError, builtins.KeyError",
    "exceptions, StandardError, builtins.Exception",
    "itertools, izip, builtins.zip",
    "UserDict, IterableUserDict, collections.UserDict",
    "copy_reg, _reconstructor, copyreg._reconstructor",
    "_abcoll, Mapping, collections.abc.Mapping",
    "cPickle, loads, pickle.loads",
    "mylib, long, mylib.long"
  })
  void ofPython3_nameOfPython2_isThatOfPython3(String module, String name, String expected) {
    assertEquals(expected, PythonNames.ofPython3(module, name));
  }

  @Test
  void open_namesOfPython2InALaterProtocol_meanWhatTheySay() {
    PickleBytes pickle = new PickleBytes().ops(0x80, 3).global("__builtin__", "reduce");

    assertEquals(
        "a.pth: pickle expected to name weights and plain data only, got __builtin__.reduce; save"
            + " the model's state_dict() alone",
        failure(pickle.ops(')', 'R')));
  }

  @Test
  void open_classWithinAClass_isPassedOver() throws IOException {
    PickleBytes pickle = PickleBytes.tensor(0, SIZE, STRIDE).text("x");
    pickle.global("__builtin__", "getattr").global("mylib", "Outer").text("Inner");

    assertEquals(Set.of("w"), names(pickle.ops(0x86, 'R', ')', 0x81, 's')));
  }

  @Test
  void open_objectByAConstructorOfCopyreg_isPassedOver() throws IOException {
    PickleBytes pickle = PickleBytes.tensor(0, SIZE, STRIDE).text("x");
    pickle.global("copy_reg", "_reconstructor").global("mylib", "Old");
    pickle.global("__builtin__", "object").ops('N', 0x87, 'R', 's');

    assertEquals(Set.of("w"), names(pickle));
  }

  @Test
  void open_callWithinCalls_isRefusedAsByItself() {
    PickleBytes pickle = PickleBytes.start().global("torch._tensor", "_rebuild_from_type_v2");
    pickle.ops('(').global("mylib", "rebuild").global("torch", "Tensor").ops(')', '}', 't', 'R');

    assertEquals(
        "a.pth: pickle expected to name weights and plain data only, got mylib.rebuild; save the"
            + " model's state_dict() alone",
        failure(pickle));
  }

  @Test
  void open_veryLongNameOfAClass_isRefused() {
    assertEquals(
        "a.pth: pickle expected a shorter name before byte 1046",
        failure(PickleBytes.start().global("m", "N".repeat(2000))));
  }

  @Test
  void open_nameFromTheStack_isCheckedToo() {
    assertEquals(
        "a.pth: pickle expected to name weights and plain data only, got os.system; save the"
            + " model's state_dict() alone",
        failure(PickleBytes.start().text("os").text("system").ops(0x93)));
  }

  @Test
  void open_plainObjectsBesideWeights_arePassedOver() throws IOException {
    PickleBytes pickle =
        PickleBytes.tensor(0, SIZE, STRIDE)
            .text("args")
            .global("argparse", "Namespace")
            .ops(')', 0x81, '}')
            .text("lr")
            .ops('G')
            .raw(new byte[8])
            .ops('s', 'b', 's')
            .text("config")
            .global("omegaconf.dictconfig", "DictConfig")
            .ops(')', 0x81, '}', 'b', 's');

    assertEquals(Set.of("w"), names(pickle));
  }

  @ParameterizedTest
  @ValueSource(ints = {'i', 'o', 'P', 0x82, 'I', 'S', 0x97, 0})
  void open_opcodeOfOtherProtocols_isRefused(int op) {
    assertEquals(
        String.format(
            Locale.ROOT,
            "a.pth: pickle opcode expected one of protocol 2 to 5, got 0x%02x at byte 42",
            op),
        failure(PickleBytes.start().ops(op)));
  }

  @Test
  void open_protocolOfThePast_isCalledSo() {
    assertEquals(
        "a.pth: pickle of protocol 2 or later expected, got an older one; save with"
            + " pickle_protocol=2 or higher, PyTorch's default",
        failure(new PickleBytes().raw("(dp0\n.".getBytes(StandardCharsets.US_ASCII))));
  }

  @Test
  void open_protocolOfTheFuture_isRefused() {
    assertEquals(
        "a.pth: pickle protocol expected 2 to 5, got 6; save it again",
        failure(new PickleBytes().ops(0x80, 6, '}')));
  }

  @Test
  void open_longText_isNotAllocated() {
    assertEquals(
        "a.pth: pickle expected 4294967280 more bytes at byte 47, got 1; the file is truncated,"
            + " copy it again",
        failure(PickleBytes.start().ops('X').int32(-16)));
  }

  @Test
  void open_textOfNegativeLength_isRefused() {
    assertEquals(
        "a.pth: pickle expected 18446744073709551615 more bytes at byte 51, got 1; the file is"
            + " truncated, copy it again",
        failure(PickleBytes.start().ops(0x8d).int32(-1).int32(-1)));
  }

  @ParameterizedTest
  @ValueSource(ints = {'}', ']', '(', ')', 'N', 0x94})
  void load_tooManyValues_isRefused(int op) throws IOException {
    byte[] pickle = PickleBytes.start().ops('N').repeat(200_000, op).stop();

    try (ReadableFile file = ReadableFile.open(Files.write(folder.resolve("a.pth"), pickle))) {
      var in = new PickleInput(file, 0, pickle.length);
      var machine = new Pickle(in, new PickledTensors(in), 1 << 20);

      var thrown = assertThrows(CheckpointException.class, machine::load);
      assertEquals(
          "a.pth: pickle expected to take at most 1 MB of memory, got more; save the state_dict"
              + " alone, or give Java a larger heap",
          thrown.getMessage());
    }
  }

  @Test
  void open_tooManyBytes_isRefused() {
    PickleBytes pickle = PickleBytes.start();
    String filler = "x".repeat(1 << 20);
    for (int bytes = 0; bytes < PickleInput.MOST_BYTES; bytes += filler.length()) {
      pickle.text(filler).ops('0');
    }

    assertEquals(
        "a.pth: pickle expected at most 64000000 bytes, got more; save the state_dict alone",
        failure(pickle.ops('N')));
  }

  @ParameterizedTest
  @ValueSource(ints = {'B', 'X', 'T'})
  void open_largeArraysAndTexts_arePassedOver(int op) throws IOException {
    byte[] array = new byte[PickleInput.MOST_BYTES + 1];
    PickleBytes pickle = PickleBytes.tensor(0, SIZE, STRIDE).text("array").ops(op);

    assertEquals(Set.of("w"), names(pickle.int32(array.length).raw(array).ops('s')));
  }

  @Test
  void open_tuplesNestedWithoutEnd_areRead() throws IOException {
    PickleBytes pickle =
        PickleBytes.tensor(0, SIZE, STRIDE).text("deep").ops(')').repeat(500_000, 0x85).ops('s');

    assertEquals(Set.of("w"), names(pickle));
  }

  @Test
  void open_keyThatDoublesAtEveryStep_isNotHashed() throws IOException {
    PickleBytes pickle =
        PickleBytes.tensor(0, SIZE, STRIDE).ops(')').repeat(100, '2', 0x86).ops('N', 's');

    assertEquals(Set.of("w"), names(pickle));
  }

  @Test
  void open_dictsThatDoubleAtEveryStep_areCounted() {
    PickleBytes pickle = PickleBytes.start().ops('}');
    for (int i = 0; i < 30; i++) { // d = {"a": d, "b": d}
      pickle.ops('q', 0, '0', '}').text("a").ops('h', 0, 's').text("b").ops('h', 0, 's');
    }

    assertEquals("a.pth: dicts expected to hold at most 2000000 values, got more", failure(pickle));
  }

  @Test
  void open_dictThatContainsItself_isRefused() {
    assertEquals(
        "a.pth: dicts expected at most 32 deep, got more",
        failure(PickleBytes.start().ops('}', 'q', 0).text("a").ops('h', 0, 's')));
  }

  @Test
  void open_veryLongName_isRefused() {
    PickleBytes pickle = PickleBytes.start().ops('}').text("n".repeat(501));

    assertEquals(
        "a.pth: names expected at most 500 characters, got more",
        failure(pickle.rebuild("F", 6, 0, SIZE, STRIDE).ops('s')));
  }

  @Test
  void open_namesThatMeetWhenJoined_areRefused() {
    PickleBytes pickle = PickleBytes.start().ops('}').text("a.b").rebuild("F", 6, 0, SIZE, STRIDE);
    pickle.ops('s').text("a").ops('}').text("b").rebuild("F", 6, 0, SIZE, STRIDE).ops('s', 's');

    assertEquals("a.pth: tensor names expected to differ, got a.b twice", failure(pickle));
  }

  @ParameterizedTest
  @ValueSource(ints = {'s', 'R', 'Q', 'b', 't', 0x87, '0', 'a', 'q'})
  void open_emptyStack_isRefused(int op) {
    PickleBytes pickle = PickleBytes.start().ops(op).ops(0, 0);

    assertEquals(
        String.format(
            Locale.ROOT,
            "a.pth: pickle expected a value at byte %d, got an empty stack",
            op == 'q' ? 43 : 42),
        failure(pickle));
  }

  @Test
  void open_valueNeverKept_isRefused() {
    assertEquals(
        "a.pth: pickle expected a value kept as 7, got none",
        failure(PickleBytes.start().ops('h', 7)));
  }

  @Test
  void open_callOfData_isRefused() {
    assertEquals(
        "a.pth: pickle expected a call at byte 44, got other values",
        failure(PickleBytes.start().ops('N', ')', 'R')));
  }

  @Test
  void open_tensorOfOddArguments_isRefused() {
    assertEquals(
        "a.pth: pickle expected a tensor at byte 77, got other arguments",
        failure(PickleBytes.start().global("torch._utils", "_rebuild_tensor_v2").ops(')', 'R')));
  }

  @Test
  void open_idOfNoStorage_isRefused() {
    assertEquals(
        "a.pth: pickle expected a storage at byte 44, got another id",
        failure(PickleBytes.start().ops('N', 'Q')));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 2, 3, 3, 1",
    "0, 3, 3, 3, 1",
    "-1, 2, 3, 3, 1",
    "0, 2, 3, 4, 1",
    "7, 0, 3, 9223372036854775807, 1",
    "0, 9223372036854775807, 9223372036854775807, 0, 0",
    "0, 9223372036854775807, 2, 9223372036854775807, 1"
  })
  void open_tensorOutsideItsStorage_isRefused(long offset, long a, long b, long s, long t)
      throws IOException {
    PickleBytes pickle = PickleBytes.tensor(offset, new long[] {a, b}, new long[] {s, t});

    if (a == 0) { // a tensor of nothing lies anywhere
      assertEquals(Set.of("w"), names(pickle));
    } else {
      assertEquals(
          String.format(
                  Locale.ROOT,
                  "a.pth: tensor expected within the 6 elements of storage 0, got offset %d, size [%d, %d],",
                  offset,
                  a,
                  b)
              + String.format(Locale.ROOT, " stride [%d, %d]", s, t),
          failure(pickle));
    }
  }

  @Test
  void read_nothingFromFarAway_isNothing() throws IOException {
    PickleBytes pickle = PickleBytes.tensor(1L << 40, new long[] {0, 3}, new long[] {9, 1});

    try (TorchFile file = TorchFile.open(pickle.saveIn(folder))) {
      assertEquals(0, TorchFileTest.bytes(file, "w").remaining());
    }
  }

  @Test
  void open_negativeStride_isRefused() {
    String message = failure(PickleBytes.tensor(5, SIZE, new long[] {-3, 1}));

    assertEquals("a.pth: tensor sizes expected integers from 0, got another at 226", message);
  }

  @Test
  void open_hugeExpandedTensor_isRefused() {
    assertEquals(
        "a.pth: tensor w expected no larger than the file, got 4000000000000 bytes; save its"
            + " contiguous() copy",
        failure(PickleBytes.tensor(0, new long[] {1_000_000_000_000L}, new long[] {0})));
  }

  @Test
  void open_manyExpandedTensors_areLimitedTogether() {
    PickleBytes pickle = PickleBytes.start().ops('}');
    for (int i = 0; i < 10; i++) {
      pickle.text("w" + i).rebuild("F", 6, 0, new long[] {4_000_000}, new long[] {0}).ops('s');
    }

    assertEquals(
        "a.pth: expanded tensors expected no larger than the file, got 79999980 bytes with w4; save"
            + " their contiguous() copies",
        failure(pickle));
  }

  @Test
  void open_oneStorageForManyTensors_isLimited() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}');
    int count = 1 << 18;
    for (int i = 0; i < 102; i++) {
      pickle.text("w" + i).rebuild("F", count, 0, new long[] {count}, new long[] {1}).ops('s');
    }
    Path file = pickle.saveIn(folder, new byte[4 * count]);

    var thrown = assertThrows(CheckpointException.class, () -> TorchFile.open(file));

    assertEquals(
        "a.pth: storage 0 expected to be in at most 100 tensors as a whole, got more with w98; save"
            + " clone()s",
        thrown.getMessage());
  }

  @Test
  void open_storageOfAnotherSize_isRefused() {
    PickleBytes pickle = PickleBytes.start().ops('}').text("w");

    assertEquals(
        "a.pth: storage 0 expected 28 bytes for 7 F32, got 24; the file is damaged, copy it again",
        failure(pickle.rebuild("F", 7, 0, SIZE, STRIDE).ops('s')));
  }

  @Test
  void open_storageBeyondAllSizes_isRefused() {
    PickleBytes pickle = PickleBytes.start().storage("F", "0", Long.MAX_VALUE);

    assertEquals(
        "a.pth: storage 0 expected fewer than 2^63 bytes, got 9223372036854775807 elements",
        failure(pickle));
  }

  @Test
  void open_storageOfTwoTypes_isRefused() {
    PickleBytes pickle = PickleBytes.start().storage("F", "0", 6).storage("HalfStorage", "0", 12);

    assertEquals("a.pth: storage 0 expected 6 F32, got 12 F16", failure(pickle));
  }

  @Test
  void open_missingStorage_isRefused() {
    assertEquals(
        "a.pth: zip entry a/data/../../x is missing; the file is truncated, copy it again",
        failure(PickleBytes.start().storage("F", "../../x", 6)));
  }

  @Test
  void read_typeThatTensorsHaveNot_isRefusedOnlyWhenRead() throws IOException {
    PickleBytes pickle = PickleBytes.start().ops('}').text("w");
    Path file = pickle.rebuild("ShortStorage", 12, 0, SIZE, STRIDE).ops('s').saveIn(folder);

    try (TorchFile open = TorchFile.open(file)) {
      var thrown = assertThrows(CheckpointException.class, () -> TorchFileTest.bytes(open, "w"));
      assertEquals(
          "a.pth: dtype of w expected one of F64, F32, F16, BF16, I64, I32, U8, BOOL, got I16;"
              + " convert it to one of these",
          thrown.getMessage());
    }
  }

  @Test
  void open_objectThatIsNoDict_isRefused() {
    assertEquals(
        "a.pth: dict of tensors expected, got something else; save a state_dict()",
        failure(PickleBytes.start().rebuild("F", 6, 0, SIZE, STRIDE)));
    assertEquals(
        "a.pth: tensors expected, got a dict without any; save a state_dict()",
        failure(PickleBytes.start().ops('}')));
  }

  @Test
  void open_legacyPickleOfSomethingElse_isRefused() throws IOException {
    Path file = folder.resolve("a.pth");
    Files.write(file, PickleBytes.start().ops('}').stop());

    var thrown = assertThrows(CheckpointException.class, () -> TorchFile.open(file));

    assertEquals(
        "a.pth: file of torch.save expected, got another pickle; check the path",
        thrown.getMessage());
  }

  private Set<String> names(PickleBytes pickle) throws IOException {
    try (TorchFile file = TorchFile.open(pickle.saveIn(folder))) {
      return Map.copyOf(file.tensors()).keySet();
    }
  }

  private String failure(PickleBytes pickle) {
    Path file = pickle.saveIn(folder);
    var thrown = assertThrows(CheckpointException.class, () -> TorchFile.open(file));
    return String.valueOf(thrown.getMessage());
  }
}
