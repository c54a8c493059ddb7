#!/usr/bin/env python3
"""How far apart the losses of two runs are, relative: python tools/beside/differences.py RUN RUN"""

import json
import sys
from pathlib import Path


def losses(run):
    lines = [json.loads(line) for line in (Path(run) / "log.jsonl").read_text().splitlines()]
    return {line["step"]: [line[f"loss_{part}"] for part in ("itc", "itm", "itg")] for line in lines if line.get("loss")}


one, other = losses(sys.argv[1]), losses(sys.argv[2])
print("update  ITC (difference)     ITM (difference)     ITG (difference)")
greatest = [0.0] * 3
for step in sorted(one.keys() & other.keys()):
    apart = [abs(x - y) / abs(x) for x, y in zip(one[step], other[step])]
    greatest = [max(x, y) for x, y in zip(greatest, apart)]
    print(f"{step:6}", *(f"  {x:.6f} ({d:.1e})  " for x, d in zip(one[step], apart)))
print("greatest", *(f"{d:.1e}" for d in greatest))
