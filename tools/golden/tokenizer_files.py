"""Makes small tokenizers of three kinds, and writes or checks what the tokenizers library makes of awkward texts.

    pip install -r tools/golden/requirements.txt
    python tools/golden/tokenizer_files.py --check blip2-core/src/test/resources/golden/tokenizers
    python tools/golden/tokenizer_files.py --out DIR

The kinds are those of OPT (byte pairs), T5 (unigrams) and BERT (word pieces), each of captions and
questions drawn from a seed. Only the byte pairs are trained, because the other trainers end differently each
time. --check recomputes ids and texts of the committed files.
"""

import collections
import json
import math
import random
import re

import golden
from golden import COLORS, PLACES, SHAPES, compare_json, read_json
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

THINGS = ["dog", "cat", "man", "woman", "horse", "bird", "child", "train", "boat", "bicycle", "table", "pizza"]
DOING = ["running", "sleeping", "sitting", "standing", "walking", "looking", "playing", "eating"]
WHERE = ["on the beach", "in the park", "near the river", "in front of the house", "under a tree", "on the couch"]
COUNTS = ["one", "two", "three", "no"]
AWKWARD = [
    "", " ", "a photo of a dog", "  two   spaces ", "A RED Circle, above a BLUE square!",
    "naïve café résumé — Ångström", "日本語の写真", "emoji 🐶🐱👩‍👩‍👧", "tab\tnew\nline\r\n",
    "Question: what color is the star? Answer:", "don't-stop_now/please (it's 3.14%)", "<image> in text",
    "[SEP] in text", "</s> in text", "word " * 60, "\x00control\x07", "ﬁ ligature ² ½", "مرحبا",
    "zürich\u0301", "x" * 300,
]  # fmt: skip


def sentences(seed=7, count=1500):
    rng = random.Random(seed)
    for _ in range(count):
        kind = rng.randrange(4)
        first, second = [f"{rng.choice(list(COLORS))} {rng.choice(SHAPES)}" for _ in range(2)]
        if kind == 0:
            yield f"a {first} {rng.choice(list(PLACES))} a {second}"
        elif kind == 1:
            yield f"a photo of a {rng.choice(THINGS)} {rng.choice(DOING)} {rng.choice(WHERE)}"
        elif kind == 2:
            color, shape = first.split()
            yield f"Question: what color is the {shape}? Answer: {color}"
        else:
            yield f"Question: how many {rng.choice(THINGS)}s are there? Answer: {rng.choice(COUNTS)}"




def byte_pairs():
    """OPT's kind: </s> in front, an image token at the end."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer.train_from_iterator(sentences(), trainers.BpeTrainer(
        vocab_size=420, special_tokens=specials, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False))  # fmt: skip
    tokenizer.add_special_tokens([AddedToken("<image>", normalized=False, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="</s>:0 $A:0", pair="</s>:0 $A:0 $B:0", special_tokens=[("</s>", 2)])
    return tokenizer


def scored(size=136):
    """Specials, then letters, and the most frequent words and pairs of letters with their logarithms."""
    count, letters = collections.Counter(), collections.Counter("▁")
    for text in sentences():
        for word in re.findall(r"[A-Za-z]+", text):
            count.update(["▁" + word] + [word[i : i + 2] for i in range(1, len(word) - 1)])
        letters.update(text.replace(" ", "▁"))
    words = sorted(count, key=lambda word: (-count[word], word))[: size - 3 - len(letters)]
    known, total = sorted(letters.items()) + [(word, count[word]) for word in words], sum(letters.values())
    return [(t, 0.0) for t in ("<pad>", "</s>", "<unk>")] + [(p, math.log(times / total)) for p, times in known]


def unigrams():
    """T5's kind: </s> behind, an image token at the end."""
    tokenizer = Tokenizer(models.Unigram(scored(), unk_id=2))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(" {2,}", " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    for token in ("<pad>", "</s>", "<unk>", "<extra_id_0>", "<image>"):
        tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A:0 </s>:0", pair="$A:0 </s>:0 $B:0 </s>:0", special_tokens=[("</s>", 1)])
    return tokenizer


def pieces(size=251):
    """Specials, letters, words, and ends of words by how often they come; a trainer's order is not fixed."""
    count = collections.Counter(
        word for text in sentences() for word in re.findall(r"[a-z]+|[?:]", text.lower()))
    ends = collections.Counter()
    for word, times in count.items():
        for i in range(1, len(word) - 1):
            ends["##" + word[i:]] += times
    letters = sorted({letter for word in count for letter in word})
    known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters + ["##" + x for x in letters if x.isalpha()]
    known += sorted(word for word in count if len(word) > 1)
    return known + sorted(ends, key=lambda end: (-ends[end], end))[: size - len(known)]


def word_pieces(start):
    """BERT's kind; with [DEC] at the end, as BLIP-2 adds it, if wanted."""
    vocabulary = {piece: i for i, piece in enumerate(pieces())}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in list(vocabulary)[:5]])
    if start:
        tokenizer.add_special_tokens([AddedToken("[DEC]", normalized=False, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)])  # fmt: skip
    return tokenizer


def save(tokenizer, folder, **settings):
    """As `save_pretrained` does, without what a test does not need."""
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **settings)
    folder.mkdir(parents=True, exist_ok=True)
    fast.save_pretrained(folder)
    return fast


def save_byte_pairs(folder):
    return save(byte_pairs(), folder, bos_token="</s>", eos_token="</s>", unk_token="</s>", pad_token="<pad>",
                padding_side="left")  # fmt: skip


def save_unigrams(folder):
    return save(unigrams(), folder, eos_token="</s>", unk_token="<unk>", pad_token="<pad>", padding_side="right")


def save_word_pieces(folder, start):
    tokenizer = word_pieces(start)
    words = sorted(tokenizer.get_vocab(with_added_tokens=False).items(), key=lambda entry: entry[1])
    more = {"bos_token": "[DEC]"} if start else {}
    fast = save(tokenizer, folder, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
                mask_token="[MASK]", padding_side="right", **more)  # fmt: skip
    (folder / "vocab.txt").write_text("".join(word + "\n" for word, _ in words))
    return fast


def rows(tokenizer):
    rows = []
    for text in AWKWARD:
        ids = tokenizer.encode(text).ids
        rows.append({
            "text": text, "ids": ids, "ids_plain": tokenizer.encode(text, add_special_tokens=False).ids,
            "decoded": tokenizer.decode(ids), "decoded_all": tokenizer.decode(ids, skip_special_tokens=False)})
    return {"rows": rows, "vocab": tokenizer.get_vocab_size()}


def expected(folder):
    files = {file.name.removesuffix(".tokenizer.json"): file for file in sorted(folder.glob("*.tokenizer.json"))}
    tokenizers = {name: rows(Tokenizer.from_file(str(file))) for name, file in files.items()}
    return {"kind": "tokenizers", "tokenizers": tokenizers}


def check(folder):
    print(folder)
    return compare_json("expected.json", read_json(folder / "expected.json"), expected(folder))


def write(folder, _):
    folder.mkdir(parents=True)
    made = {"hf-opt": byte_pairs(), "hf-t5": unigrams(), "lavis-stage1": word_pieces(start=True)}
    for name, tokenizer in made.items():
        tokenizer.save(str(folder / f"{name}.tokenizer.json"))
    (folder / "expected.json").write_text(json.dumps(expected(folder), indent=1, sort_keys=True))


if __name__ == "__main__":
    golden.main(write, check, ["tokenizers"])
