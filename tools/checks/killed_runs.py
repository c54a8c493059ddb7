#!/usr/bin/env python3
"""Trains small models, killed with SIGKILL at random moments and resumed, and compares with runs that were not.

    tools/checks/killed_runs.py [--kills 10] [--seed N] [--runs stage1,stage2,vqa,shards] [-- COMMAND...]

COMMAND is how the command line is started, bin/blip2 by default. Each run is on one thread and is killed in turn while
it starts, while it writes a checkpoint (the hidden file is seen), and a random while after an update. At the end every
byte of the last and of the best checkpoint (weights, optimiser, averages, numbers of listeners), every number of
log.jsonl but times and memory, and the list of files must be those of the run without a stop.

Linux, Python 3.9 or newer, nothing else. Four runs take some minutes.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "blip2-llm/src/test/resources/golden"
STAGE_ONE, OPT, INSTRUCT = (GOLDEN / name for name in ("lavis-stage1", "hf-opt", "hf-instructblip"))
WORDS = ["a red star", "a blue ring", "a green cross", "two white circles", "a star above a ring", "a black square"]
TIMES = ("samples_per_s", "time_s", "data_s", "data_share", "memory_mib")
STEPS, SAVED, PATIENCE = 90, 3, 120
STEP = re.compile(r"step-(\d{8})\.safetensors")


def records(file, images, count, **more):
    """Records over the images of a model's folder."""
    names = sorted(p.name for p in images.iterdir())
    lines = []
    for i in range(count):
        text = {k: v[i % len(v)] if isinstance(v, list) else v for k, v in more.items()}
        lines.append({"image": names[i % len(names)], "image_id": str(i % len(names))} | text)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def shards(folder, images, count):
    """Three tar files with an image and its text for each sample."""
    names = sorted(p for p in images.iterdir())
    folder.mkdir()
    for shard in range(3):
        with tarfile.open(folder / f"{shard:02}.tar", "w") as tar:
            for i in range(shard, count, 3):
                text = folder / f"{i:03}.txt"
                text.write_text(WORDS[i % len(WORDS)])
                picture = names[i % len(names)]
                tar.add(picture, f"{i:03}{picture.suffix}")
                tar.add(text, f"{i:03}.txt")
                text.unlink()
    return folder / "{00..02}.tar"


def runs(folder):
    """The arguments of each run."""
    one, opt, instruct = (model / "images" for model in (STAGE_ONE, OPT, INSTRUCT))
    captions = records(folder / "captions.jsonl", one, 10, caption=WORDS)
    spoken = records(folder / "spoken.jsonl", opt, 10, caption=WORDS)
    asked = records(folder / "asked.jsonl", instruct, 10, question="What is it?", answer=[["red", "red", "blue"], "two"])
    fast = ["--lr", "1e-3", "--schedule", "stepwise", "--warmup-steps", "5", "--batch-size", "2", "--data-threads", "2"]
    validated = ["--validate", captions, "--validate-every", "9", "--best", "loss", "--ema", "0.9"]
    stage_one = ["train", "stage1", "--model", STAGE_ONE, "--images", one, "--augment", "--accumulate", "2", *fast]
    return {
        "stage1": [*stage_one, "--data", captions, *validated],
        "stage2": ["train", "stage2", "--model", OPT, "--data", spoken, "--images", opt, "--freeze", "*", "--lora",
                   "r=4,alpha=8,dropout=0.2,targets=q_proj,v_proj,value", "--ema", "0.9", "--augment", *fast],
        "vqa": ["train", "vqa", "--model", INSTRUCT, "--image-size", "48", "--data", asked, "--images", instruct, *fast],
        "shards": [*stage_one, "--data", shards(folder / "shards", one, 24), "--shuffle-buffer", "5", "--prefetch", "3"],
    }  # fmt: skip


