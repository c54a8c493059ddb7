package io.github.blip2j.io;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a pickle may name: the few things that weights are made of, and classes of plain data that
 * lie beside weights in training checkpoints. The latter are recognised, never made: whatever is
 * built from them is {@link Kind#OPAQUE}. Nothing else may be named at all.
 *
 * @param kind what a call of it gives
 * @param type the element type, in the spelling of safetensors, of storages and types; else empty
 */
record PickleClass(Kind kind, String type) {
  /** What a call gives. */
  enum Kind {
    /** A dict, of the pairs it is given. */
    DICT,
    /** A tensor over part of a storage, of the storage's type. */
    TENSOR,
    /** A tensor over part of an untyped storage, of a type it is given. */
    TYPED_TENSOR,
    /** What it is given first: a parameter is its tensor, a size its tuple. */
    FIRST,
    /** Nothing: the class of a storage, named to say its type. */
    STORAGE,
    /** Nothing: an element type. */
    TYPE,
    /** Something that nobody needs. */
    OPAQUE
  }

  static final PickleClass OPAQUE = new PickleClass(Kind.OPAQUE, "");

  private static final Map<String, PickleClass> KNOWN = known();

  private static final Set<String> PLAIN_DATA =
      Set.of(
          "argparse.Namespace",
          "types.SimpleNamespace",
          "typing.Any",
          "collections.Counter",
          "collections.deque",
          "_codecs.encode",
          "datetime.date",
          "datetime.datetime",
          "datetime.timedelta",
          "pathlib.Path",
          "pathlib.PosixPath",
          "pathlib.WindowsPath",
          "pathlib.PurePosixPath",
          "pathlib.PureWindowsPath",
          "numpy.dtype",
          "numpy.ndarray",
          "numpy.core.multiarray.scalar",
          "numpy.core.multiarray._reconstruct",
          "numpy._core.multiarray.scalar",
          "numpy._core.multiarray._reconstruct",
          "torch.device",
          "torch.torch_version.TorchVersion");

  private static final Set<String> PLAIN_BUILTINS =
      Set.of(
          "set",
          "frozenset",
          "list",
          "dict",
          "tuple",
          "int",
          "float",
          "bool",
          "str",
          "bytes",
          "bytearray",
          "complex",
          "slice",
          "range",
          "object");

  /** What {@code module.name} stands for, or null if a pickle has no business with it. */
  static @Nullable PickleClass find(String module, String name) {
    String full = module + "." + name;
    @Nullable PickleClass known = KNOWN.get(full);
    if (known != null) {
      return known;
    }
    boolean builtin = module.equals("builtins") || module.equals("__builtin__");
    boolean plain =
        PLAIN_DATA.contains(full)
            || (builtin && PLAIN_BUILTINS.contains(name))
            || full.startsWith("omegaconf.");
    return plain ? OPAQUE : null;
  }

  private static Map<String, PickleClass> known() {
    Map<String, PickleClass> known = new HashMap<>();
    known.put("collections.OrderedDict", new PickleClass(Kind.DICT, ""));
    known.put("collections.defaultdict", new PickleClass(Kind.DICT, ""));
    known.put("torch._utils._rebuild_tensor", new PickleClass(Kind.TENSOR, ""));
    known.put("torch._utils._rebuild_tensor_v2", new PickleClass(Kind.TENSOR, ""));
    known.put("torch._utils._rebuild_tensor_v3", new PickleClass(Kind.TYPED_TENSOR, ""));
    known.put("torch._utils._rebuild_parameter", new PickleClass(Kind.FIRST, ""));
    known.put("torch._utils._rebuild_parameter_with_state", new PickleClass(Kind.FIRST, ""));
    known.put("torch.Size", new PickleClass(Kind.FIRST, ""));
    known.put("torch.storage.UntypedStorage", storage("U8"));
    known.put("torch.DoubleStorage", storage("F64"));
    known.put("torch.FloatStorage", storage("F32"));
    known.put("torch.HalfStorage", storage("F16"));
    known.put("torch.BFloat16Storage", storage("BF16"));
    known.put("torch.LongStorage", storage("I64"));
    known.put("torch.IntStorage", storage("I32"));
    known.put("torch.ShortStorage", storage("I16"));
    known.put("torch.CharStorage", storage("I8"));
    known.put("torch.ByteStorage", storage("U8"));
    known.put("torch.BoolStorage", storage("BOOL"));
    known.put("torch.ComplexFloatStorage", storage("C64"));
    known.put("torch.ComplexDoubleStorage", storage("C128"));
    Map<String, String> types = new HashMap<>();
    types.put("float64", "F64");
    types.put("float32", "F32");
    types.put("float16", "F16");
    types.put("bfloat16", "BF16");
    types.put("int64", "I64");
    types.put("int32", "I32");
    types.put("int16", "I16");
    types.put("int8", "I8");
    types.put("uint8", "U8");
    types.put("uint16", "U16");
    types.put("uint32", "U32");
    types.put("uint64", "U64");
    types.put("bool", "BOOL");
    types.put("float8_e4m3fn", "F8_E4M3");
    types.put("float8_e5m2", "F8_E5M2");
    types.forEach((name, type) -> known.put("torch." + name, new PickleClass(Kind.TYPE, type)));
    return Map.copyOf(known);
  }

  private static PickleClass storage(String type) {
    return new PickleClass(Kind.STORAGE, type);
  }

  /** Bytes of one element of a type. */
  static int byteSize(String type) {
    return switch (type) {
      case "C128" -> 16;
      case "F64", "I64", "U64", "C64" -> 8;
      case "F32", "I32", "U32" -> 4;
      case "F16", "BF16", "I16", "U16" -> 2;
      default -> 1;
    };
  }
}
