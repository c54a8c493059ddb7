#!/usr/bin/env python3
"""Writes tokenizers for the words of the corpus: a byte-level BPE like OPT's, and a WordPiece like BERT's.

  words.py CORPUS OUT

OUT gets the folders language and bert, each with a tokenizer.json. Every word in use is one token of either; other
words are spelt. The files depend on the texts alone.
"""
import collections
import json
import os
import re
import sys

SPLITS = ("train", "validation", "combinations", "drawings", "concepts", "photographs")
PIECES = re.compile(r" ?[A-Za-z]+| ?[^\sA-Za-z]+|\s")
WRITING_SIGNS = ["<s>", "<pad>", "</s>", "<unk>"]
READING_SIGNS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def corpus_texts(corpus):
    for split in SPLITS:
        with open(os.path.join(corpus, split + ".json"), encoding="utf-8") as text:
            for record in json.load(text):
                yield from record["caption"]
        with open(os.path.join(corpus, split + "_questions.json"), encoding="utf-8") as text:
            for record in json.load(text):
                yield record["text_input"] + " " + record["text_output"]
    with open(os.path.join(corpus, "pages.jsonl"), encoding="utf-8") as lines:
        for line in lines:
            yield from json.loads(line)["text"].split("</s>")


def byte_letters():
    """The letter by which a byte-level BPE writes each byte: itself if it can be seen, else one from 256 on."""
    seen = {*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = iter(range(256, 512))
    return {byte: chr(byte if byte in seen else next(hidden)) for byte in range(256)}


def merges(words):
    """Joins the most frequent pair of neighbours until every word is one token."""
    split = {word: list(word) for word in words}
    out = []
    while True:
        count = collections.Counter()
        for word, parts in split.items():
            for pair in zip(parts, parts[1:]):
                count[pair] += words[word]
        if not count:
            return out
        most = max(count.values())
        best = min(pair for pair, times in count.items() if times == most)
        out.append(best)
        for word, parts in split.items():
            split[word] = joined(parts, best)


def joined(parts, pair):
    out, at = [], 0
    while at < len(parts):
        if tuple(parts[at : at + 2]) == pair:
            out.append(parts[at] + parts[at + 1])
            at += 2
        else:
            out.append(parts[at])
            at += 1
    return out


def sign(text, number, **more):
    base = {"id": number, "content": text, "single_word": False, "lstrip": False, "rstrip": False}
    return {**base, "normalized": False, "special": True, **more}


def language(words, out):
    letters = byte_letters()
    counted = collections.Counter()
    for word, times in words.items():
        counted["".join(letters[byte] for byte in word.encode())] += times
    learnt = merges(counted)
    vocabulary = WRITING_SIGNS + sorted(letters.values()) + ["".join(pair) for pair in learnt]
    vocabulary = list(dict.fromkeys(vocabulary))
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    begin = [{"SpecialToken": {"id": "</s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [sign(text, number) for number, text in enumerate(WRITING_SIGNS)],
        "normalizer": None, "pre_tokenizer": level,
        "post_processor": {
            "type": "TemplateProcessing", "single": begin, "pair": begin + [{"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}},
        },
        "decoder": level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "",
            "fuse_unk": False, "byte_fallback": False, "vocab": {text: i for i, text in enumerate(vocabulary)},
            "merges": [" ".join(pair) for pair in learnt],
        },
    }
    names = {"bos_token": "</s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "add_bos_token": True}
    write(out, tokenizer, {"tokenizer_class": "PreTrainedTokenizerFast", **names})
    return len(vocabulary)


def bert(words, out):
    whole = sorted({word for text in words for word in re.findall(r"[a-z]+", text.lower())})
    letters = [chr(code) for code in range(ord("!"), ord("~") + 1) if not chr(code).isupper()]
    vocabulary = READING_SIGNS + letters + ["##" + letter for letter in letters if letter.isalnum()]
    vocabulary += [word for word in whole if word not in set(vocabulary)]
    template = lambda kind: [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, *kind]
    part = lambda name, number: [
        {"Sequence": {"id": name, "type_id": number}}, {"SpecialToken": {"id": "[SEP]", "type_id": number}},
    ]
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [sign(text, number) for number, text in enumerate(READING_SIGNS)],
        "normalizer": {
            "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing", "single": template(part("A", 0)), "pair": template(part("A", 0) + part("B", 1)),
            "special_tokens": {
                text: {"id": text, "ids": [READING_SIGNS.index(text)], "tokens": [text]} for text in ("[CLS]", "[SEP]")
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
            "vocab": {text: i for i, text in enumerate(vocabulary)},
        },
    }
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    write(out, tokenizer, {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 64, **names})
    with open(os.path.join(out, "vocab.txt"), "w", encoding="utf-8") as to:
        to.writelines(text + "\n" for text in vocabulary)
    return len(vocabulary)


def write(folder, tokenizer, settings):
    os.makedirs(folder, exist_ok=True)
    for name, value in (("tokenizer.json", tokenizer), ("tokenizer_config.json", settings)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as to:
            json.dump(value, to, ensure_ascii=False)


def main(corpus, out):
    words = collections.Counter()
    for text in corpus_texts(corpus):
        words.update(PIECES.findall(text))
    print("language:", language(words, os.path.join(out, "language")), "tokens")
    print("bert:", bert(words, os.path.join(out, "bert")), "tokens")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