class Run:
    """A training in a process of its own."""

    def __init__(self, command, arguments, out):
        self.out = out
        end = ["--epochs", "100", "--max-steps", str(STEPS), "--checkpoint-every", str(SAVED), "--log-every", "2"]
        self.arguments = [*command, *map(str, arguments), *end, "--threads", "1", "--out", str(out)]
        self.output = out.with_suffix(".txt")

    def newest(self):
        files = os.listdir(self.out) if self.out.is_dir() else []
        return max((int(m.group(1)) for m in map(STEP.fullmatch, files) if m), default=0)

    def writing(self):
        return self.out.is_dir() and any(f.startswith(".") and "step-" in f for f in os.listdir(self.out))

    def start(self):
        more = ["--resume"] if self.newest() else []
        with open(self.output, "a") as output:
            self.process = subprocess.Popen(
                self.arguments + more, stdout=output, stderr=output, start_new_session=True)  # fmt: skip
        self.began = time.monotonic()

    def wait(self, until, what):
        while not until():
            if self.process.poll() is not None:
                sys.exit(f"{self.out}: expected to run until {what}, ended; see {self.output}")
            if time.monotonic() - self.began > PATIENCE:
                self.kill()
                sys.exit(f"{self.out}: expected {what} within {PATIENCE} s; see {self.output}")

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def finish(self):
        self.start()
        if self.process.wait() != 0:
            sys.exit(f"{self.out}: expected to end well, got {self.process.returncode}; see {self.output}")

    def log(self):
        lines = [json.loads(line) for line in (self.out / "log.jsonl").read_text().splitlines()]
        return [{k: v for k, v in line.items() if k not in TIMES} for line in lines]

    def files(self):
        """Names of what is there, but for event files, of which each start writes one."""
        return sorted(f for f in os.listdir(self.out) if f != "tensorboard")


def kill_one(run, draw, number, kills, started):
    """Starts a run and kills it; returns how."""
    run.start()
    before = run.newest()
    share = max(1, (STEPS - before) // (kills - number + 2))
    if number % 3 == 0:  # anywhere between the start of the process and its first updates
        end = run.began + draw.uniform(0, 1.2 * started)
        run.wait(lambda: time.monotonic() > end or run.newest() >= before + share, "it is killed")
        kind = "start"
    else:
        after = before + draw.randint(1, share)
        run.wait(lambda: run.newest() >= after, f"step {after}")
        if number % 3 == 1:
            run.wait(run.writing, "a checkpoint is written")
            time.sleep(draw.choice([0, draw.uniform(0, 0.003)]))
            kind = "write"
        else:
            time.sleep(draw.uniform(0, 0.05))
            kind = "step"
    if run.process.poll() is not None:
        sys.exit(f"{run.out}: expected to run when it is killed, ended; see {run.output}")
    hidden = run.writing()
    run.kill()
    return f"{kind}:{run.newest()}" + ("*" if hidden else "")


def compare(whole, parts):
    if whole.files() != parts.files():
        return f"files {whole.files()} and {parts.files()}"
    for name in whole.files():
        if name.endswith(".safetensors") and (whole.out / name).read_bytes() != (parts.out / name).read_bytes():
            return f"bytes of {name}"
    own, other = whole.log(), parts.log()
    if own != other:
        return next(f"log: {a} and {b}" for a, b in zip(own + [None], other + [None]) if a != b)
    return None


def check(name, arguments, folder, args, command):
    draw = random.Random(f"{args.seed} {name}")
    whole, parts = (Run(command, arguments, folder / f"{name}-{kind}") for kind in ("whole", "parts"))
    whole.start()
    whole.wait(lambda: whole.newest() > 0, "its first checkpoint")
    started = time.monotonic() - whole.began
    if whole.process.wait() != 0:
        sys.exit(f"{whole.out}: expected to end well; see {whole.output}")
    killed = [kill_one(parts, draw, i, args.kills, started) for i in range(args.kills)]
    parts.finish()
    difference = compare(whole, parts)
    lines = len(whole.log())
    print(f"{name}: killed {' '.join(killed)}; {lines} lines of the log; {difference or 'equal to the bit'}", flush=True)
    return difference is None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, metavar="N")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6, help="of the moments")
    parser.add_argument("--runs", default="stage1,stage2,vqa,shards")
    parser.add_argument("command", nargs="*", default=[str(ROOT / "bin/blip2")])
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="killed-runs-"))
    print(f"--seed {args.seed}, in {folder}", flush=True)
    all_runs = runs(folder)
    good = [check(name, all_runs[name], folder, args, args.command) for name in args.runs.split(",")]
    if not all(good):
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
