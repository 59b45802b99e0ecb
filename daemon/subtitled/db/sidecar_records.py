"""The rows of the ``sidecars`` table as records."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.makers import NO_MAKERS, Maker, Makers
from subtitled.subtitles.ownership import Signature, from_json, to_json

from .schema import sidecars


class SidecarStatus(StrEnum):
    """What became of a sidecar that we wrote."""

    PRESENT = "present"
    YIELDED = "yielded"
    """It was removed because a human subtitle appeared."""
    REMOVED_BY_USER = "removed-by-user"
    """A person removed it. It is not made again until a person asks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarRecord:
    """One sidecar that we wrote, as it was when we wrote it.

    Of an approved one it is the version that we made, not the approved one. So whatever compares
    the file with this record, in this version of the program or an older one, leaves it alone.
    """

    path: Path
    media: Path
    fingerprint: str
    language: Language
    kind: SubtitleKind
    format: str
    sha256: str
    """Of the version that we made; empty if only the approved one was ever written."""
    variant: str = ""
    created_at: float = 0.0
    """Seconds since 1970."""
    status: SidecarStatus = SidecarStatus.PRESENT
    is_user_requested: bool = False
    """A person asked for it, so it is not removed in favour of a human subtitle."""
    makers: Makers = NO_MAKERS
    """What made it. Of what older versions wrote, the models are not known."""
    is_upgrade_requested: bool = False
    """It is to be made again by something else."""
    not_upgraded: str = ""
    """Why the last try to make it again changed nothing; empty if nobody tried."""
    replaced: Signature | None = None
    """The version that was there before it was made again. It is kept in the state folder."""

    def to_signature(self, size_bytes: int) -> Signature:
        """Return the signature of our version.

        Args:
            size_bytes: The size of its content.
        """
        return Signature(
            fingerprint=self.fingerprint,
            name=self.path.name,
            language=self.language,
            kind=self.kind,
            format=self.format,
            variant=self.variant,
            created_at=self.created_at,
            sha256=self.sha256,
            size_bytes=size_bytes,
            makers=self.makers,
        )


def sidecar_to_row(
    path: Path, media: Path, signature: Signature, replaced: Signature | None = None
) -> dict[str, Any]:
    """Return the columns of a sidecar that is present. No upgrade of it is asked for.

    Args:
        path: The sidecar.
        media: Its media file.
        signature: Its signature.
        replaced: The signature of the version before it, if that is kept.
    """
    makers = signature.makers or Makers.from_variant(signature.variant)
    return {
        "path": os.fsencode(path),
        "media": os.fsencode(media),
        "fingerprint": signature.fingerprint,
        "language": str(signature.language),
        "kind": str(signature.kind),
        "format": signature.format,
        "sha256": signature.machine_sha256,
        "size": signature.size_bytes,
        "variant": signature.variant,
        "created_at": signature.created_at,
        "status": SidecarStatus.PRESENT,
        **makers_to_columns(makers),
        "upgrade_job": None,
        "upgrade_refused": "",
        "upgrade_note": "",
        "replaced": to_json(replaced).decode("ascii") if replaced is not None else "",
    }


def makers_to_columns(makers: Makers) -> dict[str, str]:
    """Return the columns that say what made a sidecar."""
    engine, translator = makers.engine, makers.translator
    return {
        "engine": engine.name,
        "model": engine.model,
        "engine_version": engine.version,
        "translator": translator.name,
        "translator_model": translator.model,
        "translator_version": translator.version,
    }


MAKER_COLUMNS: tuple[sa.Column[str], ...] = tuple(
    sidecars.c[name] for name in makers_to_columns(NO_MAKERS)
)
"""The columns that say what made a sidecar."""


def makers_from_row(row: Any) -> Makers:
    """Return what made a sidecar, from its columns."""
    return Makers(
        Maker(row["engine"], row["model"], row["engine_version"]),
        Maker(row["translator"], row["translator_model"], row["translator_version"]),
    )


def sidecar_from_row(row: Any) -> SidecarRecord:
    """Convert a row of the ``sidecars`` table."""
    return SidecarRecord(
        path=Path(os.fsdecode(row["path"])),
        media=Path(os.fsdecode(row["media"])),
        fingerprint=row["fingerprint"],
        language=Language(row["language"]),
        kind=SubtitleKind(row["kind"]),
        format=row["format"],
        sha256=row["sha256"],
        variant=row["variant"],
        created_at=row["created_at"],
        status=SidecarStatus(row["status"]),
        is_user_requested=row["is_user_requested"],
        makers=makers_from_row(row),
        is_upgrade_requested=row["upgrade_job"] is not None,
        not_upgraded=row["upgrade_note"],
        replaced=from_json(row["replaced"].encode()) if row["replaced"] else None,
    )
