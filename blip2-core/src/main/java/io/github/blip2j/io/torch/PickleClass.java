package io.github.blip2j.io.torch;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The meaning of a name in a pickle: one of the few classes that weights consist of, or any other,
 * which is recognised by name and never looked up or run. An object of an unknown class becomes a
 * {@link PickledObject}.
 *
 * @param kind the kind of result of a call
 * @param name the name in Python 3, module and class joined by a dot
 * @param type the element type of a storage or type, as safetensors spells it; else empty
 */
record PickleClass(Kind kind, String name, String type) {
  /** The kind of result of a call. */
  enum Kind {
    /** A dict of the given pairs. */
    DICT,
    /** A tensor over part of a storage, of the storage's type. */
    TENSOR,
    /** A tensor over part of an untyped storage, with a given type. */
    TYPED_TENSOR,
    /** The first argument: a parameter is its tensor, a size its tuple. */
    FIRST,
    /** The result of another call, as an object of a class. */
    OF_CLASS,
    /** A sparse tensor. */
    SPARSE,
    /** A quantized tensor. */
    QUANTIZED,
    /** A tensor without numbers (meta device). */
    META,
    /** A nested tensor, of several sizes. */
    NESTED,
    /** A tensor that only its own class can interpret. */
    WRAPPER,
    /** A tensor of a device, given as a tensor of another device. */
    DEVICE,
    /** No result: the class of a storage, which states its type. */
    STORAGE,
    /** No result: an element type. */
    TYPE,
    /** An object of the class in the first argument. */
    NEW,
    /** An attribute by name. */
    ATTRIBUTE,
    /** An unused value of a class or function known to be plain data. */
    PLAIN,
    /** An unused object of some class. */
    OBJECT,
    /** A function's result; such a call is rejected, not skipped. */
    FUNCTION,
    /** No result: the name itself is rejected. */
    FORBIDDEN
  }

  /** Modules that start programs, open files or load code. A file that names them is malicious. */
  private static final Set<String> FORBIDDEN =
      words(
          """
          os posix nt sys subprocess socket ctypes _ctypes shutil pty code codeop runpy importlib
          multiprocessing webbrowser pickle _pickle marshal pip pdb bdb timeit _io io
          """);

  private static final Set<String> FORBIDDEN_BUILTINS =
      words(
          """
          builtins.eval builtins.exec builtins.compile builtins.open builtins.__import__
          builtins.input builtins.breakpoint builtins.globals builtins.setattr builtins.delattr
          """);

  /** Members of a forbidden module that are allowed: in-memory files, which hold extra state. */
  private static final Set<String> HARMLESS = Set.of("_io.BytesIO", "io.BytesIO", "io.StringIO");

  /** Lower-case classes, and functions that only put data together. */
  private static final Set<String> PLAIN =
      words(
          """
          _codecs.encode array.array array._array_reconstructor collections.deque datetime.date
          datetime.datetime datetime.time datetime.timedelta datetime.timezone decimal.Decimal
          functools.partial logging.getLogger operator.getitem _operator.getitem operator.or_
          _operator.or_ re._compile
          torch.device torch.layout torch.memory_format torch.serialization._get_layout
          zoneinfo.ZoneInfo._unpickle
          """);

  private static final Set<String> PLAIN_BUILTINS =
      words(
          """
          set frozenset list dict tuple int float bool str bytes bytearray complex slice range
          object type zip map filter enumerate reversed memoryview
          """);

  private static final Set<String> NUMPY =
      words(
          """
          dtype ndarray matrix recarray record memmap void generic number bool bool_ object_ str_
          bytes_ unicode_ string_ datetime64 timedelta64 int8 int16 int32 int64 uint8 uint16
          uint32 uint64 intc uintc intp uintp int_ uint long ulong longlong ulonglong byte ubyte
          short ushort half single double longdouble float_ float16 float32 float64 float96
          float128 csingle cdouble clongdouble complex_ complex64 complex128 complex256 floating
          integer inexact signedinteger unsignedinteger complexfloating
          """);

