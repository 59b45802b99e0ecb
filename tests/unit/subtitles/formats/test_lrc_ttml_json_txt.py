"""LRC, TTML, JSON and plain text round trip, by our reader and other programs."""

from __future__ import annotations

import json
import math
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ttconv.imsc import reader as imsc

from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle, Word
from subtitled.subtitles.formats import (
    FORMATS,
    read_cues,
    read_text,
    render_subtitle,
    whisper_json,
)
from subtitled.subtitles.markup import strip_tags

EN = Language("en")
TIMED = [fmt for fmt in FORMATS if fmt != "txt"]
HOSTILE = (
    "The answer is\n42",
    "set {x} = 1 \\N here",
    "a --> b",
    "<b>bold</b> & <i>more</i> &amp;",
    "[00:12.00] no time",
    "<00:01.00>word",
    "[Music]",
    "]]> <![CDATA[ <!-- -->",
    "&lt;&#0;",
    "one\n\n\ntwo",
    "\x00NUL\x0b",
    "😀 n\u0303",
    "\u200fשלום!\u200f",
    "WEBVTT",
    "\ufffe\uffffx",
)


def _subtitle(texts: tuple[str, ...], language: Language = EN) -> Subtitle:
    cues = (Cue(n * 2.0 + 0.25, n * 2.0 + 1.75, text) for n, text in enumerate(texts))
    return Subtitle(language=language, cues=tuple(cues), title="A & B [x]\udcff")


_texts = st.lists(st.text(max_size=30) | st.sampled_from(HOSTILE), max_size=6)


@settings(deadline=None)
@given(_texts, st.sampled_from(FORMATS), st.sampled_from(["en", "ja", "th", "ar", "ko"]))
def test_any_text_in_any_language_comes_back(texts: list[str], fmt: str, tag: str) -> None:
    # render_subtitle() compares and raises itself.
    written = render_subtitle(_subtitle(tuple(texts), Language(tag)), fmt)
    assert b"\r" not in written
    if fmt != "txt":
        legible = [text for text in texts if render_subtitle(_subtitle((text,)), "txt").strip()]
        # XML has no characters U+FFFE and U+FFFF.
        legible = [text for text in legible if fmt != "ttml" or text.strip("\ufffe\uffff \n")]
        # Random letters may look like another code page, so nothing is guessed.
        cues = read_text(written.decode(), fmt).cues
        assert len(cues) <= len(legible)
        assert fmt == "ttml" or len(cues) == len(legible)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(300, 9000)), min_size=1, max_size=9),
    st.sampled_from(["srt", "vtt", "ass", "ttml", "json"]),
)
def test_times_come_back_to_the_tick(spoken: list[tuple[int, int]], fmt: str) -> None:
    cues, now = [], 0
    for pause, length in spoken:
        cues.append(Cue((now + pause) / 1000, (now + pause + length) / 1000, "x"))
        now += pause + length
    back = read_cues(render_subtitle(Subtitle(language=EN, cues=tuple(cues)), fmt), fmt)
    tick = 0.0051 if fmt == "ass" else 0.0
    for cue, again in zip(cues, back, strict=True):
        assert abs(cue.start - again.start) <= tick
        assert abs(cue.end - again.end) <= tick


@pytest.mark.parametrize("fmt", ["srt", "vtt", "ass", "lrc"])
def test_ffmpeg_finds_every_packet_at_its_time_and_complains_of_none(
    fmt: str, tmp_path: Path
) -> None:
    subtitle, file = _subtitle(HOSTILE), tmp_path / f"a.{fmt}"
    file.write_bytes(render_subtitle(subtitle, fmt))
    ran = subprocess.run(
        [
            *"ffprobe -v warning -show_entries packet=pts_time,duration_time,size".split(),
            "-of",
            "json",
            str(file),
        ],
        capture_output=True,
        check=True,
    )
    assert ran.stderr == b""
    found = [
        (float(packet["pts_time"]), float(packet["duration_time"]))
        for packet in json.loads(ran.stdout)["packets"]
    ]
    if fmt == "lrc":
        # ffmpeg's demuxer also returns the empty line at the end, with a duration of 0.
        *found, last = found
        assert last[0] == subtitle.cues[-1].end
        ends = [after.start for _, after in pairwise(subtitle.cues)] + [last[0]]
    else:
        ends = [cue.end for cue in subtitle.cues]
    assert found == [
        (pytest.approx(cue.start), pytest.approx(end - cue.start))
        for cue, end in zip(subtitle.cues, ends, strict=True)
    ]


