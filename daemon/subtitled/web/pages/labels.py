"""The words of the pages for the values of the database. They stand in the catalogues too."""

from __future__ import annotations

from subtitled.db.history import HistoryEvent
from subtitled.db.outbox import DeliveryState
from subtitled.db.presence import SubtitleOrigin
from subtitled.db.records import FileState
from subtitled.db.sidecars import SidecarStatus
from subtitled.subtitles.synchronisation import SyncVerdict
from subtitled.web.auth.roles import Role

from ..i18n import mark_text as _

STATES: dict[FileState, str] = {
    FileState.WORKING: _("in progress"),
    FileState.QUEUED: _("queued"),
    FileState.WAITING: _("waiting"),
    FileState.STABILISING: _("new"),
    FileState.GROWING: _("growing"),
    FileState.RETRYING: _("tried again later"),
    FileState.FAILED: _("failed"),
    FileState.QUARANTINED: _("quarantined"),
    FileState.IMPOSSIBLE: _("impossible"),
    FileState.NO_SPEECH: _("no speech"),
    FileState.DONE: _("done"),
    FileState.UP_TO_DATE: _("up to date"),
    FileState.MISSING: _("gone"),
}
STATUSES = {
    "met": _("there"),
    "nothing-to-write": _("nothing to write"),
    "missing": _("missing"),
    "impossible": _("impossible"),
    "removed": _("taken back"),
}
"""The status of a requirement."""
KINDS = {
    "full": _("full"),
    "forced": _("forced"),
    "sdh": _("SDH"),
    "summary": _("summary"),
}
ORIGINS = {
    "sidecar": _("sidecar"),
    "embedded": _("inside the file"),
    "removed-by-user": _("removed by a person"),
}
OWNERSHIPS = {
    "human": _("made by others"),
    "ours": _("ours"),
    "edited": _("ours, edited by a person"),
    "approved": _("ours, approved by a person"),
    "outdated": _("ours, of an older version of the film"),
}
SUBTITLE_ORIGINS = {
    SubtitleOrigin.OURS: _("ours"),
    SubtitleOrigin.APPROVED: _("ours, approved by a person"),
    SubtitleOrigin.OTHERS: _("made by others"),
    SubtitleOrigin.EMBEDDED: _("inside the file"),
}
SIDECAR_STATES = {
    SidecarStatus.PRESENT: _("there"),
    SidecarStatus.YIELDED: _("removed when somebody else's appeared"),
    SidecarStatus.REMOVED_BY_USER: _("removed by a person"),
}
DELIVERIES = {
    DeliveryState.WAITING: _("not told yet"),
    DeliveryState.SENT: _("told, checked soon"),
    DeliveryState.CONFIRMED: _("has indexed it"),
    DeliveryState.UNVERIFIABLE: _("cannot say whether it has indexed it"),
    DeliveryState.NOT_INDEXED: _("has not indexed it"),
}
EVENTS: dict[HistoryEvent, str] = {
    HistoryEvent.QUEUED: _("job queued"),
    HistoryEvent.PUBLISHED: _("subtitle written"),
    HistoryEvent.ENDED: _("ended"),
    HistoryEvent.FAILED: _("failed"),
    HistoryEvent.WAITING: _("waits"),
    HistoryEvent.REMOVED: _("subtitle removed"),
    HistoryEvent.APPROVED: _("subtitle approved"),
    HistoryEvent.UNLOCKED: _("subtitle unlocked"),
    HistoryEvent.DELIVERED: _("delivered"),
    HistoryEvent.GLOSSARY: _("glossary changed"),
    HistoryEvent.REQUESTED: _("asked for"),
    HistoryEvent.SIGNED_IN: _("signed in"),
    HistoryEvent.ADMINISTERED: _("users changed"),
}
COMMANDS = {
    "retry": _("retry"),
    "prioritise": _("first"),
    "prioritise-watching": _("soon"),
    "translate-again": _("translate the changed lines again"),
    "cancel": _("cancel"),
    "scan": _("scan"),
    "pause": _("pause"),
    "resume": _("resume"),
    "path-changed": _("check again"),
    "undo": _("remove what we wrote"),
    "restore": _("bring back what we wrote"),
    "take-approval-back": _("take the approval back"),
    "reset-engine": _("try the engine again"),
    "tell-servers": _("tell the media servers again"),
    "upgrade": _("make again by better engines"),
    "withdraw-upgrades": _("make nothing again"),
}
"""What can be asked for. It is the reason of an event."""
LOG_LEVELS = {
    "debug": _("everything"),
    "info": _("what happens"),
    "warning": _("warnings and errors"),
}
ROLES: dict[Role, str] = {
    Role.VIEWER: _("viewer"),
    Role.REVIEWER: _("reviewer"),
    Role.OPERATOR: _("operator"),
    Role.ADMIN: _("admin"),
}
FACTS = {
    "not_taken": _("Not taken because"),
    "ready_file": _("Ready file"),
    "watch_mode": _("Watched by"),
    "turn": _("When it has its turn"),
    "duration_seconds": _("Length in seconds"),
    "timecode": _("Timecode at its beginning"),
    "audio": _("Sound tracks"),
    "rejected_tracks": _("Tracks not chosen"),
    "spoken_language": _("Spoken language"),
    "requirements": _("How each subtitle is made"),
    "reasons": _("Why"),
    "engines": _("Engines"),
    "subtitles": _("Subtitles"),
    "subtitle_times": _("Times of other people's subtitles"),
    "our_sidecars": _("Written by us"),
    "summaries": _("Summaries"),
    "reused_transcript": _("Reused transcript"),
    "glossary": _("Glossary"),
    "hallucinations_removed": _("Text that nobody said, left out"),
    "speech_without_words": _("Speech without words"),
    "chunk_fallbacks": _("Parts by another engine"),
    "untranslated": _("Not translated"),
}
"""What a look at a file tells, in the order of the page."""

SYNC_VERDICTS = {
    SyncVerdict.IN_SYNC: _("in sync"),
    SyncVerdict.OFFSET: _("early or late"),
    SyncVerdict.RATIO: _("made for another frame rate"),
    SyncVerdict.BREAKS: _("made for another cut"),
    SyncVerdict.OTHER_FILM: _("of another film"),
    SyncVerdict.CANNOT_TELL: _("cannot be told"),
}
"""What a check says of the times of a subtitle."""