  private static final Set<String> NUMPY_FUNCTIONS =
      words(
          """
          numpy.core.multiarray.scalar numpy.core.multiarray._reconstruct
          numpy.core.numeric._frombuffer numpy.core._internal._convert_to_stringdtype_kwargs
          numpy.core.records._reconstruct numpy.rec.recarray numpy.core.records.recarray
          numpy.ma.core._mareconstruct
          """);

  private static final Map<String, PickleClass> KNOWN = known();

  /** The meaning of {@code full}, a name in Python 3. */
  static PickleClass of(String full) {
    PickleClass known = KNOWN.get(full);
    return known != null ? known : new PickleClass(kindOf(full), full, "");
  }

  private static Kind kindOf(String full) {
    int first = full.indexOf('.');
    String root = first < 0 ? full : full.substring(0, first);
    if (PLAIN.contains(full) || HARMLESS.contains(full) || isOfNumpy(full)) {
      return Kind.PLAIN;
    }
    if (root.equals("builtins") && PLAIN_BUILTINS.contains(full.substring(first + 1))) {
      return Kind.PLAIN;
    }
    if (FORBIDDEN_BUILTINS.contains(full)) {
      return Kind.FORBIDDEN;
    }
    if (FORBIDDEN.contains(root)) {
      return Kind.FORBIDDEN;
    }
    if (!isClass(full) && !full.contains(".__pyx_unpickle_")) { // Cython's, of its classes
      return Kind.FUNCTION;
    }
    boolean plain =
        switch (root) {
          case "argparse",
              "builtins",
              "collections",
              "decimal",
              "enum",
              "fractions",
              "numpy",
              "omegaconf",
              "pathlib",
              "types",
              "typing",
              "uuid",
              "zoneinfo" ->
              true;
          default -> full.equals("torch.torch_version.TorchVersion");
        };
    return plain ? Kind.PLAIN : Kind.OBJECT;
  }

  private static boolean isOfNumpy(String full) {
    if (!full.startsWith("numpy.")) {
      return false;
    }
    String public1 = full.replaceFirst("^numpy\\._core\\.", "numpy.core."); // NumPy 2's name
    return NUMPY.contains(full.substring("numpy.".length()))
        || NUMPY_FUNCTIONS.contains(public1)
        || full.startsWith("numpy.random."); // generators and their states
  }

  /**
   * Whether a name looks like a class: Python's classes begin with a capital letter, its functions
   * do not (PEP 8).
   */
  private static boolean isClass(String full) {
    String last = full.substring(full.lastIndexOf('.') + 1);
    int at = 0;
    while (at < last.length() - 1 && last.charAt(at) == '_') {
      at++;
    }
    return !last.isEmpty() && Character.isUpperCase(last.charAt(at));
  }

