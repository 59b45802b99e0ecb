"""What a look at a media file tells: its tracks, what it has and needs, and how that is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.db.database import Database
from subtitled.db.overview import SOURCE_CORRECTED
from subtitled.glossary.consistency import missing_terms
from subtitled.glossary.kept import KeptTerms
from subtitled.glossary.selection import Glossary, glossary_for
from subtitled.jobcontext.services import open_transcript_store
from subtitled.library.file_settings import find_start
from subtitled.library.fingerprint import content_fingerprint
from subtitled.media.probe import MediaInfo
from subtitled.pipeline.planning import MediaReport
from subtitled.plugin import Language, Transcript
from subtitled.policy.coverage import ExistingSubtitle
from subtitled.policy.requirements import Requirement
from subtitled.routing.production_plan import plan_target
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.formats.timestamps import format_timestamp
from subtitled.subtitles.hallucination.passages import RemovedText
from subtitled.transcripts.assembly import assemble_track
from subtitled.transcripts.models import ChannelShare
from subtitled.transcripts.store import TranscriptStore
from subtitled.transcripts.subtitle_checks import SubtitleChecks
from subtitled.translation.cache import untranslated

from ..inspection import describe_requirement, inspect_file, library_for
from .channel_shares import describe_share
from .subtitle_checks import describe_check


def inspect_now(configuration: Configuration, db: Database, path: Path) -> dict[str, Any]:
    """Look at a media file, and return what was found by name.

    Raises:
        SubtitledError: It is not a media file, or has no audio.
        OSError: It cannot be read.
    """
    return _Inspection.of(configuration, db, path).to_dict()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inspection:
    """A media file with its report and its stored transcripts."""

    configuration: Configuration
    db: Database
    path: Path
    report: MediaReport
    store: TranscriptStore
    fingerprint: str

    @classmethod
    def of(cls, configuration: Configuration, db: Database, path: Path) -> _Inspection:
        """Inspect a file. Raises :class:`SubtitledError` and ``OSError``."""
        return cls(
            configuration=configuration,
            db=db,
            path=path,
            report=inspect_file(configuration, path, db),
            store=open_transcript_store(resolve_state_dir(configuration.settings)),
            fingerprint=content_fingerprint(path),
        )

    @property
    def track(self) -> int:
        """The chosen audio track, by ffprobe's index."""
        return self.report.track_choice.track.index

    def to_dict(self) -> dict[str, Any]:
        """Return the part of the output that needs the file itself."""
        report, store, fingerprint = self.report, self.store, self.fingerprint
        choice = report.track_choice
        analysis = store.analysis(fingerprint, self.track)
        reuse = store.reuse(fingerprint, self.track)
        order = report.routing.engine_order(report.spoken_language or choice.track.language)
        removals = store.removals(fingerprint, self.track)
        return {
            "duration_seconds": round(report.facts.duration, 3),
            "timecode": _describe_timecode(
                report.facts, find_start(self.configuration.settings, self.path)
            ),
            "audio": list(self._describe_tracks()),
            "rejected_tracks": [
                f"track {index}: {reason}"
                for index, reason in choice.rejected
                if index not in self._transcribed_together
            ],
            "subtitles": [_describe_subtitle(subtitle) for subtitle in report.existing_subtitles],
            "subtitle_times": list(self._describe_checks()),
            "summaries": [
                f"{summary.language} {summary.origin} {summary.location}"
                f"{_describe_ownership(summary)}"
                for summary in report.available.summaries
            ],
            "spoken_language": f"{analysis.language}: {analysis.language_reason}"
            if analysis and analysis.language
            else None,
            "reused_transcript": str(reuse) if reuse else None,
            "glossary": list(self._glossary_issues()),
            "hallucinations_removed": _describe_texts(_with_text(removals)),
            "speech_without_words": _describe_lost_speech(removals),
            "engines": f"{', then '.join(order.names) or 'none'} ({order.reason})",
            "chunk_fallbacks": [
                f"{format_timestamp(span.start, '.')}-{format_timestamp(span.end, '.')} {fallback}"
                for span, fallback in store.fallbacks(fingerprint, self.track)
            ],
            "untranslated": _describe_texts(
                untranslated(store.track_folder(fingerprint, self.track))
            ),
            "requirements": self._describe_requirements(),
            "reasons": list(report.decision.reasons),
        }

    @property
    def _transcribed_together(self) -> frozenset[int]:
        """The tracks that were listened to as a set."""
        return frozenset(share.track for share in self._channel_shares)

    @property
    def _channel_shares(self) -> tuple[ChannelShare, ...]:
        analysis = self.store.analysis(self.fingerprint, self.track)
        return analysis.channel_shares if analysis else ()

    def _describe_tracks(self) -> Iterator[str]:
        for track in self.report.facts.audio_tracks:
            chosen = ""
            if track.index in self._transcribed_together:
                chosen = " (listened to with the others)" * (len(self._transcribed_together) > 1)
            elif track.index == self.track:
                chosen = f" (chosen: {self.report.track_choice.reason})"
            yield f"track {track.index}: {track.language} {track.title}".rstrip() + chosen
        for share in self._channel_shares:
            yield describe_share(share, partial(self.store.analysis, self.fingerprint), self.track)

    def _describe_checks(self) -> Iterator[str]:
        """Yield what checks of the times of other people's subtitles found, as they are now."""
        present = {subtitle.location for subtitle in self.report.existing_subtitles}
        for check in SubtitleChecks(self.store).of_media(self.fingerprint):
            if check.location not in present:
                continue
            is_track = check.location.isdecimal()
            sidecar = self.path.parent / check.location
            if is_track or self.db.judgements.content_hash(sidecar) == check.digest:
                yield describe_check(check)

    def _describe_requirements(self) -> dict[str, str]:
        """Return how each requirement is made, by its name."""
        decision = self.report.decision
        return {
            describe_requirement(requirement): self._describe_paths(requirement)
            for requirement in decision.requirements
        } | {describe_requirement(summary): summary.reason for summary in decision.summaries}

    def _describe_paths(self, requirement: Requirement) -> str:
        """Describe the ways to make a subtitle, best first, as far as they are known."""
        target = requirement.language or self.report.spoken_language
        if target is None:
            return requirement.reason
        plan = plan_target(
            self.report.routing, requirement, target, self.report.available.foreign_speech
        )
        paths = "; else ".join(dict.fromkeys(map(str, plan.paths))) or requirement.reason
        if requirement.secondary is None:
            return paths
        return f"{paths}; below it: {self._describe_paths(requirement.secondary)}"

    def _glossary_issues(self) -> Iterator[str]:
        """Yield what is wrong in the glossaries, and where our translations do not follow them."""
        library = library_for(self.configuration, self.path)
        kept = KeptTerms(self.configuration, self.db).for_media(self.path, self.fingerprint)
        glossary = glossary_for(self.path, library, self.configuration, kept)
        yield from (str(issue) for issue in glossary.issues)
        spoken = self.report.spoken_language
        transcript = self._transcript_in(spoken) if spoken else None
        if spoken is None or transcript is None:
            return
        for subtitle in self.report.existing_subtitles:
            if subtitle.is_ours and subtitle.is_text and subtitle.format not in ("txt", "lrc"):
                yield from self._terms_not_followed(subtitle, transcript, glossary, spoken)

    def _transcript_in(self, language: Language) -> Transcript | None:
        """Return a complete transcript in a language, or None."""
        for variant in self.store.variants(self.fingerprint, self.track):
            transcript = assemble_track(self.store, self.fingerprint, self.track, variant)
            if transcript and transcript.language.satisfies(language):
                return transcript
        return None

    def _terms_not_followed(
        self,
        subtitle: ExistingSubtitle,
        transcript: Transcript,
        glossary: Glossary,
        spoken: Language,
    ) -> Iterator[str]:
        if subtitle.language is None or subtitle.language.satisfies(spoken):
            return
        terms = glossary.required_terms(spoken, subtitle.language)
        if not terms:
            return
        cues = read_cues((self.path.parent / subtitle.location).read_bytes(), subtitle.format)
        for missing in missing_terms(transcript.words, cues, terms, spoken, subtitle.language):
            yield (
                f"{subtitle.location}: at {format_timestamp(missing.start_seconds, '.')} "
                f"{missing.source_text!r} is not translated as {missing.target_text!r}"
            )


