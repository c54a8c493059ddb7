"""Checks the checkpoints that others saved in less usual ways: what transformers writes with them.

    pip install -r tools/golden/requirements.txt peft==0.21.0
    python tools/golden/checkpoints.py --check blip2-llm/src/test/resources/checkpoints/*/

`expected.txt` holds the ids of eight greedy tokens about `image.png` after the prompt "a red". The
folders cannot be made again byte for byte: each is a model of random weights with one file edited, and
it is the edit that is tested. opt-with-adapter needs peft; quantized-int8 holds a configuration alone.
"""

import importlib.util

import golden
import torch
from PIL import Image
from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer


def tokens(folder):
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    processor = AutoImageProcessor.from_pretrained(folder)
    pixels = processor(images=[Image.open(folder / "image.png")], return_tensors="pt")["pixel_values"]
    words = AutoTokenizer.from_pretrained(folder)("a red", return_tensors="pt")["input_ids"]
    image = torch.full((1, model.config.num_query_tokens), model.config.image_token_index)
    ids = torch.cat([image, words], 1)
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    if (folder / "qformer_tokenizer").exists():
        read = AutoTokenizer.from_pretrained(folder / "qformer_tokenizer")("a red", return_tensors="pt")
        given |= {"qformer_input_ids": read["input_ids"], "qformer_attention_mask": read["attention_mask"]}
    with torch.no_grad():
        rows = model.generate(pixel_values=pixels, max_new_tokens=8, min_new_tokens=8, do_sample=False, **given)
    return rows[0, -8:].tolist()


def check(folder):
    if (folder / "adapter_config.json").exists() and not importlib.util.find_spec("peft"):
        print(f"{folder}: not checked, peft is not installed")
        return True
    if not (folder / "expected.txt").exists():
        print(f"{folder}: no weights, {AutoConfig.from_pretrained(folder).model_type}")
        return True
    expected = list(map(int, (folder / "expected.txt").read_text().strip().split(",")))
    computed = tokens(folder)
    print(f"{folder}: {'equal' if expected == computed else f'{computed}, expected {expected}'}")
    return expected == computed


def write(folder, _):
    raise SystemExit(f"{folder}: these folders can be checked only")


if __name__ == "__main__":
    golden.main(write, check, ["none"])
