#!/usr/bin/env python3
"""Composes scenes of the corpus's pictures, with captions and questions, from a seed.

  scenes.py CORPUS [--train N] [--drawings N] [--seed N]

CORPUS has items.jsonl and pictures, as items.py wrote them. It gets one folder of JPEGs of 96 x 96 pixels and the
files SPLIT.json (captions), SPLIT_questions.json and SPLIT_one.json (scenes with captions of their own, for retrieval) for each split:

  train         pictures and pairs of names that are trained on
  validation    the same pictures and pairs in other scenes
  combinations  known pictures, pairs of names that are never trained on
  drawings      drawings that are never trained on, of known names
  concepts      names that are never trained on; for retrieval
  photographs   whole photographs that are never trained on

and pages.jsonl, what the language model learns to write. Scenes show the things of which there are at least N
drawings to train on (4); pages are about all things. Needs Pillow.
"""
import argparse
import collections
import json
import os
import random

from PIL import Image, ImageEnhance

import names
import texts

SIDE = 96
TESTS = {"validation": 500, "combinations": 1000, "drawings": 1000, "concepts": 500}
PAIRS_RESERVED = 0.1
UNLIKE = {"bridge at night", "brick", "disk", "fly", "herb", "water wave", "wind", "wing"}  # drawings with little in common
NUMBERS = texts.NUMBERS
RELATIONS = texts.RELATIONS


def load(corpus):
    with open(os.path.join(corpus, "items.jsonl"), encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines]
    for item in items:
        with Image.open(os.path.join(corpus, item["file"])) as image:
            item["image"] = image.convert("RGB" if item["medium"] == "photo" else "RGBA")
    return items


def reserved(first, second):
    """Whether a pair of names is kept for the split of new combinations."""
    return names.share("pair:" + "|".join(sorted((first, second)))) < PAIRS_RESERVED


def often_drawn(items, least):
    """Photographs, unseen concepts, and drawings of things of which enough are trained on."""
    drawn = collections.Counter(i["concept"] for i in items if i["split"] == "train" and i["medium"] == "drawing")
    shown = {name for name, count in drawn.items() if count >= least} - UNLIKE
    return [i for i in items if i["medium"] == "photo" or i["split"] == "concepts" or i["concept"] in shown]


class Pool:
    """Pictures of a split by their names; each name is as likely as any other."""

    def __init__(self, items):
        self.by_name = {}
        for item in items:
            self.by_name.setdefault(item["concept"], []).append(item)
        self.names = sorted(self.by_name)

    def name(self, r):
        return r.choice(self.names)

    def picture(self, name, r):
        return r.choice(self.by_name[name])


def background(photographs, r):
    """A plain colour, a gradient or a part of a photograph."""
    colour = lambda low, high: tuple(r.randint(low, high) for _ in range(3))
    chance = r.random()
    if chance < 0.35:
        return Image.new("RGB", (SIDE, SIDE), r.choice([(255, 255, 255), colour(150, 255), colour(0, 255)]))
    if chance < 0.7:
        ends = Image.new("RGB", (2, 2))
        first, second = colour(60, 255), colour(60, 255)
        down = r.random() < 0.5
        ends.putdata([first, first if down else second, second if down else first, second])
        return ends.resize((SIDE, SIDE), Image.BILINEAR)
    photo = r.choice(photographs)["image"]
    part = int(min(photo.size) * r.uniform(0.5, 1))
    left, top = r.randint(0, photo.width - part), r.randint(0, photo.height - part)
    piece = photo.crop((left, top, left + part, top + part)).resize((SIDE, SIDE), Image.BILINEAR)
    return Image.blend(piece, Image.new("RGB", piece.size, (200, 200, 200)), r.uniform(0.2, 0.6))


def placed(image, side, r):
    """A cut-out in its final size, perhaps mirrored, its colours a little changed."""
    scale = side / max(image.size)
    size = [max(4, round(length * scale)) for length in image.size]
    image = image.resize(size, Image.LANCZOS)
    if r.random() < 0.5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    alpha = image.getchannel("A")
    for change in (ImageEnhance.Brightness, ImageEnhance.Color, ImageEnhance.Contrast):
        image = change(image).enhance(r.uniform(0.8, 1.2))
    image.putalpha(alpha)
    return image


def paste(canvas, image, x, y):
    """Pastes around a centre, moved inside the canvas."""
    left = min(max(0, round(x - image.width / 2)), SIDE - image.width)
    top = min(max(0, round(y - image.height / 2)), SIDE - image.height)
    canvas.paste(image, (left, top), image)


def single(item, photographs, r):
    canvas = background(photographs, r)
    image = placed(item["image"], r.randint(42, 92), r)
    paste(canvas, image, r.randint(0, SIDE), r.randint(0, SIDE))
    return canvas, texts.Scene([item["concept"]], [1], None, [item["kind"]])


def several(item, count, photographs, r):
    canvas = background(photographs, r)
    places = r.sample([(24, 24), (72, 24), (24, 72), (72, 72)], count)
    side = r.randint(32, 46)
    for x, y in places:
        paste(canvas, placed(item["image"], side, r), x + r.randint(-3, 3), y + r.randint(-3, 3))
    return canvas, texts.Scene([item["concept"]], [count], None, [item["kind"]])


