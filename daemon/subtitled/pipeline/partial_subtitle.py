"""The sidecar of a film that somebody watches: it grows until the whole one replaces it.

Each version replaces the one before as a whole. Its mark says that it is not all
(:mod:`subtitled.subtitles.partial`), so it never counts as there. A job that ends without the whole
one removes it. A job that was killed finds it again, or the next start removes it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

from subtitled.db.database import Database
from subtitled.db.kv import PARTIAL_KEY
from subtitled.db.records import ACTIVE_STATES
from subtitled.jobcontext.context import JobContext
from subtitled.media.errors import ShutdownRequested
from subtitled.plugin import (
    Language,
    Sidecar,
    Subtitle,
    SubtitledError,
    SubtitleKind,
    Transcript,
)
from subtitled.plugin.paths import display_path
from subtitled.policy.cue_rules import cue_rules_for
from subtitled.policy.requirements import Origin
from subtitled.routing.production_plan import TargetPlan
from subtitled.routing.table import Route, RouteKind
from subtitled.subtitles.chinese import convert_script
from subtitled.subtitles.filenames import build_sidecar_path
from subtitled.subtitles.formats import render_subtitle
from subtitled.subtitles.language_id import find_language_mismatch
from subtitled.subtitles.partial import PARTIAL_FORMATS, compute_partial_digest, mark_partial
from subtitled.subtitles.publish import delete_own, publish_sidecar
from subtitled.subtitles.segmentation.segmenter import segment_words

from .locks import SidecarIdentity, find_lock
from .shared_names import find_other_owner

_log = logging.getLogger(__name__)

MIN_SECONDS = 5.0
"""Seconds between two versions of a sidecar, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowingTarget:
    """A subtitle that can grow: it is made of the words of one track as they come."""

    language: Language
    """The language of the subtitle, and of its name."""
    text: Language
    """The language of the words. Chinese may be converted to another script."""
    spoken: Language
    route: Route
    fmt: str


def find_growing_target(target: TargetPlan) -> GrowingTarget | None:
    """Return how a subtitle can grow; None if it cannot.

    One that is translated as a text cannot: translators get whole scenes. Nor can a forced or a
    bilingual one, or one that is there and made again.
    """
    path = target.paths[0] if target.paths else None
    fmt = next((fmt for fmt in PARTIAL_FORMATS if fmt in target.formats), None)
    is_plain = target.kind is SubtitleKind.FULL and target.secondary is None
    if path is None or fmt is None or not is_plain or target.is_upgrade:
        return None
    route = path.segments[0].route if len(path.segments) == 1 else None
    if path.source.origin is not Origin.AUDIO or route is None:
        return None
    if route.kind is RouteKind.TRANSLATE_TEXT:
        return None
    spoken = path.segments[0].language
    return GrowingTarget(
        language=target.language,
        text=spoken if route.kind is RouteKind.TRANSCRIBE else path.pivot,
        spoken=spoken,
        route=route,
        fmt=fmt,
    )


