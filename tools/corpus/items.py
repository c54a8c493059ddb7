#!/usr/bin/env python3
"""Lists the pictures of the corpus with names, sources and licences, and writes them as small cut-outs.

  items.py UNPACKED OUT

UNPACKED is what unpack.py wrote. OUT gets items.jsonl (file, concept, kind, medium, style, split, licence, author,
source) and the folder pictures. Needs Pillow with WebP (Debian's python3-pil has it). Only sources whose pictures
may be used for anything, or with their author's name, are read: see packages.tsv.
"""
import collections
import html
import io
import json
import os
import re
import sys

from PIL import Image, ImageDraw

import names
import rcc

LONGEST = 128  # pixels of a cut-out's longer side
PHOTO = 192
THINGS = {"Animals & Nature", "Food & Drink", "Travel & Places", "Activities", "Objects"}
NO_THINGS = re.compile(
    r"computer/|shapes/|signs_and_symbols/|special/|unsorted|logos/|buttons/|geography/|decorations|people/|"
    r"transportation/(roadsigns|aiga)|recreation/games/(cards|dice)|office/"
)
TOO_FEW = 2  # clip arts of a name that no emoji has


def emoji(root):
    listed = {}
    for part in ("annotations", "annotationsDerived"):
        path = os.path.join(root, "usr/share/unicode/cldr/common", part, "en.xml")
        with open(path, encoding="utf-8") as text:
            for point, name in re.findall(r'<annotation cp="([^"]+)" type="tts">([^<]*)<', text.read()):
                listed[point] = html.unescape(name)
    with open(os.path.join(root, "google/emoji.json"), encoding="utf-8") as text:
        entries = json.load(text)
    for each in entries:
        if each["category"] not in THINGS:
            continue
        point = "".join(chr(int(code, 16)) for code in each["unified"].split("-"))
        name = listed.get(point) or listed.get(point.replace("\ufe0f", "")) or each["name"].replace("-", " ")
        concept = names.concept(names.plain(name))
        if concept is None:
            continue
        base = {"concept": concept, "kind": names.kind(concept, each["subcategory"]), "medium": "drawing", "texts": [name]}
        for style, author, licence in (
            ("google", "Google (Noto Emoji)", "Apache-2.0"),
            ("twitter", "Twitter (Twemoji)", "CC-BY-4.0"),
        ):
            if each.get("has_img_" + style):
                path = os.path.join(root, style, "img", style, "64", each["image"])
                yield {**base, "style": style, "licence": licence, "author": author, "source": each["image"]}, path
        codes = [each["unified"], each.get("non_qualified") or ""]
        paths = [os.path.join(root, "fluent/assets", code.lower() + ".webp") for code in codes if code]
        for path in filter(os.path.exists, paths[:2]):
            own = {"style": "fluent", "licence": "MIT", "author": "Microsoft (Fluent Emoji)"}
            yield {**base, **own, "source": os.path.basename(path)}, path
            break


def dc(svg, tag):
    found = re.search(rf"<dc:{tag}>([^<]*)</dc:{tag}>", svg)
    return html.unescape(found.group(1)).strip() if found else ""


def creator(svg):
    found = re.search(r"<dc:creator>.*?<dc:title>([^<]*)</dc:title>", svg, re.S)
    return html.unescape(found.group(1)).strip() if found else "unknown"


def clip_art(root, known):
    """Drawings whose title ends in a name that is known, or is an English noun."""
    base = os.path.join(root, "usr/share/openclipart")
    with open(os.path.join(root, "usr/share/wordnet/index.noun"), encoding="utf-8") as lines:
        nouns = {line.split()[0].replace("_", " ") for line in lines if not line.startswith(" ")}
    svgs = os.path.join(base, "svg")
    for folder, _, files in sorted(os.walk(svgs)):
        for file in sorted(files):
            path = os.path.join(folder, file)
            inner = os.path.relpath(path, svgs)
            png = os.path.join(base, "png", inner[:-3] + "png")
            if not file.endswith(".svg") or os.path.islink(path) or NO_THINGS.match(inner) or not os.path.exists(png):
                continue
            with open(path, encoding="utf-8", errors="replace") as text:
                svg = text.read(40000)
            licence = re.search(r'cc:license\s+rdf:resource="([^"]*)"', svg)
            title = names.plain(dc(svg, "title"))
            concept = clip_art_concept(title, known, nouns)
            if licence is None or "ublic" not in licence.group(1) or concept is None:
                continue
            kind = names.kind(concept, inner.split(os.sep)[0])
            yield {
                "concept": concept, "kind": kind, "medium": "drawing", "texts": [dc(svg, "title")], "style": "openclipart",
                "licence": "public domain", "author": creator(svg), "source": inner,
            }, png


def clip_art_concept(title, known, nouns):
    title = re.sub(r"^clipart by nicu bucule[iu] - ", "", title)
    words = [word for word in re.findall(r"[a-z]+", title)]
    for length in (3, 2, 1):
        tail = " ".join(words[-length:])
        name = names.concept(tail) if len(words) >= length else None
        if name in known:
            return name
    whole = names.concept(title)
    return whole if whole in nouns and len(whole) > 2 else None


