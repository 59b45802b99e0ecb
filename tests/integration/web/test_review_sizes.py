"""The page of a review of 1 500 cues is small: what it shows at once, and the list that follows."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

from subtitled.plugin import Cue
from support.review_port import ReviewSitePort

WORDS = (
    "the house stands by a river and nobody knows who built it before she came back from town "
    "with seven letters in her old coat while rain fell over every roof"
).split()
MAX_BYTES = 60_000


def test_the_page_of_a_long_subtitle_and_its_list_are_small(tmp_path: Path) -> None:
    letters = random.Random(4)

    def line() -> str:
        return " ".join(letters.choices(WORDS, k=letters.randint(3, 7)))

    cues = tuple(
        Cue(4.0 * n + letters.random(), 4.0 * n + 3 + letters.random() / 2, f"{line()},\n{line()}.")
        for n in range(1500)
    )
    site = ReviewSitePort(tmp_path)
    film = site.add(cues, probabilities=tuple(letters.random() ** 3 for _ in cues))
    ana = site.port.session("reviewer")
    german = ana.get(film.path, **{"Accept-Language": "de"})  # the longer of the two
    assert german.headers["content-language"] == "de"
    page = gzip.compress(german.content, 6, mtime=0)
    listed = ana.get(f"/api/v1/reviews/{film.number}/list", **{"Accept-Encoding": "gzip"})
    assert len(listed.json()["cues"]) == 1500
    assert listed.headers["content-encoding"] == "gzip"
    sent = int(listed.headers["content-length"])
    print(f"page {len(page)} bytes, list {sent} bytes")
    assert len(page) > 5000
    assert len(page) + sent < MAX_BYTES
