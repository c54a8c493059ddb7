"""Writes files as torch.save does, with what people keep beside and around weights.

    python3 tools/golden/torch_beside.py blip2-core/src/test/resources/golden/torch/beside

Needs Python's own library and NumPy alone: PyTorch's, OmegaConf's and Lightning's classes are
stand-ins of their names, for a pickle holds names and arguments. One file for each protocol of
pickles; in each the tensor "w" of 0, 1, ... 5 is the model, and the rest is to be passed over.
"""

import argparse
import array
import collections
import datetime
import decimal
import enum
import fractions
import functools
import io
import ipaddress
import pathlib
import pickle
import re
import struct
import sys
import types
import typing
import uuid
import zipfile

import numpy


def module(name):
    if name not in sys.modules:
        made = types.ModuleType(name)
        sys.modules[name] = made
        if "." in name:
            parent, last = name.rsplit(".", 1)
            setattr(module(parent), last, made)
    return sys.modules[name]


def stand_in(full, bases=(object,), body=None):
    """A class of another library's name."""
    owner, name = full.rsplit(".", 1)
    made = type(name, bases, dict(body or {}, __module__=owner))
    setattr(module(owner), name, made)
    return made


def function(full):
    owner, name = full.rsplit(".", 1)

    def made(*arguments):
        raise AssertionError("never called")

    made.__module__, made.__qualname__, made.__name__ = owner, name, name
    setattr(module(owner), name, made)
    return made


class Call:
    """Pickles as the call of a function."""

    def __init__(self, called, *arguments):
        self.called, self.arguments = called, arguments

    def __reduce__(self):
        return self.called, self.arguments


class Name:
    """Pickles as a name, as torch.float32 does."""

    def __init__(self, name):
        self.name = name

    def __reduce__(self):
        return self.name


class Storage:
    def __init__(self, kind, key, count):
        self.kind, self.key, self.count = kind, key, count


class Pickler(pickle._Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage):
            return "storage", value.kind, value.key, "cpu", value.count
        return None


FLOATS = stand_in("torch.FloatStorage")
BYTES = stand_in("torch.storage.UntypedStorage")
REBUILD = function("torch._utils._rebuild_tensor_v2")
REBUILD_TYPED = function("torch._utils._rebuild_tensor_v3")
PARAMETER = function("torch._utils._rebuild_parameter")
PARAMETER_WITH_STATE = function("torch._utils._rebuild_parameter_with_state")
OF_TYPE = function("torch._tensor._rebuild_from_type_v2")
LAYOUT = function("torch.serialization._get_layout")
DEVICE = type("device", (), {"__module__": "torch"})
SIZE = type("Size", (tuple,), {"__module__": "torch", "__reduce__": lambda s: (SIZE, (tuple(s),))})
module("torch").device = DEVICE
module("torch").Size = SIZE
TENSOR = stand_in("torch.Tensor")
NN_PARAMETER = stand_in("torch.nn.parameter.Parameter")
BUFFER = stand_in("torch.nn.parameter.Buffer")
MINE = stand_in("mylib.layers.MyParameter")


class TorchName(Name):
    pass


TorchName.__module__ = "torch"


def torch_name(name):
    if not hasattr(module("torch"), name):
        setattr(module("torch"), name, TorchName(name))
    return getattr(module("torch"), name)


STORAGE = Storage(FLOATS, "0", 6)


def arguments(size=(2, 3), stride=(3, 1), offset=0, **more):
    hooks = collections.OrderedDict()
    return (STORAGE, offset, size, stride, more.get("grad", False), hooks)


def tensor(**how):
    return Call(REBUILD, *arguments(**how))


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Bits(enum.Flag):
    A = 1
    B = 2


class Slots:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a, self.b = 1, [2]


class State:
    def __getstate__(self):
        return (1, {"x": 2})

    def __setstate__(self, state):
        pass


class Items(dict):
    pass


class Rows(list):
    pass


Point = collections.namedtuple("Point", "x y")

for mine in (Colour, Level, Bits, Slots, State, Items, Rows, Point):
    mine.__module__ = "mylib.settings"
    setattr(module("mylib.settings"), mine.__name__, mine)


def omegaconf():
    metadata = stand_in("omegaconf.base.ContainerMetadata")
    config = stand_in("omegaconf.listconfig.ListConfig")
    node = stand_in("omegaconf.nodes.AnyNode")
    made, one, about = config(), node(), metadata()
    about.__dict__.update(
        ref_type=typing.Any, object_type=list, optional=True, key=None, flags={},
        resolver_cache=collections.defaultdict(dict), key_type=int, element_type=typing.Any)
    one.__dict__.update(_metadata=about, _val=7, _parent=made)
    made.__dict__.update(_metadata=about, _content=[one], _parent=None)
    return made


def lightning():
    attributes = stand_in("lightning.fabric.utilities.data.AttributeDict", (dict,))
    model = stand_in("mylib.net.Encoder")
    made = attributes()
    made.update(lr=1e-3, encoder=model(), optimizer=stand_in("torch.optim.adamw.AdamW"))
    return made