def test_lyrics_stand_until_the_next_line_or_a_long_pause() -> None:
    cues = (Cue(1, 2.5, "One\nmore"), Cue(3.996, 5, "Two"), Cue(63, 64, "Three"))
    written = render_subtitle(Subtitle(language=EN, cues=cues, title="Song"), "lrc")
    assert written.decode().splitlines() == [
        "[ti:Song]",
        "[la:en]",
        "[00:01.00]One more",
        "[00:04.00]Two",
        "[00:05.00]",
        "[01:03.00]Three",
        "[01:04.00]",
    ]
    back = read_cues(written, "lrc")
    assert back == (Cue(1, 4, "One more"), Cue(4, 5, "Two"), Cue(63, 64, "Three"))


def test_lyrics_of_others_are_read_with_their_oddities() -> None:
    text = "[ar:x]\r\n[offset:+500]\r\n[00:10.5][01:00]<00:10.50>La <00:11.00>la\r\n"
    text += "[0:20.123]end\r\n"
    assert read_cues(text.encode(), "lrc") == (
        Cue(10.0, 19.623, "La la"),
        Cue(19.623, 59.5, "end"),
        Cue(59.5, 64.5, "La la"),
    )
    with pytest.raises(InputRejectedError, match="lyrics"):
        read_cues(b"just a poem", "lrc")


def test_lyrics_hold_one_line_at_a_time() -> None:
    with pytest.raises(InputRejectedError, match="srt or vtt"):
        render_subtitle(Subtitle(language=EN, cues=(Cue(1, 2, "a"), Cue(1, 2, "b"))), "lrc")


def _leaves(part: Any) -> list[Any]:
    """Return the texts below an element of ttconv."""
    if hasattr(part, "get_text"):
        return [part]
    return [leaf for child in part for leaf in _leaves(child)]


def test_another_parser_reads_the_same_out_of_our_ttml() -> None:
    subtitle = _subtitle(HOSTILE, Language("pt-BR"))
    written = render_subtitle(subtitle, "ttml")
    tree = ElementTree.ElementTree(ElementTree.fromstring(written.decode()))
    document = cast(Any, imsc.to_model(tree))
    assert document.get_lang() == "pt-BR"
    paragraphs = [p for div in document.get_body() for p in div]
    found = []
    for p in paragraphs:
        output = ""
        for part in p:
            texts = [text.get_text() for text in _leaves(part)]
            output += "\n" if type(part).__name__ == "Br" else "".join(texts)
        found.append((float(p.get_begin()), float(p.get_end()), output))
    assert found == [
        (cue.start, cue.end, strip_tags(cue.text)) for cue in read_cues(written, "ttml")
    ]
    assert len(found) == len(subtitle.cues)


_TT = (
    '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:p="http://www.w3.org/ns/ttml#parameter" {}>{}</tt>'
)


@pytest.mark.parametrize(
    ("attributes", "body", "cues"),
    [
        ("", '<p begin="1s" dur="1500ms"> a\n <br/> b </p>', [(1, 2.5, "a\nb")]),
        ('p:frameRate="25"', '<p begin="00:00:01:05" end="50f">x</p>', [(1.2, 2, "x")]),
        ('p:tickRate="1000"', '<p begin="1000t" end="2500t">x</p>', [(1, 2.5, "x")]),
        (
            'p:frameRate="30" p:frameRateMultiplier="1000 1001"',
            '<p begin="30f" end="0.1m">x</p>',
            [(1.001, 6, "x")],
        ),
        (
            "",
            '<div begin="10s" end="13s"><p begin="1s" end="9s">x<span>y</span></p></div>',
            [(11, 13, "xy")],
        ),
        (
            "",
            '<p begin="1s"><span begin="0s" dur="1s">a</span>'
            '<span begin="1s" dur="1s">b</span></p>',
            [(1, 2, "a"), (2, 3, "b")],
        ),
        ("", '<p begin="00:00:02" end="00:00:03.5">&lt;b&gt; &#233;</p>', [(2, 3.5, "<b> é")]),
    ],
)
def test_ttml_of_others_is_read_in_its_dialects(
    attributes: str, body: str, cues: list[tuple[float, float, str]]
) -> None:
    text = _TT.format(attributes, f"<head/><body>{body}</body>")
    found = read_cues(text.encode(), "ttml")
    assert [(cue.start, cue.end, cue.text) for cue in found] == cues
    draft = text.replace("ns/ttml", "2006/10/ttaf1")
    assert read_cues(draft.encode("utf-16"), "xml") == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<!DOCTYPE tt [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><tt>&b;</tt>', "document type"),
        ('<!DOCTYPE tt SYSTEM "file:///etc/passwd"><tt/>', "document type"),
        ("<tt>&b;</ttt>", "broken XML"),
        ("<tt>&b;</tt>", "no TTML"),
        ("<tt>", "broken XML"),
        ("<tt/>", "no TTML"),
        ("<a>" * 50_000, "nested"),
        (_TT.format("", '<body><p begin="soon" end="2s">x</p></body>'), "time that is none"),
        (_TT.format("", '<body><p begin="1s">x</p></body>'), "without an end"),
        (_TT.format('p:frameRate="0"', "<body/>"), "rate that is none"),
    ],
)
def test_xml_that_is_no_subtitle_or_a_trap_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InputRejectedError, match=reason):
        read_cues(text.encode(), "ttml")


