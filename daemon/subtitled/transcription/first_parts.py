"""The first parts of a film for its viewers, transcribed before the whole film is decoded.

Decoding a film and finding its speech takes a minute or more. So a part of a minute or two is cut
out of the file where a viewer is, and transcribed at once. Its words are stored as those of a chunk
of the track (:mod:`.viewed_parts`), so they are never made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from subtitled.jobcontext.context import JobContext
from subtitled.media.clips import CutSource, write_samples
from subtitled.media.levels import correct_level
from subtitled.media.probe import AudioTrack, MediaInfo
from subtitled.plugin import SAMPLE_RATE, Audio, Language, TimeSpan, Transcript
from subtitled.plugin.engine import LOCAL
from subtitled.plugin.speech_windows import find_quiet_moment
from subtitled.routing.language_identifiers import list_identifiers
from subtitled.routing.table import Route, RouteKind
from subtitled.transcripts.models import TrackAnalysis

from .language_segments import clip_to
from .track_language import TrackLanguage
from .transcriber import SpeechTrack, Transcriber

FIRST_SECONDS = 60.0
"""Seconds of the first part, about: it is there sooner than a longer one."""
WINDOW_SECONDS = 120.0
"""Seconds of each part after it, about."""
SLOW_SECONDS = 20.0
"""Seconds that a part may take before the next one begins where the viewer will be by then."""
MARGIN_SECONDS = 6.0
"""Seconds around a part in which a pause is looked for, where it begins and ends."""
LEAD_SECONDS = 480.0
"""Seconds that a viewer has ahead before the whole film is decoded."""
MAX_PARTS = 12
"""Parts that are made before the whole film is decoded, however often viewers seek."""
MIN_SECONDS = 2.0
"""Seconds before the end of a film that are no part of their own."""


def choose_window(
    done: Sequence[TimeSpan], positions: Sequence[float], duration: float, delay: float = 0.0
) -> TimeSpan | None:
    """Return what is transcribed next; None if all viewers have enough ahead.

    It is what follows for the viewer with the fewest seconds ahead.

    Args:
        done: The parts that were transcribed, in order.
        positions: Where the viewers are, in seconds.
        duration: The seconds of the film.
        delay: Seconds that the last part took. If they are many, what a viewer sees until the next
            part is there is left for later.
    """
    skipped = delay if delay > SLOW_SECONDS else 0.0
    chosen: tuple[float, float] | None = None
    for position in positions:
        lead = _reach(done, position) - position
        start = _reach(done, max(position + lead, position + skipped))
        if lead < LEAD_SECONDS and start < duration - MIN_SECONDS:
            chosen = min(chosen, (lead, start)) if chosen else (lead, start)
    if chosen is None:
        return None
    start = chosen[1]
    following = (part.start for part in done if part.start >= start)
    seconds = WINDOW_SECONDS if done else FIRST_SECONDS
    end = min(start + seconds, duration, min(following, default=duration))
    return TimeSpan(start, end)


def _reach(done: Sequence[TimeSpan], start: float) -> float:
    """Return up to where the parts follow each other from a time on."""
    for part in done:
        if part.start - MARGIN_SECONDS <= start < part.end:
            start = part.end
    return start


def find_bounds(
    window: TimeSpan,
    decoded: TimeSpan,
    speech: Sequence[TimeSpan],
    audio: Audio,
    fixed: Sequence[float],
) -> TimeSpan:
    """Return where a part begins and ends: in a pause, else where it is quietest.

    Args:
        window: The part that is wanted.
        decoded: What was decoded, which has a margin on both sides of it.
        speech: The speech in it.
        audio: The decoded sound.
        fixed: Times at which it is cut in any case: where other parts or the film begin and end.
    """
    gaps = [(before.end + after.start) / 2 for before, after in pairwise(speech)]
    gaps += [decoded.start + 0.1] if not speech or speech[0].start > decoded.start + 0.5 else []

    def find(wanted: float, low: float, high: float) -> float:
        if wanted in fixed:
            return wanted
        near = [gap for gap in gaps if low <= gap <= high]
        if near:
            return min(near, key=lambda gap: abs(gap - wanted))
        inside = any(span.start < high and span.end > low for span in speech)
        return find_quiet_moment(audio, TimeSpan(low, high)) if inside else wanted

    start = find(window.start, decoded.start, window.start)
    return TimeSpan(start, max(start, find(window.end, window.end - MARGIN_SECONDS, decoded.end)))


@dataclass(slots=True, kw_only=True)
class FirstParts:
    """The parts of one track that were made so far. It is what :class:`.Transcriber` reads."""

    ctx: JobContext
    facts: MediaInfo
    track: AudioTrack
    known: TrackAnalysis
    """The speech found so far, and the language once it is known."""
    earlier: tuple[TimeSpan, ...]
    """The parts that a run which was interrupted transcribed."""

    @classmethod
    def create(cls, ctx: JobContext, facts: MediaInfo, track: AudioTrack) -> FirstParts:
        """Begin with the parts that are stored."""
        store, place = ctx.services.store, (ctx.job.fingerprint, track.index)
        earlier = {part for one in store.variants(*place) for part in store.parts(*place, one)}
        known = TrackAnalysis(duration=facts.duration, speech=())
        return cls(ctx=ctx, facts=facts, track=track, known=known, earlier=tuple(sorted(earlier)))

    def analysis(self, track: int) -> TrackAnalysis:
        """Return what is known of the track. Where it was not listened to, all may be speech."""
        return replace(self.known, speech=_with(self.known.speech, self.earlier))

    def audio(self, facts: MediaInfo, track: int) -> Audio:
        """Return the sound of the parts, at their places in the track."""
        name = f"{self.ctx.job.fingerprint}-{self.track.index}.parts"
        return Audio(self.ctx.services.scratch / name)

    def listen(self, window: TimeSpan, fixed: Sequence[float]) -> TimeSpan:
        """Decode a part and find its speech.

        Args:
            window: The part that is wanted.
            fixed: Times at which it is cut in any case.

        Returns:
            The part as it was cut in pauses.

        Raises:
            SubtitledError: It cannot be decoded.
        """
        facts, services = self.facts, self.ctx.services
        decoded = TimeSpan(
            max(0.0, window.start - MARGIN_SECONDS),
            min(facts.duration, window.end + MARGIN_SECONDS),
        )
        self.ctx.progress("decoding where somebody watches", 0.0)
        audio = self.audio(facts, self.track.index)
        clip = Path(f"{audio.path}.clip")
        source = CutSource(
            path=self.ctx.job.media, tracks=(self.track,), start_time=facts.start_time
        )
        try:
            write_samples(source, decoded, clip)
            correct_level(clip)
            found = services.engines.find_speech(Audio(clip))
            _place(clip, audio.path, decoded.start)
        finally:
            clip.unlink(missing_ok=True)
        speech = tuple(_shift(span, decoded.start) for span in found.spans)
        quiet = tuple(_shift(span, decoded.start) for span in found.low_energy)
        part = find_bounds(window, decoded, speech, audio, fixed)
        self.known = replace(
            self.known,
            speech=_with(self.known.speech, clip_to(speech, part)),
            quiet_speech=_with(self.known.quiet_speech, clip_to(quiet, part)),
        )
        return part

    def language(self) -> Language | None:
        """Return the language spoken, as far as an engine on this machine or the tag tells it."""
        if self.known.language is None and self.known.speech:
            identifiers = list_identifiers(self.ctx.routes)
            first = identifiers[0].engine if identifiers else None
            engines = self.ctx.services.engines
            if first is not None and engines[first].capabilities.destination == LOCAL:
                index = self.track.index
                finder = TrackLanguage(
                    self.ctx,
                    self.track,
                    lambda: self.audio(self.facts, index),
                    self.ctx.job.spoken,
                )
                self.known = finder.identify(self.known)
            elif self.track.language.is_known:
                self.known = replace(self.known, language=self.track.language)
        language = self.known.language
        return language if language is not None and language.is_known else None

    def transcribe(self, route: Route, spoken: Language, into: Language, part: TimeSpan) -> None:
        """Transcribe a part and store it as a chunk.

        Raises:
            SubtitledError: No engine could.
        """
        transcriber, translate_to = self._transcriber(route, spoken, into)
        transcriber.transcribe_part(route.engine, translate_to, part)

    def words(self, route: Route, spoken: Language, into: Language) -> Transcript:
        """Return the believed words of all parts.

        Raises:
            TransientError: Those of a part are not in the store any more.
        """
        transcriber, translate_to = self._transcriber(route, spoken, into)
        return transcriber.stored_parts(route.engine, translate_to)

    def _transcriber(
        self, route: Route, spoken: Language, into: Language
    ) -> tuple[Transcriber, Language | None]:
        translate_to = into if route.kind is RouteKind.TRANSLATE_SPEECH else None
        track = SpeechTrack(self.facts, self.track.index, spoken)
        return Transcriber(self.ctx, self, track), translate_to


def _shift(span: TimeSpan, seconds: float) -> TimeSpan:
    return TimeSpan(span.start + seconds, span.end + seconds)


def _with(known: Sequence[TimeSpan], new: Sequence[TimeSpan]) -> tuple[TimeSpan, ...]:
    return tuple(sorted({*known, *new}, key=lambda span: span.start))


def _place(clip: Path, target: Path, start: float) -> None:
    """Write a clip to its place in the sound of the track, which has holes elsewhere."""
    target.touch()
    with target.open("r+b") as file:
        file.seek(round(start * SAMPLE_RATE) * 2)
        file.write(clip.read_bytes())
