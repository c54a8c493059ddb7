"""Writes src/test/resources/golden/tiff: small TIFF files of many kinds and what Pillow reads in them.

    pip install pillow==12.3.0
    apt-get install libtiff-tools
    python tools/golden/tiff.py blip2-vision/src/test/resources/golden/tiff

The files that are checked in were made with Debian 12's Pillow 9.4 and libtiff 4.5; the kinds here are those that 12.3 reads
alike, by its sources. Most files are Pillow's own or tiffcp's; what neither writes is put together byte by byte.
"""

import json
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

from PIL import Image

W, H = 21, 17


def scene():
    rng = random.Random(7)
    image = Image.new("RGB", (W, H))
    for y in range(H):
        for x in range(W):
            noise = rng.randrange(40)
            image.putpixel((x, y), (10 * x + noise, 12 * y + noise // 2, (x * y) % 200 + noise))
    return image


def by_pillow(folder, image):
    red = image.getchannel(0)
    alpha = Image.merge("RGBA", image.split() + (image.getchannel(1),))
    bilevel = image.convert("1")
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        image.save(folder / f"rgb_{compression}.tif", compression=compression)
    for compression in ("tiff_ccitt", "group3", "group4"):
        bilevel.save(folder / f"bilevel_{compression}.tif", compression=compression)
    image.save(folder / "jpeg.tif", compression="jpeg")
    image.convert("YCbCr").save(folder / "jpeg_ycc.tif", compression="jpeg")
    image.convert("CMYK").save(folder / "jpeg_cmyk.tif", compression="jpeg")
    red.save(folder / "gray.tif")
    image.quantize(13).save(folder / "palette.tif", compression="tiff_lzw")
    alpha.save(folder / "rgba.tif")
    Image.merge("LA", (red, image.getchannel(1))).save(folder / "gray_alpha.tif", compression="packbits")
    image.convert("CMYK").save(folder / "cmyk.tif", compression="tiff_lzw")
    image.convert("YCbCr").save(folder / "ycc_lzw.tif", compression="tiff_lzw")
    red.convert("I").point(lambda v: v * 3 - 200).save(folder / "int32.tif")
    red.convert("F").point(lambda v: v * 1.37 - 50).save(folder / "float32.tif", compression="tiff_adobe_deflate")
    image.save(folder / "two_pages.tif", save_all=True, append_images=[red])
    for orientation in range(2, 9):
        image.save(folder / f"orientation{orientation}.tif", tiffinfo={274: orientation}, compression="packbits")


def by_tiffcp(folder):
    kinds = [
        ("rgb_raw", "tiles", "-t -w 16 -l 16"),
        ("rgb_raw", "planar_tiles_lzw", "-p separate -t -w 16 -l 32 -c lzw"),
        ("rgb_raw", "planar", "-p separate -r 5"),
        ("rgb_raw", "lzw_predictor", "-c lzw:2 -r 6"),
        ("rgb_raw", "big_endian_zip_predictor", "-B -c zip:2"),
        ("rgb_raw", "bigtiff", "-8 -c zip"),
        ("rgb_raw", "lsb2msb_packbits", "-f lsb2msb -c packbits"),
        ("rgb_raw", "jpeg_subsampled_tiles", "-c jpeg:50 -t -w 16 -l 16"),
        ("float32", "float_predictor", "-c zip:3"),
        ("int32", "int32_predictor", "-c lzw:2"),
        ("rgba", "planar_rgba", "-p separate -c zip"),
        ("bilevel_group4", "group3_2d_fill", "-c g3:2d:fill"),
        ("bilevel_group4", "group4_tiles", "-c g4 -t -w 16 -l 16"),
        ("bilevel_group4", "group3_lsb2msb", "-c g3:1d -f lsb2msb -r 4"),
    ]
    for source, name, options in kinds:
        command = ["tiffcp", *options.split(), str(folder / f"{source}.tif"), str(folder / f"{name}.tif")]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def tiff(order, tags, data, offset_tag=273, count_tag=279):
    """One strip or tile; tags are {tag: (type, values)}."""
    e = "<" if order == b"II" else ">"
    formats = {3: "H", 4: "L", 5: "LL"}
    tags = dict(tags)
    tags[offset_tag] = (4, [8])
    tags[count_tag] = (4, [len(data)])
    data += b"\0" * (len(data) % 2)
    directory = struct.pack(e + "H", len(tags))
    more = 8 + len(data) + 2 + 12 * len(tags) + 4
    beyond = b""
    for tag, (kind, values) in sorted(tags.items()):
        flat = [v for value in values for v in (value if kind == 5 else (value,))]
        packed = struct.pack(e + formats[kind][0] * len(flat), *flat)
        if len(packed) > 4:
            field, beyond = struct.pack(e + "L", more + len(beyond)), beyond + packed
        else:
            field = packed.ljust(4, b"\0")
        directory += struct.pack(e + "HHL", tag, kind, len(values)) + field
    return order + struct.pack(e + "HL", 42, 8 + len(data)) + data + directory + struct.pack(e + "L", 0) + beyond


def by_hand(folder):
    rng = random.Random(11)

    def put(name, order, bits, photometric, extra=(), samples=1, **more):
        tags = {256: (3, [W]), 257: (3, [H]), 258: (3, [bits] * samples), 259: (3, [1]), 262: (3, [photometric])}
        tags[277] = (3, [samples])
        if extra:
            tags[338] = (3, list(extra))
        if photometric == 3:
            tags[320] = (3, [rng.randrange(65536) for _ in range(3 << bits)])
        tags.update(more.get("tags", {}))
        data = more.get("data") or rng.randbytes((W * bits * samples + 7) // 8 * H)
        if tags[259] == (3, [8]):
            data = zlib.compress(data)
        (folder / f"{name}.tif").write_bytes(tiff(order, tags, data))

    for bits in (1, 2, 4, 8):
        put(f"white_is_zero{bits}", b"II", bits, 0)
        put(f"gray{bits}_lsb2msb", b"MM", bits, 1, tags={266: (3, [2])})
    for bits in (1, 2, 4, 8):
        put(f"palette{bits}", b"MM", bits, 3)
    put("rgb16", b"II", 16, 2, samples=3)
    put("rgb16_big_endian_zip", b"MM", 16, 2, samples=3, tags={259: (3, [8])})
    put("premultiplied", b"II", 8, 2, (1,), 4)
    put("premultiplied16", b"MM", 16, 2, (1,), 4)
    put("rgba16", b"II", 16, 2, (2,), 4)
    put("skipped_sample", b"II", 8, 2, (0,), 4)
    put("cmyk16", b"II", 16, 5, samples=4)
    put("signed16", b"MM", 16, 1, tags={339: (3, [2])}, data=b"".join(struct.pack(">h", v) for v in range(-40, W * H - 40)))
    for across, down in ((1, 1), (2, 1), (2, 2), (4, 2), (4, 4)):
        size = -(-W // across) * -(-H // down) * (across * down + 2)
        tags = {259: (3, [8]), 530: (3, [across, down])}
        if (across, down) == (2, 2):  # video levels and other weights
            tags[532] = (5, [(15, 1), (235, 1), (128, 1), (240, 1), (128, 1), (240, 1)])
            tags[529] = (5, [(2126, 10000), (7152, 10000), (722, 10000)])
        put(f"ycc{across}{down}", b"II", 8, 6, samples=3, tags=tags, data=rng.randbytes(size))


def safetensors(tensors):
    header, offset = {}, 0
    for name, (shape, data) in tensors.items():
        header[name] = {"dtype": "U8", "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data for _, data in tensors.values())


def main(target):
    target.mkdir(parents=True, exist_ok=True)
    image = scene()
    by_pillow(target, image)
    by_tiffcp(target)
    by_hand(target)
    files, tensors = {}, {}
    for path in sorted(target.glob("*.tif")):
        opened = Image.open(path)
        files[path.name] = {"mode": opened.mode, "size": list(opened.size)}
        rgb = opened.convert("RGB")
        tensors[path.name + ".rgb"] = ([rgb.height, rgb.width, 3], rgb.tobytes())
    (target / "expected.safetensors").write_bytes(safetensors(tensors))
    (target / "expected.json").write_text(json.dumps({"kind": "images", "files": files}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