def pair(first, second, photographs, r):
    canvas = background(photographs, r)
    relation = r.choice(list(RELATIONS))
    across = relation == "to the left of"
    for item, at in ((first, 24), (second, 72)):
        image = placed(item["image"], r.randint(34, 46), r)
        other = r.randint(26, 70)
        paste(canvas, image, at if across else other, other if across else at)
    return canvas, texts.Scene([first["concept"], second["concept"]], [1, 1], relation, [first["kind"], second["kind"]])


def drawn(pools, photographs, r):
    """A scene whose first thing is of the first pool, and others of the second; pairs are not reserved ones."""
    own, other = pools
    name = own.name(r)
    item = own.picture(name, r)
    chance = r.random()
    if chance < 0.4:
        return single(item, photographs, r)
    if chance < 0.55 and names.countable(name):
        return several(item, r.randint(2, 4), photographs, r)
    while True:
        partner = other.name(r)
        if partner != name and not reserved(name, partner):
            both = [item, other.picture(partner, r)]
            r.shuffle(both)
            return pair(*both, photographs, r)


def combined(pool, photographs, r):
    """A pair of names that is never trained on."""
    while True:
        first, second = pool.name(r), pool.name(r)
        if first != second and reserved(first, second):
            return pair(pool.picture(first, r), pool.picture(second, r), photographs, r)


def photograph(item):
    image = item["image"]
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.LANCZOS)
    return square, texts.Scene([item["concept"]], [1], None, [item["kind"]], photo=True)


def crop(item, r):
    """A part of a photograph that is trained on, with most of what it shows."""
    image = item["image"]
    side = int(min(image.size) * r.uniform(0.8, 1))
    left, top = r.randint(0, image.width - side), r.randint(0, image.height - side)
    square = image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.LANCZOS)
    if r.random() < 0.5:
        square = square.transpose(Image.FLIP_LEFT_RIGHT)
    return square, texts.Scene([item["concept"]], [1], None, [item["kind"]], photo=True)


def write(corpus, split, scenes, known, r):
    """Writes pictures and records of a split."""
    os.makedirs(os.path.join(corpus, split), exist_ok=True)
    captions, questions, ones, told = [], [], [], set()
    for number, (image, scene) in enumerate(scenes):
        file = f"{split}/{number:05d}.jpg"
        image.save(os.path.join(corpus, file), quality=92)
        own = scene.captions()
        captions.append({"image": file, "image_id": f"{split}_{number}", "caption": own, "names": scene.names})
        if own[0] not in told:  # two scenes with one caption cannot be told apart by it
            told.add(own[0])
            ones.append({"image": file, "image_id": f"{split}_{number}", "caption": own[0]})
        for place, (question, answer) in enumerate(scene.questions(known, r)):
            text = f"Question: {question} Answer:"
            questions.append({
                "image": file, "image_id": f"{split}_{number}", "question_id": number * 10 + place, "question": question,
                "question_type": texts.kind(question), "answer": answer, "text_input": text, "text_output": answer,
            })
    for suffix, records in (("", captions), ("_questions", questions), ("_one", ones)):
        with open(os.path.join(corpus, split + suffix + ".json"), "w", encoding="utf-8") as to:
            json.dump(records, to, indent=0)
    print(f"{split}: {len(captions)} scenes, {len(questions)} questions", flush=True)


def pages(corpus, pool, count, r):
    """Pages of text about scenes that are never drawn; names of unseen things are not among them."""
    kind = {name: group[0]["kind"] for name, group in pool.by_name.items()}
    seen = texts.Known(kind)
    with open(os.path.join(corpus, "pages.jsonl"), "w", encoding="utf-8") as to:
        for _ in range(count):
            to.write(json.dumps({"text": texts.page(seen, r)}) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--train", type=int, default=30000)
    parser.add_argument("--pages", type=int, default=100000)
    parser.add_argument("--drawings", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    everything = load(a.corpus)
    items = often_drawn(everything, a.drawings)
    of = lambda split, medium="drawing": [i for i in items if i["split"] == split and i["medium"] == medium]
    known, photos = Pool(of("train")), of("train", "photo")
    kinds = texts.Known({name: group[0]["kind"] for name, group in known.by_name.items()})
    source = lambda split: random.Random(f"{a.seed}:{split}")

    def scenes(split, count, draw):
        r = source(split)
        write(a.corpus, split, (draw(r) for _ in range(count)), kinds, source(split + ":questions"))

    trained = lambda r: crop(r.choice(photos), r) if r.random() < 0.03 else drawn((known, known), photos, r)
    scenes("train", a.train, trained)
    scenes("validation", TESTS["validation"], trained)
    scenes("combinations", TESTS["combinations"], lambda r: combined(known, photos, r))
    unseen = Pool([i for i in of("drawings") if i["concept"] in known.by_name])
    scenes("drawings", TESTS["drawings"], lambda r: drawn((unseen, known), photos, r))
    new = Pool(of("concepts"))
    scenes("concepts", TESTS["concepts"], lambda r: single(new.picture(new.name(r), r), photos, r))
    tested = iter(of("photographs", "photo"))
    scenes("photographs", len(of("photographs", "photo")), lambda r: photograph(next(tested)))
    told = Pool([i for i in everything if i["split"] == "train" and i["medium"] == "drawing"])
    pages(a.corpus, told, a.pages, source("pages"))


if __name__ == "__main__":
    main()
