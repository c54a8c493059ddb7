"""Writes src/test/resources/golden/jpeg: rare and damaged JPEG files and what Pillow reads in them.

    pip install pillow==12.3.0
    apt install libjpeg-turbo-progs
    python tools/golden/jpeg.py blip2-vision/src/test/resources/golden/jpeg

`cjpeg` writes whole files, which are then taken apart and damaged byte by byte. Pillow must hold libjpeg-turbo 3.1
on x86-64: other versions estimate missing coefficients in another way, and other CPUs clip large ones in another way.
"""

import io
import json
import math
import random
import re
import struct
import subprocess
import sys
from pathlib import Path

from PIL import Image

W, H = 37, 29
EOI = b"\xff\xd9"
SAMPLINGS = [
    "1x1", "2x1", "2x2", "1x2", "4x1", "1x4", "4x2", "2x4", "3x1", "1x3", "3x2", "4x1,2x1,1x1", "1x1,2x2,1x1",
    "2x2,2x1,1x2", "2x1,2x1,1x1", "1x1,2x1,2x1",
]  # fmt: skip


def scene(width=W, height=H):
    rng = random.Random(7)
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            wave = 60 * math.sin(x / 5) + 50 * math.cos(y / 4)
            edge = 70 if (x - 18) ** 2 + (y - 12) ** 2 < 80 else 0
            for level in (120 + wave, 100 + edge + 2 * y, 150 - wave / 2 - edge):
                pixels.append(max(0, min(255, int(level + rng.randrange(30)))))
    return bytes(pixels)


def cjpeg(*args, gray=False, size=(W, H), scans=None):
    if scans:
        Path("/tmp/scans.txt").write_text(scans)
        args += ("-scans", "/tmp/scans.txt")
    pixels = scene(*size)
    kind, data = ("P5", pixels[::3]) if gray else ("P6", pixels)
    ppm = f"{kind}\n{size[0]} {size[1]}\n255\n".encode() + data
    return subprocess.run(["cjpeg", "-quality", "75", *args], input=ppm, stdout=subprocess.PIPE, check=True).stdout


def parts(jpeg):
    """The file cut before each marker, without the coded data that follow a scan header being told apart."""
    cuts, at = [0], 2
    while at < len(jpeg):
        cuts.append(at)
        if jpeg[at + 1] == 0xD9:
            break
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[cuts[-1] + 1] == 0xDA:
            at = re.compile(b"\xff[^\x00\xd0-\xd7]").search(jpeg, at).start()
    return [jpeg[a:b] for a, b in zip(cuts, cuts[1:] + [len(jpeg)])]


def is_kind(part, *markers):
    return len(part) > 1 and part[0] == 0xFF and part[1] in markers


def with_steps(jpeg, rng, most, wide):
    """The file with quantisation steps so large that coefficients leave the range of a picture."""
    out = b""
    for part in parts(jpeg):
        if not is_kind(part, 0xDB):
            out += part
            continue
        steps = [rng.choice([1, 3, rng.randint(1, 20), rng.randint(1, most)]) for _ in range(64)]
        body = struct.pack(">64H", *steps) if wide else bytes(steps)
        out += b"\xff\xdb" + struct.pack(">HB", 3 + len(body), part[4] & 15 | (16 if wide else 0)) + body
    return out


def with_size(jpeg, find, **fields):
    data = bytearray(jpeg)
    at = jpeg.index(find)
    for name, value in fields.items():
        data[at + int(name[1:])] = value
    return bytes(data)


def samplings():
    for factors in SAMPLINGS:
        yield f"sampling_{factors.replace(',', '_')}.jpg", cjpeg("-sample", factors)
    for width in 1, 2, 3, 4:
        for factors in "2x1", "2x2":
            yield f"narrow{width}_{factors}.jpg", cjpeg("-sample", factors, size=(width, 9))
    yield "gray_2x2.jpg", with_size(cjpeg(gray=True), b"\xff\xc0", _11=0x22)
    yield "gray_4x3.jpg", with_size(cjpeg(gray=True), b"\xff\xc0", _11=0x43)
    full = cjpeg("-sample", "1x1")
    yield "refused_3x1_2x1.jpg", with_size(full, b"\xff\xc0", _11=0x31, _14=0x21)
    yield "refused_2x2_2x3.jpg", with_size(full, b"\xff\xc0", _11=0x22, _14=0x23)
    yield "refused_5x1.jpg", with_size(full, b"\xff\xc0", _11=0x51)
    yield "refused_mcu.jpg", with_size(full, b"\xff\xc0", _11=0x44, _14=0x22)


