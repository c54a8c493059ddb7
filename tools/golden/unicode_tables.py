"""Writes or checks the table of Unicode properties that the tokenizers need, from the answers of the references.

    pip install tokenizers==0.23.2        # on Python 3.11, whose str.lower() is one of the references
    python tools/golden/unicode_tables.py --check blip2-core/src/main/resources/io/github/blip2j/text/unicode/tables.txt
    python tools/golden/unicode_tables.py --out FILE

Every line is the answer of a part of the tokenizers library, or of Python, about each code point; the
class UnicodeTables describes the form. Names of scripts cannot be asked for: they are below, as Java
spells them. Needs Perl 5.26 or newer for what Unicode 9 had. Runs for some minutes.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

LAST = 0x10FFFF
SURROGATES = range(0xD800, 0xE000)
POINTS = [c for c in range(LAST + 1) if c not in SURROGATES]
# By the numbers of Java's Character.getType, of which there is no 17.
CATEGORIES = "Cn Lu Ll Lt Lm Lo Mn Me Mc Nd Nl No Zs Zl Zp Cc Cf -- Co Cs Pd Ps Pe Pc Po Sm Sc Sk So Pi Pf".split()
SCRIPTS = """
COMMON LATIN BOPOMOFO INHERITED GREEK COPTIC CYRILLIC ARMENIAN HEBREW ARABIC SYRIAC THAANA NKO SAMARITAN
MANDAIC DEVANAGARI BENGALI GURMUKHI GUJARATI ORIYA TAMIL TELUGU KANNADA MALAYALAM SINHALA THAI LAO TIBETAN
MYANMAR GEORGIAN HANGUL ETHIOPIC CHEROKEE CANADIAN_ABORIGINAL OGHAM RUNIC TAGALOG HANUNOO BUHID TAGBANWA KHMER
MONGOLIAN LIMBU TAI_LE NEW_TAI_LUE BUGINESE TAI_THAM BALINESE SUNDANESE BATAK LEPCHA OL_CHIKI BRAILLE
GLAGOLITIC TIFINAGH HAN HIRAGANA KATAKANA YI LISU VAI BAMUM SYLOTI_NAGRI PHAGS_PA SAURASHTRA KAYAH_LI REJANG
JAVANESE CHAM TAI_VIET MEETEI_MAYEK LINEAR_B LYCIAN CARIAN OLD_ITALIC GOTHIC OLD_PERMIC UGARITIC OLD_PERSIAN
DESERET SHAVIAN OSMANYA OSAGE ELBASAN CAUCASIAN_ALBANIAN VITHKUQI TODHRI LINEAR_A CYPRIOT IMPERIAL_ARAMAIC
PALMYRENE NABATAEAN HATRAN PHOENICIAN LYDIAN MEROITIC_HIEROGLYPHS MEROITIC_CURSIVE KHAROSHTHI
OLD_SOUTH_ARABIAN OLD_NORTH_ARABIAN MANICHAEAN AVESTAN INSCRIPTIONAL_PARTHIAN INSCRIPTIONAL_PAHLAVI
PSALTER_PAHLAVI OLD_TURKIC OLD_HUNGARIAN HANIFI_ROHINGYA GARAY YEZIDI OLD_SOGDIAN SOGDIAN OLD_UYGHUR
CHORASMIAN ELYMAIC BRAHMI KAITHI SORA_SOMPENG CHAKMA MAHAJANI SHARADA KHOJKI MULTANI KHUDAWADI GRANTHA
TULU_TIGALARI NEWA TIRHUTA SIDDHAM MODI TAKRI AHOM DOGRA WARANG_CITI DIVES_AKURU NANDINAGARI ZANABAZAR_SQUARE
SOYOMBO PAU_CIN_HAU SUNUWAR BHAIKSUKI MARCHEN MASARAM_GONDI GUNJALA_GONDI MAKASAR KAWI CUNEIFORM CYPRO_MINOAN
EGYPTIAN_HIEROGLYPHS ANATOLIAN_HIEROGLYPHS GURUNG_KHEMA MRO TANGSA BASSA_VAH PAHAWH_HMONG KIRAT_RAI
MEDEFAIDRIN MIAO TANGUT NUSHU KHITAN_SMALL_SCRIPT DUPLOYAN SIGNWRITING NYIAKENG_PUACHUE_HMONG TOTO WANCHO
NAG_MUNDARI OL_ONAL MENDE_KIKAKUI ADLAM
""".split()  # fmt: skip
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


# The form


def base36(n):
    if n < 0:
        return "-" + base36(-n)
    return (base36(n // 36) if n >= 36 else "") + DIGITS[n % 36]


def runs(values):
    """Pairs of a length and a value."""
    out, start = [], 0
    for c in range(1, len(values) + 1):
        if c == len(values) or values[c] != values[start]:
            out.append((c - start, values[start]))
            start = c
    return out


def set_line(name, inside):
    values = [c in inside for c in range(LAST + 1)]
    lengths = [length for length, _ in runs(values)]
    if values[0]:
        lengths.insert(0, 0)
    if not values[LAST]:
        lengths.pop()
    return f"{name} " + " ".join(map(base36, lengths))


def map_line(name, values):
    return f"{name} " + " ".join(f"{base36(length)}:{base36(value)}" for length, value in runs(values))


def pairs_line(name, pairs):
    """Runs of code points at a distance of 1 or 2 whose lower case is equally far."""
    points, out, at, last = sorted(pairs), [], 0, 0
    while at < len(points):
        first, change = points[at], pairs[points[at]] - points[at]
        step, count = 1, 1
        if at + 1 < len(points) and points[at + 1] - first == 2:
            step = 2
        while at + count < len(points):
            c = points[at + count]
            if c - points[at + count - 1] != step or pairs[c] - c != change:
                break
            count += 1
        out.append(f"{base36(first - last)}:{base36(count)}:{base36(step if count > 1 else 1)}:{base36(change)}")
        last, at = points[at + count - 1], at + count
    return f"{name} " + " ".join(out)


# The answers


def matched(expression):
    """Code points that Oniguruma matches."""
    kept = normalizers.Replace(Regex(expression), "").normalize_str("".join(map(chr, POINTS)))
    return set(POINTS) - set(map(ord, kept))


def numbered(names, text):
    """Numbers of the classes of these code points; each takes what it matches out of the text."""
    values = [0] * (LAST + 1)
    for number, name in enumerate(names):
        if name not in ("Cn", "Cs", "--", "UNKNOWN"):
            kept = normalizers.Replace(Regex(rf"\p{{{name}}}"), "").normalize_str(text)
            for c in set(text) - set(kept):
                values[ord(c)] = number
            text = kept
    return values


def categories():
    values = numbered(CATEGORIES, "".join(map(chr, POINTS)))
    for c in SURROGATES:
        values[c] = CATEGORIES.index("Cs")
    return values


def scripts(category):
    """Their numbers, and names, in the order in which they come."""
    names = ["UNKNOWN"] + SCRIPTS
    without = {CATEGORIES.index(name) for name in ("Cn", "Co", "Cs")}
    known = numbered(names, "".join(chr(c) for c in POINTS if category[c] not in without))
    order = list(dict.fromkeys(known))
    return [order.index(v) for v in known], [names[v] for v in order]


def assigned_in_unicode_9():
    """Perl's answer: Oniguruma has no ages, and Python knows its own version and 3.2 only."""
    program = r"print join ' ', grep { chr($_) =~ /\p{Present_In: 9.0}/ } 0 .. 0x10FFFF"
    said = subprocess.run(["perl", "-e", program], check=True, capture_output=True, text=True).stdout
    return set(map(int, said.split())) - set(SURROGATES)


