"""Reads Qt's binary resource files (.rcc). Entries compressed with zstd are passed over."""
import struct
import zlib

DIRECTORY, ZLIB, ZSTD = 2, 1, 4


def files(data):
    """Yields the path and the bytes of each file in a resource file."""
    if data[:4] != b"qres":
        raise SystemExit("rcc: file expected to begin with qres, got %r" % data[:4])
    version, tree, payload, names = struct.unpack_from(">4I", data, 4)
    node_size = 22 if version >= 2 else 14

    def name(offset):
        (length,) = struct.unpack_from(">H", data, names + offset)
        start = names + offset + 6
        return data[start : start + 2 * length].decode("utf-16-be")

    pending = [(0, "")]
    while pending:
        index, path = pending.pop()
        at = tree + node_size * index
        name_offset, flags = struct.unpack_from(">IH", data, at)
        own = path if index == 0 else path + "/" + name(name_offset)
        if flags & DIRECTORY:
            count, first = struct.unpack_from(">2I", data, at + 6)
            pending += [(i, own) for i in range(first, first + count)]
        elif not flags & ZSTD:
            (offset,) = struct.unpack_from(">I", data, at + 10)
            (size,) = struct.unpack_from(">I", data, payload + offset)
            raw = data[payload + offset + 4 : payload + offset + 4 + size]
            yield own.lstrip("/"), zlib.decompress(raw[4:]) if flags & ZLIB else raw
