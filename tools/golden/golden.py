"""What the generators share: the command line, comparison with committed numbers, drawn scenes, files."""

import argparse
import json
import math
import random
import re
import sys
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)

COLORS = {"red": "#d22", "green": "#2a2", "blue": "#22d", "yellow": "#ee2", "white": "#fff", "black": "#000",
          "orange": "#f82", "purple": "#82c"}  # fmt: skip
SHAPES = ["square", "star", "ring", "circle", "cross", "triangle"]
PLACES = {"above": (0, -1), "below": (0, 1), "to the left of": (-1, 0), "to the right of": (1, 0)}


# The command line


def main(write, check, names=()):
    """`--out DIR [NAME ...]` writes fresh folders, `--check FOLDER ...` recomputes committed ones."""
    parser = argparse.ArgumentParser()
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", metavar="DIR", type=Path, help="write fresh folders here")
    what.add_argument("--check", action="store_true", help="recompute the numbers of these folders")
    parser.add_argument("names", nargs="*", help=f"folders to check, or names to write: {', '.join(names)}")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.check:
        failures = [folder for folder in args.names if not check(Path(folder))]
        sys.exit(f"differences in {', '.join(failures)}" if failures else 0)
    for name in args.names or names:
        write(args.out / name, name)


# Comparison


def tolerance(name, expected, group):
    """How far a recomputed tensor may be from the committed one, on another CPU or version."""
    own = expected.abs().max().item() if expected.numel() else 0.0
    if "grad" in name:
        return 1e-4 * own + 1e-6 * group  # a bias of attention keys has no gradient but rounding
    if name.startswith("after6."):
        return 7e-3 if name.endswith("key.bias") else 2e-5
    return 1e-4 * max(1.0, own)


def compare_tensors(title, expected, computed):
    """Prints the largest difference of each kind of tensor; whether all are close and none is missing."""
    fine = expected.keys() == computed.keys()
    for name in sorted(expected.keys() ^ computed.keys()):
        print(f"  {title}: {name} is {'not computed' if name in expected else 'not committed'}")
    group = max((x.abs().max().item() for n, x in expected.items() if "grad" in n), default=0.0)
    worst = {}
    for name in sorted(expected.keys() & computed.keys()):
        a, b = expected[name], computed[name].detach()
        if a.shape != b.shape or a.dtype != b.dtype:
            print(f"  {title}: {name} is {b.dtype} {list(b.shape)}, expected {a.dtype} {list(a.shape)}")
            fine = False
            continue
        apart = (a.double() - b.double()).abs().max().item() if a.numel() else 0.0
        if not apart <= (tolerance(name, a.double(), group) if a.is_floating_point() else 0):
            print(f"  {title}: {name} differs by {apart:.3g}")
            fine = False
        kind = re.sub(r"\.(\d+|Qformer|qformer|query_tokens|language|vision|itm|text_proj|ln_|temp)\b.*", "", name)
        kind += " (key biases)" if name.startswith("after6.") and name.endswith("key.bias") else ""
        worst[kind] = max(worst.get(kind, 0.0), apart)
    said = ", ".join(f"{k} {v:.1e}" for k, v in worst.items() if v) or "none"
    print(f"  {title}: {len(expected)} tensors, differences: {said}")
    return fine


def compare_json(title, expected, computed):
    """Numbers with a fraction must agree to 1e-4 of their size, everything else must be equal."""
    apart, different = [0.0], []
    walk_json(expected, computed, "", apart, different)
    for line in different[:8]:
        print(f"  {title}: {line[:200]}")
    print(f"  {title}: numbers {apart[0]:.1e}, {len(different)} other differences")
    return not different


