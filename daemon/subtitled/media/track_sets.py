"""Microphones on tracks or channels of their own: which of them belong together.

Cameras and editing programs write each microphone, the music and the room to a mono track or a
channel of its own, without saying which is which. So all of them are listened to.
"""

from __future__ import annotations

from .probe import AudioTrack, MediaInfo

MAX_CHANNELS = 32
"""Channels that are listened to. No recorder in use has more."""
MIN_CHANNELS = 3
"""Channels of a single track from which it holds microphones rather than stereo."""
CONSUMER_FORMATS = frozenset({"matroska", "webm", "mp3", "flac", "ogg"})
"""Formats in which tracks with a language or title are versions to choose from."""


def find_track_set(facts: MediaInfo, track: AudioTrack) -> tuple[AudioTrack, ...]:
    """Return the tracks that are listened to together with a track.

    These are mono tracks without marks in one language or in none, or a single uncompressed track
    with several channels. In formats of consumers, and where the sound is compressed, there is no
    other track, and they have no language and no title either.

    Returns:
        The tracks in their order; none if the track stands for itself.
    """
    is_consumer = bool(set(facts.format.split(",")) & CONSUMER_FORMATS)
    is_pcm = track.codec.startswith("pcm_") and not is_consumer
    if is_pcm and MIN_CHANNELS <= track.channels <= MAX_CHANNELS and not track.marks:
        return (track,)
    together = [
        other
        for other in facts.audio_tracks
        if other.channels == 1
        and not other.marks
        and other.language == track.language
        and not (is_consumer and other.title)
    ]
    is_whole = len(together) == len(facts.audio_tracks) and not track.language.is_known
    if track not in together or len(together) < 2 or not (is_whole or is_pcm):
        return ()
    return tuple(together[:MAX_CHANNELS])
