"""The mark of a sidecar that is not whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.plugin import Cue, Language, Subtitle
from subtitled.subtitles.formats import render_subtitle
from subtitled.subtitles.formats.reading import read_text
from subtitled.subtitles.partial import (
    PARTIAL_FORMATS,
    is_partial,
    is_partial_file,
    mark_partial,
)

CUES = (Cue(1.0, 3.0, "Hello."), Cue(4.0, 6.0, "The rest is silence."))


def content(fmt: str) -> bytes:
    return render_subtitle(Subtitle(language=Language("en"), cues=CUES), fmt)


@pytest.mark.parametrize("fmt", PARTIAL_FORMATS)
def test_a_marked_sidecar_is_partial_and_readable_and_the_whole_one_is_not_partial(
    fmt: str, tmp_path: Path
) -> None:
    marked = mark_partial(content(fmt), fmt)
    assert is_partial(marked)
    assert not is_partial(content(fmt))
    texts = [cue.text for cue in read_text(marked.decode(), fmt).cues]
    assert texts[:2] == ["Hello.", "The rest is silence."]
    path = tmp_path / f"Film.en.{fmt}"
    path.write_bytes(marked)
    assert is_partial_file(path)


@pytest.mark.parametrize("fmt", PARTIAL_FORMATS)
@pytest.mark.parametrize(
    "change",
    [
        lambda marked: marked.replace(b"Hello.", b"Hullo."),
        lambda marked: b"\xef\xbb\xbf" + marked,
        lambda marked: marked.replace(b"\n", b"\r\n"),
        lambda marked: marked + b"\n",
        lambda marked: marked[:-2] + b"0\n" if marked[-2:-1] != b"0" else marked[:-2] + b"1\n",
        lambda marked: marked[40:],
    ],
    ids=["a word", "a byte order mark", "line ends", "a line", "the digest", "the beginning"],
)
def test_a_partial_sidecar_that_a_person_changed_is_theirs(
    fmt: str, change, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / f"Film.en.{fmt}"
    path.write_bytes(change(mark_partial(content(fmt), fmt)))
    assert not is_partial_file(path)


def test_what_is_no_file_is_not_partial(tmp_path: Path) -> None:
    assert not is_partial_file(tmp_path)
    assert not is_partial_file(tmp_path / "missing.srt")
    (tmp_path / "empty.srt").touch()
    assert not is_partial_file(tmp_path / "empty.srt")
