"""Writes `images`, or checks any folder of that kind: image files and what Pillow makes of them.

    pip install pillow==12.3.0 torch==2.13.0 safetensors==0.8.0
    python tools/golden/images.py --check blip2-vision/src/test/resources/golden/{images,image-field,jpeg-field}
    python tools/golden/images.py --out DIR

`NAME.rgb` is convert("RGB"), `NAME.bicubic48` and `NAME.bicubic224` are that, resized; all are uint8,
[H, W, 3]. Files of image-field and jpeg-field were met in the field or made like them; they cannot be
made again, but are checked.
"""

import math

import golden
import torch
from golden import check_folder, write_expected
from PIL import Image, ImageDraw
from safetensors import safe_open

SIZES = (48, 224)
W, H = 101, 67


def picture(width, height, mode="RGB"):
    """Slopes, waves and a circle: smooth parts, edges, and no two channels alike."""
    image = Image.new("RGBA", (width, height))
    for y in range(height):
        for x in range(width):
            wave = int(40 * math.sin(x / 3) + 40 * math.cos(y / 5))
            level = [255 * x // width, 255 * y // height, 128 + wave, 255 - 200 * x * y // (width * height)]
            image.putpixel((x, y), tuple(max(0, min(255, v)) for v in level))
    ImageDraw.Draw(image).ellipse([width // 3, height // 4, width * 2 // 3, height * 3 // 4], fill=(220, 30, 40, 255))
    return image if mode == "RGBA" else image.convert("RGB").convert(mode)


def files(folder):
    plain, small = picture(W, H), picture(40, 90)
    plain.save(folder / "rgb.png")
    picture(W, H, "RGBA").save(folder / "alpha.png")
    plain.convert("L").save(folder / "gray.png")
    picture(W, H, "RGBA").convert("LA").save(folder / "gray_alpha.png")
    plain.quantize(64).save(folder / "palette.png")
    plain.convert("1").save(folder / "bilevel.png")
    plain.quantize(200).save(folder / "palette.gif", interlace=1)
    plain.save(folder / "interlaced.bmp")
    picture(1, 1).save(folder / "one.png")
    picture(150, 1).save(folder / "row.png")
    picture(23, 160).save(folder / "tall.png")
    plain.save(folder / "jpeg444.jpg", quality=90, subsampling="4:4:4")
    small.save(folder / "jpeg422.jpg", quality=90, subsampling="4:2:2")
    plain.save(folder / "jpeg420.jpg", quality=95, subsampling="4:2:0")
    plain.convert("L").save(folder / "gray.jpg")
    plain.convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    picture(213, 142).save(folder / "progressive.jpg", progressive=True)
    picture(33, 17).save(folder / "odd.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    plain.save(folder / "exif6.jpg", quality=95, exif=exif)


def levels(image):
    return torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(image.height, image.width, 3)


def numbers(folder, wanted=None):
    """Tensors, or those of them that are wanted."""
    tensors, said = {}, {}
    for file in sorted(folder.iterdir()):
        if file.name.startswith(("expected.", "README")):
            continue
        image = Image.open(file)
        said[file.name] = {"mode": image.mode, "size": list(image.size)}
        rgb = image.convert("RGB")
        tensors[f"{file.name}.rgb"] = levels(rgb)
        for size in SIZES:
            if wanted is None or f"{file.name}.bicubic{size}" in wanted:
                tensors[f"{file.name}.bicubic{size}"] = levels(rgb.resize((size, size), Image.Resampling.BICUBIC))
    return tensors, {"kind": "images", "files": said}


def check(folder):
    with safe_open(folder / "expected.safetensors", "pt") as committed:
        wanted = set(committed.keys())
    tensors, said = numbers(folder, wanted)
    return check_folder(folder, tensors, said)


def write(folder, _):
    folder.mkdir(parents=True)
    files(folder)
    write_expected(folder, *numbers(folder))


if __name__ == "__main__":
    golden.main(write, check, ["images"])
