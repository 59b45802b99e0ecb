"""EBU-TT-D, IMSC and WebVTT for HLS, and where a programme begins."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import replace
from datetime import date
from fractions import Fraction
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycaption import DFXPReader
from ttconv import model as model_module
from ttconv.imsc.reader import to_model
from ttconv.isd import ISD

from subtitled.media.start_timecode import count_clock
from subtitled.media.timecode import StartTimecode, find_rate, parse_timecode
from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle, SubtitleKind, Word
from subtitled.subtitles.broadcast import ebu_stl, ebu_tt_d, hls, imsc
from subtitled.subtitles.broadcast.export import (
    ExportFormat,
    Programme,
    choose_start,
    render_export,
)
from subtitled.subtitles.formats import read_cues, whisper_json

TT = "{http://www.w3.org/ns/ttml}"
STYLING = "{http://www.w3.org/ns/ttml#styling}"


def _subtitle(*texts: str, language: str = "de") -> Subtitle:
    cues = tuple(Cue(3.0 * n, 3.0 * n + 2.0, text) for n, text in enumerate(texts))
    return Subtitle(language=Language(language), cues=cues)


def test_ebu_tt_d_states_each_style_once_and_every_text_is_in_a_span() -> None:
    texts = (
        "A <i>b</i> & <c>",
        "<i>x</i>\n<i>y</i>",
        '<font color="#ffff00">gelb</font>',
        "{\\an8}oben",
    )
    root = ElementTree.fromstring(ebu_tt_d.write(_subtitle(*texts)))
    styles = [style.attrib for style in root.iter(f"{TT}style")]
    assert len(styles) == len({tuple(sorted(style.items())) for style in styles}) == 4
    paragraphs = list(root.iter(f"{TT}p"))
    assert [p.get("region") for p in paragraphs] == ["bottom", "bottom", "bottom", "top"]
    names = {style["{http://www.w3.org/XML/1998/namespace}id"] for style in styles}
    for paragraph in paragraphs:
        assert not (paragraph.text or "").strip()
        for span in paragraph:
            assert not (span.tail or "").strip()
            if span.tag == f"{TT}span":
                assert set(span.attrib) == {"style"}
                assert set(span.attrib["style"].split()) <= names
    assert [
        region.get("{http://www.w3.org/XML/1998/namespace}id")
        for region in root.iter(f"{TT}region")
    ] == [
        "bottom",
        "top",
    ]


def test_ebu_tt_d_reads_back_with_its_text_and_times() -> None:
    texts = ("Ein <i>Wort</i> & mehr", "zwei\nZeilen", "日本語 😀")
    cues = read_cues(ebu_tt_d.write(_subtitle(*texts)).encode(), "xml")
    assert [(c.start, c.end, c.text) for c in cues] == [
        (3.0 * n, 3.0 * n + 2.0, text) for n, text in enumerate(texts)
    ]


IMSC_TEXTS = (
    "Ein <i>Wort</i> & <mehr>",
    "zwei\n<b>Zeilen</b>",
    "{\\an8}oben 😀",
    '<font color="#ffff00">日本語</font> Привет',
)


def test_imsc_reads_back_by_two_other_readers() -> None:
    written = imsc.write(_subtitle(*IMSC_TEXTS))
    plain = ["Ein Wort & <mehr>", "zwei\nZeilen", "oben 😀", "日本語 Привет"]
    model = to_model(ElementTree.ElementTree(ElementTree.fromstring(written)))
    assert [time for time in ISD.significant_times(model) if time] == [2, 3, 5, 6, 8, 9, 11]
    shown = [_shown_text(ISD.from_model(model, Fraction(3 * n + 1))) for n in range(4)]
    assert shown == plain
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It parses XML as HTML.
        captions = DFXPReader().read(written).get_captions("de")
    assert [caption.get_text() for caption in captions] == plain
    assert [caption.start for caption in captions] == [0, 3_000_000, 6_000_000, 9_000_000]


def _shown_text(isd: ISD) -> str:
    """Return what is on the screen at one time."""
    pieces: list[str] = []
    elements = [element for region in isd.iter_regions() for element in region.dfs_iterator()]
    for element in elements:
        if isinstance(element, model_module.Br):
            pieces.append("\n")
        elif isinstance(element, model_module.Text):
            pieces.append(element.get_text())
    return "".join(pieces)


def test_imsc_states_its_profile_and_a_forced_subtitle_that_all_see_it() -> None:
    full = _subtitle("a", "{\\an8}b")
    root = ElementTree.fromstring(imsc.write(full))
    parameters = "{http://www.w3.org/ns/ttml#parameter}"
    assert root.get(f"{parameters}contentProfiles") == (
        "http://www.w3.org/ns/ttml/profile/imsc1.1/text"
    )
    forced_display = "{http://www.w3.org/ns/ttml/profile/imsc1#styling}forcedDisplay"
    assert [r.get(forced_display) for r in root.iter(f"{TT}region")] == [None, None]
    forced = ElementTree.fromstring(imsc.write(replace(full, kind=SubtitleKind.FORCED)))
    assert [r.get(forced_display) for r in forced.iter(f"{TT}region")] == ["true", "true"]


@pytest.mark.parametrize(("language", "direction"), [("he", "rtl"), ("ar", "rtl"), ("de", None)])
def test_paragraphs_run_in_the_direction_of_their_language(
    language: str, direction: str | None
) -> None:
    for write in (imsc.write, ebu_tt_d.write):
        root = ElementTree.fromstring(write(_subtitle("a", language=language)))
        (body,) = (s for s in root.iter(f"{TT}style") if s.get(f"{STYLING}textAlign"))
        assert body.get(f"{STYLING}direction") == direction


def test_gaps_that_a_broadcaster_refuses_are_closed_and_others_stay() -> None:
    cues = (Cue(1.0, 2.0, "a"), Cue(2.5, 3.0, "b"), Cue(3.0, 4.0, "c"), Cue(4.8, 5.0, "d"))
    subtitle = Subtitle(language=Language("en"), cues=cues)

    def ends(fmt: ExportFormat, gap: float | None) -> list[float]:
        written = render_export(subtitle, fmt, replace(PROGRAMME, closed_gap=gap))
        (content,) = written.values()
        return [cue.end for cue in read_cues(content, "xml")]

    assert ends("ebu-tt-d", None) == [2.5, 3.0, 4.0, 5.0]
    assert ends("ebu-tt-d", 0.0) == ends("imsc", None) == [2.0, 3.0, 4.0, 5.0]
    assert ends("imsc", 1.0) == [2.5, 3.0, 4.8, 5.0]


def test_json_has_the_timecode_of_each_cue_and_reads_back_as_before() -> None:
    words = (Word(text=" Grüße", start=59.9, end=60.5, confidence=0.5, speaker="Anna"),)
    cues = (Cue(59.97, 60.07, "Grüße\n日本"),)
    subtitle = Subtitle(language=Language("de"), cues=cues, words=words)
    start = StartTimecode(*parse_timecode("01:00:00;00", 29.97))
    (content,) = render_export(subtitle, "json", replace(PROGRAMME, start=start)).values()
    document = json.loads(content)
    assert document["timecode"] == {
        "start": "01:00:00;00",
        "rate": "30000/1001",
        "drop_frame": True,
    }
    for part in (*document["segments"], *document["cues"]):
        # The two labels that drop-frame leaves out are not there.
        assert (part["start_timecode"], part["end_timecode"]) == ("01:00:59;27", "01:01:00;02")
    assert whisper_json.read(content.decode()) == (cues, words)


def test_a_language_that_is_not_known_is_left_out() -> None:
    assert 'xml:lang=""' in ebu_tt_d.write(_subtitle("a", language="und"))


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.floats(0, 500), st.floats(0.05, 30)), max_size=30),
    st.floats(0, 600),
    st.sampled_from([1.0, 2.0, 6.0, 10.0, 3.84]),
)
def test_segments_of_hls_cover_the_media_and_each_has_the_cues_that_are_shown_in_it(
    times: list[tuple[float, float]], duration: float, seconds: float
) -> None:
    cues = tuple(Cue(start, start + length, f"c{n}x") for n, (start, length) in enumerate(times))
    files = dict(hls.write(Subtitle(language=Language("en"), cues=cues), duration, seconds))
    playlist = files.pop(hls.PLAYLIST)
    whole = max([duration, *(cue.end for cue in cues)])
    assert len(files) == max(1, math.ceil(whole / seconds))
    lengths = [float(line[8:-1]) for line in playlist.splitlines() if line.startswith("#EXTINF:")]
    assert sum(lengths) == pytest.approx(whole, abs=0.001 * len(lengths))
    assert max(lengths) <= math.ceil(seconds)
    for number, name in enumerate(files):
        assert name in playlist
        for n, cue in enumerate(cues):
            is_shown = cue.start < (number + 1) * seconds and cue.end > number * seconds
            assert (f"c{n}x" in files[name]) == is_shown


def test_a_segment_states_the_clock_of_the_transport_stream() -> None:
    files = hls.write(_subtitle("a"), 5.0, 6.0, first_tick=126_000)
    assert files["segment00000.vtt"].startswith(
        "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:126000,LOCAL:00:00:00.000\n\n"
    )


def test_more_segments_than_a_player_can_list_are_refused() -> None:
    with pytest.raises(InputRejectedError) as refused:
        hls.write(_subtitle("a"), 1e7, 1.0)
    assert refused.value.hint


def test_a_programme_begins_where_the_user_says_else_where_the_media_says_else_at_zero() -> None:
    stated = StartTimecode(*parse_timecode("10:00:00:00", 25))
    assert str(choose_start(stated, 25.0, None, None)) == "10:00:00:00"
    assert str(choose_start(stated, 25.0, "09:59:30:00", None)) == "09:59:30:00"
    counted = choose_start(None, 29.97, "01:00:00;00", None)
    assert (str(counted), counted.rate.fps) == ("01:00:00;00", Fraction(30000, 1001))
    assert choose_start(None, 0.0, None, None).rate.fps == 25
    assert choose_start(stated, 25.0, None, 24.0).rate.fps == 24


def test_a_broadcast_wave_file_without_a_rate_is_counted_by_the_one_that_is_asked_for() -> None:
    clock = Fraction(36_000)
    assert str(choose_start(None, 0.0, None, None, clock)) == "10:00:00:00"
    assert str(choose_start(None, 0.0, None, 23.976, Fraction(36_036))) == "10:00:00:00"
    assert str(choose_start(None, 0.0, "01:00:00:00", 24.0, clock)) == "01:00:00:00"
    counted = count_clock(clock, find_rate(25))
    assert str(choose_start(counted, 0.0, None, 50.0, clock)) == "10:00:00:00"
    track = StartTimecode(*parse_timecode("01:00:00:00", 25), "timecode track")
    assert str(choose_start(track, 25.0, None, 24.0, clock)) == "01:00:00:00"


PROGRAMME = Programme(
    start=StartTimecode(*parse_timecode("10:00:00:00", 25)), duration=30.0, made_on=date(2026, 1, 2)
)


@pytest.mark.parametrize("fmt", ["ebu-stl", "ebu-tt-d", "imsc", "scc", "hls", "json"])
def test_cues_are_written_in_order_and_without_what_no_file_can_hold(fmt: ExportFormat) -> None:
    cues = (Cue(9.0, 11.0, "three"), Cue(1.0, 3.0, "one\x01\x1b"), Cue(5.0, 6.0, "<i></i>\x0b"))
    strange = Subtitle(language=Language("en"), cues=cues)
    plain = replace(strange, cues=(Cue(1.0, 3.0, "one"), Cue(9.0, 11.0, "three")))
    assert render_export(strange, fmt, PROGRAMME) == render_export(plain, fmt, PROGRAMME)


def test_no_text_of_a_segment_is_taken_for_the_times_of_a_cue() -> None:
    cues = (Cue(1.0, 3.0, "one\n00:00:20.000 --> 00:00:25.000"),)
    files = render_export(Subtitle(language=Language("en"), cues=cues), "hls", PROGRAMME)
    assert files["segment00000.vtt"].count(b"-->") == 1


@pytest.mark.parametrize("fmt", ["ebu-stl", "scc", "json"])
def test_a_cue_that_timecode_cannot_count_is_refused_with_its_time(fmt: ExportFormat) -> None:
    subtitle = Subtitle(language=Language("en"), cues=(Cue(359_990.0, 359_999.0, "credit"),))
    with pytest.raises(InputRejectedError, match="99:59:59"):
        render_export(subtitle, fmt, PROGRAMME)


def test_more_cues_than_ebu_stl_can_number_are_refused() -> None:
    cues = tuple(Cue(n, n + 0.9, "x") for n in range(ebu_stl.MAX_CUES + 1))
    with pytest.raises(InputRejectedError, match="65537"):
        ebu_stl.write(Subtitle(language=Language("en"), cues=cues), PROGRAMME.start, date.today())
