"""Writes tar shards with long names in the three forms that Python's tarfile knows.

python tools/golden/tar_shards.py blip2-core/src/test/resources/golden/shards
"""

import io
import pathlib
import sys
import tarfile

FORMS = {"ustar": tarfile.USTAR_FORMAT, "pax": tarfile.PAX_FORMAT, "gnu": tarfile.GNU_FORMAT}


def key(form, number):
    # ustar has room for 100 letters behind a folder; the others need headers of their own.
    return ("a" * 60 + "/" + "b" * 60 + "/" if form == "ustar" else "x" * 120) + str(number)


def main(folder):
    for form, number in FORMS.items():
        with tarfile.open(folder / f"{form}.tar", "w", format=number) as tar:
            for sample in range(2):
                for ending, text in ("jpg", f"image {sample}"), ("txt", f"text {sample}"):
                    member = tarfile.TarInfo(f"{key(form, sample)}.{ending}")
                    member.size = len(text)
                    tar.addfile(member, io.BytesIO(text.encode()))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
