"""The form of one cue: what a person typed and pressed, and the operation that it means."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError
from starlette.datastructures import FormData

from subtitled.daemon.reviews.versions import VersionTag
from subtitled.plugin import Language
from subtitled.subtitles.formats.timestamps import TIMESTAMP_PATTERN, parse_timestamp
from subtitled.subtitles.review import operations as ops
from subtitled.subtitles.review.document import Document, ReviewCue, round_time, tidy_lines

from ..i18n import RejectedInputError
from ..i18n import mark_text as _
from .site import text_field

NEW_CUE_SECONDS = 2.0
"""How long a cue that is inserted lasts, if there is room."""
MAX_FIELD_CHARACTERS = 25_000
_TIMESTAMP = re.compile(TIMESTAMP_PATTERN)
_SECONDS = re.compile(r"[0-9]{1,6}([.,][0-9]{1,3})?")
_TAG = re.compile(r"v([0-9]{1,15})-([0-9a-f]{12})")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,120}")
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")


class CueAction(StrEnum):
    """A button of the form."""

    KEEP = "keep"
    RIGHT = "right"
    WRONG = "wrong"
    UNJUDGE = "unjudge"
    SPLIT = "split"
    MERGE = "merge"
    DELETE = "delete"
    INSERT = "insert"
    BREAK = "break"
    SNAP_WORDS = "snap-words"
    SNAP_SHOTS = "snap-shots"
    TAKE = "take"
    """Take the words of another engine, which the form holds as its text."""
    RESTORE = "restore"
    ADD = "add"
    """Insert a cue with the text and times of the form, such as where speech has no cue."""
    UNDO = "undo"
    REDO = "redo"


VERDICTS = (CueAction.RIGHT, CueAction.WRONG)
SNAPS = (CueAction.SNAP_WORDS, CueAction.SNAP_SHOTS)


@dataclass(frozen=True, slots=True)
class SnapTimes:
    """The times to which the start and the end of a cue may snap, in seconds."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CueForm:
    """What a form holds, whether it makes sense or not."""

    action: str
    version: str
    cue: str
    text: str
    start: str
    end: str
    category: str
    severity: str
    note: str
    engine: str
    """Whose words are taken."""
    way: str
    token: str
    """A value that the page made. What is sent twice is applied once."""

    @classmethod
    def read(cls, form: FormData) -> CueForm:
        """Read the fields of a form."""
        fields = {
            name: text_field(form, name)[:MAX_FIELD_CHARACTERS] for name in cls.__dataclass_fields__
        }
        fields["text"] = fields["text"].replace("\r\n", "\n").replace("\r", "\n")
        return cls(**fields)

    @property
    def lines(self) -> tuple[str, ...]:
        """The text line by line."""
        return tuple(self.text.split("\n"))

    @property
    def has_version(self) -> bool:
        """Whether the form names a version, so that it can be sent again as it is."""
        return _TAG.fullmatch(self.version) is not None

    def parse_action(self) -> CueAction:
        """Return the button.

        Raises:
            RejectedInputError: There is no such button.
        """
        try:
            return CueAction(self.action)
        except ValueError:
            raise RejectedInputError(_("there is no such action")) from None

    def parse_tag(self) -> VersionTag:
        """Return the version that the person saw.

        Raises:
            RejectedInputError: The field holds none.
        """
        return parse_version(self.version)

    def parse_times(self) -> tuple[float, float]:
        """Return start and end in seconds.

        Raises:
            RejectedInputError: One is no time.
        """
        return parse_time(self.start), parse_time(self.end)

    def operation_id(self, meaning: str) -> str:
        """Return the id of an operation: another one for each page and each meaning."""
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{self.token}\n{self.version}\n{meaning}").hex


def parse_version(text: str) -> VersionTag:
    """Return the version that a field names.

    Raises:
        RejectedInputError: It names none.
    """
    match = _TAG.fullmatch(text)
    if match is None:
        raise RejectedInputError(_("the form is too old, or does not come from these pages"))
    return VersionTag(int(match[1]), match[2])


def write_version(tag: VersionTag) -> str:
    """Write a version for a field."""
    return f"v{tag.version}-{tag.base}"


def is_cue_name(text: str) -> bool:
    """Check whether a text may be the id of a cue."""
    return _NAME.fullmatch(text) is not None


def parse_time(text: str) -> float:
    """Return the seconds of a time such as ``1:02:03.500``, ``02:03,5`` or ``123.5``.

    Raises:
        RejectedInputError: It is no time.
    """
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return round_time(float(text.replace(",", ".")))
    full = text if re.search("[.,]", text) else f"{text}.0"
    match = _TIMESTAMP.fullmatch(full)
    if match is None or int(match[2]) > 59 or int(match[3]) > 59:
        raise RejectedInputError(
            _("“%(text)s” is no time. Write it as 01:02:03.500 or in seconds"), text=text[:40]
        )
    return parse_timestamp(match, 1)