def test_json_holds_words_times_and_confidence_in_the_shape_of_whisper() -> None:
    words = (
        Word(text=" Hello", start=1.0, end=1.4, confidence=0.98765432),
        Word(text=" there", start=1.5, end=2.0, speaker="a", is_estimated=True),
        Word(text=" again", start=5.0, end=5.5, confidence=0.5),
        Word(text=" never", start=math.nan, end=9.0),
    )
    subtitle = Subtitle(
        language=EN, cues=(Cue(1, 3, "Hello\nthere"), Cue(5, 6, "again")), words=words
    )
    written = render_subtitle(subtitle, "json")
    payload = json.loads(written)
    assert payload["language"] == "en"
    assert payload["text"] == "Hello there again"
    assert [(s["start"], s["end"], s["text"]) for s in payload["segments"]] == [
        (1, 3, "Hello there"),
        (5, 6, "again"),
    ]
    assert payload["segments"][0]["words"] == [
        {"word": " Hello", "start": 1.0, "end": 1.4, "probability": 0.9877},
        {"word": " there", "start": 1.5, "end": 2.0, "speaker": "a", "estimated": True},
    ]
    assert [cue.text for cue in read_cues(written, "json")] == ["Hello\nthere", "again"]
    # As another tool reads it.
    lines = pysubs2.load_from_whisper(payload)
    assert [(one.start, one.end, one.text) for one in lines] == [
        (1000, 3000, "Hello there"),
        (5000, 6000, "again"),
    ]
    _, back = whisper_json.read(written.decode())
    assert [word.text for word in back] == [" Hello", " there", " again"]


def test_json_of_whisper_is_read() -> None:
    text = '{"text": " Hi", "segments": [{"id": 0, "start": 0.5, "end": 2, "text": " Hi"}]}'
    assert read_cues(text.encode(), "json") == (Cue(0.5, 2, "Hi"),)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        "1",
        "{",
        "[" * 100_000,
        '{"segments": 5}',
        '{"segments": [{"start": "x"}]}',
        '{"segments": [{"start": NaN, "end": 1e400, "text": 1}]}',
    ],
)
def test_json_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(InputRejectedError):
        read_cues(text.encode(), "json")


def test_plain_text_has_a_paragraph_for_each_long_pause() -> None:
    cues = (Cue(0, 1, "One\nline."), Cue(1.5, 3, "Two."), Cue(9, 10, "Three."))
    assert render_subtitle(Subtitle(language=EN, cues=cues), "txt") == b"One line. Two.\n\nThree.\n"
    assert (
        render_subtitle(Subtitle(language=Language("ja"), cues=cues[:1]), "txt") == b"One line.\n"
    )
    japanese = (Cue(0, 1, "今日は\nとても"), Cue(1.2, 2, "天気が"))
    assert (
        render_subtitle(Subtitle(language=Language("ja"), cues=japanese), "txt").decode()
        == "今日はとても天気が\n"
    )
    with pytest.raises(InputRejectedError, match="no times"):
        read_cues(b"One", "txt")


@given(st.binary(max_size=300), st.sampled_from([*TIMED, "xml"]))
def test_any_bytes_are_cues_or_refused(found: bytes, suffix: str) -> None:
    try:
        cues = read_cues(found, suffix)
    except InputRejectedError:
        return
    assert all(isinstance(cue, Cue) for cue in cues)
