"""Writes or checks `photographs`: a dozen CC0 photographs of GCompris, and what Pillow and transformers make of them.

    tools/corpus/fetch.sh packages && tools/corpus/unpack.py packages unpacked
    pip install -r tools/golden/requirements.txt
    python tools/golden/photographs.py --unpacked unpacked --out blip2-llm/src/test/resources/golden/photographs
    python tools/golden/photographs.py --check blip2-llm/src/test/resources/golden/photographs

Eight are WebP as GCompris has them; four are JPEG, which Pillow wrote of the WebP. `photographs.json` has name, author,
licence and source of each, the hash of its decoded pixels, the greedy caption of `hf-opt` and the logits of
`hf-itm` for its name. `expected.safetensors` has every fourteenth pixel of each at 224 x 224, normalised.
"""

import argparse
import hashlib
import io
import json
import sys
from pathlib import Path

import torch
from golden import pixels_of
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, Blip2ForConditionalGeneration, Blip2ForImageTextRetrieval

GOLDEN = Path("blip2-llm/src/test/resources/golden")
CHOSEN = {
    "fish6.webp": "webp", "fish28.webp": "webp", "parthenon.webp": "webp", "windmill11.webp": "webp",
    "windmill13.webp": "jpg", "solar7.webp": "webp", "hammer1.webp": "jpg", "plier4.webp": "webp",
    "scissors3.webp": "jpg", "screwDriver2.webp": "webp", "bulb.webp": "webp", "plate.webp": "jpg",
}  # fmt: skip
STEP, SIDE = 14, 224


def take(unpacked, folder):
    """Writes the photographs; their records."""
    sys.path.insert(0, "tools/corpus")
    import items

    records = []
    for item, data in items.photographs(str(unpacked)):
        name = Path(item["file_in_package"]).name
        if name in CHOSEN:
            assert item["licence"] == "CC0-1.0", item
            file = name.replace("webp", CHOSEN[name])
            if file.endswith("webp"):
                (folder / file).write_bytes(data)
            else:
                with open(folder / file, "wb") as to:
                    Image.open(io.BytesIO(data)).convert("RGB").save(to, "JPEG", quality=90)
            keys = {"concept": "name", "author": "author", "licence": "licence", "source": "source"}
            records.append({"file": file, **{ours: item[theirs] for theirs, ours in keys.items()}})
    assert len(records) == len(CHOSEN)
    return sorted(records, key=lambda record: record["file"])


@torch.no_grad()
def numbers(folder, records):
    images = [Image.open(folder / record["file"]).convert("RGB") for record in records]
    bundled, matching = GOLDEN / "hf-opt", GOLDEN / "hf-itm"
    writer = Blip2ForConditionalGeneration.from_pretrained(bundled, dtype=torch.float32).eval()
    words = AutoTokenizer.from_pretrained(bundled)
    matcher = Blip2ForImageTextRetrieval.from_pretrained(matching, dtype=torch.float32).eval()
    reader = AutoTokenizer.from_pretrained(matching)
    out = []
    for record, image in zip(records, images):
        pixels = pixels_of([image], 48)
        ids = writer.generate(pixel_values=pixels, max_new_tokens=20, do_sample=False, num_beams=1)
        text = dict(reader(["a photo of a " + record["name"]], return_tensors="pt"))
        text.pop("token_type_ids", None)
        logits = matcher(pixel_values=pixels, use_image_text_matching_head=True, **text).logits_per_image[0]
        out.append(record | {
            "width": image.width, "height": image.height, "sha256": hashlib.sha256(image.tobytes()).hexdigest(),
            "caption": words.decode(ids[0], skip_special_tokens=True).strip(), "match_logits": logits.tolist(),
        })  # fmt: skip
    return out, {"pixels": pixels_of(images, SIDE)[:, :, ::STEP, ::STEP].contiguous()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unpacked", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--check", type=Path)
    a = parser.parse_args()
    if a.out:
        a.out.mkdir(parents=True, exist_ok=True)
        records, tensors = numbers(a.out, take(a.unpacked, a.out))
        text = json.dumps({"photographs": records}, ensure_ascii=False, indent=1)
        (a.out / "photographs.json").write_text(text + "\n", "utf-8")
        save_file(tensors, a.out / "expected.safetensors")
        return
    committed = json.loads((a.check / "photographs.json").read_text("utf-8"))["photographs"]
    records, tensors = numbers(a.check, committed)
    same = [{k: v for k, v in r.items() if k != "match_logits"} for r in records]
    assert same == [{k: v for k, v in r.items() if k != "match_logits"} for r in committed]
    logits = max(abs(x - y) for r, c in zip(records, committed) for x, y in zip(r["match_logits"], c["match_logits"]))
    pixels = (load_file(a.check / "expected.safetensors")["pixels"] - tensors["pixels"]).abs().max().item()
    print("largest difference", max(logits, pixels))


if __name__ == "__main__":
    main()