def beside():
    random = numpy.random.RandomState(3)
    utc = datetime.timezone.utc
    return {
        "classes": [int, str, float, bool, bytes, bytearray, list, dict, tuple, set, object, range,
                    complex, slice, type(None), zip, map, ValueError, numpy.float32, numpy.ndarray,
                    collections.OrderedDict, argparse.Namespace, Items, typing.Any],
        "builtins": [range(3), {1, 2}, frozenset({3}), complex(1, 2), bytearray(b"ab"), b"bytes",
                     slice(1, 2) if sys.version_info >= (3, 8) else None, ValueError("no"),
                     OSError(2, "no"), Ellipsis, NotImplemented],
        "functions": [len, print, struct.pack, functools.reduce],
        "times": [datetime.datetime(2024, 1, 1, tzinfo=utc), datetime.date(2024, 1, 2),
                  datetime.time(3, 4, tzinfo=utc), datetime.timedelta(5), utc,
                  datetime.timezone(datetime.timedelta(hours=2), "X")],
        "numbers": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), 2**100, -(2**63), 1e300],
        "ids": [uuid.UUID(int=5), ipaddress.ip_address("127.0.0.1"), re.compile("a+")],
        "paths": [pathlib.PurePosixPath("a/b"), pathlib.PureWindowsPath("c:/d"), pathlib.Path("e")],
        "enums": [Colour.RED, Level.LOW, Bits.A | Bits.B],
        "objects": [Slots(), State(), Rows([1]), Point(1, 2), types.SimpleNamespace(a=int)],
        "collections": [collections.Counter("aab"), collections.deque([1]), collections.UserDict(a=1),
                        collections.defaultdict(list, {1: [2]}), collections.OrderedDict(a=1),
                        collections.ChainMap({}), array.array("d", [1.0])],
        "partial": functools.partial(int, base=2),
        "typing": [typing.Optional[int], typing.Dict[str, int], typing.Union[int, str], list[int]],
        "stream": io.BytesIO(b"state"),
        "namespace": argparse.Namespace(type=int, names=str, lr=0.1, path=pathlib.Path("o")),
        "omegaconf": omegaconf(),
        "hyper_parameters": lightning(),
        "callbacks": {"stand_in": stand_in("pytorch_lightning.callbacks.ModelCheckpoint")},
        "arrays": [numpy.arange(6.0).reshape(2, 3), numpy.arange(6).reshape(2, 3).T,
                   numpy.array(["a", "bc"]), numpy.array([1, "x", None], dtype=object),
                   numpy.zeros(2, dtype=[("a", "f4"), ("b", "i8")]), numpy.array(3.0),
                   numpy.array(["2024-01-01"], dtype="datetime64[D]"), numpy.zeros(0),
                   numpy.ma.masked_array([1, 2], [True, False]), numpy.zeros((1, 2))[:, ::2]],
        "scalars": [numpy.float32(1.5), numpy.int64(2), numpy.bool_(True), numpy.str_("s"),
                    numpy.datetime64("2024-01-01"), numpy.complex64(1j), numpy.dtype("float16"),
                    numpy.dtype([("a", "f4")])],
        "random": [random.get_state(), random, numpy.random.default_rng(4)],
        "torch": [torch_name("float32"), torch_name("complex64"), torch_name("float8_e4m3fn"),
                  torch_name("float8_e5m2fnuz"), torch_name("qint8"), torch_name("channels_last"),
                  torch_name("per_tensor_affine"), SIZE((2, 3)), Call(LAYOUT, "torch.strided"),
                  Call(DEVICE, "cpu"), Call(stand_in("torch.torch_version.TorchVersion"), "2.13.0")],
        "keys": {(1, "a"): 1, ("b",): 2, None: 3, True: 4, 1.5: 5, b"k": 6, frozenset({1}): 7,
                 Colour.RED: 8, int: 9, datetime.date(2024, 1, 1): 10, ((1, 2), 3): 11, 2**70: 12},
        "step": tensor(),
    }


def weights():
    """The same numbers in every way that a tensor may be wrapped in."""
    state = {"note": "ema", "kind": int, "shape": SIZE((2, 3))}
    typed = Call(REBUILD_TYPED, Storage(BYTES, "1", 24), 0, (2, 3), (3, 1), True,
                 collections.OrderedDict(), torch_name("float32"))
    rows = arguments()
    return collections.OrderedDict([
        ("w", tensor()),
        ("w_grad", tensor(grad=True)),
        ("w_typed", typed),
        ("w_parameter", Call(PARAMETER, tensor(), True, collections.OrderedDict())),
        ("w_state", Call(PARAMETER_WITH_STATE, tensor(), True, collections.OrderedDict(), state)),
        ("w_attribute", Call(OF_TYPE, REBUILD, TENSOR, rows, state)),
        ("w_slots", Call(OF_TYPE, REBUILD, TENSOR, rows, (state, {"slot": 1}))),
        ("w_buffer", Call(OF_TYPE, REBUILD, BUFFER, rows, {"persistent": True})),
        ("w_mine", Call(OF_TYPE, REBUILD, MINE, rows, {})),
        ("w_of_type", Call(OF_TYPE, PARAMETER, NN_PARAMETER, (tensor(), True,
                                                              collections.OrderedDict()), {})),
    ])


def save(path, value, protocol):
    stream = io.BytesIO()
    Pickler(stream, protocol=protocol).dump(value)
    numbers = struct.pack("<6f", *range(6))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for name, content in (("data.pkl", stream.getvalue()), ("byteorder", b"little"),
                              ("data/0", numbers), ("data/1", numbers), ("version", b"3\n")):
            file.writestr(zipfile.ZipInfo("beside/" + name, (1980, 1, 1, 0, 0, 0)), content)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for protocol in (2, 3, 4, 5):
        save(folder / f"protocol{protocol}.pth", {**beside(), "state_dict": weights()}, protocol)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