  private static Map<String, PickleClass> known() {
    Map<String, PickleClass> known = new HashMap<>();
    add(known, Kind.DICT, "collections.OrderedDict", "collections.defaultdict");
    add(known, Kind.TENSOR, "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2");
    add(known, Kind.TYPED_TENSOR, "torch._utils._rebuild_tensor_v3");
    add(known, Kind.FIRST, "torch._utils._rebuild_parameter", "torch.Size");
    add(known, Kind.FIRST, "torch._utils._rebuild_parameter_with_state");
    add(known, Kind.FIRST, "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer");
    add(known, Kind.OF_CLASS, "torch._tensor._rebuild_from_type_v2");
    add(known, Kind.OF_CLASS, "torch._tensor._rebuild_from_type");
    add(known, Kind.SPARSE, "torch._utils._rebuild_sparse_tensor");
    add(known, Kind.SPARSE, "torch._utils._rebuild_sparse_csr_tensor");
    add(known, Kind.QUANTIZED, "torch._utils._rebuild_qtensor");
    add(known, Kind.META, "torch._utils._rebuild_meta_tensor_no_storage");
    add(known, Kind.NESTED, "torch._utils._rebuild_nested_tensor");
    add(known, Kind.WRAPPER, "torch._utils._rebuild_wrapper_subclass");
    add(known, Kind.DEVICE, "torch._utils._rebuild_device_tensor_from_cpu_tensor");
    add(known, Kind.DEVICE, "torch._utils._rebuild_device_tensor_from_numpy");
    add(known, Kind.DEVICE, "torch._utils._rebuild_xla_tensor");
    add(known, Kind.NEW, "copyreg.__newobj__", "copyreg.__newobj_ex__", "copyreg._reconstructor");
    add(known, Kind.ATTRIBUTE, "builtins.getattr");
    known.put("torch.storage.UntypedStorage", storage("torch.storage.UntypedStorage", "U8"));
    for (String pair :
        words(
            """
            Double=F64 Float=F32 Half=F16 BFloat16=BF16 Long=I64 Int=I32 Short=I16 Char=I8 Byte=U8
            Bool=BOOL ComplexFloat=C64 ComplexDouble=C128 QInt8=QINT8 QUInt8=QUINT8 QInt32=QINT32
            QUInt4x2=QUINT4X2 QUInt2x4=QUINT2X4\
            """)) {
      String name = "torch." + pair.substring(0, pair.indexOf('=')) + "Storage";
      known.put(name, storage(name, pair.substring(pair.indexOf('=') + 1)));
    }
    for (String pair :
        words(
            """
            float64=F64 double=F64 float32=F32 float=F32 float16=F16 half=F16 bfloat16=BF16 int64=I64
            long=I64 int32=I32 int=I32 int16=I16 short=I16 int8=I8 uint8=U8 uint16=U16 uint32=U32
            uint64=U64 bool=BOOL complex32=C32 complex64=C64 cfloat=C64 complex128=C128 cdouble=C128
            float8_e4m3fn=F8_E4M3 float8_e5m2=F8_E5M2 float8_e8m0fnu=F8_E8M0
            float8_e4m3fnuz=F8_E4M3FNUZ float8_e5m2fnuz=F8_E5M2FNUZ float4_e2m1fn_x2=F4_X2\
            """)) {
      String name = "torch." + pair.substring(0, pair.indexOf('='));
      known.put(name, new PickleClass(Kind.TYPE, name, pair.substring(pair.indexOf('=') + 1)));
    }
    for (String type :
        words(
            """
            qint8 quint8 qint32 quint4x2 quint2x4 bits1x8 bits2x4 bits4x2 bits8 bits16 uint1 uint2 uint3
            uint4 uint5 uint6 uint7 int1 int2 int3 int4 int5 int6 int7\
            """)) {
      String name = "torch." + type;
      known.put(name, new PickleClass(Kind.TYPE, name, type.toUpperCase(Locale.ROOT)));
    }
    for (String scheme :
        words("affine symmetric channel_affine channel_symmetric channel_affine_float_qparams")) {
      String name = "torch.per_" + (scheme.startsWith("channel") ? "" : "tensor_") + scheme;
      known.put(name, new PickleClass(Kind.PLAIN, name, ""));
    }
    return Map.copyOf(known);
  }

  private static Set<String> words(String text) {
    return Set.of(text.strip().split("\\s+"));
  }

  private static void add(Map<String, PickleClass> known, Kind kind, String... names) {
    for (String name : names) {
      known.put(name, new PickleClass(kind, name, ""));
    }
  }

  private static PickleClass storage(String name, String type) {
    return new PickleClass(Kind.STORAGE, name, type);
  }

  /** Bytes of one element of a type. */
  static int byteSize(String type) {
    return switch (type) {
      case "C128" -> 16;
      case "F64", "I64", "U64", "C64" -> 8;
      case "F32", "I32", "U32", "C32", "QINT32" -> 4;
      case "F16", "BF16", "I16", "U16", "BITS16" -> 2;
      default -> 1;
    };
  }
}
