#!/usr/bin/env python3
"""A small part of the miniature's scenes: those of its commonest names, and held-out ones for retrieval.

    python tools/beside/scenes.py CORPUS OUT [NAMES]

Writes OUT/train.json and OUT/held_out.json, which has one scene for each caption that it has.
"""

import json
import random
import sys
from collections import Counter
from pathlib import Path

corpus, out, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3] if len(sys.argv) > 3 else 100)
records = json.loads((corpus / "train.json").read_text())
often = Counter(record["names"][0] for record in records if len(record["names"]) == 1)
names = {name for name, _ in sorted(often.items(), key=lambda each: (-each[1], each[0]))[:count]}
chosen = [record for record in records if names.issuperset(record["names"])]
random.Random(1).shuffle(chosen)

held_out, train, said, many = [], [], set(), Counter()
for record in chosen:
    caption, things = record["caption"][0], len(record["names"])
    if caption not in said and many[things] < count:
        said.add(caption)
        many[things] += 1
        held_out.append({"image": record["image"], "caption": caption})
    else:
        train.append(record)
out.mkdir(parents=True, exist_ok=True)
for file, kept in (("train.json", train), ("held_out.json", held_out)):
    (out / file).write_text(json.dumps(kept, indent=0))
print(f"{len(train)} scenes, {len(held_out)} held out {dict(many)}")
