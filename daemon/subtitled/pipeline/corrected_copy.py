"""Writing a copy of somebody else's subtitle with corrected times, beside the original."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.sidecars import SidecarStatus
from subtitled.plugin import Cue, InputRejectedError, Subtitle
from subtitled.plugin.paths import display_path
from subtitled.subtitles.filenames import build_sidecar_path
from subtitled.subtitles.formats import render_subtitle
from subtitled.subtitles.ownership import SidecarDescription, Signature
from subtitled.subtitles.publish import publish_sidecar
from subtitled.subtitles.synchronisation import (
    SyncReport,
    correct_ass,
    correct_cues,
    proves_gain,
)
from subtitled.transcripts.subtitle_checks import name_location

from .locks import SidecarIdentity, find_lock
from .synchronisation import CheckedText

CORRECTED_TAG = "subtitled"
"""The tag in the name of the copy. The original keeps its own name."""

_TIMED_FORMATS = ("srt", "vtt", "ass", "ttml")
"""The formats of which a copy may be. The first that the library wants is taken, except that the
copy of ASS is ASS, with its styles."""
_MAX_ROUNDING_SECONDS = 0.011
"""What the times of a file that was read back may differ: ASS counts hundredths of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPlace:
    """The media file beside which a copy is written."""

    media: Path
    fingerprint: str
    library: LibrarySettings
    folder: Path | None = None
    """The folder of the sidecars, by default that of the media file."""
    frame_rate: float | None = None
    taken: frozenset[Path] = frozenset()
    """The copies of other subtitles that were written just now. They are not replaced."""

    def path_of(self, text: CheckedText) -> Path:
        """Return the path of the copy.

        Raises:
            InputRejectedError: The text cannot be decoded, its language cannot be told, or the name
                is too long.
        """
        if text.language is None:
            raise InputRejectedError(
                f"the language of {name_location(text.location)} cannot be told",
                "Name it with --language",
            )
        settings = self.library.filenames.model_copy(update={"tag": CORRECTED_TAG})
        fmt = next((one for one in self.library.formats if one in _TIMED_FORMATS), "srt")
        if text.read_ass() is not None:
            fmt = "ass"
        path = build_sidecar_path(self.media, text.language, text.kind, fmt, None, settings)
        return path if self.folder is None else self.folder / path.name


def write_corrected_copy(
    db: Database, place: CopyPlace, text: CheckedText, report: SyncReport
) -> Path:
    """Write a copy with corrected times as a sidecar of ours. The original stays as it is.

    Args:
        db: The database.
        place: The media file.
        text: The text that was checked.
        report: What the check found.

    Returns:
        The copy.

    Raises:
        InputRejectedError: Words do not prove the gain, a person approved this subtitle, a file of
            somebody else has the name, or the copy of another subtitle.
        SubtitledError: It cannot be written.
    """
    if not proves_gain(report):
        raise InputRejectedError(
            f"no words prove that other times are better for {name_location(text.location)}",
            "Make a subtitle in its language first, so that there is a transcript to compare with",
        )
    path = place.path_of(text)
    if path in place.taken:
        raise InputRejectedError(
            f"{display_path(path.name)} was just written for another subtitle",
            f"Check {name_location(text.location)} alone to have its copy instead",
        )
    language = text.language
    assert language is not None
    identity = SidecarIdentity(language=language, kind=text.kind)
    lock = find_lock(db.sidecars, place.media, place.fingerprint, path, identity)
    if lock is not None:
        raise InputRejectedError(lock, "Correct the times of the approved subtitle by hand")
    content = _render(place, text, report, path.suffix[1:])
    description = SidecarDescription(
        name=path.name,
        fingerprint=place.fingerprint,
        language=language,
        kind=text.kind,
        format=path.suffix[1:],
        variant=f"{name_location(text.location)} with corrected times",
    )
    signature = Signature.create(content, description)
    own_digest = db.sidecars.own_digest(path, place.fingerprint)
    publish_sidecar(path, content, own_digest=own_digest, signature=signature)
    # The subtitle that it is a copy of is no reason to remove it.
    db.sidecars.record_written(path, place.media, signature, is_user_requested=True)
    return path


def _render(place: CopyPlace, text: CheckedText, report: SyncReport, fmt: str) -> bytes:
    """Return the content of a copy, which was read back and compared."""
    cues = correct_cues(text.read_cues(place.frame_rate), report)
    ass = text.read_ass()
    if ass is None:
        assert text.language is not None
        title = place.media.stem
        subtitle = Subtitle(language=text.language, cues=cues, kind=text.kind, title=title)
        return render_subtitle(subtitle, fmt)
    content = correct_ass(ass, report).encode()
    read_back = replace(text, data=content).read_cues(place.frame_rate)
    if not _are_same(cues, read_back):
        raise InputRejectedError(
            f"{name_location(text.location)} does not read back as it was corrected",
            "Correct its times with an editor such as Aegisub",
        )
    return content


def _are_same(wanted: Sequence[Cue], found: Sequence[Cue]) -> bool:
    if Counter(cue.text for cue in wanted) != Counter(cue.text for cue in found):
        return False
    pairs = (
        *zip(sorted(cue.start for cue in wanted), sorted(cue.start for cue in found), strict=True),
        *zip(sorted(cue.end for cue in wanted), sorted(cue.end for cue in found), strict=True),
    )
    return all(abs(one - two) <= _MAX_ROUNDING_SECONDS for one, two in pairs)


def was_removed(db: Database, path: Path) -> bool:
    """Return whether a person removed a copy, which is then not written again by itself."""
    record = db.sidecars.get(path)
    return record is not None and record.status is SidecarStatus.REMOVED_BY_USER
