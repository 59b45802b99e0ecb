"""How often words tell Brazilian from European Portuguese, Danish from Norwegian, and others.

The texts are the questions of Debian's installer, as in :mod:`identification`: software prose,
far from dialogue, by many translators. The lists of words were not made from them.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from identification import dialogs, fetched, pieces
from material import own_folder
from subtitled.subtitles.close_languages import find_close_language

LABELS = {
    "pt-BR": "pt",
    "pt": "pt",
    "nb": "no",
    "nn": "no",
    "da": "da",
    "id": "id",
    "ms": "ms",
    "hr": "hr",
    "bs": "bs",
    "sr-Latn": "sr",
}
"""The languages, and what the identifier takes each for. Debian's ``pt`` is European."""
RIGHT = {"pt": "pt-PT", "nb": "no", "nn": "no", "sr-Latn": "sr"}
LENGTHS = (50, 150, 300)
"""Words of a piece."""


def main() -> None:
    """Run the benchmark."""
    given = os.environ.get("SUBTITLED_BENCH_PACKAGES")
    with own_folder() as folder:
        texts = dialogs(Path(given) if given else fetched(folder), folder)
    print(f"{'':8} {'words':>6} {'pieces':>7} {'right':>6} {'undecided':>10} {'wrong':>6}")
    for language, text in sorted(texts.items()):
        if language not in LABELS:
            continue
        for length in LENGTHS:
            found = Counter(
                find_close_language(piece, LABELS[language])
                for piece in pieces(text, language, length)
            )
            right, undecided = found[RIGHT.get(language, language)], found[None]  # type: ignore[index]
            wrong = found.total() - right - undecided
            print(f"{language:8} {length:6} {found.total():7} {right:6} {undecided:10} {wrong:6}")


if __name__ == "__main__":
    main()
