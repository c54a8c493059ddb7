"""Writes captions made from templates, and their tokens by Stanford's CoreNLP 3.4.1.

The jar is edu.stanford.nlp:stanford-corenlp:3.4.1 of Maven Central (GPL: it is the reference only).
Usage: python ptb_tokens.py stanford-corenlp-3.4.1.jar [LINES [SEED]]
           > blip2-evaluation/src/test/resources/golden/ptb_tokens.tsv
"""

import random
import subprocess
import sys

SUBJECTS = [
    "a man", "A man", "Two women", "the dog's owner", "A little girl", "3 zebras", "An elephant",
    "a cat", "Some people", "A group of 10-12 children", "the boys'", "A T-shirt", "The U.S. flag",
    "a 5-year-old", "A man and his dog", "St. Louis' arch", "Mr. Smith", "A black-and-white cat",
    "the No. 7 bus", "a no. 5 jersey", "A TV", "an old-fashioned stove", "SIX CATS", "A woman's hand",
    "1,000 birds", "a 1950's car", "The '57 Chevy", "Someone's cell-phone", "They", "He", "I",
    "a jack-o'-lantern", "A b&w photo", "a close-up", "A 12 oz. bottle", "a 6ft. man", "A Dr.'s office",
    "an A&W mug", "A 1/2 eaten pizza", "a half-eaten donut", "Ladies'", "the café's sign",
]
VERBS = [
    "is", "isn't", "can't see", "doesn't look", "'s sitting", "are standing", "won't eat", "that's",
    "has been", "couldn't've seen", "who's riding", "they're holding", "sits", "rides", "cannot reach",
    "gonna catch", "is trying to", "stands w/", "shows", "it's", "hasn't got", "I'm", "we've put",
    "lies", "walks", "is/was", "looks like he'd", "she'll take", "wearing", "wanna be near",
]
PLACES = [
    "on a bench", "in front of a building", "next to the #1 sign", "at 5 p.m.", "at 10:30am",
    "by the river", "(outside)", "in St. Paul", "on Main St.", "near 42nd St.", "with a 2x4",
    "in the U.S.A.", "under a STOP sign", 'saying "STOP"', "that reads 'no parking'", "for $5",
    "for $1.50 each", "at 50% off", "in an A/C room", "with fruit, veggies, etc.", "on a field",
    "[blurry]", "on 5th Ave.", "vs. a bull", "in Washington, D.C.", "with red, white and blue",
    "i.e. a bus", "e.g. bananas", "and/or cake", "on Jan. 5", "in Dec. 2012", "at 12/25/2012",
    "w/ ketchup & mustard", "in mid-air", "of food: rice, beans and meat", "; it's cold",
    "- a boat", "-- a train", "...", "with rock 'n' roll", "at www.example.com", "on the left/right",
    "by 7-Eleven", "at J. P. Morgan", "5' tall", '6" long', "at 45°", "x 2", "in the '70s", "c. 1900",
    "named \"Joe's\"", "“quoted”", "don’t", "at 100 m.p.h.", "from the 1990s", "(and a dog)",
]
ENDS = ["", ".", ".", ".", "", " .", "!", "!!!", "?", "?!", "...", "..", ";", ",", " ", ". ", "!!", ".)", '."', "'"]
JOINS = [" ", " ", " ", " ", ", ", ",", ". ", ".", "; ", " - ", " -- ", "--", "-", " / ", ": ", " & ", "... "]


def caption(draw):
    text = draw.choice(SUBJECTS) + " " + draw.choice(VERBS) + " " + draw.choice(PLACES)
    for _ in range(draw.randrange(3)):
        more = draw.choice([SUBJECTS, PLACES, VERBS])
        text += draw.choice(JOINS) + draw.choice(more)
    return text + draw.choice(ENDS)


def main():
    jar = sys.argv[1]
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    draw = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 19)
    captions = [caption(draw) for _ in range(lines)]
    command = ["java", "-cp", jar, "edu.stanford.nlp.process.PTBTokenizer", "-preserveLines", "-lowerCase"]
    done = subprocess.run(
        command, input="\n".join(captions) + "\n", capture_output=True, text=True, encoding="utf-8", check=True)
    tokens = done.stdout.split("\n")
    for line, made in zip(captions, tokens):
        print(line + "\t" + made.rstrip())


if __name__ == "__main__":
    main()