def photographs(root):
    path = os.path.join(root, "usr/share/gcompris-qt/rcc/categorization.rcc")
    with open(path, "rb") as data:
        held = dict(rcc.files(data.read()))
    for readme in sorted(name for name in held if name.endswith("/README") and "/images/" in name):
        folder = os.path.dirname(readme)
        told = dict(told_in(held[readme].decode("utf-8", "replace")))
        for name in sorted(held):
            if os.path.dirname(name) != folder or not name.endswith(".webp"):
                continue
            file = os.path.basename(name)
            entry = told.get(file, {})
            if not re.match(r"(public domain|cc0)", entry.get("Licence", ""), re.I):
                continue
            own = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"\d+$", "", file[:-5])).lower()
            concept = names.concept(names.plain(own))
            if concept is not None:
                kind = os.path.basename(folder)
                yield {
                    "concept": concept, "kind": names.kind(concept, kind), "medium": "photo", "texts": [own], "style": "photo",
                    "licence": entry["Licence"], "author": entry.get("Copyright"), "source": entry.get("Source"),
                    "file_in_package": f"{kind}/{file}",
                }, held[name]


def told_in(readme):
    """Pairs of a file and what the README says of it; an entry lists its files last."""
    entry, in_files = {}, False
    for line in map(str.strip, readme.splitlines()):
        field = re.match(r"(Copyright|Source|Licen[cs]e|Files)\s*:\s*(.*)", line)
        if field:
            key = "Licence" if field.group(1).startswith("Licen") else field.group(1)
            if key == "Copyright" and in_files:
                entry = {}
            in_files = key == "Files"
            if in_files:
                yield from ((file, entry) for file in field.group(2).split())
            else:
                entry = {**entry, key: field.group(2)}
        elif in_files:
            yield from ((file, entry) for file in line.split())


def cut_out(path):
    """A picture with alpha, cropped to what is seen of it; white ground around a drawing becomes clear."""
    Image.MAX_IMAGE_PIXELS = None  # some clip arts are larger than a photograph
    image = Image.open(path).convert("RGBA")
    image.thumbnail((256, 256))
    if image.getchannel("A").getextrema()[0] > 250:
        ground = image.convert("RGB")
        corners = [(0, 0), (image.width - 1, 0), (0, image.height - 1), (image.width - 1, image.height - 1)]
        if all(min(ground.getpixel(corner)) > 240 for corner in corners):
            marked = (255, 0, 254)
            for corner in corners:
                ImageDraw.floodfill(ground, corner, marked, thresh=24)
            alpha = Image.new("L", image.size, 255)
            pixels = ground.load()
            clear = [(x, y) for y in range(image.height) for x in range(image.width) if pixels[x, y] == marked]
            for place in clear:
                alpha.putpixel(place, 0)
            image.putalpha(alpha)
    box = image.getchannel("A").point(lambda value: 255 * (value > 8)).getbbox()
    if box is None or min(box[2] - box[0], box[3] - box[1]) < 12:
        return None
    image = image.crop(box)
    image.thumbnail((LONGEST, LONGEST))
    return image


def photograph(data):
    image = Image.open(io.BytesIO(data)).convert("RGB")
    image.thumbnail((PHOTO, PHOTO))
    return image


def splits(items):
    """Decides by hashes of names what is trained on; see README.md."""
    by_concept = collections.defaultdict(list)
    for item in items:
        by_concept[item["concept"]].append(item)
    for concept, group in by_concept.items():
        drawn = [item for item in group if item["medium"] == "drawing"]
        unseen = names.share("concept:" + concept) < 0.05 and len(drawn) == len(group)
        clip_arts = [item for item in drawn if item["style"] == "openclipart"]
        reserved = set()
        if len(drawn) >= 4 and clip_arts:
            reserved.add(min(clip_arts, key=lambda item: names.share(item["source"]))["source"])
        if names.share("fluent:" + concept) < 0.2:
            reserved |= {item["source"] for item in drawn if item["style"] == "fluent"}
        for item in group:
            if item["medium"] == "photo":
                item["split"] = "photographs" if names.share(item["file_in_package"]) < 0.5 else "train"
            elif unseen:
                item["split"] = "concepts"
            else:
                item["split"] = "drawings" if item["source"] in reserved and len(drawn) > 1 else "train"


def main(root, out):
    os.makedirs(os.path.join(out, "pictures"), exist_ok=True)
    found = list(emoji(root))
    known = {item["concept"] for item, _ in found}
    clip_arts = list(clip_art(root, known))
    count = collections.Counter(item["concept"] for item, _ in clip_arts)
    found += [(item, path) for item, path in clip_arts if item["concept"] in known or count[item["concept"]] >= TOO_FEW]
    found += list(photographs(root))
    items = []
    for item, source in found:
        image = photograph(source) if item["medium"] == "photo" else cut_out(source)
        if image is None:
            continue
        file = f"pictures/{len(items):05d}.{'jpg' if item['medium'] == 'photo' else 'png'}"
        image.save(os.path.join(out, file), quality=92)
        items.append({"file": file, **item})
    splits(items)
    with open(os.path.join(out, "items.jsonl"), "w", encoding="utf-8") as to:
        for item in items:
            to.write(json.dumps(item, ensure_ascii=False) + "\n")
    print(f"{len(items)} pictures of {len({item['concept'] for item in items})} names")
    for key in ("style", "split"):
        print(key, dict(collections.Counter(item[key] for item in items)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
