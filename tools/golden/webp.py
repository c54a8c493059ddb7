"""Writes src/test/resources/golden/webp: WebP files of every kind and what Pillow reads in them.

    pip install pillow==12.3.0 numpy
    python tools/golden/webp.py blip2-vision/src/test/resources/golden/webp

Pillow passes few options on, so that the system's libwebp.so.7 (1.2.4; `apt install libwebp7`) is called. Chunks are put
together here byte by byte.
"""

import ctypes
import json
import struct
import sys
from pathlib import Path

import numpy as np
from PIL import Image

W, H = 37, 29
ABI = 0x020F
CONFIG = (
    "lossless quality method image_hint target_size target_psnr segments sns_strength filter_strength filter_sharpness "
    "filter_type autofilter alpha_compression alpha_filtering alpha_quality passes show_compressed preprocessing partitions "
    "partition_limit emulate_jpeg_size thread_level low_memory near_lossless exact use_delta_palette use_sharp_yuv qmin qmax"
).split()
FLOATS = {"quality", "target_psnr"}
POINTER = ctypes.c_void_p


class Config(ctypes.Structure):
    _fields_ = [(name, ctypes.c_float if name in FLOATS else ctypes.c_int) for name in CONFIG]


class Picture(ctypes.Structure):
    _fields_ = [
        ("use_argb", ctypes.c_int), ("colorspace", ctypes.c_int), ("width", ctypes.c_int), ("height", ctypes.c_int),
        ("y", POINTER), ("u", POINTER), ("v", POINTER), ("y_stride", ctypes.c_int), ("uv_stride", ctypes.c_int),
        ("a", POINTER), ("a_stride", ctypes.c_int), ("pad1", ctypes.c_uint32 * 2),
        ("argb", POINTER), ("argb_stride", ctypes.c_int), ("pad2", ctypes.c_uint32 * 3),
        ("writer", POINTER), ("custom", POINTER), ("extra_type", ctypes.c_int), ("extra", POINTER),
        ("stats", POINTER), ("error", ctypes.c_int), ("progress", POINTER), ("user_data", POINTER),
        ("rest", ctypes.c_uint8 * 256),
    ]


class Writer(ctypes.Structure):
    _fields_ = [("mem", POINTER), ("size", ctypes.c_size_t), ("max", ctypes.c_size_t), ("pad", ctypes.c_uint32 * 8)]


LIB = ctypes.CDLL("libwebp.so.7")


def encode(pixels, **options):
    """A WebP file of an array [H, W, 3 or 4]."""
    config, picture, writer = Config(), Picture(), Writer()
    options = {"quality": 75.0} | options
    assert LIB.WebPConfigInitInternal(ctypes.byref(config), 0, ctypes.c_float(options["quality"]), ABI)
    for name, value in options.items():
        setattr(config, name, value)
    assert LIB.WebPPictureInitInternal(ctypes.byref(picture), ABI)
    picture.use_argb = config.lossless
    picture.height, picture.width = pixels.shape[:2]
    LIB.WebPMemoryWriterInit(ctypes.byref(writer))
    picture.writer = ctypes.cast(LIB.WebPMemoryWrite, POINTER)
    picture.custom = ctypes.addressof(writer)
    data = np.ascontiguousarray(pixels, dtype=np.uint8).tobytes()
    load = LIB.WebPPictureImportRGBA if pixels.shape[2] == 4 else LIB.WebPPictureImportRGB
    assert load(ctypes.byref(picture), data, pixels.shape[1] * pixels.shape[2])
    assert LIB.WebPEncode(ctypes.byref(config), ctypes.byref(picture)), (picture.error, options)
    return ctypes.string_at(writer.mem, writer.size)


def plasma(width, height, seed, bands=3):
    """Something like a photograph: noise of several scales."""
    rng = np.random.default_rng(seed)
    out = np.zeros((height, width, bands))
    for scale in 2, 4, 9, 20, 60:
        grid = rng.random((max(2, min(scale, height)), max(2, min(scale, width)), bands))
        y = np.linspace(0, grid.shape[0] - 1, height).astype(int)
        x = np.linspace(0, grid.shape[1] - 1, width).astype(int)
        out += grid[y][:, x] / scale**0.6
    out -= out.min(axis=(0, 1))
    return (255 * out / np.maximum(out.max(axis=(0, 1)), 1e-9)).astype(np.uint8)