def build_operation(
    form: CueForm, seen: Document, language: Language, times: SnapTimes | None = None
) -> ops.SimpleOperation | ops.Compound | None:
    """Return the operation that a form means on the version that its person saw.

    What was typed is kept with whatever button was pressed, as one step of undo.

    Args:
        form: The form.
        seen: That version.
        language: The language of the subtitle.
        times: The times to which the cue snaps, for a button that does.

    Returns:
        The operation; None if nothing was changed.

    Raises:
        RejectedInputError: The form does not make sense.
    """
    action = form.parse_action()
    try:
        if action is CueAction.ADD:
            start, end = _ordered(*form.parse_times())
            return ops.Insert(start=start, end=end, lines=form.lines)
        cue = seen.by_id.get(form.cue)
        if cue is None:
            raise RejectedInputError(_("there is no such cue. Choose one of the list"))
        if action is CueAction.DELETE:
            return ops.Delete(cues=(cue.id,))
        if action is CueAction.RESTORE:
            return ops.Restore(cues=(cue.id,))
        if action is CueAction.TAKE:
            engine = form.engine[: ops.MAX_ID_CHARACTERS]
            return ops.TakeWords(cue=cue.id, text=form.text, engine=engine)
        parts = _build_parts(form, action, cue, seen, language)
        if times is not None and action in SNAPS:
            parts.append(ops.Snap(cues=(cue.id,), times=times.starts, ends=times.ends))
    except ValidationError as error:
        raise RejectedInputError(
            _("the cue cannot be kept like this: %(why)s"), why=error.errors()[0]["msg"]
        ) from None
    if len(parts) > 1:
        return ops.Compound(parts=tuple(parts))
    return parts[0] if parts else None


def _build_parts(
    form: CueForm, action: CueAction, cue: ReviewCue, seen: Document, language: Language
) -> list[ops.SimpleOperation]:
    parts: list[ops.SimpleOperation] = []
    start, end = form.parse_times()
    if (start, end) != (cue.start, cue.end):
        start, end = _ordered(start, end)
        parts.append(ops.SetTimes(cue=cue.id, start=start, end=end))
    if action is CueAction.SPLIT:
        first, second = split_lines(form.text)
        return [*parts, ops.Split(cue=cue.id, first=first, second=second)]
    if tidy_lines(form.text, language) != cue.lines:
        parts.append(ops.SetText(cue=cue.id, lines=form.lines))
    following = _following(seen, cue)
    if action is CueAction.MERGE:
        if following is None:
            raise RejectedInputError(_("this is the last cue, so there is none to merge it with"))
        parts.append(ops.Merge(cues=(cue.id, following.id)))
    elif action is CueAction.INSERT:
        parts.append(_new_cue(end, following))
    elif action is CueAction.BREAK:
        parts.append(ops.BreakLines(cues=(cue.id,)))
    return parts


def split_lines(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the texts of the two cues into which a text is split.

    An empty line separates them. Without one, the middle of the lines does.

    Raises:
        RejectedInputError: The text has one line only.
    """
    first, gap, second = _partition(text.strip("\n"))
    if not gap:
        lines = text.strip().split("\n")
        if len(lines) < 2:
            raise RejectedInputError(
                _("to split this cue, put an empty line where the second one begins")
            )
        middle = len(lines) // 2
        return tuple(lines[:middle]), tuple(lines[middle:])
    return tuple(first.split("\n")), tuple(second.strip("\n").split("\n"))


def _partition(text: str) -> tuple[str, bool, str]:
    match = _EMPTY_LINE.search(text)
    if match is None:
        return text, False, ""
    return text[: match.start()], True, text[match.end() :]


def _ordered(start: float, end: float) -> tuple[float, float]:
    if start >= end:
        raise RejectedInputError(_("a cue has to end after it begins"))
    return start, end


def _following(seen: Document, cue: ReviewCue) -> ReviewCue | None:
    place = seen.cues.index(cue) + 1
    return seen.cues[place] if place < len(seen.cues) else None


def _new_cue(end: float, following: ReviewCue | None) -> ops.Insert:
    """Return an empty cue between two others. If there is no room, it overlaps, which is shown."""
    latest = end + NEW_CUE_SECONDS
    if following is not None and following.start > end:
        latest = min(latest, following.start)
    return ops.Insert(start=round_time(end), end=round_time(latest), lines=())
