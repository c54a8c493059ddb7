package io.github.blip2j.io.torch;

import static io.github.blip2j.io.torch.HandmadePickle.SIZE;
import static io.github.blip2j.io.torch.HandmadePickle.STRIDE;
import static io.github.blip2j.io.torch.HandmadePickle.failure;
import static io.github.blip2j.io.torch.HandmadePickle.names;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.io.PickleBytes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which names a pickle may call, and which are skipped or refused. */
@Timeout(20)
final class PickleNamesTest {
  private final Path folder;

  PickleNamesTest(@TempDir Path folder) {
    this.folder = folder;
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
        failure(folder, pickle));
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
        failure(folder, pickle.text("true").ops(0x85, 'R', 's')));
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

    assertEquals(Set.of("w"), names(folder, pickle.ops('s')));
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
        failure(folder, pickle.ops(')', 'R')));
  }

  @Test
  void open_classWithinAClass_isPassedOver() throws IOException {
    PickleBytes pickle = PickleBytes.tensor(0, SIZE, STRIDE).text("x");
    pickle.global("__builtin__", "getattr").global("mylib", "Outer").text("Inner");

    assertEquals(Set.of("w"), names(folder, pickle.ops(0x86, 'R', ')', 0x81, 's')));
  }

  @Test
  void open_objectByAConstructorOfCopyreg_isPassedOver() throws IOException {
    PickleBytes pickle = PickleBytes.tensor(0, SIZE, STRIDE).text("x");
    pickle.global("copy_reg", "_reconstructor").global("mylib", "Old");
    pickle.global("__builtin__", "object").ops('N', 0x87, 'R', 's');

    assertEquals(Set.of("w"), names(folder, pickle));
  }

  @Test
  void open_callWithinCalls_isRefusedAsByItself() {
    PickleBytes pickle = PickleBytes.start().global("torch._tensor", "_rebuild_from_type_v2");
    pickle.ops('(').global("mylib", "rebuild").global("torch", "Tensor").ops(')', '}', 't', 'R');

    assertEquals(
        "a.pth: pickle expected to name weights and plain data only, got mylib.rebuild; save the"
            + " model's state_dict() alone",
        failure(folder, pickle));
  }

  @Test
  void open_veryLongNameOfAClass_isRefused() {
    assertEquals(
        "a.pth: pickle expected a shorter name before byte 1046",
        failure(folder, PickleBytes.start().global("m", "N".repeat(2000))));
  }

  @Test
  void open_nameFromTheStack_isCheckedToo() {
    assertEquals(
        "a.pth: pickle expected to name weights and plain data only, got os.system; save the"
            + " model's state_dict() alone",
        failure(folder, PickleBytes.start().text("os").text("system").ops(0x93)));
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

    assertEquals(Set.of("w"), names(folder, pickle));
  }
}
