"""Prints the table of docs/numerics.md from what the parity tests measured.

    rm -f */target/parity.tsv
    mvn test -Dblip2.fixtures=DIR
    python tools/golden/parity_table.py */target/parity.tsv

Each line of the files is a folder, a stage, the largest difference, and the tolerance it was held to.
"""

import sys
from collections import defaultdict
from pathlib import Path

STAGES = {
    "pixels": "pixel_values",
    "vision": "vision.",
    "vision, other size": "vision_large.",
    "Q-Former": "qformer.",
    "projection": "language_projection",
    "encoder": "encoder.",
    "decoder": "decoder.",
    "logits": ("forward.logits", "train.logits"),
    "beam scores": "sequences_scores",
}


def main():
    worst = defaultdict(lambda: defaultdict(float))
    for file in sys.argv[1:]:
        for line in Path(file).read_text().splitlines():
            folder, name, difference, _ = line.split("\t")
            for stage, prefix in STAGES.items():
                if name.startswith(prefix):
                    worst[folder][stage] = max(worst[folder][stage], float(difference))
    print("| folder |", " | ".join(STAGES), "|")
    print("|---" * (len(STAGES) + 1) + "|")
    for folder in sorted(worst):
        cells = [f"{worst[folder][s]:.1e}" if s in worst[folder] else "-" for s in STAGES]
        print(f"| {folder} |", " | ".join(c.replace("0.0e+00", "0") for c in cells), "|")


if __name__ == "__main__":
    main()
