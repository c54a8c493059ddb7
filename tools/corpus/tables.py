#!/usr/bin/env python3
"""Prints the tables of the miniature from what evaluate.sh and ablations.sh wrote.

  tables.py RUN [VARIANTS]
"""
import glob
import json
import os
import re
import statistics
import sys

SPLITS = ("validation", "combinations", "drawings", "concepts", "photographs")
KINDS = ("what is it", "what is where", "where", "is there", "how many", "what kind")
SECONDS = ("chain", "nothing")


def read(file):
    if not os.path.exists(file):
        return None
    with open(file, encoding="utf-8") as text:
        return json.load(text)


def number(value, form="{:.1f}"):
    return "–" if value is None else form.format(value)


def percent(value):
    """CIDEr as papers print it."""
    return None if value is None else 100 * value


def row(*cells):
    print("| " + " | ".join(cells) + " |")


def header(*cells):
    row(*cells)
    print("|" + "---|" * len(cells))


def scores(run):
    def of(split, kind):
        return read(os.path.join(run, "scores", f"{split}-{kind}.json"))

    header("", *SPLITS)
    for title, kind in (("contrast alone", "contrast"), ("re-ranked by matching", "retrieval")):
        for side, name in (("txt", "texts of images"), ("img", "images of texts")):
            cells = []
            for split in SPLITS:
                found = of(split, kind)
                cells.append("–" if found is None else " / ".join(number(found["scores"][f"{side}_r{k}"]) for k in (1, 10)))
            row(f"recall@1 / @10, {name}, {title}", *cells)
    for title, kind in (("captions, CIDEr", "caption"), ("the same of a caption drawn at random", "chance-caption")):
        row(title, *(number(percent((of(s, kind) or {"scores": {}})["scores"].get("CIDEr"))) for s in SPLITS))
    for title, kind in (("answers, all kinds", "vqa"), ("the same of an answer drawn at random", "chance-vqa")):
        row(title, *(number((of(s, kind) or {"scores": {}})["scores"].get("overall")) for s in SPLITS))
    for name in KINDS:
        cells = []
        for split in SPLITS:
            pair = [(of(split, kind) or {}).get("perQuestionType", {}).get(name) for kind in ("vqa", "chance-vqa")]
            cells.append("–" if pair[0] is None else f"{number(pair[0])} ({number(pair[1])})")
        row(f"“{name}” (at random)", *cells)
    print()


def spread(values):
    """Mean and all values of the seeds."""
    if not values:
        return "–"
    return f"{statistics.mean(values):.1f} ({', '.join(f'{v:.1f}' for v in values)})"


def variants(folder):
    found = {re.sub(r"-\d+\.done$", "", os.path.basename(f)) for f in glob.glob(os.path.join(folder, "*.done"))}

    def values(name, split, kind, key):
        files = sorted(glob.glob(os.path.join(folder, f"{name}-[0-9]*-{split}-{kind}.json")))
        return [key(read(f)["scores"]) for f in files]

    header("first stage", *(f"{split}, {kind}" for split in ("validation", "drawings") for kind in ("contrast", "re-ranked")))
    for name in sorted(n for n in found if not n.startswith("second-")):
        cells = [
            spread(values(name, split, kind, lambda s: (s["txt_r10"] + s["img_r10"]) / 2))
            for split in ("validation", "drawings")
            for kind in ("contrast", "retrieval")
        ]
        row(name, *cells)
    print()
    header("second stage after", *(f"{split}, {kind}" for split in ("validation", "drawings") for kind in ("CIDEr", "answers")))
    for name in SECONDS:
        cells = []
        for split in ("validation", "drawings"):
            cells.append(spread(values("second-" + name, split, "caption", lambda s: percent(s["CIDEr"]))))
            cells.append(spread(values("second-" + name, split, "vqa", lambda s: s["overall"])))
        row(name, *cells)


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        raise SystemExit(__doc__)
    scores(sys.argv[1])
    if len(sys.argv) == 3:
        variants(sys.argv[2])


if __name__ == "__main__":
    main()
