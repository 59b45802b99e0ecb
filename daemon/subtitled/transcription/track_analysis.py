"""Track analysis: decoding, voice activity and the language, before transcription."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from subtitled.jobcontext.context import JobContext
from subtitled.media.decode import decode_track, decoding_timeout
from subtitled.media.probe import AudioTrack, MediaInfo
from subtitled.media.track_sets import find_track_set
from subtitled.plugin import (
    Audio,
    Language,
    TransientError,
)
from subtitled.routing.language_identifiers import list_identifiers
from subtitled.transcripts.models import (
    DECODER_VERSION,
    LanguageCorrection,
    LanguageOrigin,
    ShotCuts,
    TrackAnalysis,
)

from .channel_mix import SpeechVersion, analyse_channels, analyse_sides, mix_channels
from .early_chunk import FindEngine
from .early_detection import EarlyDetection
from .early_start import prepare_language_check
from .track_language import TrackLanguage

MAX_CORRECTIONS = 3
"""How often the text corrects the language of the speech of a track. Each time a part of it is
transcribed again."""
WrittenLanguage = Callable[[], Language | None]
"""A function that tells the language of a text."""


class TrackAnalyser:
    """Analyses the audio tracks of one media file in durable steps."""

    def __init__(self, ctx: JobContext) -> None:
        self._ctx = ctx
        self._job = ctx.job
        self._services = ctx.services
        self._store = ctx.services.store
        self._analysed: set[int] = set()
        self._versions: set[int] = set()
        """Tracks with another version of what is said, of which nobody stated the language."""
        self._corrections: dict[int, int] = {}
        """How many corrections of a track's languages count at this point of the job."""
        self._early = EarlyDetection(ctx)
        self.find_engine: FindEngine = _find_none
        """Says which engine transcribes the main track first, if a language is spoken in it."""

    def analyse(self, facts: MediaInfo, track: int, *, main: bool = True) -> Language | None:
        """Decode a track, detect speech and identify the language.

        Args:
            facts: The streams of the media file.
            track: The index of the audio track.
            main: Whether it is the main track. The steps of others carry the index in their names.

        Returns:
            The spoken language, or None if the track has no speech.

        Raises:
            SubtitledError: A step failed.
        """
        if track not in self._analysed:
            steps = self._ctx.steps
            suffix = "" if main else f" of track {track}"
            try:
                steps.run(f"decode{suffix}", lambda: self._decode(facts, track, main))
                steps.run(f"find speech{suffix}", lambda: self._find_speech(facts, track))
            finally:
                self._early.drop_chunk(track)  # unless it was finished
            if self.analysis(track).speech:
                if not self._job.uses_stored_words_only:
                    prepare_language_check()
                steps.checkpoint()
                known = steps.run(
                    f"detect language{suffix}", lambda: self._identify_language(facts, track)
                )
                self._corrections[track] = (known or {}).get("corrections", 0)
            self._analysed.add(track)
        return self.analysis(track).language

    def analyse_versions(self, facts: MediaInfo, track: int) -> None:
        """Identify the languages of the other versions of what is said on a track.

        Args:
            facts: The streams of the media file.
            track: The index of the main track, which was analysed.

        Raises:
            SubtitledError: A step failed.
        """
        for version in self.analysis(track).versions:
            self._versions.add(version)
            self.analyse(facts, version, main=False)

    def hear(self, facts: MediaInfo, track: int) -> TrackAnalysis:
        """Decode a track and detect its speech, unless that was done. Its language is not asked.

        Args:
            facts: The streams of the media file.
            track: The index of the audio track.

        Returns:
            The analysis. Its language is None if it was not identified before.

        Raises:
            SubtitledError: A step failed.
        """
        if self._stored_analysis(facts, track) is None and not self._find_set(facts, track):
            self._start_early(facts, track)
        self._ctx.steps.run(f"hear track {track}", lambda: self._find_speech(facts, track))
        return self.analysis(track)

    def analysis(self, track: int) -> TrackAnalysis:
        """Return the stored analysis of a track.

        Raises:
            TransientError: It was deleted from the state folder.
        """
        analysis = self._store.analysis(self._job.fingerprint, track)
        if analysis is None:
            raise TransientError(
                "the analysis of the file is missing from the state folder",
                "It is analysed again at the next try",
            )
        # A job that continues after a crash decides by what it knew at this point.
        counted = self._corrections.get(track, len(analysis.language_corrections))
        return analysis.after_corrections(counted)

    def correct_language(self, track: int, earlier: Language, find: WrittenLanguage) -> bool:
        """Take the speech of a language for another one, if its text is clearly in that.

        No part is corrected twice, and nothing that a caller stated. After :data:`MAX_CORRECTIONS`
        the analysis says so, and the text is refused. This is a durable step.

        Args:
            track: The index of the audio track.
            earlier: The language of some parts of it.
            find: Returns the language that their text is in, or None if it is in ``earlier``.

        Returns:
            Whether the languages of the track are others now.
        """
        analysis = self.analysis(track)
        is_final = (
            self._job.spoken is not None or analysis.language_origin is LanguageOrigin.STATEMENT
        )
        if is_final or analysis.list_earlier_languages(earlier) or self._job.uses_stored_words_only:
            return False
        step = f"compare text and sound of {earlier} in track {track}"
        counted = self._ctx.steps.run(step, lambda: self._correct(track, earlier, find))
        if counted is None:
            return False
        self._corrections[track] = counted
        return True

    def _correct(self, track: int, earlier: Language, find: WrittenLanguage) -> int | None:
        """Store a correction; return how many there are, or None if there is nothing to correct."""
        analysis = self._store.analysis(self._job.fingerprint, track)
        if analysis is None:
            return None
        for number, correction in enumerate(analysis.language_corrections, 1):
            if correction.earlier == earlier:
                return number  # It was stored before a crash.
        written = find()
        if written is None:
            return None
        if len(analysis.language_corrections) >= MAX_CORRECTIONS:
            note = (
                f"what was written as {earlier.english_name} is {written.english_name}, and is not "
                f"transcribed again after {MAX_CORRECTIONS} corrections; tag the track, or state "
                "its language"
            )
            self._store.save_analysis(self._job.fingerprint, track, analysis.with_reason(note))
            return None
        corrected = analysis.with_correction(LanguageCorrection(earlier, written))
        self._store.save_analysis(self._job.fingerprint, track, corrected)
        return len(corrected.language_corrections)

    def spoken_language(self, track: int) -> Language | None:
        """Return the spoken language of a track, or None if it was not analysed."""
        analysis = self._store.analysis(self._job.fingerprint, track)
        return analysis.language if analysis else None

    def audio(self, facts: MediaInfo, track: int) -> Audio:
        """Return the decoded track, from the scratch folder if it is still there."""
        pcm = self._pcm(track)
        wants_cuts = self._wants_cuts(facts)
        if pcm.exists() and not wants_cuts:
            return Audio(pcm)
        chosen = _find_track(facts, track)
        tracks = self._find_set(facts, track)
        if tracks and not wants_cuts:
            analysis = self._stored_analysis(facts, track)
            if analysis is None:
                self._analyse_set(tracks, track)
                return Audio(pcm)
            return mix_channels(self._job.media, tracks, analysis.channel_shares, pcm)
        cuts: list[float] = []
        audio = decode_track(
            self._job.media,
            chosen,
            pcm.with_name(pcm.name + ".first") if tracks else pcm,
            on_progress=partial(self._report_decoding, facts.duration),
            on_shot_change=cuts.append if wants_cuts else None,
            facts=facts,
        )
        if wants_cuts:
            self._store.save_shot_cuts(
                self._job.fingerprint, ShotCuts(facts.frame_rate, tuple(cuts))
            )
        if tracks:
            # Only the picture was wanted.
            audio.path.unlink(missing_ok=True)
            return self.audio(facts, track)
        if audio.has_unrelated_sides and self._stored_analysis(facts, track) is None:
            self._analyse_sides(chosen)
        return Audio(pcm)

    def _report_decoding(self, duration: float, seconds: float) -> None:
        self._ctx.progress("decoding", seconds / duration if duration else 0.0)
        self._job.make_room()

    def _decode(self, facts: MediaInfo, track: int, is_main: bool) -> None:
        is_analysed = self._stored_analysis(facts, track) is not None
        if not is_analysed:
            # Load the engine while the audio is decoded and searched for speech.
            identifiers = list_identifiers(self._ctx.routes)
            if identifiers:
                self._services.engines[identifiers[0].engine].preload()
            if not self._find_set(facts, track):
                self._start_early(facts, track)
                if is_main:
                    self._early.start_chunk(
                        facts, _find_track(facts, track), self._pcm(track), self.find_engine
                    )
        if not is_analysed or self._wants_cuts(facts):
            self.audio(facts, track)

    def _find_set(self, facts: MediaInfo, track: int) -> tuple[AudioTrack, ...]:
        """Return the tracks that are listened to together, or were when they were analysed."""
        analysis = self._stored_analysis(facts, track)
        if analysis is None:
            return find_track_set(facts, _find_track(facts, track))
        together = {share.track for share in analysis.channel_shares}
        return tuple(other for other in facts.audio_tracks if other.index in together)

    def _analyse_set(self, tracks: Sequence[AudioTrack], track: int) -> None:
        """Listen to each microphone of a set, and store the speech of each mix."""
        self._ctx.progress("finding speech", 0.0)
        find_speech = self._services.engines.find_speech
        analysed = analyse_channels(self._job.media, tracks, track, self._pcm, find_speech)
        # The main sound comes last: it names the others.
        for version in reversed(analysed):
            self._save_set(version)

    def _analyse_sides(self, track: AudioTrack) -> None:
        """Listen to each side of a stereo track, if its sides have little in common."""
        self._ctx.progress("finding speech", 0.0)
        find_speech = self._services.engines.find_speech
        analysed = analyse_sides(self._job.media, track, self._pcm(track.index), find_speech)
        if analysed is not None:
            self._early.await_speech(track.index)
            self._save_set(analysed)

    def _save_set(self, analysed: SpeechVersion) -> None:
        analysis = TrackAnalysis(
            duration=Audio(self._pcm(analysed.track)).duration,
            speech=analysed.speech.spans,
            quiet_speech=analysed.speech.low_energy,
            channel_shares=analysed.shares,
            decoder_version=DECODER_VERSION,
        )
        self._store.save_analysis(self._job.fingerprint, analysed.track, analysis)

    def _stored_analysis(self, facts: MediaInfo, track: int) -> TrackAnalysis | None:
        """Return the stored analysis of a track, unless it missed speech that is found now."""
        analysis = self._store.analysis(self._job.fingerprint, track)
        if analysis is None or analysis.speech or analysis.decoder_version >= DECODER_VERSION:
            return analysis
        chosen = _find_track(facts, track)
        return None if chosen.channels > 1 or find_track_set(facts, chosen) else analysis

    def _find_speech(self, facts: MediaInfo, track: int) -> None:
        if (stored := self._stored_analysis(facts, track)) is not None:
            if not stored.speech and stored.decoder_version < DECODER_VERSION:
                stored = replace(stored, decoder_version=DECODER_VERSION)
                self._store.save_analysis(self._job.fingerprint, track, stored)
            return
        if tracks := self._find_set(facts, track):
            self._analyse_set(tracks, track)
            return
        audio = self.audio(facts, track)
        self._ctx.progress("finding speech", 0.0)
        speech = self._early.finish(track) or self._services.engines.find_speech(audio)
        analysis = TrackAnalysis(
            duration=audio.duration,
            speech=speech.spans,
            quiet_speech=speech.low_energy,
            decoder_version=DECODER_VERSION,
        )
        self._store.save_analysis(self._job.fingerprint, track, analysis)

    def _start_early(self, facts: MediaInfo, track: int) -> None:
        """Start detecting speech in audio that is about to be decoded."""
        limit = decoding_timeout(facts.duration, self._wants_cuts(facts)) + facts.duration
        self._early.start(track, self._pcm(track), limit)

    def _identify_language(self, facts: MediaInfo, track: int) -> dict[str, int]:
        """Identify the language; return how often the text corrected it in earlier jobs."""
        stated = None if track in self._versions else self._job.spoken
        language = TrackLanguage(
            self._ctx, _find_track(facts, track), lambda: self.audio(facts, track), stated
        )
        analysis = self.analysis(track)
        identified = language.identify(analysis)
        if identified != analysis:
            self._store.save_analysis(self._job.fingerprint, track, identified)
        return {"corrections": len(identified.language_corrections)}

    def _pcm(self, track: int) -> Path:
        return pcm_path(self._services.scratch, self._job.fingerprint, track)

    def _wants_cuts(self, facts: MediaInfo) -> bool:
        """Return whether shot cuts are wanted and not yet detected."""
        wanted = self._job.library.snap_to_shots and facts.has_video
        return wanted and self._store.shot_cuts(self._job.fingerprint) is None


def pcm_path(scratch: Path, fingerprint: str, track: int) -> Path:
    """Return the file into which a track is decoded."""
    return scratch / f"{fingerprint}-{track}.s16"


def _find_none(language: Language) -> str | None:
    return None


def _find_track(facts: MediaInfo, index: int) -> AudioTrack:
    return next(track for track in facts.audio_tracks if track.index == index)