def _describe_texts(texts_by_variant: dict[str, tuple[RemovedText, ...]]) -> list[str]:
    """Describe each text with its time, the reason and its variant."""
    return [
        f"{format_timestamp(removed.start, '.')} {removed.text} ({removed.reason}; {variant})"
        for variant, texts in texts_by_variant.items()
        for removed in texts
    ]


def _with_text(
    removals: dict[str, tuple[RemovedText, ...]],
) -> dict[str, tuple[RemovedText, ...]]:
    return {
        variant: tuple(removed for removed in texts if removed.text)
        for variant, texts in removals.items()
    }


def _describe_lost_speech(removals: dict[str, tuple[RemovedText, ...]]) -> list[str]:
    """Describe the speech in which no word was recognised, by its times."""
    return [
        f"{format_timestamp(lost.start, '.')}-{format_timestamp(lost.end, '.')} ({variant})"
        for variant, texts in removals.items()
        for lost in texts
        if not lost.text
    ]


def _describe_timecode(facts: MediaInfo, wanted: str) -> str | None:
    """Return the timecode of the first moment, with its rate, or why it is not believed.

    Args:
        facts: What the file states.
        wanted: What its ready file or its library says instead; empty if nothing.
    """
    stated = _describe_stated(facts)
    if not wanted:
        return stated
    return f"{wanted} by its settings" + (f"; the file states {stated}" if stated else "")


