"""Writes golden/image-rules and golden/image-refusals: GIF, BMP and PNG files where Pillow's rules decide.

    pip install pillow==12.3.0
    python tools/golden/image_rules.py blip2-vision/src/test/resources/golden

The first folder holds files that bend their specification and are read, with what Pillow reads in them; the second
holds files that Pillow refuses. All are put together here byte by byte.
"""

import json
import random
import struct
import sys
import zlib
from pathlib import Path

from PIL import Image

RNG = random.Random(3)


def noise(count, below=256):
    return bytes(RNG.randrange(below) for _ in range(count))


# GIF


def codes(values, start):
    """Codes packed as they come, each as wide as a decoder expects it there."""
    clear, bits, filled, out = 1 << start, 0, 0, bytearray()
    width, following, first = start + 1, (1 << start) + 2, True
    for value in values:
        bits |= value << filled
        filled += width
        while filled >= 8:
            out.append(bits & 255)
            bits, filled = bits >> 8, filled - 8
        if value == clear:
            width, following, first = start + 1, clear + 2, True
        elif first:
            first = False
        elif following < 4096:
            if following == (1 << width) - 1 and width < 12:
                width += 1
            following += 1
    if filled:
        out.append(bits & 255)
    return bytes(out)


def compressed(pixels, start, clears=()):
    """The codes of pixels, with as many clear codes in a row as clears says at these places."""
    clear, table, current, out = 1 << start, {}, None, [1 << start]
    following = clear + 2
    for place, pixel in enumerate(pixels):
        if place in clears:
            out += [current] + [clear] * clears[place]
            table, following, current = {}, clear + 2, pixel
        elif current is None:
            current = pixel
        elif (current, pixel) in table:
            current = table[current, pixel]
        else:
            out.append(current)
            if following < 4096:
                table[current, pixel] = following
                following += 1
            current = pixel
    return codes(out + [current, clear + 1], start)


