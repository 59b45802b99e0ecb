"""The requests of people to translate the corrected lines of a media file again.

A request is kept by the fingerprint of its file, until a job or a plan of that file has seen it.
"""

from __future__ import annotations

from dataclasses import dataclass

from subtitled.db.database import Database
from subtitled.db.kv import TRANSLATE_AGAIN_KEY, KeyValueStore
from subtitled.db.records import FINAL_STATES, FileRecord, FileState


@dataclass(frozen=True, slots=True)
class TranslationRequest:
    """A request that is kept."""

    at: float
    """When somebody asked, in seconds since 1970."""
    running_job: str = ""
    """The job that the file had then, which may have decided before what it makes."""

    def to_text(self) -> str:
        """Return the request as the database keeps it."""
        return f"{self.at!r} {self.running_job}".rstrip()

    @classmethod
    def from_text(cls, text: str) -> TranslationRequest:
        """Parse what :meth:`to_text` returned."""
        at, _, job = text.partition(" ")
        return cls(float(at), job)


def keep_request(kv: KeyValueStore, fingerprint: str, request: TranslationRequest) -> None:
    """Keep a request instead of an earlier one."""
    kv.set(TRANSLATE_AGAIN_KEY + fingerprint, request.to_text())


def read_request(kv: KeyValueStore, fingerprint: str | None) -> TranslationRequest | None:
    """Return the request for a file; None if nobody asked."""
    text = kv.get(TRANSLATE_AGAIN_KEY + fingerprint) if fingerprint else None
    return None if text is None else TranslationRequest.from_text(text)


def settle_request(
    db: Database, record: FileRecord, job_id: str = "", before: TranslationRequest | None = None
) -> bool:
    """Forget a request that a file has seen, after its final state was recorded.

    One that was made meanwhile stays, and so does one that a copy of the file has yet to see.

    Args:
        db: The database.
        record: The file.
        job_id: The job that ended; empty if a plan found that there is nothing to do.
        before: The request that was kept just before the state was recorded.

    Returns:
        Whether the file has to be planned again, because somebody asked while its job ran.
    """
    request = read_request(db.kv, record.fingerprint)
    if request is None or record.fingerprint is None:
        return False
    key = TRANSLATE_AGAIN_KEY + record.fingerprint
    if job_id and request.running_job == job_id:
        return db.kv.replace(key, request.to_text(), TranslationRequest(request.at).to_text())
    others = (one for one in db.files.with_fingerprint(record.fingerprint) if one.id != record.id)
    is_seen_by_all = all(one.state in {*FINAL_STATES, FileState.MISSING} for one in others)
    if request == before and is_seen_by_all:
        db.kv.replace(key, request.to_text(), None)
    return False