def _describe_stated(facts: MediaInfo) -> str | None:
    if facts.timecode_problem:
        return f"not used: {facts.timecode_problem}"
    start, clock = facts.start_timecode, facts.start_clock
    if start is not None:
        counting = "drop-frame" if start.rate.is_drop_frame else "non-drop-frame"
        rate = f"{float(start.rate.fps):.6g} frames per second"
        doubts = f"; {facts.timecode_doubts}" if facts.timecode_doubts else ""
        return f"{start} at {rate}, {counting} ({start.source}){doubts}"
    if clock is not None:
        return f"{format_timestamp(float(clock), '.')} after midnight, without a frame rate"
    return None


def _describe_subtitle(subtitle: ExistingSubtitle) -> str:
    second = f"+{subtitle.secondary}" if subtitle.secondary else ""
    return (
        f"{subtitle.language or '?'}{second} {subtitle.kind} {subtitle.origin} "
        f"{subtitle.location}{_describe_ownership(subtitle)}{_describe_text(subtitle)}"
        f"{_describe_correction(subtitle)}"
    )


def _describe_correction(subtitle: ExistingSubtitle) -> str:
    """Return what becomes of a translation whose source a person corrected."""
    if not subtitle.is_source_corrected:
        return ""
    if subtitle.is_superseded:
        return f"; {SOURCE_CORRECTED}, and the changed lines are translated again"
    if subtitle.is_ours:
        return f"; {SOURCE_CORRECTED}; to translate the changed lines: subtitled queue translate"
    return f"; {SOURCE_CORRECTED}"


def _describe_text(subtitle: ExistingSubtitle) -> str:
    """Return what was found in a text that somebody else made."""
    notes = f" ({'; '.join(subtitle.notes)})" if subtitle.notes else ""
    return f"{notes}; it does not count: {subtitle.problem}" if subtitle.problem else notes


def _describe_ownership(subtitle: ExistingSubtitle) -> str:
    """Return whose a subtitle is, in brackets; nothing if it is human."""
    if subtitle.is_outdated:
        return " (outdated: ours, of another version of the media; it is replaced)"
    if subtitle.is_approved:
        return " (approved by a person; it is locked)"
    if subtitle.is_edited:
        return " (edited: ours, changed by a person; it is never changed again)"
    return " (ours)" if subtitle.is_ours else ""
