"""Writes src/test/resources/golden/image-modes: rarer kinds of image files and what Pillow reads in them.

    pip install pillow==12.3.0
    python tools/golden/image_modes.py blip2-vision/src/test/resources/golden/image-modes

Pillow cannot write most of these kinds, so they are put together here byte by byte.
"""

import io
import json
import random
import struct
import sys
import zlib
from pathlib import Path

from PIL import Image, ImageCms

W, H = 37, 29
FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}


def scene():
    rng = random.Random(7)
    image = Image.new("RGB", (W, H))
    for y in range(H):
        for x in range(W):
            noise = rng.randrange(40)
            image.putpixel((x, y), (6 * x + noise, 8 * y + noise // 2, (x * y) % 200 + noise))
    return image


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(depth, color, rows, *extra, interlaced=False):
    """A PNG file of samples rows[y][x][band]; extra chunks go before the pixels."""

    def scanlines(part):
        out = b""
        for row in part:
            bits = "".join(format(v, f"0{depth}b") for pixel in row for v in pixel)
            bits += "0" * (-len(bits) % 8)
            out += b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
        return out

    if interlaced:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
        data = b"".join(scanlines([row[x::dx] for row in rows[y::dy]]) for x, y, dx, dy in passes)
    else:
        data = scanlines(rows)
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), depth, color, 0, 0, interlaced)
    packed = zlib.compress(data)
    half = len(packed) // 2
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(extra)
        + chunk(b"IDAT", packed[:half]) + chunk(b"IDAT", packed[half:]) + chunk(b"IEND", b"")
    )


