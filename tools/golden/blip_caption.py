"""Writes awkward captions and what LAVIS's blip_caption processor makes of them.

Python's own regular expressions and strings are the reference; no package is needed.
Usage: python blip_caption.py > blip2-core/src/test/resources/golden/text/blip_caption.json
"""

import json
import re


def pre_caption(caption, max_words=50):
    """As lavis.processors.blip_processors.BlipCaptionProcessor.pre_caption."""
    caption = re.sub(r"([.!\"()*#:;~])", " ", caption.lower())
    caption = re.sub(r"\s{2,}", " ", caption)
    caption = caption.rstrip("\n")
    caption = caption.strip(" ")
    words = caption.split(" ")
    if len(words) > max_words:
        caption = " ".join(words[:max_words])
    return caption


CAPTIONS = [
    "A man riding a wave on top of a surfboard.",
    "  Two Dogs!!  (one brown)\n",
    "It's a well-known \"sign\": STOP; go~",
    "what, why? yes/no",
    "",
    "   ",
    "\n",
    "...",
    "a\n",
    "a\n\n",
    "a \n",
    "\na",
    "\n\na",
    "tab\there",
    "two\t\ttabs",
    "a\x1c\x1db",
    "a\x1cb",
    "nb\u00a0\u00a0sp",
    "nb\u00a0sp",
    "wide\u3000\u3000space",
    "\u200b\u200bzero",
    "next\x85\x85line",
    "\x0b\x0cvt",
    "ÀÉÎ ÇA VA",
    "İstanbul",
    "ΟΔΟΣ ΣΑΣ",
    "ẞtraße",
    "a# b*c:d;e",
    " ".join(f"W{i}" for i in range(60)),
    "  ".join(f"W{i}" for i in range(51)),
    "emoji 😀  ok",
    "\u2028\u2029ls",
    "\u2003em",
    "a  \t b",
    "\ufeffbom",
    "\u180e\u180emong",
]

print(json.dumps([[caption, pre_caption(caption)] for caption in CAPTIONS], indent=0))
