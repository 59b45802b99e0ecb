"""File names that break shells, globs, encodings and limits: each gets its own subtitle."""

from __future__ import annotations

import os
from collections.abc import Callable

from support.fault_harness import FaultHarness
from support.spoken_films import Film

NAMES = [
    b"[Group] Film (2020) [1080p].mkv",
    b"{a,b}*?[!x].mkv",
    b"two\nlines.mkv",
    b"tab\tand\rreturn.mkv",
    b'it\'s "quoted" `id` $(id) ${HOME}.mkv',
    b"100% %s %d %(name)s %00.mkv",
    b"-i -y --force.mkv",
    b" leading and trailing .mkv",
    b"back\\slash\\.mkv",
    b"http:colon;semicolon&and|pipe>out.mkv",
    b"#hash ~tilde ^caret =equals.mkv",
    b"S01E1.mkv",
    b"S01E10.mkv",
    b"a.en.mkv",
    b"a.en.forced.mkv",
    b"no utf-8 \xe9\xff\xfe.mkv",
    b"half a surrogate \xed\xa0\x80.mkv",
    "‮vkm.gnorw‬ ‏עברית‎.mkv".encode(),
    "日本語 字幕 🎬.mkv".encode(),
    "café composed.mkv".encode(),
    "cafe\u0301 decomposed.mkv".encode(),
    b"\x01\x1b[31mred\x7f.mkv",
    b"x" * 248 + b".mkv",  # with .eo.srt 255 bytes
    b"CON.MKV",
]


def test_names_that_break_everything_else_get_their_subtitles(
    build: Callable[..., FaultHarness], films: list[Film]
) -> None:
    harness = build()
    (harness.library / "Season [1] 100%\n").mkdir()
    for name in NAMES[::2]:
        harness.arrives(films[0], name)
    harness.start()
    for name in NAMES[1::2]:
        harness.arrives(films[0], name)
    harness.arrives(films[1], "Season [1] 100%\n/-.mkv")
    for longest in (b"y" * 251 + b".mkv", b"z" * 249 + b".mkv"):
        harness.arrives(films[2], longest, "failed", "longer than 255 bytes", subtitle=False)
    harness.add_human_file(harness.library / "S01E1.notes.txt", b"not ours")
    harness.all_well(limit=120)
    # The same audio is transcribed once. A subtitle that cannot be written is not made at all.
    assert len({line.split()[1] for line in harness.journal()}) == 2, harness.journal()
    assert os.path.getsize(harness.log)
