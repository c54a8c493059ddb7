"""Writes or checks what classes of tokenizers in transformers make of texts, beside the same `tokenizer.json`.

    pip install -r tools/golden/requirements.txt
    python tools/golden/tokenizer_classes.py --check blip2-llm/src/test/resources/tokenizer-classes
    python tools/golden/tokenizer_classes.py --out DIR

A class that `tokenizer_config.json` names may build its normalizer, pre-tokenizer and decoder itself, whatever
the file has. `expected.json` holds, for each case, the golden folder of the file, the settings, ids and texts.
"""

import json
import random
import shutil
import tempfile
from pathlib import Path

import golden
from golden import compare_json, read_json
from transformers import AutoTokenizer

FOLDERS = Path(__file__).parents[2] / "blip2-llm/src/test/resources/golden"
BYTES, PIECES, PAIRS = "hf-instructblip-vicuna", "hf-t5", "hf-opt"  # kinds of vocabularies
LLAMA = {"tokenizer_class": "LlamaTokenizer"}
CODE = {"tokenizer_class": "CodeLlamaTokenizer"}
CASES = [
    (BYTES, LLAMA), (BYTES, {"tokenizer_class": "LlamaTokenizerFast"}), (BYTES, LLAMA | {"legacy": True}),
    (BYTES, LLAMA | {"legacy": False}), (BYTES, LLAMA | {"legacy": None}),
    (BYTES, LLAMA | {"add_prefix_space": False}), (BYTES, LLAMA | {"add_prefix_space": True}),
    (BYTES, LLAMA | {"add_prefix_space": None}), (BYTES, LLAMA | {"legacy": True, "add_prefix_space": False}),
    (BYTES, LLAMA | {"add_bos_token": False, "add_eos_token": True}),
    (BYTES, CODE), (BYTES, CODE | {"legacy": True}), (BYTES, CODE | {"add_prefix_space": False}),
    (BYTES, {"tokenizer_class": "GemmaTokenizer", "add_prefix_space": True}),
    (PIECES, {"tokenizer_class": "T5Tokenizer"}), (PIECES, {"tokenizer_class": "T5TokenizerFast"}),
    (PAIRS, {"tokenizer_class": "GPT2Tokenizer"}), (PAIRS, {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True}),
    (PAIRS, {"tokenizer_class": "Qwen2Tokenizer"}),
]  # fmt: skip
FIXED = [
    "", "a", " a", "a  b", "  a", "a ", "\n", "a\nb\n\nc", "</s>a", " </s> a", " a</s>", "a red circle</s> and",
    "é", "e\u0301", "中文", "😀x", "\u00a0a", "\t a", "▁a", "a▁b", "1234567", "don't", "A B", "\u200b", "ﬁ", "\r\n",
    "Question: what is it? Short answer:", "a photo of a red cross, above a star.",
]  # fmt: skip
PARTS = ["a", "b", " ", "  ", "</s>", "▁", "\n", "é", "中", "😀", "1", ".", "'", "cross", "red ", "star"]


def texts():
    rng = random.Random(5)
    return FIXED + ["".join(rng.choice(PARTS) for _ in range(rng.randint(1, 9))) for _ in range(24)]


def case(base, settings):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(FOLDERS / base / "tokenizer.json", folder)
        given = read_json(FOLDERS / base / "tokenizer_config.json") | settings
        given.pop("backend", None)
        (folder / "tokenizer_config.json").write_text(json.dumps(given))
        tokenizer = AutoTokenizer.from_pretrained(folder)
    assert type(tokenizer).__name__ == settings["tokenizer_class"].removesuffix("Fast"), type(tokenizer)
    ids = [tokenizer(text).input_ids for text in texts()]
    decoded = [tokenizer.decode(each, skip_special_tokens=True) for each in ids]
    return {"folder": base, "settings": settings, "ids": ids, "decoded": decoded}


def numbers():
    return {"texts": texts(), "cases": [case(*each) for each in CASES]}


def check(folder):
    print(folder)
    return compare_json("expected.json", read_json(folder / "expected.json"), numbers())


def write(folder, _):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "expected.json").write_text(json.dumps(numbers(), ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    golden.main(write, check, ["tokenizer-classes"])
