"""Sidecar names: ours round trip, those of other programs are parsed, other files ignored."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.config.library_settings import FilenameSettings
from subtitled.plugin import InputRejectedError, Language, SubtitleKind
from subtitled.subtitles.filenames import (
    SUMMARY_SUFFIXES,
    SidecarName,
    build_sidecar_path,
    build_summary_path,
    is_sidecar_of,
    parse_sidecar_name,
    parse_summary_name,
)

_stem = st.text(
    st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda stem: Path(f"{stem}.mkv").stem == stem and not stem.startswith(".subtitled-"))


@given(
    _stem,
    st.sampled_from(["en", "pt-BR", "zh-Hans", "yue"]),
    st.sampled_from(list(SubtitleKind)),
    st.sampled_from(["srt", "vtt", "ass"]),
)
def test_our_sidecar_names_are_parsed_for_any_media_file(
    stem: str, tag: str, kind: SubtitleKind, fmt: str
) -> None:
    path = build_sidecar_path(Path("/m") / f"{stem}.mkv", Language(tag), kind, fmt)
    parsed = parse_sidecar_name(f"{stem}.mkv", path.name)
    assert parsed == SidecarName(language=Language(tag), kind=kind, format=fmt)


@given(_stem, *[st.sampled_from(["en", "pt-BR", "zh-Hans", "hi", "es-419"])] * 2)
def test_of_two_languages_players_read_the_upper_and_we_both(stem: str, up: str, low: str) -> None:
    path = build_sidecar_path(
        Path("/m") / f"{stem}.mkv", Language(up), SubtitleKind.FULL, "srt", secondary=Language(low)
    )
    assert path.name == f"{stem}.bilingual-{low}.{up}.srt"
    parsed = parse_sidecar_name(f"{stem}.mkv", path.name)
    assert parsed == SidecarName(
        language=Language(up), kind=SubtitleKind.FULL, format="srt", secondary=Language(low)
    )


@pytest.mark.parametrize("name", ["Film.bilingual-en.srt", "Film.bilingual-edition.en.srt"])
def test_a_title_that_names_no_second_language_is_a_title(name: str) -> None:
    parsed = parse_sidecar_name("Film.mkv", name)
    assert parsed is not None
    assert (parsed.secondary, parsed.title[:10]) == (None, "bilingual-")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Film.eng.srt", ("en", SubtitleKind.FULL)),
        ("Film.fre.srt", ("fr", SubtitleKind.FULL)),
        ("Film.German.srt", ("de", SubtitleKind.FULL)),
        ("Film.en.forced.srt", ("en", SubtitleKind.FORCED)),
        ("Film.forced.en.srt", ("en", SubtitleKind.FORCED)),
        ("Film.en.hi.srt", ("en", SubtitleKind.SDH)),
        ("Film.hi.srt", ("hi", SubtitleKind.FULL)),
        ("Film.en.cc.vtt", ("en", SubtitleKind.SDH)),
        ("Film.chs.ass", ("zh-Hans", SubtitleKind.FULL)),
        ("Film.default.es.srt", ("es", SubtitleKind.FULL)),
        ("Film.srt", (None, SubtitleKind.FULL)),
    ],
)
def test_names_of_other_tools_are_understood(
    name: str, expected: tuple[str | None, SubtitleKind]
) -> None:
    parsed = parse_sidecar_name("Film.mkv", name)
    assert parsed is not None
    assert (parsed.language, parsed.kind) == expected


@pytest.mark.parametrize(
    ("media", "name"),
    [
        ("S01E1.mkv", "S01E10.en.srt"),
        ("Film.mkv", "Film 2.en.srt"),
        ("Film.mkv", "Film.en.nfo"),
        ("[a].mkv", "a.en.srt"),
        ("Film.mkv", "film.en.srt"),
    ],
)
def test_sidecar_of_another_media_file_is_not_taken(media: str, name: str) -> None:
    assert parse_sidecar_name(media, name) is None


def test_a_name_that_is_not_text_keeps_its_bytes() -> None:
    media = Path(os.fsdecode(b"/m/caf\xe9.mkv"))
    path = build_sidecar_path(media, Language("fr"), SubtitleKind.FULL, "srt")
    assert os.fsencode(path) == b"/m/caf\xe9.fr.srt"


def test_name_that_is_too_long_is_an_error_with_a_hint() -> None:
    with pytest.raises(InputRejectedError, match="shorter name"):
        build_sidecar_path(
            Path("é" * 124 + ".mkv"), Language("zh-Hans"), SubtitleKind.FORCED, "srt"
        )


_language_codes = {
    "en": "en",
    "eng": "en",
    "fre": "fr",
    "fra": "fr",
    "ger": "de",
    "deu": "de",
    "es": "es",
    "spa": "es",
    "pt-BR": "pt-BR",
    "pt_BR": "pt-BR",
    "zh-Hant": "zh-Hant",
    "zho": "zh",
    "chi": "zh",
    "jpn": "ja",
    "hin": "hi",
    "hi": "hi",
    "Spanish": "es",
}


@given(
    _stem,
    st.sampled_from(sorted(_language_codes)),
    st.sampled_from(["", "forced", "foreign", "sdh", "cc", "hi", "default"]),
    st.booleans(),
    st.sampled_from(["srt", "SRT", "vtt", "ass", "sup"]),
)
def test_code_and_mark_are_understood_in_either_order(
    stem: str, code: str, mark: str, mark_first: bool, ending: str
) -> None:
    if code == "hi" and mark == "hi":
        return
    tokens = [token for token in ((mark, code) if mark_first else (code, mark)) if token]
    parsed = parse_sidecar_name(f"{stem}.mkv", ".".join([stem, *tokens, ending]))
    kinds = {"forced": SubtitleKind.FORCED, "foreign": SubtitleKind.FORCED}
    kinds |= {"sdh": SubtitleKind.SDH, "cc": SubtitleKind.SDH, "hi": SubtitleKind.SDH}
    expected = SidecarName(
        language=Language(_language_codes[code]),
        kind=kinds.get(mark, SubtitleKind.FULL),
        format=ending.lower(),
    )
    assert parsed == expected


@given(_stem, _stem, st.sampled_from(["en", "es"]))
def test_sidecar_of_one_media_file_is_never_that_of_another_without_a_dot(
    stem: str, other: str, tag: str
) -> None:
    name = build_sidecar_path(Path(f"/m/{stem}.mkv"), Language(tag), SubtitleKind.FULL, "srt").name
    if not f"{stem}.".startswith(f"{other}."):
        assert parse_sidecar_name(f"{other}.mkv", name) is None


@given(st.integers(1, 130), st.sampled_from(["a", "é", "字", "😀"]))
def test_longest_name_fits_the_file_system(length: int, character: str) -> None:
    media = Path("/m") / f"{character * length * 2}.x"
    whole = len(os.fsencode(f"{media.stem}.pt-BR.forced.srt"))
    try:
        sidecar_path = build_sidecar_path(media, Language("pt-BR"), SubtitleKind.FORCED, "srt")
    except InputRejectedError:
        assert whole > 255
    else:
        assert len(os.fsencode(sidecar_path.name)) == whole <= 255


@pytest.mark.parametrize(
    ("name", "title"),
    [("Film.Director's cut.en.srt", "Director's cut"), ("Film.1.2.en.srt", "1.2")],
)
def test_what_else_stands_in_a_name_is_its_title(name: str, title: str) -> None:
    parsed = parse_sidecar_name("Film.mkv", name)
    assert parsed is not None
    assert (parsed.title, parsed.language) == (title, "en")


def test_a_file_of_ours_that_is_being_written_is_no_sidecar() -> None:
    assert parse_sidecar_name(".subtitled-1.mkv", ".subtitled-1.en.srt") is None


@pytest.mark.parametrize(
    "name", ["Film.chapters.vtt", "Film.en.chapters.vtt", "Film.en.summary.json"]
)
def test_a_summary_and_its_chapters_are_no_subtitles(name: str) -> None:
    assert parse_sidecar_name("Film.mkv", name) is None
    assert parse_sidecar_name("Film.mkv", "Film.chapters.en.vtt") is not None


@given(
    _stem,
    st.sampled_from(["en", "hi", "nb", "yue", "pt-BR", "zh-Hans", "zh-Hant", "es-419", "sr-Latn"]),
    st.sampled_from(list(SubtitleKind)),
    st.sampled_from(["standard", "iso639-2"]),
    st.sampled_from(["", "machine", "made by a machine", "AI"]),
)
def test_every_name_style_is_parsed_to_language_and_kind(
    stem: str, tag: str, kind: SubtitleKind, style: str, mark: str
) -> None:
    naming = FilenameSettings.model_validate({"style": style, "tag": mark})
    path = build_sidecar_path(
        Path("/m") / f"{stem}.mkv", Language(tag), kind, "srt", settings=naming
    )
    assert parse_sidecar_name(f"{stem}.mkv", path.name) == SidecarName(
        language=Language(tag), kind=kind, format="srt", title=mark
    )


@pytest.mark.parametrize(
    ("tag", "code"),
    [("es", "spa"), ("de", "ger"), ("hi", "hin"), ("pt-BR", "pob"), ("zh", "chi"), ("yue", "yue")]
    + [(tag, tag) for tag in ("zh-Hans", "zh-Hant", "es-419", "en-GB", "sr-Latn")],
)
def test_three_letter_codes_are_written_where_they_mean_the_same(tag: str, code: str) -> None:
    naming = FilenameSettings(style="iso639-2", tag="machine")
    path = build_sidecar_path(
        Path("/m/Film.mkv"), Language(tag), SubtitleKind.FORCED, "srt", settings=naming
    )
    assert path.name == f"Film.machine.{code}.forced.srt"


@pytest.mark.parametrize(
    "mark",
    ["hi", "a forced one", "Default", "spa", "Spanish", "a.b", "../x", "a  b", " a", "1", "cc"],
)
def test_a_mark_that_would_be_taken_for_something_else_is_refused(mark: str) -> None:
    with pytest.raises(ValueError, match=r"language|flag|letters"):
        FilenameSettings(tag=mark)


@given(
    _stem,
    st.sampled_from(["en", "pt-BR", "zh-Hans"]),
    st.sampled_from(SUMMARY_SUFFIXES),
)
def test_summary_is_recognised_by_its_name_and_is_no_subtitle(
    stem: str, tag: str, ending: str
) -> None:
    media = Path(f"/films/{stem}.mkv")
    name = build_summary_path(media, Language(tag), ending).name
    assert parse_summary_name(media.name, name) == (Language(tag), ending)
    assert parse_sidecar_name(media.name, name) is None
    assert is_sidecar_of(media.name, name)
    assert not is_sidecar_of(f"x{media.name}", name)