class PartialSubtitles:
    """The growing sidecars of one job. It is a context manager around the whole job."""

    def __init__(self, ctx: JobContext, now: Callable[[], float] = time.monotonic) -> None:
        """Take over what an earlier run of the job left.

        Args:
            ctx: The job.
            now: Returns the time by the monotonic clock.
        """
        self._ctx = ctx
        self._now = now
        self._last_at = float("-inf")
        is_published = ctx.job.output_folder is None
        self._sidecars = find_partials(ctx.services.db, ctx.job.media) if is_published else []
        self._shown: dict[Path, Sidecar] = {}
        self._contents: dict[Path, bytes] = {}
        self._refused: set[Path] = set()

    def __enter__(self) -> PartialSubtitles:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, ShutdownRequested):
            return  # the job goes on at the next start
        db, media = self._ctx.services.db, self._ctx.job.media
        for path in self._sidecars:
            is_removed, sidecar = remove_partial(db, path), self._shown.get(path)
            if sidecar is not None and is_removed:
                self._ctx.services.viewers.withdraw(media, sidecar)
            elif sidecar is not None and error is None:
                self._ctx.services.viewers.show(media, sidecar, True)

    @contextlib.contextmanager
    def following(self, target: TargetPlan, duration: float) -> Iterator[None]:
        """Let the sidecar of a target grow while its words are transcribed.

        Args:
            target: What is being produced.
            duration: The seconds of the media file.
        """
        growing = find_growing_target(target)
        if growing is not None:
            self._ctx.on_words = partial(self.write, growing, duration)
        try:
            yield
        finally:
            self._ctx.on_words = None

    def write(
        self, target: GrowingTarget, duration: float, find_words: Callable[[], Transcript]
    ) -> None:
        """Write the cues of the words so far, unless that was done a moment ago.

        What goes wrong is logged, and the job goes on.

        Args:
            target: The subtitle.
            duration: The seconds of the media file.
            find_words: Returns the words so far.
        """
        job = self._ctx.job
        path = build_sidecar_path(
            job.media, target.language, SubtitleKind.FULL, target.fmt, None, job.library.filenames
        )
        is_early = self._now() - self._last_at < MIN_SECONDS
        if job.output_folder is not None or path in self._refused or is_early:
            return
        try:
            if self._write(target, duration, path, find_words()):
                self._last_at = self._now()
        except (SubtitledError, OSError) as error:
            self._refused.add(path)
            _log.warning(
                "%s does not grow while the film is watched: %s", display_path(path), error
            )

    def _write(
        self, target: GrowingTarget, duration: float, path: Path, transcript: Transcript
    ) -> bool:
        ctx, db = self._ctx, self._ctx.services.db
        media, fingerprint = ctx.job.media, ctx.job.fingerprint
        is_translation = target.route.kind is not RouteKind.TRANSCRIBE
        rules = cue_rules_for(ctx.job.library, target.text, translation=is_translation)
        cues = segment_words(transcript.words, target.text, rules, duration)
        if not cues or find_language_mismatch([cue.text for cue in cues], target.text, ()):
            return False
        digest = compute_partial_digest(path)
        identity = SidecarIdentity(language=target.language, kind=SubtitleKind.FULL)
        if (
            (digest is None and os.path.lexists(path))
            or find_other_owner(db.sidecars, path, media, fingerprint) is not None
            or find_lock(db.sidecars, media, fingerprint, path, identity) is not None
        ):
            self._refused.add(path)
            return False
        ctx.ensure_unchanged()
        subtitle = convert_script(
            Subtitle(language=target.text, cues=cues, title=media.stem), target.language
        )
        content = mark_partial(render_subtitle(subtitle, target.fmt), target.fmt)
        if content == self._contents.get(path):
            return False
        db.kv.set(_key(path), os.fsencode(media).hex())
        if path not in self._sidecars:
            self._sidecars.append(path)
        publish_sidecar(path, content, own_digest=digest)
        self._contents[path] = content
        sidecar = Sidecar(path, target.language)
        if path not in self._shown:
            _log.info("%s grows while the film is watched", display_path(path))
        self._shown[path] = sidecar
        ctx.services.viewers.show(media, sidecar, False)
        return True


def remove_partial(db: Database, path: Path) -> bool:
    """Remove a sidecar that is still partial, and forget that it was.

    Args:
        db: The database.
        path: The sidecar.

    Returns:
        Whether it was there. If not, the whole one, or that of a person, has its place.
    """
    is_removed = False
    try:
        if (digest := compute_partial_digest(path)) is not None:
            is_removed = delete_own(path, digest)
    except (SubtitledError, OSError) as error:
        _log.warning("%s is not whole and cannot be removed: %s", display_path(path), error)
        return True
    db.kv.set(_key(path), None)
    return is_removed


def find_partials(db: Database, media: Path) -> list[Path]:
    """Return the sidecars of a media file that grow, or were growing when their job was killed."""
    return [path for path, of_media in _recorded(db).items() if of_media == media]


def remove_leftovers(db: Database) -> None:
    """Remove the partial sidecars of jobs that were killed and do not go on."""
    for path, media in _recorded(db).items():
        record = db.files.get(media)
        if record is None or record.state not in ACTIVE_STATES:
            remove_partial(db, path)


def _recorded(db: Database) -> Mapping[Path, Path]:
    """Return the partial sidecars that are recorded, each with its media file."""
    return {
        Path(os.fsdecode(bytes.fromhex(key.removeprefix(PARTIAL_KEY)))): Path(
            os.fsdecode(bytes.fromhex(media))
        )
        for key, media in db.kv.get_prefix(PARTIAL_KEY).items()
    }


def _key(path: Path) -> str:
    return PARTIAL_KEY + os.fsencode(path).hex()