def blocks(data, size=255):
    parts = [data[i : i + size] for i in range(0, len(data), size)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def gif(w, h, data, start, screen=None, table=None, local=None, before=b"", place=(0, 0), interlaced=False, after=b";"):
    def flags(colors):
        return 0x80 | (len(colors) // 3).bit_length() - 2 if colors else 0

    out = b"GIF89a" + struct.pack("<HH", *(screen or (w, h))) + bytes([flags(table), 0, 0]) + (table or b"")
    out += before + b"," + struct.pack("<4H", *place, w, h) + bytes([flags(local) | (0x40 if interlaced else 0)])
    return out + (local or b"") + bytes([start]) + data + after


def ramp(count):
    return b"".join(bytes([i]) * 3 for i in range(count))


def control(flags, color):
    return bytes([0x21, 0xF9, 4, flags, 0, 0, color, 0])


def gifs():
    colors, few = noise(768), noise(12)
    pixels = noise(54)
    image = blocks(compressed(pixels, 8))
    four = list(noise(54, 4))
    small = blocks(compressed(four, 2))
    yield "clear_codes.gif", gif(9, 6, blocks(compressed(pixels, 8, {5: 2, 6: 3, 40: 1})), 8, table=colors)
    yield "clear_codes_first.gif", gif(3, 2, blocks(codes([4, 4, 4, 1, 2, 3, 0, 1, 2, 5], 2)), 2, table=few)
    yield "code_size_0.gif", gif(3, 2, blocks(b"\0" * 2), 0, table=few)
    yield "code_size_1.gif", gif(3, 2, blocks(codes([2, 0, 1, 1, 0, 0, 1], 1)), 1, table=few)
    yield "code_size_9.gif", gif(9, 6, blocks(compressed([p + 256 * (p % 2) for p in pixels], 9)), 9, table=colors)
    yield "code_size_12.gif", gif(3, 2, blocks(codes([4096, 5, 4095, 300, 4098, 7, 2], 12)), 12, table=colors)
    yield "one_byte_blocks.gif", gif(9, 6, blocks(compressed(pixels, 8), 1), 8, table=colors)
    split = compressed(pixels, 8)
    holes = blocks(split[:20]) + b"\0" + blocks(split[20:])
    yield "empty_blocks.gif", gif(9, 6, holes, 8, table=colors)
    yield "full_table.gif", gif(97, 71, blocks(compressed(noise(97 * 71, 32), 5)), 5, table=colors[:96])
    for height in 1, 2, 3, 5, 9:
        rows = blocks(compressed(noise(7 * height), 8))
        yield f"interlaced_{height}_rows.gif", gif(7, height, rows, 8, table=colors, interlaced=True)
    yield "frame_beyond_screen.gif", gif(9, 6, image, 8, screen=(4, 10), table=colors, place=(3, 2))
    yield "no_screen.gif", gif(9, 6, image, 8, screen=(0, 0), table=colors)
    yield "transparent_ground.gif", gif(9, 6, image, 8, (14, 11), colors, before=control(1, 77), place=(3, 2))
    yield "transparent_beyond_table.gif", gif(9, 6, small, 2, (14, 11), few, before=control(1, 9), place=(3, 2))
    yield "last_transparency.gif", gif(9, 6, small, 2, (14, 11), few, before=control(1, 2) + control(0, 1), place=(1, 1))
    yield "beyond_table.gif", gif(9, 6, image, 8, table=few)
    yield "no_table.gif", gif(9, 6, image, 8, (11, 9), before=control(1, 200))
    yield "counting_table.gif", gif(9, 6, image, 8, table=ramp(16))
    yield "local_table.gif", gif(9, 6, small, 2, table=colors, local=few)
    yield "counting_local_table.gif", gif(9, 6, image, 8, table=colors, local=ramp(256))
    odd = bytes([0x21, 0xF9, 5, 1, 0, 0, 3, 9, 0]) + bytes([0x21, 0xF9, 0, 0]) + bytes([0x21, 0xFE, 0])
    yield "odd_extensions.gif", gif(9, 6, small, 2, (12, 9), few, before=odd)
    loops = b"\x21\xff\x0bNETSCAPE2.0" + b"\0" + b"\x02ab\0"
    yield "no_loops.gif", gif(9, 6, small, 2, table=few, before=loops)
    yield "stray_bytes.gif", gif(9, 6, small, 2, table=few, before=b"\0\0\7")
    second = b"," + struct.pack("<4H", 0, 0, 9, 6) + b"\0\2" + small + b";"
    yield "second_frame.gif", gif(9, 6, small, 2, table=few, after=second)
    yield "no_trailer.gif", gif(9, 6, small, 2, table=few, after=b"")
    yield "more_pixels.gif", gif(9, 5, image, 8, table=colors, after=b";more")


def bad_gifs():
    few, small = noise(12), compressed(list(noise(54, 4)), 2)
    yield "pixels_end_early.gif", gif(9, 7, blocks(small), 2, table=few)
    yield "cut_in_block.gif", gif(9, 6, blocks(small)[:-4], 2, table=few, after=b"")
    yield "claims_much.gif", gif(13377, 13377, blocks(b"\x84\x51"), 2)
    yield "code_beyond_table.gif", gif(3, 2, blocks(codes([4, 1, 7, 1, 1, 1, 1], 2)), 2, table=few)
    yield "first_code_unknown.gif", gif(3, 2, blocks(codes([4, 6, 1, 1, 1, 1], 2)), 2, table=few)
    yield "code_size_13.gif", gif(9, 6, blocks(small), 13, table=few)
    yield "code_size_255.gif", gif(9, 6, blocks(small), 255, table=few)
    yield "short_control.gif", gif(9, 6, blocks(small), 2, table=few, before=b"\x21\xf9\2\1\0\0")
    yield "short_transparency.gif", gif(9, 6, blocks(small), 2, table=few, before=b"\x21\xf9\3\1\0\0\0")
    yield "no_frame.gif", gif(9, 6, blocks(small), 2, table=few, before=b";")
    yield "blocks_go_on.gif", gif(9, 6, blocks(small), 2, table=few, before=b"\x21\xf9\0\7")
    bomb = b"\x21\xf9\6\0\0\0\0" + b"\0,"
    yield "other_length.gif", gif(4, 4, blocks(codes([4] + [1] * 3, 2)), 2, before=bomb)


# BMP


def bmp(info, pixels, table=b"", offset=None, size=54):
    start = 14 + len(info) + len(table) if offset is None else offset
    return b"BM" + struct.pack("<IHHI", size, 0, 0, start) + info + table + pixels


def info(w, h, bits, compression=0, colors=0, size=40, masks=()):
    if size == 12:
        return struct.pack("<I4H", 12, w, h, 1, bits)
    head = struct.pack("<IiiHHIIiiII", size, w, h, 1, bits, compression, 0, 0, 0, colors, 0)
    head += struct.pack(f"<{len(masks)}I", *masks)
    return head + b"\0" * (size - len(head))


def raw(w, h, bits):
    return noise((w * bits + 31) // 32 * 4 * h)


def runs(*parts):
    return b"".join(bytes(part) for part in parts)


MASKS = {
    "bgrx": (0xFF0000, 0xFF00, 0xFF, 0),
    "xbgr": (0xFF000000, 0xFF0000, 0xFF00, 0),
    "abgr": (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
    "rgba": (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
    "bgra": (0xFF0000, 0xFF00, 0xFF, 0xFF000000),
    "none": (0, 0, 0, 0),
}


def bmps():
    w, h = 11, 5
    table = noise(1024)
    for size in 12, 40, 52, 56, 64, 108, 124:
        for bits in 1, 4, 8, 24:
            colors = noise((3 if size == 12 else 4) << bits) if bits < 16 else b""
            yield f"header{size}_{bits}bits.bmp", bmp(info(w, h, bits, size=size), raw(w, h, bits), colors)
    for bits in 16, 32:
        yield f"header64_{bits}bits.bmp", bmp(info(w, h, bits, size=64), raw(w, h, bits))
    for name, masks in MASKS.items():
        yield f"masks_{name}.bmp", bmp(info(w, h, 32, 3, size=56, masks=masks), raw(w, h, 32))
    yield "masks_52.bmp", bmp(info(w, h, 16, 3, size=52, masks=(0xF800, 0x7E0, 0x1F)), raw(w, h, 16))
    yield "masks_behind.bmp", bmp(info(w, h, 16, 3), raw(w, h, 16), struct.pack("<3I", 0x7C00, 0x3E0, 0x1F))
    yield "masks_24.bmp", bmp(info(w, h, 24, 3), raw(w, h, 24), struct.pack("<3I", 0xFF0000, 0xFF00, 0xFF))
    yield "masks_of_alpha_16.bmp", bmp(info(w, h, 16, 3, size=56, masks=(0x7C00, 0x3E0, 0x1F, 0x8000)), raw(w, h, 16))
    yield "top_down.bmp", bmp(info(w, -h, 24), raw(w, h, 24))
    yield "no_offset.bmp", bmp(info(w, h, 8, colors=256), raw(w, h, 8), table, 0)
    yield "offset_before_palette.bmp", bmp(info(w, h, 8), raw(w, h, 8), table, 54)
    yield "offset_before_short_palette.bmp", bmp(info(w, h, 4, size=12), raw(w, h, 4), table[:48], 26)
    yield "gap_before_pixels.bmp", bmp(info(w, h, 24), b"gap" + raw(w, h, 24), offset=57)
    yield "few_colors.bmp", bmp(info(w, h, 8, colors=5), raw(w, h, 8), table[:20])
    yield "gray.bmp", bmp(info(w, h, 8), raw(w, h, 8), b"".join(bytes([i, i, i, 0]) for i in range(256)))
    yield "first_grays.bmp", bmp(info(w, h, 8, colors=9), raw(w, h, 8), b"".join(bytes([i, i, i, 7]) for i in range(9)))
    black_white = b"\0\0\0\0\xff\xff\xff\0"
    yield "black_white.bmp", bmp(info(w, h, 1), raw(w, h, 1), black_white)
    yield "white_black.bmp", bmp(info(w, h, 1), raw(w, h, 1), black_white[::-1])
    yield "black_white_8bits.bmp", bmp(info(w, h, 8, colors=2), raw(w, h, 8), black_white)
    yield "last_row_without_padding.bmp", bmp(info(w, h, 24), raw(w, h, 24)[:-3])
    yield "bytes_behind.bmp", bmp(info(w, h, 24), raw(w, h, 24) + b"more")
    rows = [runs((5, 3), (0, 3), (9, 8, 7, 0), (3, 1), (0, 0)) for _ in range(h)]
    yield "rle8.bmp", bmp(info(w, h, 8, 1), b"".join(rows) + b"\0\1", table)
    yield "rle8_no_end.bmp", bmp(info(w, h, 8, 1), b"".join(rows), table)
    yield "rle8_top_down.bmp", bmp(info(w, -h, 8, 1), b"".join(rows), table)
    yield "rle8_of_4_bits.bmp", bmp(info(w, h, 4, 1), b"".join(rows), table[:64])
    yield "rle8_gray.bmp", bmp(info(w, h, 8, 1), b"".join(rows), b"".join(bytes([i, i, i, 0]) for i in range(256)))
    yield "rle8_odd_place.bmp", bmp(info(w, h, 8, 1), b"".join([runs((0, 3), (9, 8, 7), (8, 2), (0, 0))] * h), table + b"\1")
    yield "rle8_too_long.bmp", bmp(info(w, h, 8, 1), b"".join([runs((9, 3), (9, 4), (3, 1), (0, 0))] * h), table)
    yield "rle8_delta.bmp", bmp(info(w, h, 8, 1), runs((4, 9), (0, 2, 3, 1), (2, 8), (0, 0), (0, 2, 0, 3)), table)
    yield "rle8_empty_line.bmp", bmp(info(w, h, 8, 1), b"\0\0" + b"".join(rows), table)
    yield "rle8_over_rows.bmp", bmp(info(w, h, 8, 1), runs((0, 23), noise(23), (0,), (0, 0), (22, 4), (0, 0), (11, 5), (0, 0), (11, 6)), table)
    even = runs((5, 0x31), (0, 4), (0x98, 0x7F), (2, 0xA1), (0, 0))
    yield "rle4.bmp", bmp(info(w, h, 4, 2), even * h + b"\0\1", table[:64])
    yield "rle4_of_8_bits.bmp", bmp(info(w, h, 8, 2, colors=16), even * h, table[:64])


def bad_bmps():
    w, h, table = 11, 5, noise(1024)
    masks = {
        "no_red": (0, 0xFF00, 0xFF, 0),
        "no_blue": (0xFF0000, 0xFF00, 0, 0),
        "30_bits": (0x3FFFFFFF, 0xFF00, 0xFF, 0),
        "all_bits": (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0),
        "4444": (0xF00, 0xF0, 0xF, 0xF000),
        "of_16_bits": (0xF800, 0x7E0, 0x1F, 0),
    }
    for name, mask in masks.items():
        yield f"masks_{name}.bmp", bmp(info(w, h, 32, 3, size=56, masks=mask), raw(w, h, 32))
    for name, mask in ("no_green", (0xF800, 0, 0x1F)), ("no_bits", (0, 0, 0)), ("gap", (0xF000, 0x7E0, 0x1F)):
        yield f"masks16_{name}.bmp", bmp(info(w, h, 16, 3), raw(w, h, 16), struct.pack("<3I", *mask))
    yield "masks_8.bmp", bmp(info(w, h, 8, 3), raw(w, h, 8), struct.pack("<3I", 0xE0, 0x1C, 3) + table)
    for bits in 0, 2, 5, 64:
        yield f"bits_{bits}.bmp", bmp(info(w, h, bits), raw(w, h, 64), table[:16])
    for compression in 4, 5, 6, 11:
        yield f"compression_{compression}.bmp", bmp(info(w, h, 24, compression), raw(w, h, 24))
    for size in 0, 3, 13, 16, 41, 100, 125:
        yield f"header_{size}.bmp", bmp(struct.pack("<I", size) + info(w, h, 24)[4:] + bytes(90), raw(w, h, 24), offset=54)
    yield "no_width.bmp", bmp(info(0, h, 24), raw(w, h, 24))
    yield "negative_width.bmp", bmp(info(-w, h, 24), raw(w, h, 24))
    yield "least_height.bmp", bmp(info(w, -(2**31), 24), raw(w, h, 24))
    yield "257_colors.bmp", bmp(info(w, h, 8, colors=257), raw(w, h, 8), noise(1028))
    yield "65537_colors.bmp", bmp(info(w, h, 8, colors=65537), raw(w, h, 8), table)
    yield "rows_missing.bmp", bmp(info(w, h, 24), raw(w, h, 24)[:-4])
    yield "offset_beyond.bmp", bmp(info(w, h, 24), raw(w, h, 24), offset=2**32 - 1)
    grays = b"".join(bytes([i, i, i, 0]) for i in range(16))
    yield "small_grays.bmp", bmp(info(w, h, 4), raw(w, h, 4), grays)
    line = runs((11, 3), (0, 0))
    yield "rle8_cut.bmp", bmp(info(w, h, 8, 1), line * (h - 1) + b"\0\1", table)
    yield "rle8_cut_in_literals.bmp", bmp(info(w, h, 8, 1), line * (h - 1) + runs((0, 11), noise(10)), table)
    yield "rle8_empty_lines.bmp", bmp(info(w, h, 8, 1), b"\0\0" * h + b"\0\1", table)
    yield "rle8_claims_much.bmp", bmp(info(13377, 13377, 8, 1), line, table)
    yield "rle8_black_white.bmp", bmp(info(w, h, 1, 1), line * h, b"\0\0\0\0\xff\xff\xff\0")
    yield "rle8_of_24_bits.bmp", bmp(info(w, h, 24, 1), line * h)
    yield "rle4_cut.bmp", bmp(info(w, h, 4, 2), line * (h - 1), table[:64])


# PNG


def chunk(kind, data=b"", checksum=None):
    summed = zlib.crc32(kind + data) if checksum is None else checksum
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", summed)


def header(w, h, bits=8, color=2, interlaced=0, filters=0):
    return chunk(b"IHDR", struct.pack(">2I5B", w, h, bits, color, 0, filters, interlaced))


def png(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def rows(w, h, bits=24, filters=(0, 1, 2, 3, 4)):
    return b"".join(bytes([filters[y % len(filters)]]) + noise((w * bits + 7) // 8) for y in range(h))


def frame(number, w, h, x, y):
    return chunk(b"fcTL", struct.pack(">5I2H2B", number, w, h, x, y, 1, 1, 0, 0))


def pngs():
    w, h, end = 7, 6, chunk(b"IEND")
    data = rows(w, h)
    packed = zlib.compress(data)
    pixels = chunk(b"IDAT", packed)
    kinds = [(0, b) for b in (1, 2, 4, 8)] + [(3, b) for b in (1, 2, 4, 8)] + [(c, b) for c in (2, 4, 6) for b in (8, 16)]
    for color, bits in kinds:
        size = bits * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
        table = chunk(b"PLTE", noise(3 << bits)) if color == 3 else b""
        for w2, h2 in (9, 7), (2, 3):
            plain = zlib.compress(rows(w2, h2, size))
            yield f"color{color}_{bits}bits_{w2}.png", png(header(w2, h2, bits, color), table, chunk(b"IDAT", plain), end)
            parts = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
            woven = b"".join(
                rows(-(-(w2 - x) // dx), -(-(h2 - y) // dy), size) for x, y, dx, dy in parts if w2 > x and h2 > y
            )
            woven = chunk(b"IDAT", zlib.compress(woven))
            yield f"color{color}_{bits}bits_{w2}_interlaced.png", png(header(w2, h2, bits, color, 1), table, woven, end)
    index = chunk(b"IDAT", zlib.compress(rows(w, h, 8, (0,))))
    yield "short_palette.png", png(header(w, h, 8, 3), chunk(b"PLTE", noise(300)), index, end)
    yield "ragged_palette.png", png(header(w, h, 8, 3), chunk(b"PLTE", noise(302)), index, end)
    yield "no_palette.png", png(header(w, h, 8, 3), index, end)
    yield "empty_palette.png", png(header(w, h, 8, 3), chunk(b"PLTE"), index, end)
    yield "palette_of_rgb.png", png(header(w, h), chunk(b"PLTE", noise(1000)), pixels, end)
    few = chunk(b"IDAT", zlib.compress(data[: 4 * (3 * w + 1)]))
    yield "rows_missing.png", png(header(w, h), few, end)
    fewer = chunk(b"IDAT", zlib.compress(rows(w, h, 8, (0,))[: 2 * (w + 1)]))
    yield "rows_missing_palette.png", png(header(w, h, 8, 3), chunk(b"PLTE", noise(768)), fewer, end)
    yield "rows_missing_interlaced.png", png(header(w, h, 8, 3, 1), chunk(b"PLTE", noise(768)), chunk(b"IDAT", zlib.compress(b"\0\7")), end)
    yield "more_rows.png", png(header(w, h), chunk(b"IDAT", zlib.compress(data + b"more")[:-4] + b"\0\0\0\0"), end)
    yield "bytes_behind_stream.png", png(header(w, h), chunk(b"IDAT", packed + b"more"), end)
    yield "single_bytes.png", png(header(w, h), *[chunk(b"IDAT", bytes([b])) for b in packed], end)
    yield "empty_chunks.png", png(header(w, h), chunk(b"IDAT"), pixels, chunk(b"IDAT"), end)
    yield "wrong_checksum_of_pixels.png", png(header(w, h), chunk(b"IDAT", packed, 1), end)
    yield "no_end.png", png(header(w, h), pixels)
    yield "cut_in_stream_checksum.png", png(header(w, h), pixels)[:-6]
    yield "wrong_checksum_behind.png", png(header(w, h), pixels, chunk(b"tEXt", b"a\0b", 1), end)
    yield "junk_behind.png", png(header(w, h), pixels) + b"\0\0\0\1\xff\xff\xff\xffjunk"
    yield "two_headers.png", png(header(3, 3, 8, 0), header(w, h), pixels, end)
    yield "pixels_before_header.png", png(chunk(b"IDAT", b"early"), header(w, h), pixels, end)
    yield "unknown_chunks.png", png(header(w, h), chunk(b"ab_9", b"x"), chunk(b"gAMA", b"\0\0\0\1"), chunk(b"cHRM"), pixels, end)
    texts = chunk(b"zTXt", b"a\0\0junk"), chunk(b"iTXt", b"a\0\1\0"), chunk(b"iCCP", b"a\0\0junk"), chunk(b"tEXt")
    yield "damaged_texts.png", png(header(w, h), *texts, pixels, end)
    large = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**20)))
    yield "text_of_a_mebibyte.png", png(header(w, h), large, pixels, end)
    animated = chunk(b"acTL", struct.pack(">2I", 2, 0))
    second = frame(1, 2, 2, 0, 0) + chunk(b"fdAT", struct.pack(">I", 2) + zlib.compress(rows(2, 2)))
    yield "animated.png", png(header(w, h), animated, frame(0, w, h, 0, 0), pixels, second, end)
    yield "animated_default.png", png(header(w, h), animated, pixels, frame(0, 2, 2, 0, 0), end)
    part = chunk(b"IDAT", zlib.compress(rows(4, 3)))
    yield "frame_of_a_part.png", png(header(w, h), animated, frame(0, 4, 3, 2, 1), part, end)
    part = chunk(b"fdAT", struct.pack(">I", 1) + zlib.compress(rows(4, 3)))
    yield "frame_data_alone.png", png(header(w, h), animated, frame(0, 4, 3, 2, 1), part, end)


def bad_pngs():
    w, h, end = 7, 6, chunk(b"IEND")
    data = rows(w, h)
    packed = zlib.compress(data)
    pixels = chunk(b"IDAT", packed)
    yield "half_a_row_missing.png", png(header(w, h), chunk(b"IDAT", zlib.compress(data[:-5])), end)
    yield "stream_checksum_apart.png", png(header(w, h + 1), chunk(b"IDAT", packed[:-4]), chunk(b"IDAT", packed[-4:]), end)
    yield "stream_cut.png", png(header(w, h), chunk(b"IDAT", packed[:-9]), end)
    yield "wrong_stream_checksum.png", png(header(w, h), chunk(b"IDAT", packed[:-1] + b"?"), end)
    yield "filter_5.png", png(header(w, h), chunk(b"IDAT", zlib.compress(rows(w, h, 24, (0, 5)))), end)
    yield "filter_method.png", png(header(w, h, filters=1), pixels, end)
    yield "color_1.png", png(header(w, h, 8, 1), pixels, end)
    yield "color_2_of_4_bits.png", png(header(w, h, 4, 2), pixels, end)
    yield "palette_of_257.png", png(header(w, h, 8, 3), chunk(b"PLTE", noise(771)), pixels, end)
    yield "transparency_without_palette.png", png(header(w, h, 8, 3), chunk(b"tRNS", b"\xff\0"), pixels, end)
    yield "no_width.png", png(header(0, h), pixels, end)
    yield "no_pixels.png", png(header(w, h), end)
    yield "text_between_pixels.png", png(header(w, h), chunk(b"IDAT", packed[:20]), chunk(b"tEXt", b"a\0b"), chunk(b"IDAT", packed[20:]), end)
    yield "wrong_checksum_of_text.png", png(header(w, h), chunk(b"tEXt", b"a\0b", 1), pixels, end)
    yield "no_chunk.png", png(header(w, h), chunk(b"a b!"), pixels, end)
    short = {"gAMA": 3, "pHYs": 8, "sRGB": 0, "cHRM": 5, "tRNS": 5, "acTL": 7, "fcTL": 25, "iCCP": 0}
    for kind, length in short.items():
        yield f"short_{kind}.png", png(header(w, h), chunk(kind.encode(), bytes(length)), pixels, end)
    yield "short_pHYs_behind.png", png(header(w, h), pixels, chunk(b"pHYs", bytes(8)), end)
    yield "cut_text_behind.png", png(header(w, h), pixels, chunk(b"tEXt", b"a" * 30))[:-12]
    large = zlib.compress(bytes(2**20 + 1))
    yield "large_text.png", png(header(w, h), chunk(b"zTXt", b"a\0\0" + large), pixels, end)
    yield "large_profile.png", png(header(w, h), chunk(b"iCCP", b"a\0\0" + large), pixels, end)
    yield "large_international_text.png", png(header(w, h), chunk(b"iTXt", b"a\0\1\0e\0e\0" + large), pixels, end)
    yield "frame_outside.png", png(header(w, h), frame(0, w, h, 1, 0), pixels, end)
    yield "frames_out_of_order.png", png(header(w, h), frame(1, w, h, 0, 0), pixels, end)
    yield "frame_data_unannounced.png", png(header(w, h), chunk(b"fdAT", struct.pack(">I", 0) + packed), end)


def write(folder, makers, opened):
    folder.mkdir(parents=True, exist_ok=True)
    files, head, body = {}, {}, b""
    for name, data in (case for make in makers for case in make()):
        (folder / name).write_bytes(data)
        try:
            image = opened(folder / name)
            pixels = image.tobytes()
            files[name] = {"size": image.size}
            shape = [image.height, image.width, 3]
            head[name + ".rgb"] = {"dtype": "U8", "shape": shape, "data_offsets": [len(body), len(body) + len(pixels)]}
            body += pixels
        except Exception as refusal:
            files[name] = {"refusal": f"{type(refusal).__name__}: {refusal}".replace(str(folder), "")}
    return files, head, body


def main(golden, opened=lambda file: Image.open(file).convert("RGB")):
    files, head, body = write(golden / "image-rules", (gifs, bmps, pngs), opened)
    refused = [name for name in files if "refusal" in files[name]]
    assert not refused, [(name, files[name]) for name in refused]
    text = json.dumps(head).encode()
    (golden / "image-rules/expected.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
    (golden / "image-rules/expected.json").write_text(json.dumps({"kind": "images", "files": files}, indent=1) + "\n")
    files, head, body = write(golden / "image-refusals", (bad_gifs, bad_bmps, bad_pngs), opened)
    assert not head, list(head)
    (golden / "image-refusals/expected.json").write_text(json.dumps({"kind": "refusals", "files": files}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
