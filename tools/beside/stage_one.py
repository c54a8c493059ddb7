#!/usr/bin/env python3
"""Trains BLIP-2's first stage in PyTorch as `blip2 train stage1` does, to lay the two side by side.

    pip install -r tools/golden/requirements.txt
    python tools/beside/stage_one.py START --data captions.json (--images DIR | --features FILE) --out DIR

START is a folder of `train stage1 --export lavis`. Model and losses are those of LAVIS, held to its numbers by
tools/golden/lavis_stage1.py. Weights at the start, records, captions, batches, schedule and AdamW's groups are
those of `blip2 train stage1` with the same options; so are the negatives with `--dropout 0`. Dropout's masks are
PyTorch's own. Writes log.jsonl and the folder `lavis`, which `blip2 evaluate retrieval --model` reads.
"""

import argparse
import json
import math
import resource
import shutil
import sys
import time
from pathlib import Path

import torch
from PIL import Image
from safetensors import safe_open
from torch import nn
from transformers import AutoTokenizer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))

import draws
from golden import pixels_of, read_json
from lavis_model import MASKED, Blip2Qformer
from lavis_stage1 import Losses


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("start", type=Path)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--images", type=Path, help="the folder of the images, which are then encoded")
    p.add_argument("--features", type=Path, help="what `embed --kind patches` stored of them")
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--batch-size", type=int, default=64)
    p.add_argument("--epochs", type=int, default=1)
    p.add_argument("--max-steps", type=int, default=sys.maxsize)
    p.add_argument("--lr", type=float, default=1e-4)
    p.add_argument("--min-lr", type=float, default=1e-5)
    p.add_argument("--warmup-lr", type=float, default=1e-6)
    p.add_argument("--warmup-steps", type=int, default=5000)
    p.add_argument("--weight-decay", type=float, default=0.05)
    p.add_argument("--dropout", type=float, default=0.1)
    p.add_argument("--seed", type=int, default=42)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--log-every", type=int, default=10)
    return p.parse_args()


class Batches:
    """The batches of an epoch: the image side, ids and mask."""

    def __init__(self, a, sizes):
        self.a, self.size, self.longest = a, sizes["image_size"], sizes["max_txt_len"]
        self.records = read_json(a.data)
        self.per_epoch = len(self.records) // a.batch_size
        self.tokenizer = AutoTokenizer.from_pretrained(a.start)
        if a.features:
            file = safe_open(a.features, "pt")
            self.rows = file.get_slice("patches")
            names = json.loads(file.metadata()["blip2j.patches"])["images"]
            self.places = {name: place for place, name in enumerate(names)}

    def image(self, names):
        if self.a.features:
            return torch.cat([self.rows[self.places[n] : self.places[n] + 1, 0] for n in names])
        return pixels_of([Image.open(self.a.images / n) for n in names], self.size)

    def of(self, epoch):
        order = draws.order(len(self.records), self.a.seed, epoch)
        for b in range(self.per_epoch):
            chosen = order[b * self.a.batch_size :][: self.a.batch_size]
            texts = [draws.caption(self.captions(i), self.a.seed, epoch, i) for i in chosen]
            text = self.tokenizer(texts, padding=True, truncation=True, max_length=self.longest, return_tensors="pt")
            yield self.image([self.records[i]["image"] for i in chosen]), text

    def captions(self, record):
        own = self.records[record]["caption"]  # of lower case and without marks: blip_caption has nothing to do
        return own if isinstance(own, list) else [own]


def negatives(i2t, t2i, random):
    """An image for each text and a text for each image, by similarity and never the own one."""
    own = torch.eye(len(i2t), dtype=torch.bool)
    chances = [s.detach().double().masked_fill(own, MASKED).softmax(1).tolist() for s in (t2i, i2t)]
    return [[draws.one_of(row, random) for row in side] for side in chances]


def losses(model, image, text, random):
    all_own = slice(0, len(image))
    step = Losses(model, image, text)
    i2t, t2i = step.similarities(all_own)
    return {
        "loss_itc": step.contrast(i2t, t2i, all_own),
        "loss_itm": step.matching(all_own, *negatives(i2t, t2i, random)),
        "loss_itg": step.captions(all_own)[2],
    }


