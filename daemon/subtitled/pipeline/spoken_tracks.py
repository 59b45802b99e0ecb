"""The audio tracks besides the main one in which the same is said in another language."""

from __future__ import annotations

from collections.abc import Callable

from subtitled.media.probe import AudioTrack, MediaInfo
from subtitled.media.track_sets import find_track_set
from subtitled.media.tracks import NO_SPEECH_REASON, AudioChoice, list_spoken_tracks
from subtitled.plugin import Language
from subtitled.transcripts.models import TrackAnalysis

FindAnalysis = Callable[[int], TrackAnalysis | None]
"""Returns the stored analysis of a track, if there is one."""


def list_other_tracks(
    facts: MediaInfo, choice: AudioChoice, find_analysis: FindAnalysis
) -> tuple[tuple[int, Language], ...]:
    """Return the other tracks that a subtitle can be made from, with their languages.

    Of tracks that were listened to together, those with another version of what is said count by
    the language that is spoken in them. The others are parts of the main sound.
    """
    main = choice.track
    analysis = find_analysis(main.index)
    together = {track.index for track in find_track_set(facts, main)}
    versions: tuple[int, ...] = ()
    if analysis is not None:
        together |= {share.track for share in analysis.channel_shares}
        versions = analysis.versions
    candidates = [(index, find_analysis(index)) for index in versions]
    spoken = analysis.language if analysis is not None else None
    found = [
        (index, version.language)
        for index, version in candidates
        if version is not None
        and version.language is not None
        and version.language.is_known
        and (spoken is None or not version.language.satisfies(spoken))
    ]
    rejected = dict(choice.rejected)
    tagged = [
        (track.index, track.language)
        for track in list_spoken_tracks(facts)
        if track.index not in {main.index, *together}
        and rejected.get(track.index) != NO_SPEECH_REASON
        and track.language.is_known
    ]
    return (*found, *tagged)


def is_unanalysed_set(facts: MediaInfo, track: AudioTrack, find_analysis: FindAnalysis) -> bool:
    """Return whether a track is one of several that nobody listened to yet.

    Tracks of one sound field are tagged alike, whatever is spoken in each.
    """
    return find_analysis(track.index) is None and len(find_track_set(facts, track)) > 1