def progressive():
    odd = "0,1,2: 0-0, 0, 2;\n2: 1-63, 0, 0;\n0: 1-2, 0, 1;\n0: 3-20, 0, 2;\n0,1,2: 0-0, 2, 1;\n1: 1-63, 0, 1;\n"
    odd += "0: 3-20, 2, 1;\n0: 21-63, 0, 0;\n0: 1-2, 1, 0;\n0,1,2: 0-0, 1, 0;\n1: 1-63, 1, 0;\n0: 3-20, 1, 0;\n"
    files = {
        "color": cjpeg("-progressive", "-sample", "2x2"),
        "odd": cjpeg("-sample", "2x1,1x1,1x1", scans=odd),
        "gray": cjpeg("-progressive", gray=True, size=(41, 70)),
        "restarts": cjpeg("-progressive", "-restart", "3b"),
        "arithmetic": cjpeg("-progressive", "-arithmetic", "-sample", "2x2"),
    }
    for name, jpeg in files.items():
        yield f"progressive_{name}.jpg", jpeg
        pieces = parts(jpeg)
        scans = [i for i, part in enumerate(pieces) if is_kind(part, 0xDA)]
        for kept in (1, 2, 3, 5, 7, 9) if name in ("color", "odd") else (1, 4):
            yield f"progressive_{name}_{kept}.jpg", b"".join(pieces[: scans[kept]]) + EOI
        for kept in 1, 4:  # the last scan ends in its middle
            last = pieces[scans[kept]]
            yield f"progressive_{name}_{kept}_half.jpg", b"".join(pieces[: scans[kept]]) + last[: 7 + len(last) // 2] + EOI
    cmyk = Image.frombytes("CMYK", (32, 24), (scene() + scene())[: 32 * 24 * 4])
    saved = io.BytesIO()
    cmyk.save(saved, "JPEG", progressive=True)
    pieces = parts(saved.getvalue())
    scans = [i for i, part in enumerate(pieces) if is_kind(part, 0xDA)]
    yield "progressive_cmyk_3.jpg", b"".join(pieces[: scans[3]]) + EOI
    yield "refused_progression.jpg", files["gray"].replace(bytes.fromhex("ffda0008010100010502"), bytes.fromhex("ffda0008010100010e1e"))


def loud():
    rng = random.Random(3)
    for name, args in {
        "gray": {"gray": True},
        "color": {},
        "progressive": {},
    }.items():
        options = ["-progressive"] if name == "progressive" else ["-sample", "2x1"]
        jpeg = cjpeg(*options, **args)
        for most, wide in (255, False), (4000, True), (65535, True):
            yield f"loud_{name}_{most}.jpg", with_steps(jpeg, rng, most, wide)


def codings():
    yield "arithmetic.jpg", cjpeg("-arithmetic", "-sample", "2x2")
    yield "arithmetic_gray_restarts.jpg", cjpeg("-arithmetic", "-restart", "2", gray=True)
    for predictor in "1,0", "2,0", "3,0", "4,1", "5,0", "6,0", "7,0":
        yield f"lossless_{predictor.replace(',', '_')}.jpg", cjpeg("-rgb", "-lossless", predictor)
    yield "lossless_gray_restarts.jpg", cjpeg("-lossless", "4", "-restart", "3", gray=True)
    yield "lossless_apart.jpg", cjpeg("-rgb", scans="0: 1 0 0 0;\n1 2: 6 0 0 0;\n")
    jfif = b"\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
    rgb = cjpeg("-rgb", "-lossless", "1")
    yield "refused_lossless_ycc.jpg", rgb[:2] + jfif + rgb[2:]
    yield "apart.jpg", cjpeg("-sample", "2x2", scans="0;\n1;\n2;\n")
    yield "apart_two_one.jpg", cjpeg("-sample", "2x1", scans="2;\n0 1;\n")
    yield "apart_one_missing.jpg", b"".join(parts(cjpeg("-sample", "2x2", scans="0;\n1;\n2;\n"))[:-2]) + EOI
    jpeg = cjpeg("-sample", "2x2")
    pieces = parts(jpeg)
    tables = b"".join(part for part in pieces if is_kind(part, 0xDB, 0xC4))
    rest = b"".join(part for part in pieces[1:] if not is_kind(part, 0xDB, 0xC4))
    yield "tables_apart.jpg", b"\xff\xd8" + tables + EOI + b"\xff\xd8" + rest
    yield "no_huffman_tables.jpg", b"".join(part for part in pieces if not is_kind(part, 0xC4))
    yield "two_pictures.jpg", jpeg + cjpeg(gray=True)
    yield "refused_no_steps.jpg", b"".join(part for part in pieces if not is_kind(part, 0xDB))
    yield "refused_tables_only.jpg", b"\xff\xd8" + tables + EOI
    yield "refused_12_bits.jpg", with_size(jpeg, b"\xff\xc0", _4=12)
    yield "refused_scan_without_frame.jpg", b"".join(part for part in pieces if not is_kind(part, 0xC0))
    yield "refused_two_frames.jpg", jpeg.replace(pieces[-2], b"".join(p for p in pieces if is_kind(p, 0xC0)) + pieces[-2])
    yield "refused_scan_too_many.jpg", jpeg[:-2] + pieces[-2] + EOI


def damages():
    jpeg = cjpeg("-sample", "2x1", "-restart", "2b")
    at = jpeg.index(b"\xff\xda") + 14
    restart = jpeg.index(b"\xff\xd2", at)
    yield "restart_missing.jpg", jpeg[:restart] + jpeg[restart + 2 :]
    yield "restart_early.jpg", jpeg[:restart] + b"\xff\xd3" + jpeg[restart + 2 :]
    yield "restart_late.jpg", jpeg[:restart] + b"\xff\xd1" + jpeg[restart + 2 :]
    yield "restart_far.jpg", jpeg[:restart] + b"\xff\xd6" + jpeg[restart + 2 :]
    yield "restart_other_marker.jpg", jpeg[:restart] + b"\xff\xae" + jpeg[restart + 2 :]
    plain = cjpeg("-sample", "2x2")
    at = plain.index(b"\xff\xda") + 14
    middle = (at + len(plain)) // 2
    for name, marker in ("dnl", b"\xff\xdc\0\4\0\x1d"), ("ff", b"\xff\xff\0"), ("app", b"\xff\xe5\0\2"), ("rst", b"\xff\xd3"):
        yield f"{name}_in_scan.jpg", plain[:middle] + marker + plain[middle:]
    yield "bits_flipped.jpg", plain[:middle] + bytes(b ^ 0x41 for b in plain[middle : middle + 9]) + plain[middle + 9 :]
    yield "zeros_in_scan.jpg", plain[:middle] + bytes(40) + plain[middle:]
    yield "ends_early.jpg", plain[:middle] + EOI
    yield "stray_bytes.jpg", plain[:2] + b"\xff\xff\xff\xe0\0\1" + plain[2:at - 14] + b"\1\2\xff\0\3" + plain[at - 14 :]
    yield "comment_of_no_length.jpg", plain[:2] + b"\xff\xfe\0\0" + plain[2:]
    yield "refused_reserved_marker.jpg", plain[:2] + b"\xff\xf0" + plain[2:]
    yield "refused_tem.jpg", plain[:2] + b"\xff\x01" + plain[2:]
    yield "refused_jfif_without_version.jpg", plain[:2] + b"\xff\xe0\0\6JFIF" + plain[2:]
    yield "refused_two_starts.jpg", plain[:2] + b"\xff\xd8" + plain[2:]
    yield "refused_table_index.jpg", plain.replace(b"\xff\xdb\0\x43\0", b"\xff\xdb\0\x43\7", 1)
    yield "refused_cut_in_scan.jpg", plain[:middle]
    yield "refused_cut_before_end.jpg", plain[:-2]
    yield "refused_marker_after.jpg", plain[:-2] + b"\xff\xf1" + EOI


def colors():
    jpeg = cjpeg("-sample", "1x1")
    bare = b"".join(part for part in parts(jpeg) if not is_kind(part, 0xE0))
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"
    names = b"\3\1\x11\0\2\x11\1\3\x11\1"
    for transform in 0, 1, 2, 9:
        yield f"adobe_{transform}.jpg", bare[:2] + adobe + bytes([transform]) + bare[2:]
    yield "adobe_0_jfif.jpg", jpeg[:2] + adobe + b"\0" + jpeg[2:]
    for ids in b"\1\2\3", b"RGB", b"rgb", b"\0\1\2", b"\1\1\1":
        frame = names.replace(b"\1\x11", ids[:1] + b"\x11", 1)
        data = bare.replace(b"\3\1\x11\0\2\x11\1\3\x11\1", b"\3" + ids[:1] + b"\x11\0" + ids[1:2] + b"\x11\1" + ids[2:] + b"\x11\1")
        data = data.replace(b"\3\1\0\2\x11\3\x11\0\x3f\0", b"\3" + ids[:1] + b"\0" + ids[1:2] + b"\x11" + ids[2:] + b"\x11\0\x3f\0")
        yield f"names_{ids.hex()}.jpg", data


def read(jpeg):
    """Size and samples as Pillow reads them, or nothing if it refuses the file."""
    try:
        with Image.open(io.BytesIO(jpeg)) as image:
            return image.size, image.convert("RGB").tobytes()
    except (OSError, SyntaxError):
        return None


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    files, refused, header, body = {}, [], {}, b""
    for make in samplings, progressive, loud, codings, damages, colors:
        for name, jpeg in make():
            (folder / name).write_bytes(jpeg)
            picture = read(jpeg)
            if (picture is None) != name.startswith("refused"):
                raise SystemExit(f"{name}: read {picture is not None}")
            if picture is None:
                refused.append(name)
                continue
            (width, height), data = picture
            files[name] = {"size": [width, height]}
            ends = [len(body), len(body) + len(data)]
            header[name + ".rgb"] = {"dtype": "U8", "shape": [height, width, 3], "data_offsets": ends}
            body += data
    text = json.dumps(header).encode()
    (folder / "expected.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
    expected = {"kind": "images", "files": files, "refused": refused}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