def rate(a, batch, batches):
    """`--schedule stepwise`."""
    if batch < a.warmup_steps:
        return a.warmup_lr + (a.lr - a.warmup_lr) * batch / max(a.warmup_steps, 1)
    done = (batch - a.warmup_steps) / (batches - a.warmup_steps)
    return a.min_lr + (a.lr - a.min_lr) * 0.5 * (1 + math.cos(math.pi * done))


def sizes_of(weights, told):
    """The sizes of an EVA and its Q-Former, of which model.json has those that no tensor tells."""
    def shape(name):
        return weights[name].shape

    def layers(stem):
        return 1 + max(int(n[len(stem) :].split(".")[0]) for n in weights if n.startswith(stem))

    width, _, patch, _ = shape("visual_encoder.patch_embed.proj.weight")
    reading = [n for n in weights if n.endswith("crossattention.self.query.weight")]
    bert, places = "Qformer.bert.encoder.layer.", shape("visual_encoder.pos_embed")[1] - 1
    return told | {
        "vit": "eva", "vision_width": width, "patch_size": patch, "image_size": patch * math.isqrt(places),
        "vision_layers": layers("visual_encoder.blocks."), "vision_layer_norm_eps": 1e-6,
        "mlp_ratio": shape("visual_encoder.blocks.0.mlp.fc1.weight")[0] / width,
        "vocab_size": shape("Qformer.bert.embeddings.word_embeddings.weight")[0],
        "max_position_embeddings": shape("Qformer.bert.embeddings.position_embeddings.weight")[0],
        "bert_hidden_size": shape("query_tokens")[2], "num_query_token": shape("query_tokens")[1],
        "bert_intermediate_size": shape(bert + "0.intermediate.dense.weight")[0], "bert_layers": layers(bert),
        "cross_attention_freq": math.ceil(layers(bert) / len(reading)), "bert_layer_norm_eps": 1e-12,
        "embed_dim": shape("vision_proj.weight")[0],
    }  # fmt: skip


def load(a):
    weights = torch.load(a.start / "checkpoint.pth")["model"]
    sizes = sizes_of(weights, read_json(a.start / "model.json"))
    model = Blip2Qformer(sizes | {"dropout": a.dropout})
    keys = {n for n in weights if n.endswith("attn.k_bias")}  # EVA has none; they change no softmax
    model.load_state_dict({n: w for n, w in weights.items() if n not in keys})
    if a.features:
        model.visual_encoder = nn.Identity()
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    plain = [p for n, p in trained if p.ndim == 1 or n.endswith(".bias")]
    decayed = [p for n, p in trained if not (p.ndim == 1 or n.endswith(".bias"))]
    groups = [{"params": decayed, "weight_decay": a.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    return sizes, model, torch.optim.AdamW(groups, a.lr)


def save(a, model):
    """What has been trained, over the file of the start."""
    shutil.copytree(a.start, a.out / "lavis", dirs_exist_ok=True)
    file = a.out / "lavis" / "checkpoint.pth"
    torch.save({"model": torch.load(file)["model"] | model.state_dict()}, file)


def train(a, model, optimizer, batches, log):
    seen, began, since, step = [], time.perf_counter(), time.perf_counter(), 0
    for epoch in range(a.epochs):
        for image, text in batches.of(epoch):
            if step == a.max_steps:
                return
            lr = rate(a, step, a.epochs * batches.per_epoch)
            for group in optimizer.param_groups:
                group["lr"] = lr
            random = draws.of_update(a.seed, step)
            for _ in model.Qformer.bert.encoder.layer:
                random.next_long()  # the layers of the text each take one before negatives are drawn
            parts = losses(model, image, text, random)
            total = sum(parts.values())
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
            step += 1
            seen.append([x.item() for x in (total, *parts.values())])
            if step % a.log_every == 0:
                now = time.perf_counter()
                means = [sum(x) / len(seen) for x in zip(*seen)]
                line = {"step": step, "epoch": epoch, "lr": lr} | dict(zip(("loss", *parts), means))
                line["samples_per_s"] = len(seen) * a.batch_size / (now - since)
                line["time_s"] = now - began
                line["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(json.dumps(line), file=log, flush=True)
                seen, since = [], now


def main():
    a = arguments()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    sizes, model, optimizer = load(a)
    a.out.mkdir(parents=True, exist_ok=True)
    with open(a.out / "log.jsonl", "w") as log:
        train(a, model.train(), optimizer, Batches(a, sizes), log)
    save(a, model)


main()
