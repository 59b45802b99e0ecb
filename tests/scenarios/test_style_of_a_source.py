"""Italics, colours and positions of somebody's text survive translation; fonts and drawings do not.

No translator ever sees a tag, and no text is refused for its style.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.subtitles.markup import strip_tags

from .test_production_paths import EN, SAID, Noting, Place, _film, _sound

STYLES = (
    '<font color="#ffff00">{}</font>',
    "<i>{}</i>",
    "{}",
    '<font face="Arial" size="16">{}</font>',
    "{{\\an8}}{}",
    "<b><i>{}</i></b>",
)
KEPT = (
    '<font color="#ffff00">{}</font>',
    "<i>{}</i>",
    "{}",
    "{}",
    "{{\\an8}}{}",
    "<b><i>{}</i></b>",
)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    Noting.given.clear()
    place = Place(tmp_path, {"mt": Noting})
    _film(place, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    yield place
    assert not any("<" in text or "{" in text for text in Noting.given)


def _write(place: Place, name: str, texts: list[str], styles: tuple[str, ...]) -> None:
    path = place.sidecar(name, " ".join(SAID[EN].split()))
    blocks = path.read_text().strip().split("\n\n")
    styled = []
    for number, block in enumerate(blocks):
        head, body = block.rsplit("\n", 1)
        styled.append(f"{head}\n{styles[number % len(styles)].format(body)}")
    path.write_text("\n\n".join([*styled, *texts]) + "\n")


def test_the_style_of_each_cue_comes_out_of_the_translation(place: Place) -> None:
    _write(place, "Film.en.srt", [], STYLES)
    place.make("es")
    assert place.how("Film.es.srt") == "translated by mt from Film.en.srt (en)"
    cues = place.cues("Film.es.srt")
    assert len(cues) == 12
    for number, cue in enumerate(cues):
        expected = KEPT[number % len(KEPT)].format(strip_tags(cue.text))
        assert cue.text == expected


def test_a_file_all_in_colours_is_a_source_like_any_other(place: Place) -> None:
    _write(
        place, "Film.en.srt", [], ("<font color=yellow>{}</font>", '<font color="#0ff">{}</font>')
    )
    place.make("es", formats=["srt", "vtt"])
    assert "<c.yellow>" in (place.folder / "Film.es.vtt").read_text()
    assert all(cue.text.startswith("<font color=") for cue in place.cues("Film.es.srt"))


def test_drawings_are_neither_translated_nor_published(place: Place) -> None:
    drawing = "13\n00:00:58,600 --> 00:00:58,900\n{\\p1}m 0 0 l 100 0 100 100 0 100{\\p0}"
    shape = "14\n00:00:58,900 --> 00:00:59,000\nm 0 0 l 100 0 100 100 0 100"
    _write(place, "Film.en.srt", [drawing, shape], ("{}",))
    place.make("es")
    assert len(place.cues("Film.es.srt")) == 12
    assert not any("100" in text for text in Noting.given)
