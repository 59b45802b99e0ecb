"""The requests of people to translate the corrected lines of a media file again.

A request is kept by the fingerprint of its file, until a job or a plan of that file has seen it.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from subtitled.db.database import Database
from subtitled.db.kv import TRANSLATE_AGAIN_KEY, KeyValueStore, read_value, replace_value
from subtitled.db.records import FINAL_STATES, URGENT, FileRecord, FileState
from subtitled.db.reexamination import requeue_file


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


def repeat_for_request(connection: sa.Connection, record: FileRecord) -> None:
    """Have a file planned again for a request that came while its job ran.

    Args:
        connection: The transaction in which the result of the job is recorded.
        record: The file, with its job.
    """
    if record.fingerprint is None or record.job_id is None:
        return
    key = TRANSLATE_AGAIN_KEY + record.fingerprint
    text = read_value(connection, key)
    request = None if text is None else TranslationRequest.from_text(text)
    if text is None or request is None or request.running_job != record.job_id:
        return
    if replace_value(connection, key, text, TranslationRequest(request.at).to_text()):
        requeue_file(connection, record.id, URGENT)


def settle_request(
    db: Database, record: FileRecord, before: TranslationRequest | None = None
) -> None:
    """Forget a request that a file has seen, after its final state was recorded.

    One that was made meanwhile stays, and so does one that a copy of the file has yet to see.

    Args:
        db: The database.
        record: The file.
        before: The request that was kept just before the state was recorded.
    """
    request = read_request(db.kv, record.fingerprint)
    if request is None or request != before or record.fingerprint is None:
        return
    others = (one for one in db.files.with_fingerprint(record.fingerprint) if one.id != record.id)
    if all(one.state in {*FINAL_STATES, FileState.MISSING} for one in others):
        db.kv.replace(TRANSLATE_AGAIN_KEY + record.fingerprint, request.to_text(), None)
