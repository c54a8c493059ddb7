#!/usr/bin/env python3
"""Time and memory of an update of the first stage, ours and PyTorch's in turn.

    python tools/beside/rounds.py FOLDER --vision TOWER --bert BERT --images DIR [--threads 1] [--rounds 5]

FOLDER has what docs/side-by-side.md makes: train.json, patches.safetensors and start-1/lavis. Prints for each run the
median milliseconds of an update after the warm-up (of JIT compilers and caches), the processor time of an update, and
the peak of resident memory; then medians and their ratio. BLIP2 is our command (bin/blip2 by default).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("folder", type=Path)
    p.add_argument("--vision", required=True)
    p.add_argument("--bert", required=True)
    p.add_argument("--images", required=True)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--updates", type=int, default=30)
    p.add_argument("--warm-up", type=int, default=15, help="updates that are not counted")
    return p.parse_args()


def commands(a):
    same = ["--data", a.folder / "train.json", "--features", a.folder / "patches.safetensors", "--batch-size", 64,
            "--epochs", 4, "--max-steps", a.updates, "--warmup-steps", 10, "--seed", 1, "--log-every", 1,
            "--threads", a.threads]  # fmt: skip
    ours = [os.environ.get("BLIP2", HERE.parents[1] / "bin/blip2"), "train", "stage1", "--vision", a.vision, "--bert",
            a.bert, "--images", a.images, "--queries", 16, "--schedule", "stepwise"]  # fmt: skip
    return {"blip2": ours + same, "PyTorch": [sys.executable, HERE / "stage_one.py", a.folder / "start-1/lavis"] + same}


def processor_time(process):
    """Seconds of all threads of a process so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def run(a, command, out):
    """Median milliseconds, processor milliseconds and peak MiB of a run."""
    log = out / "log.jsonl"
    subprocess.run(["rm", "-rf", out], check=True)
    words = [str(word) for word in command + ["--out", out]]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    used, ended = {}, None
    while a.updates not in used and not ended:
        ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        seen = log.read_bytes().count(b'"loss"') if log.exists() else 0
        used.setdefault(seen, processor_time(process))
        time.sleep(0.01)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(words)}")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    times = [64e3 / line["samples_per_s"] for line in lines if line.get("loss") and line["step"] > a.warm_up]
    first = min(step for step in used if step >= a.warm_up)
    processor = 1e3 * (used[a.updates] - used[first]) / (a.updates - first)
    return statistics.median(times), processor, usage.ru_maxrss / 1024


def main():
    a = arguments()
    cpu = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    print(f"{cpu[0]}, {len(cpu)} processors; {a.threads} thread(s), {a.rounds} rounds of {a.updates} updates of 64")
    results = {side: [] for side in commands(a)}
    for number in range(a.rounds):
        for side, command in commands(a).items():
            results[side].append(run(a, command, a.folder / f"round-{side}"))
            print(number + 1, side, *(f"{value:.0f}" for value in results[side][-1]), flush=True)
    medians = {side: [statistics.median(column) for column in zip(*rows)] for side, rows in results.items()}
    for side, row in medians.items():
        print(side, "median: ms {:.0f}, processor ms {:.0f}, peak MiB {:.0f}".format(*row))
    print("ratio {:.2f}, {:.2f}, {:.2f}".format(*(x / y for x, y in zip(medians["blip2"], medians["PyTorch"]))))


main()