def pngs(image):
    rng = random.Random(11)
    rgb = [[image.getpixel((x, y)) for x in range(W)] for y in range(H)]
    wide = [[tuple(v * 256 + rng.randrange(256) for v in p) for p in row] for row in rgb]
    palette = bytes(rng.randrange(256) for _ in range(16 * 3))
    plte = chunk(b"PLTE", palette)
    index = [[(p[0] // 16,) for p in row] for row in rgb]
    yield "gray1.png", png(1, 0, [[(p[0] // 128,) for p in row] for row in rgb])
    yield "gray2.png", png(2, 0, [[(p[0] // 64,) for p in row] for row in rgb])
    yield "gray4.png", png(4, 0, index)
    yield "gray8_trns.png", png(8, 0, [[p[:1] for p in row] for row in rgb], chunk(b"tRNS", b"\0\x46"))
    yield "palette4_trns.png", png(4, 3, index, plte, chunk(b"tRNS", bytes(range(0, 160, 16))))
    yield "palette2.png", png(2, 3, [[(p[0] // 64,) for p in row] for row in rgb], chunk(b"PLTE", palette[:12]))
    yield "rgb8_trns.png", png(8, 2, rgb, chunk(b"tRNS", struct.pack(">3H", *rgb[3][4])))
    yield "rgb8_interlaced.png", png(8, 2, rgb, interlaced=True)
    yield "gray1_interlaced.png", png(1, 0, [[(p[0] // 128,) for p in row] for row in rgb], interlaced=True)
    yield "rgb16.png", png(16, 2, wide)
    yield "rgba16.png", png(16, 6, [[p + (rng.randrange(65536),) for p in row] for row in wide])
    yield "rgba16_interlaced.png", png(16, 6, [[p + (p[0],) for p in row] for row in wide], interlaced=True)
    gamma = chunk(b"gAMA", struct.pack(">I", 100000))
    yield "rgb8_gamma_badtext.png", png(8, 2, rgb, gamma, chunk(b"iCCP", b"x\0\0junk"), chunk(b"tEXt", b""))


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def without(jpeg, marker):
    """The file without its segments of this kind."""
    out, i = jpeg[:2], 2
    while jpeg[i + 1] != 0xDA:
        end = i + 2 + int.from_bytes(jpeg[i + 2 : i + 4], "big")
        out += jpeg[i:end] if jpeg[i + 1] != marker else b""
        i = end
    return out + jpeg[i:]


def jpegs(image):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    yield "profile.jpg", encoded(image, "JPEG", icc_profile=profile)
    yield "bad_profile.jpg", encoded(image, "JPEG", icc_profile=b"nonsense")
    yield "stored_rgb.jpg", encoded(image, "JPEG", keep_rgb=True)
    yield "restarts.jpg", encoded(image, "JPEG", restart_marker_blocks=2)
    yield "no_jfif_420.jpg", without(encoded(image, "JPEG"), 0xE0)
    yield "no_jfif_444.jpg", without(encoded(image, "JPEG", subsampling=0), 0xE0)
    yield "trailing_bytes.jpg", encoded(image, "JPEG") + b"more" * 30
    cmyk = encoded(image.convert("CMYK"), "JPEG")
    ycck = bytearray(cmyk)
    ycck[ycck.find(b"Adobe") + 11] = 2
    yield "ycck.jpg", bytes(ycck)
    yield "cmyk_no_adobe.jpg", without(cmyk, 0xEE)
    yield "cmyk_progressive.jpg", encoded(image.convert("CMYK"), "JPEG", progressive=True)


def gifs(image):
    frame = image.resize((20, 12)).quantize(16)
    whole = encoded(frame, "GIF")
    for name, flags, color in ("gif_offset", 0, 0), ("gif_offset_transparent", 1, 3):
        gif = bytearray(whole)
        gif[6:10] = struct.pack("<HH", W, H)
        at = 13 + 3 * (2 << (gif[10] & 7))
        if gif[at] == 0x21:  # drop what Pillow wrote
            at_end = at + 8
            del gif[at:at_end]
        control = bytes([0x21, 0xF9, 4, flags, 0, 0, color, 0])
        gif[at:at] = control
        gif[at + 9 : at + 13] = struct.pack("<HH", 5, 7)
        yield name + ".gif", bytes(gif)
    second = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    yield "animated.gif", encoded(image, "GIF", save_all=True, append_images=[second], duration=50)
    yield "gif_gray.gif", encoded(image.convert("L"), "GIF")


def bmp(bits, compression, rows, table=b"", height=H):
    data = b"".join(row + b"\0" * (-len(row) % 4) for row in rows)
    offset = 14 + 40 + len(table)
    info = struct.pack("<IiiHHIIiiII", 40, W, height, 1, bits, compression, len(data), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + table + data


def bmps(image):
    rgb = [[image.getpixel((x, y)) for x in range(W)] for y in reversed(range(H))]
    p555 = [b"".join(struct.pack("<H", r >> 3 << 10 | g >> 3 << 5 | b >> 3) for r, g, b in row) for row in rgb]
    p565 = [b"".join(struct.pack("<H", r >> 3 << 11 | g >> 2 << 5 | b >> 3) for r, g, b in row) for row in rgb]
    p32 = [b"".join(bytes((b, g, r, 7)) for r, g, b in row) for row in rgb]
    gray = [bytes(p[0] for p in row) for row in rgb]
    table = b"".join(bytes(((7 * i) % 256, i, 255 - i, 0)) for i in range(256))
    yield "bmp555.bmp", bmp(16, 0, p555)
    yield "bmp565.bmp", bmp(16, 3, p565, struct.pack("<3I", 0xF800, 0x07E0, 0x001F))
    yield "bmp32.bmp", bmp(32, 0, p32)
    yield "bmp8_topdown.bmp", bmp(8, 0, gray[::-1], table, -H)
    nibbles = [b"".join(bytes([row[x] // 16 * 16 + (row[x + 1] // 16 if x + 1 < W else 0)]) for x in range(0, W, 2)) for row in gray]
    yield "bmp4.bmp", bmp(4, 0, nibbles, table[: 16 * 4])
    runs = b"".join(b"".join(bytes((1, v)) for v in row) + b"\0\0" for row in gray) + b"\0\1"
    yield "bmp_rle8.bmp", bmp(8, 1, [runs], table)


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    image = scene()
    files, tensors = {}, {}
    for make in pngs, jpegs, gifs, bmps:
        for name, data in make(image):
            (folder / name).write_bytes(data)
            with Image.open(folder / name) as opened:
                files[name] = {"mode": opened.mode, "size": opened.size}
                tensors[name + ".rgb"] = opened.convert("RGB")
    for name, code in FILTERS.items():
        for size in (16, 37, 50):  # smaller, one side kept, larger
            tensors[f"rgb16.png.{name}{size}"] = tensors["rgb16.png.rgb"].resize((size, size), code)
    header, body = {}, b""
    for name, value in tensors.items():
        data = value.tobytes()
        shape = [value.height, value.width, 3]
        header[name] = {"dtype": "U8", "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    (folder / "expected.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
    (folder / "expected.json").write_text(json.dumps({"kind": "images", "files": files}, indent=1) + "\n")


main(Path(sys.argv[1]))
