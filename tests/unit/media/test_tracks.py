"""Which track is transcribed, and why the others are not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.media.errors import NoAudioError
from subtitled.media.marks import Mark
from subtitled.media.probe import AudioTrack, MediaInfo
from subtitled.media.tracks import choose_audio_track, list_spoken_tracks
from subtitled.plugin import Language

EN, DE, FR = Language("en"), Language("de"), Language("fr")


_MARKS = {
    "original": Mark.ORIGINAL,
    "dub": Mark.DUB,
    "commentary": Mark.COMMENTARY,
    "description": Mark.AUDIO_DESCRIPTION,
}


def _track(
    index: int = 0, language: str = "und", *, default: bool = False, **marked: bool
) -> AudioTrack:
    marks = frozenset(_MARKS[name] for name, is_set in marked.items() if is_set)
    return AudioTrack(
        index=index,
        language=Language(language),
        title="",
        codec="aac",
        channels=2,
        is_default=default,
        marks=marks,
    )


def _facts(*tracks: AudioTrack) -> MediaInfo:
    return MediaInfo(
        duration=60.0, format="matroska", audio_tracks=tracks, subtitle_tracks=(), has_video=True
    )


_FLAGS = st.fixed_dictionaries(
    {name: st.booleans() for name in ("default", "original", "dub", "commentary", "description")}
)
_TRACKS = st.lists(
    st.tuples(st.sampled_from(["und", "en", "en-GB", "de", "fr", "zh-Hans", "zh-TW"]), _FLAGS),
    min_size=1,
    max_size=6,
).map(lambda several: [_track(n + 1, tag, **flags) for n, (tag, flags) in enumerate(several)])
_PREFERRED = st.lists(st.sampled_from([EN, DE, FR, Language("zh-Hant")]), max_size=3)


@settings(deadline=None)
@given(_TRACKS, _PREFERRED)
def test_one_of_the_tracks_is_chosen_with_a_reason_and_is_not_passed_over(
    tracks: list[AudioTrack], preferred: list[Language]
) -> None:
    choice = choose_audio_track(_facts(*tracks), preferred)
    assert choice.track in tracks
    assert choice.reason
    passed = dict(choice.rejected)
    assert choice.track.index not in passed
    assert passed.keys() <= {track.index for track in tracks}
    assert all(passed.values())


@settings(deadline=None)
@given(_TRACKS, _PREFERRED)
def test_commentary_and_description_are_chosen_only_without_an_original_track(
    tracks: list[AudioTrack], preferred: list[Language]
) -> None:
    plain = [t for t in tracks if not (t.is_commentary or t.is_audio_description or t.is_dub)]
    chosen = choose_audio_track(_facts(*tracks), preferred).track
    if plain:
        assert not chosen.is_commentary
        assert not chosen.is_audio_description


@settings(deadline=None)
@given(_TRACKS, _PREFERRED)
def test_a_preferred_language_is_taken_wherever_a_plain_track_has_it(
    tracks: list[AudioTrack], preferred: list[Language]
) -> None:
    plain = [t for t in tracks if not (t.is_commentary or t.is_audio_description or t.is_dub)]
    served = [w for w in preferred if any(t.language.satisfies(w) for t in plain)]
    if served:
        chosen = choose_audio_track(_facts(*tracks), preferred).track
        assert any(chosen.language.satisfies(wanted) for wanted in preferred)


def test_without_a_track_there_is_nothing_to_listen_to() -> None:
    with pytest.raises(NoAudioError) as caught:
        choose_audio_track(_facts())
    assert caught.value.hint


def test_the_preferred_languages_are_tried_in_their_order() -> None:
    facts = _facts(_track(1, "en", default=True), _track(2, "de"), _track(3, "fr"))
    assert choose_audio_track(facts, [FR, DE]).track.index == 3
    assert choose_audio_track(facts, [Language("ja"), DE]).track.index == 2
    assert choose_audio_track(facts, [Language("ja")]).track.index == 1


def test_a_region_is_served_by_the_language_and_a_script_is_not_by_another() -> None:
    assert choose_audio_track(_facts(_track(1), _track(2, "en-GB")), [EN]).track.index == 2
    chinese = _facts(_track(1, "zh-Hans"), _track(2, "zh-TW"))
    assert choose_audio_track(chinese, [Language("zh-Hant")]).track.index == 2


def test_the_original_goes_before_the_default_and_the_default_before_the_first() -> None:
    first, default, original = _track(1), _track(2, default=True), _track(3, original=True)
    assert choose_audio_track(_facts(first, default, original)).reason == "marked as the original"
    assert choose_audio_track(_facts(first, default)).track == default
    assert choose_audio_track(_facts(first, _track(2))).track == first


def test_a_dub_is_passed_over_for_the_original_and_taken_without_one() -> None:
    dub, original = _track(1, "de", dub=True, default=True), _track(2, "en", original=True)
    assert choose_audio_track(_facts(dub, original), [DE]).rejected == ((1, "a dub"),)
    assert choose_audio_track(_facts(dub, _track(2, "en")), [DE]).track == dub


def test_only_track_is_chosen_even_if_it_is_commentary_with_the_reason() -> None:
    choice = choose_audio_track(_facts(_track(1, commentary=True)))
    assert choice.track.index == 1
    assert "commentary" in choice.reason


def test_each_track_that_is_not_chosen_has_a_reason() -> None:
    facts = _facts(
        _track(1, "en", default=True),
        _track(2, "en", commentary=True),
        _track(3, "en", description=True),
        _track(4, "de"),
    )
    passed = dict(choose_audio_track(facts).rejected)
    assert passed.keys() == {2, 3, 4}
    assert passed[2] == "commentary"
    assert passed[3] == "audio description"


@pytest.mark.parametrize("mark", [Mark.NO_SPEECH, Mark.KARAOKE])
def test_a_track_without_its_singers_or_speakers_is_not_transcribed(mark: Mark) -> None:
    music = AudioTrack(
        index=1,
        language=EN,
        title="",
        codec="aac",
        channels=6,
        is_default=True,
        marks=frozenset({mark}),
    )
    choice = choose_audio_track(_facts(music, _track(2, "en")), [EN])
    assert choice.track.index == 2
    assert choice.rejected == ((1, str(mark)),)
    assert [track.index for track in list_spoken_tracks(_facts(music, _track(2)))] == [2]


def test_a_text_that_is_marked_as_a_part_does_not_change_the_choice_of_sound() -> None:
    """Signs and SDH say nothing about what is spoken in an audio track."""
    odd = AudioTrack(
        index=1,
        language=EN,
        title="",
        codec="aac",
        channels=2,
        is_default=True,
        marks=frozenset({Mark.SIGNS, Mark.SDH}),
    )
    assert choose_audio_track(_facts(odd, _track(2, "en"))).track == odd


def test_a_track_without_speech_is_passed_over_while_another_may_have_some() -> None:
    facts = _facts(_track(1, default=True), _track(2), _track(3, commentary=True))
    choice = choose_audio_track(facts, silent={1})
    assert choice.track.index == 2
    assert dict(choice.rejected) == {1: "no speech in it", 3: "commentary"}
    assert choose_audio_track(facts, silent={1, 2}).track.index == 1
