#!/usr/bin/env python3
"""Writes captions and answers of somebody who does not look at the picture.

  chance.py CORPUS OUT [--seed N]

For each split OUT gets SPLIT_caption.json, the caption of a scene drawn from the training set, and SPLIT_vqa.json, the answer
of a training question of the same kind (question_type) drawn at random. `blip2 evaluate --results` scores them.
"""
import argparse
import collections
import json
import os
import random

SPLITS = ("validation", "combinations", "drawings", "photographs")


def read(corpus, name):
    with open(os.path.join(corpus, name), encoding="utf-8") as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    captions = [caption for scene in read(options.corpus, "train.json") for caption in scene["caption"]]
    answers = collections.defaultdict(list)
    for question in read(options.corpus, "train_questions.json"):
        answers[question["question_type"]].append(question["answer"])
    draw = random.Random(options.seed)
    for split in SPLITS:
        described = [
            {"image_id": scene["image_id"], "caption": draw.choice(captions)}
            for scene in read(options.corpus, split + ".json")
        ]
        answered = [
            {"question_id": question["question_id"], "answer": draw.choice(answers[question["question_type"]])}
            for question in read(options.corpus, split + "_questions.json")
        ]
        for kind, results in (("caption", described), ("vqa", answered)):
            with open(os.path.join(options.out, f"{split}_{kind}.json"), "w", encoding="utf-8") as file:
                json.dump(results, file)


if __name__ == "__main__":
    main()
