"""SCC: rows, letters, bandwidth and timecode, read back by pycaption and ttconv."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycaption import SCCReader  # type: ignore[import-untyped]
from ttconv.scc import reader as scc_reader  # type: ignore[import-untyped]
from ttconv.srt import writer as srt_writer  # type: ignore[import-untyped]

from subtitled.media.timecode import StartTimecode, TimecodeRate, parse_timecode
from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle
from subtitled.subtitles.broadcast import scc
from subtitled.subtitles.broadcast.caption_rows import COLUMNS, MAX_ROWS, build_rows
from subtitled.subtitles.broadcast.cea608_letters import CaptionLetterError

NTSC = Fraction(30000, 1001)
DROP = StartTimecode(*parse_timecode("01:00:00;00", NTSC))
WORDS = st.from_regex(re.compile(r"[A-Za-zéÀß♪][A-Za-zéÀß♪0-9]{0,13}"), fullmatch=True)


def _subtitle(*cues: Cue) -> Subtitle:
    return Subtitle(language=Language("en"), cues=cues)


def _texts(written: str) -> list[str]:
    """Return the captions as pycaption reads them, one line each."""
    read = SCCReader().read(written)
    (language,) = read.get_languages()
    return [" ".join(caption.get_text().split()) for caption in read.get_captions(language)]


def _words_by_ttconv(written: str) -> list[str]:
    text = str(srt_writer.from_model(scc_reader.to_model(written)))
    lines = [
        line for line in text.splitlines() if line and "-->" not in line and not line.isdigit()
    ]
    return re.sub(r"</?\w>", "", " ".join(lines)).split()


def _frames(written: str) -> list[tuple[int, int]]:
    """Return the first frame and the number of pairs of each line."""
    lines = re.findall(r"(\d\d:\d\d:\d\d[:;]\d\d)\t(.+)", written)
    return [(parse_timecode(label, NTSC)[0], len(pairs.split())) for label, pairs in lines]


@settings(max_examples=8)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=30), min_size=1, max_size=6))
def test_captions_hold_every_word_whole_and_in_order(cues: list[list[str]]) -> None:
    subtitle = _subtitle(
        *(Cue(5 + 8.0 * n, 12 + 8.0 * n, " ".join(words)) for n, words in enumerate(cues))
    )
    written = scc.write(subtitle, DROP)
    said = [word for words in cues for word in words]
    assert _words_by_ttconv(written) == said
    assert [word for text in _texts(written) for word in text.split()] == said


@settings(max_examples=20)
@given(st.lists(WORDS, max_size=60), st.booleans())
def test_no_row_is_longer_than_a_screen(words: list[str], is_italic: bool) -> None:
    text = " ".join(words)
    rows = build_rows(f"<i>{text}</i>" if is_italic else text, 1)
    assert all(len(row) + row[0].is_italic <= COLUMNS for row in rows)
    assert "".join(letter.text for row in rows for letter in row).replace(" ", "") == "".join(words)


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.floats(0.1, 4), st.floats(0, 3), st.lists(WORDS, min_size=1, max_size=9)),
        min_size=1,
        max_size=12,
    )
)
def test_two_bytes_a_frame_are_never_exceeded(cues: list[tuple[float, float, list[str]]]) -> None:
    made, at = [], 3.0
    for length, pause, words in cues:
        made.append(Cue(at, at + length, " ".join(words)))
        at += length + pause
    try:
        written = scc.write(_subtitle(*made), DROP)
    except InputRejectedError as error:
        assert "no time to send" in str(error)
        return
    for (first, count), (following, _) in pairwise(_frames(written)):
        assert first + count < following
    assert _frames(written)[0][0] >= DROP.frame


def test_a_caption_appears_at_its_frame_and_is_gone_at_its_end() -> None:
    written = scc.write(_subtitle(Cue(10.0, 12.0, "Hello")), DROP)
    (load, count), (erase, _) = _frames(written)
    assert load + count - 2 == DROP.frame_at(10.0)
    assert erase == DROP.frame_at(12.0)
    assert written.startswith("Scenarist_SCC V1.0\n\n01:00:09;")
    assert written.endswith("942c 942c\n")


def test_captions_that_follow_at_once_replace_each_other_without_an_erasure() -> None:
    written = scc.write(_subtitle(Cue(2, 4, "one"), Cue(4, 6, "two")), DROP)
    assert written.count("942c 942c") == 1


def test_every_byte_has_odd_parity() -> None:
    written = scc.write(_subtitle(Cue(2, 4, "Ça va, «Ölfaß» <i>20 %</i> ½ ♪")), DROP)
    for pair in re.findall(r"\b[0-9a-f]{4}\b", written.split("\t", 1)[1]):
        assert all(byte.bit_count() % 2 for byte in bytes.fromhex(pair))


def test_a_cue_of_more_than_four_rows_is_split_in_time() -> None:
    text = " ".join(f"word{n:02d}" for n in range(40))
    written = scc.write(_subtitle(Cue(4, 14, text)), DROP)
    texts = _texts(written)
    assert len(texts) == 3
    assert " ".join(texts) == text
    assert len(build_rows(text, 1)) > MAX_ROWS


@pytest.mark.parametrize("text", ["Škoda", "Привет", "日本", "Ł", "😀"])
def test_a_letter_that_captions_lack_refuses_the_file_by_name(text: str) -> None:
    with pytest.raises(CaptionLetterError, match=r"U\+[0-9A-F]{4,5} [a-z]"):
        scc.write(_subtitle(Cue(1, 2, f"a {text}")), DROP)


def test_a_word_longer_than_a_row_is_refused_by_name() -> None:
    with pytest.raises(InputRejectedError, match="cue 1"):
        scc.write(_subtitle(Cue(1, 2, "x" * 33)), DROP)


def test_speech_too_fast_to_be_sent_is_refused_with_the_cue() -> None:
    cues = [Cue(n * 0.2, n * 0.2 + 0.2, "many words that take long to send") for n in range(30)]
    with pytest.raises(InputRejectedError, match="no time to send") as refused:
        scc.write(_subtitle(*cues), DROP)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("label", "fps", "counted"),
    [
        ("01:00:00;00", NTSC, "01:00:00;00"),
        ("01:00:00:00", NTSC, "01:00:00:00"),
        ("01:00:00:12", Fraction(24000, 1001), "01:00:00:15"),
        ("10:00:00:00", Fraction(25), "10:00:00;00"),
        ("01:00:00;02", Fraction(60000, 1001), "01:00:00;01"),
    ],
)
def test_the_count_is_that_of_the_medium_or_keeps_to_the_clock(
    label: str, fps: Fraction, counted: str
) -> None:
    assert str(scc.count_start(StartTimecode(*parse_timecode(label, fps)))) == counted


def test_without_cues_there_is_only_the_header() -> None:
    assert scc.write(_subtitle(), StartTimecode(0, TimecodeRate(NTSC))) == "Scenarist_SCC V1.0\n"


@settings(max_examples=20)
@given(st.lists(st.floats(0.0, 1.5), min_size=2, max_size=8))
def test_a_code_that_is_sent_twice_is_sent_in_two_frames_that_follow_each_other(
    pauses: list[float],
) -> None:
    cues, at = [], 3.0
    for pause in pauses:
        cues.append(Cue(at, at + 2.0, "ÀÀ ♪♪ ßß"))
        at += 2.0 + pause
    written = scc.write(_subtitle(*cues), DROP)
    assert _texts(written) == ["ÀÀ ♪♪ ßß"] * len(cues)
