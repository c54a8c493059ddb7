"""Writes JPEG files of so many pixels that two threads decode them, and the hash of their pixels.

python jpeg_large.py FOLDER, with Pillow 12.3.0 and numpy; the hash is the SHA-256 of the RGB bytes
that Pillow decodes.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
from PIL import Image

FILES = {
    "420": (331, 293, dict(subsampling="4:2:0")),
    "422": (300, 260, dict(subsampling="4:2:2")),
    "444": (257, 259, dict(subsampling="4:4:4")),
    "420-progressive": (310, 270, dict(subsampling="4:2:0", progressive=True)),
    "420-restarts": (290, 301, dict(subsampling="4:2:0", restart_marker_blocks=7)),
    "420-wide": (4111, 17, dict(subsampling="4:2:0")),
    "gray": (280, 261, dict()),
}


def scene(width, height, seed):
    """Waves, an edge and some noise."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / (9 + 5 * c) + y / (23 - 4 * c)) * 60 + 128 for c in range(3)]
    pixels = np.stack(waves, axis=2)
    pixels[(x - width / 3) ** 2 + (y - height / 2) ** 2 < (height / 4) ** 2] += 50
    pixels += random.normal(0, 3, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, (width, height, options)) in enumerate(FILES.items()):
        image = scene(width, height, seed)
        if name == "gray":
            image = image.convert("L")
        file = folder / f"{name}.jpg"
        image.save(file, quality=60, **options)
        pixels = Image.open(file).convert("RGB").tobytes()
        (folder / f"{name}.sha256").write_text(hashlib.sha256(pixels).hexdigest() + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
