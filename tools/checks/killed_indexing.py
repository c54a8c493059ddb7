#!/usr/bin/env python3
"""Indexes made pictures, killed with SIGKILL at random moments, and checks that nothing is lost and nothing left behind.

    tools/checks/killed_indexing.py [--kills 100] [--seed N] [-- COMMAND...]

COMMAND is how the command line is started, bin/blip2 by default. Pictures are added, changed, moved and removed between
the kills, which come while the indexer holds the lock of the index. It commits after every batch. After each kill every
photo of the last whole catalog must be found unless its file is gone, and at the end the index must be that of a run
without a kill, with no file beside it. Runs that end before they are killed do not count.

Linux, Python 3.9 or newer, nothing else. A hundred kills take some minutes.
"""

import argparse
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "blip2-llm/src/test/resources/golden/hf-itm"
OPTIONS = "-Dblip2.search.commitMillis=0 -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def png(number):
    """A picture of 32 x 32 pixels in four colours."""
    draw = random.Random(number)
    colours = [bytes(draw.randrange(256) for _ in range(3)) for _ in range(4)]
    rows = b"".join(
        b"\0" + colours[2 * (y // 16)] * 16 + colours[2 * (y // 16) + 1] * 16 for y in range(32))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Photos:
    def __init__(self, folder, seed):
        self.folder, self.draw, self.next = folder, random.Random(seed), 0
        folder.mkdir()
        for _ in range(60):
            self.add()

    def add(self):
        (self.folder / f"{self.next:05}.png").write_bytes(png(self.next))
        self.next += 1

    def change(self):
        """Adds, changes, moves and removes some."""
        for _ in range(self.draw.randrange(10, 40)):
            self.add()
        files = sorted(self.folder.rglob("*.png"))
        for file in self.draw.sample(files, 3):
            kind = self.draw.randrange(3)
            if kind == 0:
                file.write_bytes(png(10**6 + self.next))
            elif kind == 1:
                deep = self.folder / f"moved{self.draw.randrange(9)}"
                deep.mkdir(exist_ok=True)
                os.rename(file, deep / file.name)
            elif len(files) > 40:
                file.unlink()


def catalog(index):
    """The header and the paths, or None."""
    file = index / "catalog.jsonl"
    if not file.exists():
        return None, set()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(lines) == lines[0]["files"] + 1, "catalog cut off"
    return lines[0], {line["path"] for line in lines[1:]}


def segments(header):
    return {f"segment-{int(n):06}.{kind}" for n in header["segments"] for kind in ("f32", "u8")}


def open_files(process):
    try:
        return {str(link.readlink()) for link in Path(f"/proc/{process}/fd").iterdir()}
    except OSError:  # closed meanwhile
        return set()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=random.randrange(10**9))
    arguments.add_argument("command", nargs="*", default=[str(ROOT / "bin/blip2")])
    given = arguments.parse_args()
    print(f"seed {given.seed}", flush=True)
    draw = random.Random(given.seed)
    work = Path(tempfile.mkdtemp(prefix="killed-indexing-"))
    index, photos = work / "index", Photos(work / "photos", given.seed)
    environment = dict(os.environ, BLIP2_JAVA_OPTS=OPTIONS)
    command = given.command + ["index", str(photos.folder), "--index", str(index), "--model", str(MODEL), "--json"]

    def start():
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def begun(run):
        """Waits until a run holds the lock: before, Java and the model start, and nothing is written."""
        while run.poll() is None:
            if str(index.resolve() / ".lock") in open_files(run.pid):
                return time.time()
            time.sleep(0.001)
        raise AssertionError("a run ended without the lock of the index")

    run = start()
    before = begun(run)
    assert run.wait() == 0
    usual = time.time() - before
    runs = killed = catalogs = 0
    while killed < given.kills:
        assert runs < 5 * given.kills, f"only {killed} of {runs} runs were killed in time"
        photos.change()
        _, old = catalog(index)
        run = start()
        runs += 1
        before = begun(run)
        try:
            assert run.wait(draw.uniform(0, 1.1) * usual) == 0
            usual = time.time() - before
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
            killed += 1
            usual *= 1.01  # the photos become more
        header, new = catalog(index)
        catalogs += new != old
        there = {str(file) for file in photos.folder.rglob("*.png")}
        lost = (old & there) - new
        assert not lost, f"run {runs}: lost {lost}"
        names = {file.name for file in index.iterdir()}
        assert segments(header) <= names, f"run {runs}: segments missing"
        if runs % 10 == 0:
            print(f"{runs} runs, {killed} killed, {catalogs} wrote before, {len(new)} photos", flush=True)
    run = start()
    report = json.loads(run.communicate()[0])
    assert run.returncode == 0
    header, new = catalog(index)
    assert new == {str(file) for file in photos.folder.rglob("*.png")}
    assert report["photos"] == len(new)
    names = {file.name for file in index.iterdir()}
    assert names == segments(header) | {"catalog.jsonl"}, f"left behind: {names}"
    search = given.command + ["search", "--index", str(index), "--json", "--top", "1", "--image"]
    for file in draw.sample(sorted(new), 5):
        found = subprocess.run(search + [file], env=environment, stdout=subprocess.PIPE, check=True)
        hit = json.loads(found.stdout)["results"][0]
        assert hit["similarity"] > 0.99999, hit
    print(f"nothing lost and nothing left after {killed} kills")
    shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
