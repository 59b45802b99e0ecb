"""What was found on each track or channel of one sound field, for people."""

from __future__ import annotations

from collections.abc import Callable

from subtitled.transcripts.models import ChannelShare, TrackAnalysis

FindAnalysis = Callable[[int], TrackAnalysis | None]
"""Returns the stored analysis of a track, if there is one."""


def describe_share(share: ChannelShare, find_analysis: FindAnalysis, main: int) -> str:
    """Describe one channel: whether it is taken and why, its speech, its level and its language.

    Args:
        share: Its part in the main sound.
        find_analysis: Returns the stored analysis of a track.
        main: The track under which the main sound is analysed.
    """
    analysis = find_analysis(main if share.version is None else share.version)
    reason, is_taken = share.reason, share.gain > 0
    if analysis is not None and share.version is not None:
        # Its reason in the version says what became of it there.
        own = next((one for one in analysis.channel_shares if one.track == share.track), share)
        is_taken = own.gain > 0
        reason = f"{share.reason}; a track of its own" if is_taken else own.reason
    notes = []
    if analysis is not None and analysis.duration:
        notes.append(f"{share.speech_seconds / analysis.duration:.0%} speech")
    if share.level is not None:
        notes.append(f"{share.level:.0f} dB")
    if is_taken and analysis is not None and analysis.language is not None:
        notes.append(analysis.language.english_name)
    return f"{reason} ({', '.join(notes)})" if notes else reason
