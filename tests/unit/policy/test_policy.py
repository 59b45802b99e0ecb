"""Which subtitles a media file has, and which it requires."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.config.settings import ExistingSubtitleSettings, LibrarySettings
from subtitled.media.marks import Mark
from subtitled.media.probe import MediaInfo, SubtitleTrack
from subtitled.plugin import UNDETERMINED, Language, SubtitleKind
from subtitled.policy.coverage import (
    EMBEDDED,
    SIDECAR,
    ExistingSubtitle,
    SubtitleQuery,
    existing_subtitles,
    find_redundant,
    find_satisfying,
)
from subtitled.policy.policy import decide
from subtitled.policy.requirements import AnswerStatus, AvailableSources, Decision
from subtitled.subtitles.ownership import Ownership

EN, ES, DE = Language("en"), Language("es"), Language("de")
EVERYTHING_COUNTS = ExistingSubtitleSettings(forced=True, embedded_images=True)

languages = st.sampled_from(["en", "es", "de", "pt", "pt-BR", "zh-Hans", "zh-Hant"]).map(Language)
any_subtitles = st.builds(
    ExistingSubtitle,
    language=st.none() | languages,
    kind=st.sampled_from(SubtitleKind),
    origin=st.sampled_from([SIDECAR, EMBEDDED]),
    location=st.just("x"),
    format=st.sampled_from(["srt", "vtt", "subrip"]),
    is_text=st.booleans(),
    is_ours=st.booleans(),
)
requirements = st.lists(st.just("original") | languages.map(str), min_size=1, max_size=4)


def library(*wanted: str, **more: Any) -> LibrarySettings:
    return LibrarySettings(path=Path("/f"), languages=wanted, **more)


def anything(spoken: Language, wanted: Language) -> str | None:
    return "transcribed" if spoken.satisfies(wanted) else "translated"


def only_what_is_said(spoken: Language, wanted: Language) -> str | None:
    return "transcribed" if spoken.satisfies(wanted) else None


def sidecar(language: Language | None, fmt: str = "srt", **more: Any) -> ExistingSubtitle:
    return ExistingSubtitle(
        language=language,
        kind=more.pop("kind", SubtitleKind.FULL),
        origin=SIDECAR,
        location=f"a.{fmt}",
        format=fmt,
        **more,
    )


def track(language: Language, **more: Any) -> SubtitleTrack:
    marks = {Mark.FORCED} if more.pop("is_forced", False) else set[Mark]()
    values = {"is_text": True, "is_default": False, "marks": frozenset(marks)} | more
    return SubtitleTrack(index=3, language=language, title="", codec="subrip", **values)


def facts(*tracks: SubtitleTrack) -> MediaInfo:
    return MediaInfo(
        duration=60.0, format="matroska", audio_tracks=(), subtitle_tracks=tracks, has_video=True
    )


def required_languages(decision: Decision) -> list[str | None]:
    return [
        requirement.language and str(requirement.language) for requirement in decision.requirements
    ]


def names_made(
    wanted: Sequence[str], existing: Sequence[ExistingSubtitle], spoken: Language | None
) -> list[str | None]:
    return required_languages(decide(library(*wanted), existing, UNDETERMINED, spoken, anything))


# Coverage


def test_sidecars_and_tracks_have_language_kind_and_ownership() -> None:
    found = existing_subtitles(
        Path("/f/Film [2020].mkv"),
        facts(track(DE, is_forced=True), track(UNDETERMINED, is_text=False)),
        ["Film [2020].es.srt", "Film [2020].en.sdh.vtt", "Film [2020] 2.en.srt", "Film [2020].nfo"],
        lambda path: Ownership.OURS if path == Path("/f/Film [2020].es.srt") else Ownership.HUMAN,
    )
    assert [(e.language, e.kind, e.origin, e.is_ours, e.is_text) for e in found] == [
        (DE, SubtitleKind.FORCED, EMBEDDED, False, True),
        (None, SubtitleKind.FULL, EMBEDDED, False, False),
        (EN, SubtitleKind.SDH, SIDECAR, False, True),
        (ES, SubtitleKind.FULL, SIDECAR, True, True),
    ]


def test_the_first_episode_does_not_get_sidecars_of_the_tenth() -> None:
    media = Path("/f/S01E1.mkv")
    assert existing_subtitles(media, facts(), ["S01E10.en.srt"], lambda path: Ownership.HUMAN) == ()


def test_a_data_file_is_a_subtitle_only_if_it_is_ours() -> None:
    names = ["a.en.json", "a.en.txt", "a.info.json", "a.es.json"]
    whose = {"a.es.json": Ownership.OURS, "a.en.txt": Ownership.EDITED}
    found = existing_subtitles(
        Path("/f/a.mkv"), facts(), names, lambda path: whose.get(path.name, Ownership.HUMAN)
    )
    assert [(one.location, one.language, one.is_ours) for one in found] == [
        ("a.en.txt", EN, False),
        ("a.es.json", ES, True),
    ]


def test_sidecars_in_another_folder_are_found_there() -> None:
    asked: list[Path] = []

    def whose(path: Path) -> Ownership:
        asked.append(path)
        return Ownership.HUMAN

    existing_subtitles(Path("/f/a.mkv"), facts(), ["a.en.srt"], whose, Path("/out"))
    assert asked == [Path("/out/a.en.srt")]


@given(any_subtitles, languages, st.none() | languages)
def test_our_subtitle_satisfies_its_format_only_and_a_human_one_all(
    one: ExistingSubtitle, wanted: Language, spoken: Language | None
) -> None:
    served = {
        fmt
        for fmt in ("srt", "vtt", "ass")
        if find_satisfying(
            [one], SubtitleQuery(language=wanted, format=fmt), spoken, EVERYTHING_COUNTS
        )
    }
    if one.is_ours:
        assert served <= {one.format}
    else:
        assert served in (set(), {"srt", "vtt", "ass"})


@given(any_subtitles, languages, st.none() | languages)
def test_nothing_serves_a_reader_of_another_language(
    one: ExistingSubtitle, wanted: Language, spoken: Language | None
) -> None:
    if find_satisfying(
        [one], SubtitleQuery(language=wanted, format="srt"), spoken, EVERYTHING_COUNTS
    ):
        language = one.language or spoken
        assert language is not None
        assert language.satisfies(wanted)


def test_a_sidecar_without_a_language_counts_as_the_spoken_one() -> None:
    bare = [sidecar(None)]
    rules = ExistingSubtitleSettings()
    assert find_satisfying(bare, SubtitleQuery(language=EN, format="srt"), EN, rules) is bare[0]
    assert find_satisfying(bare, SubtitleQuery(language=ES, format="srt"), EN, rules) is None
    assert find_satisfying(bare, SubtitleQuery(language=EN, format="srt"), None, rules) is None


def test_forced_and_picture_subtitles_count_only_if_configured() -> None:
    forced = sidecar(EN, kind=SubtitleKind.FORCED)
    pictures = ExistingSubtitle(
        language=EN,
        kind=SubtitleKind.FULL,
        origin=EMBEDDED,
        location="3",
        format="hdmv_pgs_subtitle",
        is_text=False,
    )
    for one, rule in ((forced, "forced"), (pictures, "embedded_images")):
        assert (
            find_satisfying(
                [one],
                SubtitleQuery(language=EN, format="srt"),
                EN,
                ExistingSubtitleSettings(**{rule: False}),
            )
            is None
        )
        assert (
            find_satisfying(
                [one],
                SubtitleQuery(language=EN, format="srt"),
                EN,
                ExistingSubtitleSettings(**{rule: True}),
            )
            is one
        )


# Policy


def test_the_spoken_language_and_a_translation_are_required_each_with_its_route() -> None:
    decision = decide(library("original", "es"), (), EN, EN, anything)
    assert required_languages(decision) == ["en", "es"]
    assert [requirement.reason for requirement in decision.requirements] == [
        "to be made as srt, transcribed",
        "to be made as srt, translated",
    ]
    assert not decision.needs_analysis


def test_only_missing_formats_of_ours_are_produced() -> None:
    existing = [sidecar(EN, "srt", is_ours=True)]
    decision = decide(library("en", formats=("srt", "vtt")), existing, EN, EN, anything)
    assert [requirement.formats for requirement in decision.requirements] == [("vtt",)]


def test_a_person_s_subtitle_is_enough_for_every_format() -> None:
    decision = decide(library("en", formats=("srt", "vtt")), [sidecar(EN, "ass")], EN, EN, anything)
    assert decision.requirements == ()
    assert decision.reasons == ("en: covered by a.ass (sidecar)",)


def test_impossible_requirement_is_reported_and_not_produced() -> None:
    decision = decide(library("original", "de"), (), EN, EN, only_what_is_said)
    assert required_languages(decision) == ["en"]
    assert decision.unsatisfiable == ("de: no configured engine or translator makes it from en",)


def test_language_tag_never_makes_a_requirement_impossible() -> None:
    decision = decide(library("de"), (), EN, None, only_what_is_said)
    assert (required_languages(decision), decision.unsatisfiable) == (["de"], ())
    assert decision.needs_analysis


def test_a_file_is_not_analysed_when_its_tag_shows_that_everything_exists() -> None:
    decision = decide(library("original"), [sidecar(EN)], EN, None, anything)
    assert (decision.requirements, decision.needs_analysis) == ((), False)


def test_an_untagged_file_is_listened_to_before_original_means_anything() -> None:
    decision = decide(library("original"), (), UNDETERMINED, None, anything)
    assert required_languages(decision) == [None]
    assert decision.needs_analysis


@pytest.mark.parametrize("can_make", [anything, only_what_is_said])
def test_before_the_language_is_known_no_reason_says_that_nothing_makes_it(can_make: Any) -> None:
    (answer,) = decide(library("en"), (), UNDETERMINED, None, can_make).answers
    assert answer.reason == "to be made if possible; the spoken language is not known yet"
    assert answer.status is AnswerStatus.MISSING


def test_original_and_the_language_it_stands_for_are_one_requirement() -> None:
    assert names_made(["original", "en"], (), EN) == ["en"]
    assert names_made(["original", "pt-BR"], (), Language("pt")) == ["pt-BR"]
    assert names_made(["original", "pt-BR"], (), Language("pt-PT")) == ["pt-PT", "pt-BR"]


@given(requirements, st.lists(any_subtitles, max_size=5), languages, st.none() | languages)
def test_every_requirement_has_one_answer_with_a_reason(
    wanted: list[str], existing: list[ExistingSubtitle], tag: Language, spoken: Language | None
) -> None:
    settings = library(*wanted, formats=("srt", "vtt"))
    decision = decide(settings, existing, tag, spoken, only_what_is_said)
    assert len(set(required_languages(decision))) == len(decision.requirements)
    assert len(decision.reasons) <= len(wanted)
    assert len(decision.requirements) + len(decision.unsatisfiable) <= len(decision.reasons)
    assert all(requirement.formats for requirement in decision.requirements)
    assert decision.needs_analysis == (spoken is None and bool(decision.requirements))
    if spoken is None:
        assert decision.unsatisfiable == ()


@given(requirements, st.lists(any_subtitles, max_size=5), languages)
def test_nothing_is_required_once_every_requirement_is_satisfied(
    wanted: list[str], existing: list[ExistingSubtitle], spoken: Language
) -> None:
    """Else the same files would be made again at every walk."""
    settings = library(*wanted, formats=("srt", "vtt"))
    first = decide(settings, existing, spoken, spoken, anything)
    then = [
        *existing,
        *(sidecar(w.language, fmt, is_ours=True) for w in first.requirements for fmt in w.formats),
    ]
    assert decide(settings, then, spoken, spoken, anything).requirements == ()


# By table: one subtitle, the rules, and whether it is enough

PICTURES = ExistingSubtitle(
    language=EN,
    kind=SubtitleKind.FULL,
    origin=EMBEDDED,
    location="3",
    format="hdmv_pgs_subtitle",
    is_text=False,
)
TEXT_INSIDE = ExistingSubtitle(
    language=EN, kind=SubtitleKind.FULL, origin=EMBEDDED, location="3", format="subrip"
)


@pytest.mark.parametrize(
    ("one", "rules", "enough"),
    [
        (sidecar(EN), {}, True),
        (sidecar(EN), {"sidecars": False}, False),
        (TEXT_INSIDE, {}, True),
        (TEXT_INSIDE, {"embedded_text": False}, False),
        (TEXT_INSIDE, {"sidecars": False}, True),
        (PICTURES, {}, False),
        (PICTURES, {"embedded_images": True}, True),
        (sidecar(EN, "sup", is_text=False), {"embedded_images": False}, True),
        (sidecar(EN, kind=SubtitleKind.SDH), {}, True),
        (sidecar(EN, kind=SubtitleKind.SDH), {"sdh": False}, False),
        (sidecar(EN, kind=SubtitleKind.FORCED), {}, False),
        (sidecar(EN, kind=SubtitleKind.FORCED), {"forced": True}, True),
        (sidecar(EN, kind=SubtitleKind.FORCED), {"forced": True, "sidecars": False}, False),
        (
            ExistingSubtitle(
                language=EN,
                kind=SubtitleKind.FORCED,
                origin=EMBEDDED,
                location="3",
                format="subrip",
            ),
            {},
            False,
        ),
        (
            ExistingSubtitle(
                language=EN, kind=SubtitleKind.SDH, origin=EMBEDDED, location="3", format="subrip"
            ),
            {},
            True,
        ),
        (
            ExistingSubtitle(
                language=None,
                kind=SubtitleKind.FULL,
                origin=EMBEDDED,
                location="3",
                format="subrip",
            ),
            {},
            False,
        ),
        (sidecar(ES), {}, False),
        (sidecar(Language("en-GB")), {}, True),
        (sidecar(EN, is_ours=True), {"sidecars": False, "sdh": False}, True),
        (sidecar(EN, "vtt", is_ours=True), {}, False),
        (sidecar(EN, "vtt"), {}, True),
    ],
)
def test_whether_one_subtitle_is_enough_under_the_rules(
    one: ExistingSubtitle, rules: dict[str, bool], enough: bool
) -> None:
    settings = library("en", counts_as_existing=ExistingSubtitleSettings(**rules))
    decision = decide(settings, [one], EN, EN, anything)
    assert required_languages(decision) == ([] if enough else ["en"])
    assert len(decision.reasons) == 1
    assert decision.reasons[0].startswith("en: covered by" if enough else "en: to be made")


@pytest.mark.parametrize(
    ("has", "wanted", "enough"),
    [
        ("pt", "pt-BR", True),
        ("pt-BR", "pt", True),
        ("pt-PT", "pt-BR", False),
        ("zh-Hans", "zh-Hant", False),
        ("zh-TW", "zh-Hant", True),
        ("zh-CN", "zh-Hant", False),
        ("zh", "zh-Hant", True),
        ("en-US", "en-GB", False),
    ],
)
def test_regions_and_scripts_are_enough_only_where_they_agree(
    has: str, wanted: str, enough: bool
) -> None:
    decision = decide(library(wanted), [sidecar(Language(has))], EN, EN, anything)
    assert (decision.requirements == ()) is enough


@pytest.mark.parametrize("wanted", [("original", "en"), ("en", "original"), ("en", "en")])
@pytest.mark.parametrize("existing", [(), (sidecar(EN),)])
def test_original_in_english_and_english_are_one_requirement(
    wanted: tuple[str, ...], existing: tuple[ExistingSubtitle, ...]
) -> None:
    decision = decide(library(*wanted), existing, EN, EN, anything)
    assert required_languages(decision) == ([] if existing else ["en"])
    assert len(decision.reasons) == 1


def test_wrong_tag_is_ignored_once_the_language_is_identified() -> None:
    settings = library("original")
    assert required_languages(decide(settings, [sidecar(EN)], EN, None, anything)) == []
    assert required_languages(decide(settings, [sidecar(EN)], EN, ES, anything)) == ["es"]


# Of anything at all


def _enough(
    one: ExistingSubtitle, wanted: Language, guess: Language | None, rules: ExistingSubtitleSettings
) -> bool:
    """The rules once more, as the configuration's reference tells them, of others' subtitles."""
    language = one.language
    if language is None and one.origin == SIDECAR:
        language = guess
    kinds = {
        SubtitleKind.FULL: True,
        SubtitleKind.FORCED: rules.forced,
        SubtitleKind.SDH: rules.sdh,
    }
    text = rules.embedded_text if one.is_text else rules.embedded_images
    place = rules.sidecars if one.origin == SIDECAR else text
    return bool(language and language.satisfies(wanted) and kinds[one.kind] and place)


any_rules = st.builds(
    ExistingSubtitleSettings,
    sidecars=st.booleans(),
    embedded_text=st.booleans(),
    embedded_images=st.booleans(),
    forced=st.booleans(),
    sdh=st.booleans(),
)
any_tag = languages | st.just(UNDETERMINED)
any_formats = st.lists(st.sampled_from(["srt", "vtt", "ass"]), min_size=1, max_size=3, unique=True)
several = st.lists(any_subtitles, max_size=5)


@given(requirements, any_formats, several, any_tag, st.none() | languages, any_rules)
def test_exactly_the_unsatisfied_requirements_are_produced(
    wanted: list[str],
    formats: list[str],
    existing: list[ExistingSubtitle],
    tag: Language,
    spoken: Language | None,
    rules: ExistingSubtitleSettings,
) -> None:
    settings = library(*wanted, formats=tuple(formats), counts_as_existing=rules)
    decision = decide(settings, existing, tag, spoken, anything)
    guess = spoken or (tag if tag.is_known else None)
    making = {
        (requirement.language, fmt)
        for requirement in decision.requirements
        for fmt in requirement.formats
    }
    for name in wanted:
        if name == "original":
            continue
        language = Language(name)
        others = any(_enough(one, language, guess, rules) for one in existing if not one.is_ours)
        for fmt in formats:
            own = any(
                one.is_ours
                and one.kind is SubtitleKind.FULL
                and one.format == fmt
                and (
                    one.language or (guess if one.origin == SIDECAR else None) or UNDETERMINED
                ).satisfies(language)
                for one in existing
            )
            assert ((language, fmt) in making) is not (others or own)


@given(requirements, several, any_tag, st.none() | languages, any_rules)
def test_each_language_wanted_gets_exactly_one_sentence(
    wanted: list[str],
    existing: list[ExistingSubtitle],
    tag: Language,
    spoken: Language | None,
    rules: ExistingSubtitleSettings,
) -> None:
    settings = library(*wanted, counts_as_existing=rules)
    decision = decide(settings, existing, tag, spoken, only_what_is_said)
    guess = spoken or (tag if tag.is_known else None)
    expected = {name for name in wanted if name != "original"}
    if "original" in wanted and (
        guess is None or not any(guess.satisfies(Language(n)) for n in expected)
    ):
        expected.add(str(guess or "original"))
    listed = [sentence.split(": ")[0] for sentence in decision.reasons]
    assert sorted(listed) == sorted(expected)
    assert set(decision.unsatisfiable) <= set(decision.reasons)
    making = {str(requirement.language or "original") for requirement in decision.requirements}
    refused = {sentence.split(": ")[0] for sentence in decision.unsatisfiable}
    assert not making & refused
    there = {s.split(": ")[0] for s in decision.reasons if ": covered by " in s}
    assert making | refused | there == expected


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["en", "spa", "de", "pt-BR"]),
            st.sampled_from(["", ".forced", ".sdh"]),
            st.sampled_from(["srt", "vtt", "sup"]),
        ),
        max_size=6,
        unique=True,
    ),
    st.sampled_from(["Film", "S01E1", "a [b] {c}", "100%.x"]),
)
def test_coverage_finds_each_sidecar_and_none_of_another_media_file(
    files: list[tuple[str, str, str]], stem: str
) -> None:
    names = [f"{stem}.{code}{mark}.{ending}" for code, mark, ending in files]
    strangers = [
        f"{stem}0.en.srt",
        f"x{stem}.en.srt",
        f"{stem}.mkv",
        f"{stem}.nfo",
        f"{stem}-en.srt",
    ]
    media = Path("/f") / f"{stem}.mkv"
    found = existing_subtitles(media, facts(), [*strangers, *names], lambda path: Ownership.HUMAN)
    assert sorted(one.location for one in found) == sorted(names)
    for one in found:
        assert one.is_text is not one.location.endswith(".sup")
        assert one.origin == SIDECAR


# Two languages in one


def both(
    upper: str, lower: str, existing: Sequence[ExistingSubtitle] = (), **more: Any
) -> Decision:
    wanted = library("en", bilingual=[(upper, lower)], **more)
    return decide(wanted, [sidecar(EN), *existing], EN, EN, anything)


@pytest.mark.parametrize("owner", [{}, {"is_ours": True}, {"is_edited": True}])
def test_a_pair_is_found_again_by_both_its_languages(owner: dict[str, bool]) -> None:
    assert required_languages(both("en", "es", [sidecar(EN, secondary=ES, **owner)])) == []
    for other in (
        sidecar(EN, secondary=DE, **owner),
        sidecar(ES, secondary=EN, **owner),
        sidecar(ES),
    ):
        (requirement,) = both("en", "es", [other]).requirements
        assert requirement.secondary is not None
        assert (requirement.language, requirement.secondary.language) == (EN, ES)


def test_a_bilingual_subtitle_does_not_satisfy_one_language() -> None:
    pair = sidecar(EN, secondary=ES)
    assert (
        find_satisfying([pair], SubtitleQuery(language=EN, format="srt"), EN, EVERYTHING_COUNTS)
        is None
    )
    assert find_redundant([sidecar(EN, is_ours=True), pair], EN, EVERYTHING_COUNTS) == []
    assert (
        find_redundant(
            [sidecar(EN, is_ours=True, secondary=ES), sidecar(EN)], EN, EVERYTHING_COUNTS
        )
        == []
    )
    assert find_redundant([sidecar(EN, is_ours=True, secondary=ES), pair], EN, EVERYTHING_COUNTS)


def test_bilingual_of_a_language_with_itself_is_not_produced() -> None:
    decision = both("original", "en")
    assert required_languages(decision) == []
    assert "en+en: both are the same language" in decision.reasons


def test_bilingual_is_produced_in_formats_that_support_it() -> None:
    (requirement,) = both("en", "es", formats=("txt", "vtt")).requirements[-1:]
    assert requirement.formats == ("vtt",)
    decision = both("en", "es", formats=("txt", "lrc"))
    assert decision.unsatisfiable == ("en+es: txt, lrc cannot show two languages",)


def test_a_pair_with_the_original_waits_for_the_spoken_language() -> None:
    wanted = library("en", bilingual=[("es", "original")])
    decision = decide(wanted, [sidecar(EN)], UNDETERMINED, None, anything)
    assert decision.needs_analysis
    assert decision.reasons[-1] == "es+original: to be made; the spoken language is not known yet"


def test_where_nobody_speaks_only_texts_of_people_are_translated() -> None:
    silent = AvailableSources(is_silent=True)
    wanted = library("original", "es", forced=["es"], bilingual=[["en", "es"]])
    decision = decide(wanted, (), UNDETERMINED, None, anything, silent)
    assert {answer.status for answer in decision.answers} == {AnswerStatus.NOTHING}
    assert decision.is_silent
    assert not decision.has_work
    intertitles = (sidecar(EN),)
    silent = AvailableSources(is_silent=True, subtitles=intertitles, can_translate=anything)
    decision = decide(library("en", "es"), intertitles, UNDETERMINED, None, anything, silent)
    assert [answer.status for answer in decision.answers] == [
        AnswerStatus.MET,
        AnswerStatus.MISSING,
    ]
    assert [source.location for source in decision.requirements[0].sources] == ["a.srt"]
    assert not decision.needs_analysis