def walk_json(a, b, path, apart, different):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            if key in a and key in b:
                walk_json(a[key], b[key], f"{path}.{key}", apart, different)
            else:
                different.append(f"{path}.{key} is {'not computed' if key in a else 'not committed'}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            walk_json(x, y, f"{path}[{i}]", apart, different)
    elif isinstance(a, float) and isinstance(b, float):
        size = max(1.0, abs(a)) if math.isfinite(a) else 1.0
        difference = 0.0 if a == b else abs(a - b) / size
        apart[0] = max(apart[0], difference)
        if not difference <= 1e-4:
            different.append(f"{path} is {b}, expected {a}")
    elif a != b:
        different.append(f"{path} is {b}, expected {a}")


def check_folder(folder, tensors, values, name="expected"):
    """Compares with a folder's `expected.safetensors` and `expected.json`."""
    print(folder)
    fine = compare_tensors(f"{name}.safetensors", load_file(folder / f"{name}.safetensors"), tensors)
    if values is not None:
        fine &= compare_json(f"{name}.json", read_json(folder / f"{name}.json"), plain(values))
    return fine


# Files


def read_json(file):
    return json.loads(Path(file).read_text())


def plain(values):
    """As it is after writing and reading."""
    return json.loads(json.dumps(values))


def write_expected(folder, tensors, values, name="expected"):
    tensors = {k: v.detach().contiguous().clone() for k, v in tensors.items()}
    save_file(tensors, folder / f"{name}.safetensors")
    if values is not None:
        (folder / f"{name}.json").write_text(json.dumps(values, indent=None, sort_keys=True))


def save_processor(folder, size, queries, kind):
    """The settings of a processor, as `save_pretrained` of transformers 4 writes them."""
    (folder / "preprocessor_config.json").write_text(json.dumps({
        "do_convert_rgb": True, "do_normalize": True, "do_rescale": True, "do_resize": True,
        "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711],
        "image_processor_type": "BlipImageProcessor", "processor_class": kind, "resample": 3,
        "rescale_factor": 1 / 255, "size": {"height": size, "width": size},
    }, indent=2))  # fmt: skip
    if queries:
        (folder / "processor_config.json").write_text(
            json.dumps({"num_query_tokens": queries, "processor_class": kind}, indent=2))


def draw_weights(model, seed, scale=1.2):
    """No weight, bias or norm stays at its usual start, or nothing would show that one is left out."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=rng)
            if parameter.dim() == 0:
                continue
            if parameter.dim() == 1:
                norm = re.search(r"(norm\w*|ln_\w*|LayerNorm)\.weight$", name, re.IGNORECASE)
                parameter.copy_(1 + 0.2 * noise if norm else 0.1 * noise)
            elif re.search(r"embedding|embed_tokens|query_tokens|cls_token|pos_embed|shared", name):
                parameter.copy_(0.5 * noise)
            else:
                parameter.copy_(scale * noise / math.sqrt(parameter[0].numel()))


# Scenes


def draw_shape(draw, shape, color, cx, cy, r):
    box = [cx - r, cy - r, cx + r, cy + r]
    if shape == "square":
        draw.rectangle(box, fill=color)
    elif shape == "circle":
        draw.ellipse(box, fill=color)
    elif shape == "ring":
        draw.ellipse(box, outline=color, width=max(2, r // 3))
    elif shape == "cross":
        draw.rectangle([cx - r, cy - r // 3, cx + r, cy + r // 3], fill=color)
        draw.rectangle([cx - r // 3, cy - r, cx + r // 3, cy + r], fill=color)
    elif shape == "triangle":
        draw.polygon([(cx, cy - r), (cx + r, cy + r), (cx - r, cy + r)], fill=color)
    else:
        points = [(r if i % 2 == 0 else 0.4 * r, math.pi * (i / 5 - 0.5)) for i in range(10)]
        draw.polygon([(cx + d * math.cos(a), cy + d * math.sin(a)) for d, a in points], fill=color)


def draw_scene(rng, size):
    """A square picture of one shape or two, its caption without "a", and a (color, shape) in it."""
    image = Image.new("RGB", (size, size), tuple(rng.randrange(90, 150) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    first, second = [(rng.choice(list(COLORS)), rng.choice(SHAPES)) for _ in range(2)]
    if rng.random() < 0.4:
        draw_shape(draw, first[1], COLORS[first[0]], size // 2, size // 2, size // 4)
        return image, " ".join(first), first
    place = rng.choice(list(PLACES))
    dx, dy = PLACES[place]
    for (color, shape), side in ((first, 1), (second, -1)):
        cx, cy = size // 2 + side * dx * size // 4, size // 2 + side * dy * size // 4
        draw_shape(draw, shape, COLORS[color], cx, cy, size // 6)
    return image, f"{' '.join(first)} {place} a {' '.join(second)}", rng.choice([first, second])


def save_scenes(folder, seed, files):
    """Writes `images/`; returns the pictures and what they show."""
    rng = random.Random(seed)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    images, truth = [], []
    for name, size in files:
        image, caption, _ = draw_scene(rng, size)
        image.save(folder / "images" / name)
        images.append(image)
        truth.append(f"a {caption}")
    return images, truth


def open_images(folder):
    files = sorted((folder / "images").iterdir(), key=lambda f: (len(f.name), f.name))
    return [Image.open(file) for file in files]


def pixels_of(images, size):
    """What the processor does: stretch bicubically, scale, normalise."""
    rows = []
    for image in images:
        data = image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC).tobytes()
        levels = torch.frombuffer(bytearray(data), dtype=torch.uint8).view(size, size, 3)
        rows.append((levels.permute(2, 0, 1).float() / 255 - MEAN) / STD)
    return torch.stack(rows)
