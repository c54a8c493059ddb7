"""Writes awkward questions and what LAVIS's blip_question processor makes of them.

Python's own regular expressions and strings are the reference; no package is needed.
Usage: python blip_question.py > blip2-core/src/test/resources/golden/text/blip_question.json
"""

import json
import re


def pre_question(question, max_words=50):
    """Marks go without a trace, spaces at the end go, words after the last of max_words go."""
    question = re.sub(r"([.!\"()*#:;~])", "", question.lower())
    question = question.rstrip(" ")
    words = question.split(" ")
    if len(words) > max_words:
        question = " ".join(words[:max_words])
    return question


QUESTIONS = [
    "How many cats are there?",
    "Is it 3:15 (p.m.)?  ",
    "  What's this?!",
    "a;b~c*d#e\"f",
    "yes/no, really?",
    "",
    "   ",
    "...",
    "what\n",
    "two  spaces stay?",
    "tab\t",
    "ÀÉÎ İstanbul ΟΔΟΣ?",
    "nb\u00a0",
    " ".join(f"W{i}" for i in range(60)),
    "  ".join(f"W{i}" for i in range(30)),
]

print(json.dumps([[question, pre_question(question)] for question in QUESTIONS], indent=0))
