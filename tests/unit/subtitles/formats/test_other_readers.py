"""ASS, TTML, SAMI, LRC and the formats of one line a cue, as other programs write them."""

from __future__ import annotations

import pytest

from subtitled.plugin import InputRejectedError, Language
from subtitled.subtitles.formats import ReadResult, drop_unusable, read_text

Read = tuple[float, float, str]


def _cues(result: ReadResult) -> list[Read]:
    return [(cue.start, cue.end, cue.text) for cue in result.cues]


ASS = """[Script Info]
; a comment
Title: Film
Language: en

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Bold, Italic, Underline, StrikeOut
Style: Default,Times,40,&H0000FFFF,-1,0,0,0
Style: Thought,Times,40,&H0000FFFF,-1,-1,0,0

[Fonts]
fontname: a.ttf
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def _ass(*events: str) -> ReadResult:
    return read_text(ASS + "".join(f"{event}\n" for event in events), "ass")


def _line(start: int, style: str, text: str, effect: str = "") -> str:
    return f"Dialogue: 0,0:00:0{start}.00,0:00:0{start + 1}.50,{style},,0,0,0,{effect},{text}"


def test_what_all_of_an_ass_file_has_is_no_style_and_what_stands_out_is() -> None:
    result = _ass(
        _line(1, "Default", r"Hello, you\Nand you"),
        _line(3, "Thought", "Who is that?"),
        _line(5, "*Default", r"{\an8\c&H00FFFF&}Look{\r}, there"),
    )
    assert _cues(result) == [
        (1.0, 2.5, "Hello, you\nand you"),
        (3.0, 4.5, "<i>Who is that?</i>"),
        (5.0, 6.5, r'{\an8}<font color="#ffff00">Look</font>, there'),
    ]
    assert result.languages == ("en",)
    assert not result.dropped


def test_drawings_comments_and_effects_of_ass_are_left_out_with_a_word() -> None:
    result = _ass(
        _line(1, "Default", r"{\p1}m 0 0 l 9 9{\p0}"),
        _line(2, "Default", "la la", "fx"),
        "Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,not shown",
        "Dialogue: 0,0:00:xx.00,0:00:02.00,Default,,0,0,0,,lost",
        _line(3, "Default", r"{\k10}la{\kf20}la"),
    )
    assert _cues(result) == [(3.0, 4.5, "lala")]
    assert result.is_karaoke
    assert sorted(part.reason for part in result.dropped) == [
        "a drawing",
        "an effect of karaoke",
        "its times cannot be read",
    ]


def test_ssa_and_ass_named_srt_are_read() -> None:
    text = (
        "[Script Info]\nScriptType: v4.00\n[V4 Styles]\nFormat: Name, PrimaryColour, Italic\n"
        "Style: Default,65535,0\n[Events]\nFormat: Marked, Start, End, Style, Text\n"
        "Dialogue: Marked=0,0:00:01.00,0:00:02.00,Default,Hi, you\n"
    )
    assert _cues(read_text(text, "ssa")) == [(1, 2, "Hi, you")]
    assert _cues(read_text(text, "srt")) == [(1, 2, "Hi, you")]


TT = (
    '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" '
    'xml:lang="en"><head><styling><style xml:id="base" tts:fontStyle="italic"/>'
    '<style xml:id="far" style="base" tts:color="yellow"/></styling></head>'
    "<body><div{}>{}</div></body></tt>"
)


@pytest.mark.parametrize(
    ("body", "cues"),
    [
        (
            '<p begin="0s" end="10s">Hello <span begin="5s">world</span></p>',
            [(0, 5, "Hello"), (5, 10, "Hello world")],
        ),
        (
            '<p begin="0s" end="9s"><span end="3s">a</span> b <span begin="6s">c</span></p>',
            [(0, 3, "a b"), (3, 6, "b"), (6, 9, "b c")],
        ),
        (
            '<p begin="0s" end="4s"><span begin="1s" end="2s">a</span>'
            '<span begin="3s" end="9s">b</span></p>',
            [(1, 2, "a"), (3, 4, "b")],
        ),
        (
            '<p begin="1s">x <span begin="0s" end="2s">y</span></p>',
            [(1, 3, "x y")],
        ),
        (
            '<p begin="0s" end="2s"><span tts:ruby="container"><span tts:ruby="base">漢字</span>'
            '<span tts:ruby="delimiter">(</span><span tts:ruby="text">かんじ</span></span>だ</p>',
            [(0, 2, "漢字だ")],
        ),
        ('<p begin="0s" end="2s"><span style="far">a</span> b</p>', None),
        ('<p begin="0:00:01,5" end="00:00:02:15">a</p>', [(1.5, 2.5, "a")]),
        ('<p begin="0s" end="2s" tts:fontWeight="bold">a<br/>b</p>', [(0, 2, "<b>a\nb</b>")]),
        ('<p begin="0s" end="2s">R&B &nbsp;&amp; Soul</p>', [(0, 2, "R&B \u00a0& Soul")]),
        (
            '<p timeContainer="seq" begin="1s" end="9s"><span dur="2s">a</span>'
            '<span dur="3s">b</span></p>',
            [(1, 3, "a"), (3, 6, "b")],
        ),
    ],
)
def test_ttml_is_shown_as_the_standard_says(body: str, cues: list[Read] | None) -> None:
    result = read_text(TT.format("", body), "ttml")
    expected = cues or [(0, 2, '<font color="#ffff00"><i>a</i></font> b')]
    assert _cues(result) == expected
    assert result.languages == ("en",)


@pytest.mark.parametrize(
    "bad",
    [
        '<p begin="5s">bad</p>',
        '<p begin="soon" end="6s">bad</p>',
        '<p begin="20s" end="30s">bad</p>',
        '<p begin="7s" end="6s">bad</p>',
        '<p begin="5s" end="6s"><span begin="x">bad</span></p>',
    ],
)
def test_a_paragraph_that_cannot_be_shown_refuses_only_itself(bad: str) -> None:
    good = '<p begin="1s" end="2s">good</p>'
    result = read_text(TT.format(' begin="0s" end="10s"' if "20s" in bad else "", bad + good), "")
    assert _cues(result) == [(1, 2, "good")]
    (part,) = result.dropped
    assert (part.count, part.sample) == (1, "bad")


SAMI = (
    "<SAMI><HEAD><STYLE TYPE=text/css><!-- P {color: white} .ENCC {Name: English; lang: en-US;} "
    ".KRCC {Name: Korean; lang: ko-KR;} --></STYLE></HEAD><BODY>"
    "<SYNC Start=1000><P Class=ENCC>Hello<br>you<P Class=KRCC>안녕"
    "<SYNC Start=3000><P Class=ENCC>&nbsp;"
    "<SYNC Start=4000><P Class=KRCC>&nbsp;"
    "<SYNC Start=5000><P Class=ENCC><i>Bye</i> &amp; thanks<P Class=KRCC>잘 가</BODY></SAMI>"
)


def test_a_text_of_sami_ends_at_the_next_sync_of_its_language() -> None:
    english = read_text(SAMI, "smi")
    assert _cues(english) == [(1, 3, "Hello\nyou"), (5, 10, "<i>Bye</i> & thanks")]
    assert english.languages == ("en-US", "ko-KR")
    korean = read_text(SAMI, "smi", language=Language("ko"))
    assert _cues(korean) == [(1, 4, "안녕"), (5, 10, "잘 가")]
    assert "ko-KR" in english.dropped[0].reason
    assert english.dropped[0].count == 2


def test_sami_without_classes_and_ends_is_read() -> None:
    text = "<sami><body><sync start=500>One<sync start=1500>Two &lt;3<sync start=2500></body>"
    assert _cues(read_text(text, "srt")) == [(0.5, 1.5, "One"), (1.5, 2.5, "Two <3")]


def test_microdvd_has_the_rate_of_its_first_line_or_of_the_film() -> None:
    lines = "{25}{50}Hi|{y:i}there\n{75}{}/Bye\n"
    assert _cues(read_text(lines, "sub", frame_rate=25.0)) == [
        (1, 2, "Hi\n<i>there</i>"),
        (3, 8, "<i>Bye</i>"),
    ]
    stated = read_text("{1}{1}50.000\n" + lines, "sub", frame_rate=25.0)
    assert _cues(stated)[0] == (0.5, 1, "Hi\n<i>there</i>")
    told = read_text("{1}{72}movie info: XVID 608x256 25.0fps 699.0 MB\n" + lines, "sub")
    assert _cues(told) == _cues(read_text(lines, "sub", frame_rate=25.0))
    with pytest.raises(InputRejectedError, match="counts pictures"):
        read_text(lines, "sub")


@pytest.mark.parametrize(
    ("text", "fmt"),
    [
        ("[10][25]One|/two\n[30][40]Three\n", "mpl"),
        ("00:00:01:One|two\n00:00:03:Three\n", "tmp"),
    ],
)
def test_formats_of_one_line_a_cue_are_known_by_their_lines(text: str, fmt: str) -> None:
    result = read_text(text, "txt2")
    assert result.format == fmt
    assert [cue.text.split("\n")[0] for cue in result.cues] == ["One", "Three"]


def test_enhanced_lyrics_have_single_spaces_and_their_own_ends() -> None:
    text = (
        "[ti:Song]\n[la:en]\n"
        "[00:12.00] <00:12.00> When <00:12.50>  the <00:13.00> truth <00:14.00>\n"
        "[00:20.00]Next   line\nno time\n"
    )
    result = read_text(text, "lrc")
    assert _cues(result) == [(12, 14, "When the truth"), (20, 25, "Next line")]
    assert result.languages == ("en",)
    assert result.dropped[0].sample == "no time"


def test_cues_that_cannot_be_shown_are_left_out_with_a_word() -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\n\n"
        "2\n00:00:05,000 --> 00:00:04,000\nshown until the next\n\n"
        "3\n00:00:06,000 --> 00:00:06,000\nnever\n\n"
        "4\n-00:00:01,000 --> 00:00:01,000\nfrom the start\n"
    )
    result = drop_unusable(read_text(text, "srt"))
    assert _cues(result) == [(5, 6, "shown until the next"), (0, 1, "from the start")]
    assert [part.reason for part in result.dropped] == [
        "a cue without text",
        "it ends before it begins",
    ]
    assert str(result.dropped[0]) == "1 left out (a cue without text): 1.000 s"


def _ttml(body: str, attributes: str = "") -> str:
    return (
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" '
        f'xmlns:ttp="http://www.w3.org/ns/ttml#parameter" {attributes}><body><div>{body}</div>'
        "</body></tt>"
    )


@pytest.mark.parametrize("hides", ['tts:display="none"', 'tts:visibility="hidden"'])
def test_hidden_text_of_ttml_is_told_and_not_shown(hides: str) -> None:
    read = read_text(
        _ttml(
            f'<p begin="1s" end="2s" {hides}>no</p>'
            f'<p begin="3s" end="4s">yes<span {hides}> no</span></p>'
        ),
        "ttml",
    )
    assert [cue.text for cue in read.cues] == ["yes"]
    assert "hidden" in str(read.dropped[0])


def test_ttml_without_a_namespace_is_read() -> None:
    text = '<tt><body><div><p begin="1s" end="2s">a<br/>b</p></div></body></tt>'
    assert [cue.text for cue in read_text(text, "ttml").cues] == ["a\nb"]
    with pytest.raises(InputRejectedError, match="no TTML"):
        read_text('<tt xmlns="urn:other"><body/></tt>', "ttml")


@pytest.mark.parametrize(
    ("more", "start"),
    [('ttp:timeBase="smpte"', 3603.6), ('ttp:timeBase="smpte" ttp:dropMode="dropNTSC"', 3600.0)],
)
def test_time_code_that_counts_frames_is_converted_to_seconds(more: str, start: float) -> None:
    rate = f'ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001" {more}'
    body = '<p begin="01:00:00:00" end="01:00:01:00">a</p>'
    assert read_text(_ttml(body, rate), "ttml").cues[0].start == start


def test_line_breaks_of_subviewer_are_no_text() -> None:
    text = "[INFORMATION]\n[SUBTITLE]\n00:00:01.00,00:00:03.00\nHello[br]World\n"
    assert [cue.text for cue in read_text(text, "sub").cues] == ["Hello\nWorld"]


OLD_FORMATS = {
    "subviewer 1": (
        "[TITLE]\nThe film\n[DELAY]\n0\n******** START SCRIPT ********\n[00:00:02]\n"
        "Where were you?|Out.\n[00:00:05]\n\n[00:00:07]\nI see.\n[00:00:09]\n\n[END]\n"
    ),
    "subviewer 2": (
        "[INFORMATION]\n[TITLE]The film\n[END INFORMATION]\n[SUBTITLE]\n[COLF]&HFFFFFF\n"
        "00:00:02.00,00:00:05.00\nWhere were you?[br]Out.\n\n00:00:07.00,00:00:09.00\nI see.\n"
    ),
    "jacosub": (
        "#TITLE The film\n#TIMERES 25\n0:00:02.00 0:00:05.00 D Where were you?\\nOut.\n"
        "@175 @225 [JC] {aside}I \\\n  see.\n"
    ),
    "jacosub without directives": (
        "#T25\n#SHIFT 0\n0:00:02.00 0:00:05.00 Where were you?\\nOut.\n"
        "0:00:07.00 0:00:09.00 I~see.\n"
    ),
    "pjs": '   20,   50,"Where were you?|Out."\n   70,   90,"I see."\n',
    "aqtitle": (
        "-->> 000050\nWhere were you?\nOut.\n\n-->> 125\n\n\n-->> 175\nI see.\n\n-->> 225\n\n"
    ),
    "mpl2": "[20] [50] Where were you?|Out.\n[70][90]I see.\n",
    "mpsub": "TITLE=The film\nFORMAT=TIME\n\n2 3\nWhere were you?\nOut.\n\n2.0 2\nI see.\n",
    "mpsub in frames": "FORMAT=25\n\n50 75\nWhere were you?\nOut.\n\n50 50\nI see.\n",
    "spruce": (
        "//English\n$FontName = Arial\n\n00:00:02:00 , 00:00:05:00 , Where were you?|Out.\n"
        "00:00:07:00,00:00:09:00,I see.\n"
    ),
}


@pytest.mark.parametrize("name", OLD_FORMATS)
@pytest.mark.parametrize("suffix", ["sub", "txt"])
def test_a_format_of_old_players_is_read_by_its_content(name: str, suffix: str) -> None:
    result = read_text(OLD_FORMATS[name], suffix, frame_rate=25.0)
    assert _cues(result) == [(2.0, 5.0, "Where were you?\nOut."), (7.0, 9.0, "I see.")]


@pytest.mark.parametrize(
    ("film_rate", "largest", "half"),
    [(25.0, 24, 2.48), (None, 24, 2.48), (23.976, 23, 2.501), (50.0, 24, 2.48), (24.0, 24, 2.48)],
)
def test_two_digits_behind_a_colon_are_frames_of_the_film(
    film_rate: float | None, largest: int, half: float
) -> None:
    text = f"1\n00:00:02:12 --> 00:00:05:00\nOne\n\n2\n00:00:07:00 --> 00:00:09:{largest}\nTwo\n"
    first, _ = read_text(text, "srt", frame_rate=film_rate).cues
    assert (first.start, first.end) == (half, 5.0)


@pytest.mark.parametrize("other", ["00:00:09:60", "00:00:09:500", "00:00:09,50"])
def test_what_is_too_large_for_frames_is_a_decimal(other: str) -> None:
    text = f"1\n00:00:02:12 --> 00:00:05:00\nOne\n\n2\n00:00:07:00 --> {other}\nTwo\n"
    assert read_text(text, "srt", frame_rate=25.0).cues[0].start in (2.12, 2.012)


def test_what_is_too_large_for_frames_of_jacosub_is_hundredths() -> None:
    text = "0:00:02.15 0:00:05.00 Where?\n0:00:07.00 0:00:09.80 I see.\n"
    assert _cues(read_text(text, "jss")) == [(2.15, 5.0, "Where?"), (7.0, 9.8, "I see.")]
    assert _cues(read_text(text.replace("80", "15"), "jss"))[0] == (2.5, 5.0, "Where?")


@pytest.mark.parametrize("text", ["Downloaded from a site\nat 12:30\n", "00:12 Introduction\n"])
def test_notes_are_no_subtitle(text: str) -> None:
    with pytest.raises(InputRejectedError, match="plain text has no times"):
        read_text(text, "txt")


def test_text_of_ass_that_is_never_seen_is_left_out_and_what_fades_is_kept() -> None:
    result = _ass(
        _line(1, "Default", r"{\alpha&HFF&}hidden {\alpha&H00&}shown"),
        _line(2, "Default", r"{\alpha&HFF&\t(0,200,\alpha&H00&)}fades in"),
        _line(3, "Default", r"{\t(800,1000,\alpha&HFF&)}fades out"),
        _line(4, "Default", r"{\1a&HFF&}outline only"),
        _line(5, "Default", r"\{in braces\}"),
    )
    shown = [cue.text for cue in drop_unusable(result).cues]
    assert shown == ["shown", "fades in", "fades out", "{in braces}"]


@pytest.mark.parametrize("broken", ["</tt>\n\0\0garbage", "</tt></tt>"])
def test_ttml_with_something_behind_its_end_is_read(broken: str) -> None:
    text = TT.format("", '<p begin="1s" end="2s">A<br>B</p>').replace("</tt>", broken)
    assert _cues(read_text(text, "ttml")) == [(1.0, 2.0, "A\nB")]


def test_lyrics_with_hours_are_read() -> None:
    text = "[00:59:58.50]One\n[01:00:01.00]Two\n[1:00:02.25]\n"
    assert _cues(read_text(text, "lrc")) == [(3598.5, 3601.0, "One"), (3601.0, 3602.25, "Two")]