def noise(width, height, seed):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def colors(count, seed, width=W, height=H, bands=3):
    palette = np.random.default_rng(seed).integers(0, 256, (count, bands), dtype=np.uint8)
    return palette[plasma(width, height, seed)[..., 0].astype(int) * count // 256]


def lossy():
    for width, height in (1, 1), (2, 1), (1, 2), (3, 3), (16, 16), (17, 17), (15, 31), (33, 2):
        yield f"lossy_{width}x{height}", encode(plasma(width, height, width + height))
    scene = plasma(W, H, 1)
    yield "lossy_q0", encode(scene, quality=0.0, segments=1)
    yield "lossy_q100", encode(noise(W, H, 2), quality=100.0, method=6)
    yield "lossy_simple_filter", encode(scene, quality=20.0, filter_type=0, filter_strength=90)
    yield "lossy_strong_filter", encode(scene, quality=10.0, filter_type=1, filter_strength=100)
    yield "lossy_sharp_3", encode(scene, quality=30.0, filter_sharpness=3, filter_strength=60)
    yield "lossy_sharp_7", encode(scene, quality=30.0, filter_sharpness=7, filter_strength=60)
    yield "lossy_no_filter", encode(scene, quality=60.0, filter_strength=0)
    mixed = np.concatenate([plasma(48, 20, 3), np.full((20, 48, 3), 90, np.uint8), noise(48, 30, 4)])
    yield "lossy_segments", encode(mixed, quality=40.0, segments=4, sns_strength=100)
    yield "lossy_8_parts", encode(plasma(20, 150, 5), quality=50.0, partitions=3, method=2)
    yield "lossy_16x16_modes", encode(plasma(64, 48, 6) // 8 + 100, quality=30.0, method=0)
    yield "lossy_subblocks", encode(plasma(64, 48, 7), quality=85.0, method=6)


def lossless():
    scene = plasma(W, H, 8)
    for method in 0, 3, 6:
        yield f"lossless_m{method}", encode(scene, lossless=1, method=method, quality=100.0)
    yield "lossless_1x1", encode(scene[:1, :1], lossless=1)
    yield "lossless_noise", encode(noise(W, H, 9), lossless=1)
    yield "lossless_near", encode(scene, lossless=1, near_lossless=20)
    yield "lossless_tiled", encode(np.tile(scene[:9, :9], (6, 6, 1)), lossless=1, method=6, quality=100.0)
    for count in 1, 2, 4, 16, 17, 250:
        yield f"lossless_{count}_colors", encode(colors(count, count), lossless=1)
    yield "lossless_cache", encode(colors(1000, 10, 90, 60), lossless=1, method=6, quality=100.0)
    regions = np.concatenate([plasma(150, 50, 11), colors(40, 12, 150, 50), noise(150, 20, 13)])
    yield "lossless_regions", encode(regions, lossless=1, method=6, quality=100.0)
    yield "lossless_alpha", encode(plasma(W, H, 14, 4), lossless=1, exact=1)
    yield "lossless_alpha_colors", encode(colors(9, 15, bands=4), lossless=1, exact=1)


def alpha():
    scene = plasma(W, H, 16, 4)
    yield "alpha_lossless", encode(scene, exact=1)
    yield "alpha_uncompressed", encode(scene, alpha_compression=0)
    yield "alpha_levels", encode(scene, alpha_quality=20, alpha_filtering=2)
    scene[..., 3] = np.where(scene[..., 3] > 100, 255, 0)
    yield "alpha_mask", encode(scene)


def split(webp):
    """The chunks of a file: pairs of name and data."""
    chunks, at = [], 12
    while at < len(webp):
        size = struct.unpack("<I", webp[at + 4 : at + 8])[0]
        chunks.append((webp[at : at + 4], webp[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return chunks


def join(chunks):
    return b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)


def riff(*chunks):
    body = b"WEBP" + join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def u24(value):
    return struct.pack("<I", value)[:3]


def extended(flags, width=W, height=H):
    return b"VP8X", struct.pack("<I", flags) + u24(width - 1) + u24(height - 1)


def pictures(webp):
    return [chunk for chunk in split(webp) if chunk[0] in (b"VP8 ", b"VP8L", b"ALPH")]


def frame(x, y, webp, flags=0):
    with_size = u24(x // 2) + u24(y // 2) + u24(0) * 2 + u24(100) + bytes([flags])
    return b"ANMF", with_size + join(pictures(webp))


def containers():
    scene = plasma(W, H, 17)
    opaque = encode(scene)
    see_through = encode(plasma(W, H, 18, 4))
    exif = b"II*\0\10\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"
    yield "exif", riff(extended(0x08), *pictures(opaque), (b"EXIF", exif))
    yield "exif_of_jpeg", riff(extended(0x08), *pictures(opaque), (b"EXIF", b"Exif\0\0" + exif))
    yield "exif_without_flag", riff(extended(0), *pictures(opaque), (b"EXIF", exif))
    yield "metadata", riff(
        extended(0x2C), (b"ICCP", b"profile"), (b"what", b"ever"), *pictures(opaque), (b"EXIF", b""), (b"XMP ", b"<x/>"))
    yield "alpha_without_flag", riff(extended(0), *pictures(see_through))
    yield "trailing_bytes", opaque + b"more"
    yield "trailing_chunk", riff(*split(opaque), (b"what", b"ever"))
    animation = b"ANIM", struct.pack("<IH", 0x80402010, 0)
    small = encode(plasma(20, 11, 19, 4), lossless=1)
    lossy_small = encode(plasma(9, 14, 20, 4))
    yield "animated", riff(extended(0x12), animation, frame(0, 0, opaque), frame(4, 6, small))
    yield "animated_offset", riff(extended(0x12), animation, frame(6, 10, small, 1), frame(0, 0, opaque))
    yield "animated_offset_lossy", riff(extended(0x12), animation, frame(28, 14, lossy_small, 3))
    empty = b"ANMF", frame(0, 0, opaque)[1][:16] + join([(b"what", b"ever")])
    yield "animated_empty_frame", riff(extended(0x12), animation, empty, frame(2, 4, small))


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    files, header, body = {}, {}, b""
    for make in lossy, lossless, alpha, containers:
        for stem, data in make():
            name = stem + ".webp"
            (folder / name).write_bytes(data)
            with Image.open(folder / name) as opened:
                files[name] = {"mode": opened.mode, "size": opened.size}
                rgb = opened.convert("RGB")
            data = rgb.tobytes()
            shape = [rgb.height, rgb.width, 3]
            header[name + ".rgb"] = {"dtype": "U8", "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
            body += data
    text = json.dumps(header).encode()
    (folder / "expected.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
    (folder / "expected.json").write_text(json.dumps({"kind": "images", "files": files}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