def vanishing(normalizer):
    return {c for c in POINTS if normalizer.normalize_str(chr(c)) == ""}


def bert(**on):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**(off | on))


def alone(pre_tokenizer):
    """Code points that are cut out from between letters."""
    return {c for c in POINTS if len(pre_tokenizer.pre_tokenize_str(f"a{chr(c)}a")) == 3}


def words():
    """Code points beside which an added token is no word of its own."""
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.add_tokens([AddedToken("xyz", single_word=True, normalized=False)])
    return {c for c in POINTS if "xyz" not in tokenizer.encode(f"{chr(c)}xyz").tokens}


def library_scripts():
    """Scripts that the library cuts between, numbered as they come; 0 goes with all."""
    cutter = pre_tokenizers.UnicodeScripts()

    def cut(a, b):
        return len(cutter.pre_tokenize_str(chr(a) + chr(b))) == 2

    values, seen = [0] * (LAST + 1), [ord("!"), ord("a")]
    last = None
    for c in POINTS:
        if not cut(seen[0], c) and not cut(seen[1], c):
            continue
        if last is None or cut(last, c):
            number = next((i for i, other in enumerate(seen) if not cut(other, c)), None)
            if number is None:
                number = len(seen)
                seen.append(c)
        values[c], last = number + 1, c
    return values


def final_sigma(before):
    return {c for c in POINTS if (before + chr(c) + "Σ").lower().endswith("ς")}


def lower_case():
    """Python's single lower cases, and the library's where they are newer."""
    python = {c: ord(chr(c).lower()) for c in POINTS if len(chr(c).lower()) == 1 and chr(c).lower() != chr(c)}
    newer, lower = {}, normalizers.Lowercase()
    for c in POINTS:
        small = lower.normalize_str(chr(c))
        if len(small) == 1 and small != chr(c).lower():
            newer[c] = ord(small)
    return python, newer


def table():
    cased = final_sigma("")
    category = categories()
    script_numbers, script_names = scripts(category)
    lower, newer = lower_case()
    return [
        map_line("categories", category),
        set_line("alphabetic", matched(r"\p{Alphabetic}")),
        set_line("lowercase", matched(r"\p{Lowercase}")),
        set_line("uppercase", matched(r"\p{Uppercase}")),
        set_line("library.punctuation", alone(pre_tokenizers.Punctuation("isolated"))),
        set_line("library.numeric", alone(pre_tokenizers.Digits(individual_digits=True))),
        set_line("library.other", vanishing(bert(clean_text=True))),
        set_line("library.nonspacing", vanishing(bert(strip_accents=True))),
        set_line("library.mark", vanishing(normalizers.StripAccents())),
        set_line("library.word", words()),
        set_line("library.regex.word", matched(r"\w")),
        map_line("scripts", script_numbers),
        "scripts.names " + " ".join(script_names),
        map_line("library.scripts", library_scripts()),
        set_line("python.cased", cased),
        set_line("python.ignorable", final_sigma("A") - cased),
        set_line("assigned9", assigned_in_unicode_9()),
        pairs_line("lower", lower),
        pairs_line("lower.newer", newer),
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, metavar="FILE")
    parser.add_argument("--check", type=Path, metavar="FILE")
    args = parser.parse_args()
    lines = table()
    if args.out:
        args.out.write_text("\n".join(lines) + "\n")
    if args.check:
        committed = {line.split(" ")[0]: line for line in args.check.read_text().splitlines()}
        computed = {line.split(" ")[0]: line for line in lines}
        different = sorted(n for n in committed.keys() | computed.keys() if committed.get(n) != computed.get(n))
        print(f"{len(committed)} lines, differences: {', '.join(different) or 'none'}")
        sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
