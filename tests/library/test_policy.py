"""What a medium has, and what is to be made of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from subtitled.config.settings import ExistingSettings, LibrarySettings
from subtitled.library.coverage import EMBEDDED, SIDECAR, Existing, coverage, serving
from subtitled.library.policy import Decision, decide
from subtitled.media.probe import MediaFacts, SubtitleTrack
from subtitled.plugin import UNDETERMINED, Kind, Language

EN, ES, DE = Language("en"), Language("es"), Language("de")
EVERYTHING_COUNTS = ExistingSettings(forced=True, embedded_images=True)

languages = st.sampled_from(["en", "es", "de", "pt", "pt-BR", "zh-Hans", "zh-Hant"]).map(Language)
existing_subtitles = st.builds(
    Existing,
    language=st.none() | languages,
    kind=st.sampled_from(Kind),
    origin=st.sampled_from([SIDECAR, EMBEDDED]),
    where=st.just("x"),
    format=st.sampled_from(["srt", "vtt", "subrip"]),
    is_text=st.booleans(),
    ours=st.booleans(),
)
wishes = st.lists(st.just("original") | languages.map(str), min_size=1, max_size=4)


def library(*wanted: str, **more: Any) -> LibrarySettings:
    return LibrarySettings(path=Path("/f"), languages=wanted, **more)


def anything(spoken: Language, wanted: Language) -> str | None:
    return "transcribed" if spoken.serves(wanted) else "translated"


def only_what_is_said(spoken: Language, wanted: Language) -> str | None:
    return "transcribed" if spoken.serves(wanted) else None


def sidecar(language: Language | None, fmt: str = "srt", **more: Any) -> Existing:
    return Existing(language, more.pop("kind", Kind.FULL), SIDECAR, f"a.{fmt}", fmt, **more)


def track(language: Language, **more: Any) -> SubtitleTrack:
    told = {"is_text": True, "forced": False, "sdh": False, "default": False} | more
    return SubtitleTrack(3, language, "", "subrip", **told)


def facts(*tracks: SubtitleTrack) -> MediaFacts:
    return MediaFacts(60.0, "matroska", (), tracks, True)


def made(decision: Decision) -> list[str | None]:
    return [wish.language and str(wish.language) for wish in decision.make]


def names_made(
    wanted: Sequence[str], existing: Sequence[Existing], spoken: Language | None
) -> list[str | None]:
    return made(decide(library(*wanted), existing, UNDETERMINED, spoken, anything))


# Coverage


def test_sidecars_and_tracks_are_told_apart_with_language_kind_and_owner() -> None:
    found = coverage(
        Path("/f/Film [2020].mkv"),
        facts(track(DE, forced=True), track(UNDETERMINED, is_text=False)),
        ["Film [2020].es.srt", "Film [2020].en.sdh.vtt", "Film [2020] 2.en.srt", "Film [2020].nfo"],
        lambda path: path == Path("/f/Film [2020].es.srt"),
    )
    assert [(e.language, e.kind, e.origin, e.ours, e.is_text) for e in found] == [
        (DE, Kind.FORCED, EMBEDDED, False, True),
        (None, Kind.FULL, EMBEDDED, False, False),
        (EN, Kind.SDH, SIDECAR, False, True),
        (ES, Kind.FULL, SIDECAR, True, True),
    ]


def test_the_first_episode_has_not_what_the_tenth_has() -> None:
    medium = Path("/f/S01E1.mkv")
    assert coverage(medium, facts(), ["S01E10.en.srt"], lambda path: False) == ()


def test_sidecars_elsewhere_are_asked_for_where_they_lie() -> None:
    asked: list[Path] = []

    def ours(path: Path) -> bool:
        asked.append(path)
        return False

    coverage(Path("/f/a.mkv"), facts(), ["a.en.srt"], ours, Path("/out"))
    assert asked == [Path("/out/a.en.srt")]


@given(existing_subtitles, languages, st.none() | languages)
def test_one_of_ours_serves_its_format_only_and_another_s_serves_all(
    one: Existing, wanted: Language, spoken: Language | None
) -> None:
    served = {
        fmt
        for fmt in ("srt", "vtt", "ass")
        if serving([one], wanted, spoken, fmt, EVERYTHING_COUNTS)
    }
    if one.ours:
        assert served <= {one.format}
    else:
        assert served in (set(), {"srt", "vtt", "ass"})


@given(existing_subtitles, languages, st.none() | languages)
def test_nothing_serves_a_reader_of_another_language(
    one: Existing, wanted: Language, spoken: Language | None
) -> None:
    if serving([one], wanted, spoken, "srt", EVERYTHING_COUNTS):
        language = one.language or spoken
        assert language is not None
        assert language.serves(wanted)


def test_a_sidecar_without_a_language_is_in_the_one_spoken_if_that_is_known() -> None:
    bare = [sidecar(None)]
    rules = ExistingSettings()
    assert serving(bare, EN, EN, "srt", rules) is bare[0]
    assert serving(bare, ES, EN, "srt", rules) is None
    assert serving(bare, EN, None, "srt", rules) is None


def test_forced_and_picture_subtitles_count_only_if_the_rules_say_so() -> None:
    forced = sidecar(EN, kind=Kind.FORCED)
    pictures = Existing(EN, Kind.FULL, EMBEDDED, "3", "hdmv_pgs_subtitle", is_text=False)
    for one, rule in ((forced, "forced"), (pictures, "embedded_images")):
        assert serving([one], EN, EN, "srt", ExistingSettings(**{rule: False})) is None
        assert serving([one], EN, EN, "srt", ExistingSettings(**{rule: True})) is one


# Policy


def test_what_is_spoken_and_a_translation_are_made_each_with_its_way() -> None:
    decision = decide(library("original", "es"), (), EN, EN, anything)
    assert made(decision) == ["en", "es"]
    assert [wish.reason for wish in decision.make] == [
        "to be made as srt, transcribed",
        "to be made as srt, translated",
    ]
    assert not decision.needs_listening


def test_only_missing_formats_are_made_of_ours() -> None:
    existing = [sidecar(EN, "srt", ours=True)]
    decision = decide(library("en", formats=("srt", "vtt")), existing, EN, EN, anything)
    assert [wish.formats for wish in decision.make] == [("vtt",)]


def test_a_person_s_subtitle_is_enough_for_every_format() -> None:
    decision = decide(library("en", formats=("srt", "vtt")), [sidecar(EN, "ass")], EN, EN, anything)
    assert decision.make == ()
    assert decision.reasons == ("en: there is a.ass (sidecar)",)


def test_what_nothing_can_make_is_said_and_not_tried() -> None:
    decision = decide(library("original", "de"), (), EN, EN, only_what_is_said)
    assert made(decision) == ["en"]
    assert decision.impossible == ("de: nothing configured makes it from en",)


def test_a_tag_is_a_guess_that_never_makes_a_wish_impossible() -> None:
    decision = decide(library("de"), (), EN, None, only_what_is_said)
    assert (made(decision), decision.impossible) == (["de"], ())
    assert decision.needs_listening


def test_nobody_listens_to_a_file_whose_tag_shows_that_all_is_there() -> None:
    decision = decide(library("original"), [sidecar(EN)], EN, None, anything)
    assert (decision.make, decision.needs_listening) == ((), False)


def test_an_untagged_file_is_listened_to_before_original_means_anything() -> None:
    decision = decide(library("original"), (), UNDETERMINED, None, anything)
    assert made(decision) == [None]
    assert decision.needs_listening


def test_original_and_the_language_that_it_turns_out_to_be_are_one_wish() -> None:
    assert names_made(["original", "en"], (), EN) == ["en"]
    assert names_made(["original", "pt-BR"], (), Language("pt")) == ["pt-BR"]
    assert names_made(["original", "pt-BR"], (), Language("pt-PT")) == ["pt-PT", "pt-BR"]


@given(wishes, st.lists(existing_subtitles, max_size=5), languages, st.none() | languages)
def test_every_wish_is_answered_once_and_with_a_reason(
    wanted: list[str], existing: list[Existing], tag: Language, spoken: Language | None
) -> None:
    settings = library(*wanted, formats=("srt", "vtt"))
    decision = decide(settings, existing, tag, spoken, only_what_is_said)
    assert len(set(made(decision))) == len(decision.make)
    assert len(decision.reasons) <= len(wanted)
    assert len(decision.make) + len(decision.impossible) <= len(decision.reasons)
    assert all(wish.formats for wish in decision.make)
    assert decision.needs_listening == (spoken is None and bool(decision.make))
    if spoken is None:
        assert decision.impossible == ()


@given(wishes, st.lists(existing_subtitles, max_size=5), languages)
def test_once_all_that_was_decided_is_made_nothing_more_is_wanted(
    wanted: list[str], existing: list[Existing], spoken: Language
) -> None:
    """Else the same files would be made again at every walk."""
    settings = library(*wanted, formats=("srt", "vtt"))
    first = decide(settings, existing, spoken, spoken, anything)
    then = [
        *existing,
        *(sidecar(w.language, fmt, ours=True) for w in first.make for fmt in w.formats),
    ]
    assert decide(settings, then, spoken, spoken, anything).make == ()
