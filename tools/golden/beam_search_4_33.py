"""Writes cases of beam search by the rules of transformers 4.33, which LAVIS pins.

The search is written here from its description, for one prompt at a time: K running beams of which
all but the first begin at -1e9, the best max(2, 1 + ends) * K extensions walked through in order, a
list of at most K finished sequences, and at the length limit the running ones beside them. Scores of
the next token come from a hash of the ids so far, so that no table needs to be stored.
Usage: python beam_search_4_33.py > blip2-core/src/test/resources/golden/generation/beams_4_33.json
"""

import json
import math
import random

WORD = (1 << 64) - 1


def logits(seed, ids, vocab):
    state = seed
    for i in ids:
        state = (state * 6364136223846793005 + i + 1442695040888963407) & WORD
    row = []
    for v in range(vocab):
        mixed = (state ^ (v * 0x9E3779B97F4A7C15)) & WORD
        mixed = (mixed * 6364136223846793005 + 1442695040888963407) & WORD
        mixed = ((mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9) & WORD
        row.append(((mixed >> 33) % 4001 - 2000) / 500)
    return row


def log_softmax(row):
    largest = max(row)
    total = math.log(sum(math.exp(x - largest) for x in row))
    return [x - largest - total for x in row]


def penalized(scores, ids, case):
    for i in set(ids):
        if i < len(scores):
            s = scores[i]
            scores[i] = s * case["repetition_penalty"] if s < 0 else s / case["repetition_penalty"]
    if len(ids) < case["min_length"]:  # the ids it started from count
        for end in case["ends"]:
            scores[end] = -math.inf
    return scores


class Finished:
    """The best K finished sequences, and whether more are worth waiting for."""

    def __init__(self, case):
        self.case = case
        self.kept = []  # score, ids
        self.worst = 1e9

    def add(self, ids, total, length):
        score = total / length ** self.case["length_penalty"]
        if len(self.kept) < self.case["beams"] or score > self.worst:
            self.kept.append((score, ids))
            if len(self.kept) > self.case["beams"]:
                lowest = min(range(len(self.kept)), key=lambda i: (self.kept[i][0], i))
                del self.kept[lowest]
            self.worst = min(score for score, _ in self.kept)

    def enough(self, best, length):
        if len(self.kept) < self.case["beams"]:
            return False
        if self.case["early_stopping"] is True:
            return True
        penalty = self.case["length_penalty"]
        if self.case["early_stopping"] == "never" and penalty > 0:
            length = self.case["max_length"]
        return self.worst >= best / length**penalty


def search(case):
    K, V, ends = case["beams"], case["vocab"], case["ends"]
    running = [(0.0 if k == 0 else -1e9, list(case["prompt"])) for k in range(K)]
    finished = Finished(case)
    done = False
    while not done and len(running[0][1]) < case["max_length"]:
        extensions = []
        for k, (total, ids) in enumerate(running):
            scores = penalized(log_softmax(logits(case["seed"], ids, V)), ids, case)
            extensions += [(total + s, k, v) for v, s in enumerate(scores)]
        extensions.sort(key=lambda e: (-e[0], e[1], e[2]))
        top = extensions[: max(2, 1 + len(ends)) * K]
        following = []
        for rank, (total, k, v) in enumerate(top):
            ids = running[k][1]
            if v in ends:
                if rank < K:
                    finished.add(ids + [v], total, len(ids))
            elif len(following) < K:
                following.append((total, ids + [v]))
        assert len(following) == K
        running = following
        done = finished.enough(top[0][0], len(running[0][1]))
    if not done:
        for total, ids in running:
            finished.add(ids, total, len(ids))
    ranked = sorted(finished.kept, key=lambda f: f[0])[::-1]
    return [
        {"ids": ids[len(case["prompt"]) :], "score": score}
        for score, ids in ranked[: case["returning"]]
    ]


def cases():
    drawn = random.Random(433)
    for number in range(120):
        beams = drawn.randint(2, 4)
        vocab = drawn.randint(13, 17)  # more than the candidates of one beam
        prompt = [drawn.randrange(vocab) for _ in range(drawn.choice([1, 1, 1, 2, 5]))]
        longest = drawn.randint(2, 9)
        case = {
            "seed": number + 1,
            "vocab": vocab,
            "prompt": prompt,
            "ends": drawn.sample(range(vocab), drawn.choice([0, 1, 1, 1, 2])),
            "beams": beams,
            "max_length": len(prompt) + longest,
            "min_length": drawn.choice([0, 1, 1, len(prompt) + drawn.randint(0, longest - 1)]),
            "length_penalty": drawn.choice([-1, 0, 0.5, 1, 1, 2]),
            "repetition_penalty": drawn.choice([1, 1, 1.15, 1.5]),
            "early_stopping": drawn.choice([False, False, True, "never"]),
            "returning": drawn.randint(1, beams),
        }
        case["expected"] = search(case)
        yield case


print("[\n" + ",\n".join(json.dumps(case) for case in cases()) + "\n]")
