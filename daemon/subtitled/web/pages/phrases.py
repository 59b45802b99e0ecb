"""What the daemon says in English, as texts of the catalogues.

What was left out of a subtitle, or why a line was not translated, is stored as an English phrase
with its values in it, such as ``16 letters in 0.3 s``. The phrases stand here with placeholders, so
that a page can say them in its language. A phrase that is not here is shown in English.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from subtitled.plugin import SubtitledError

from ..i18n import Text
from ..i18n import mark_text as _
from .filters import format_line
from .review_labels import AS_GIVEN, REASONS, RULES

VALUES = (
    _("fast"),
    _("slowly"),
    _("long"),
    _("short"),
    _("empty"),
    _("%(seconds)s s"),
    _("by %(seconds)s s"),
    _("%(number)s a second"),
    _("%(number)s columns"),
    _("%(number)s lines"),
    _("%(start)s to %(end)s s"),
    _("the next begins %(seconds)s s before it"),
)
"""Values of cues."""
LEFT_OUT = (
    _("a guess in faint speech (confidence %(number)s)"),
    _("little speech there (confidence %(number)s)"),
    _("outside speech"),
    _("%(number)s letters in %(seconds)s s"),
    _("the engine reports no speech (probability %(number)s, mean log probability %(score)s)"),
    _("a loop of the engine (compression ratio %(number)s)"),
    _("a loop: %(text)s %(number)s times"),
    _("a loop of letters, cut to %(text)s"),
    _("a token that is no speech"),
    _("a credit that recognisers hallucinate"),
    _("it has no words"),
)
"""Why text was left out of a subtitle."""
NOT_TRANSLATED = (
    _("left in %(text)s: %(why)s"),
    _("too many calls"),
    _("the answer has unknown ids"),
    _("it seems to belong to the line before or after"),
    _("the answer is in %(text)s"),
    _("it came back twice, with different texts"),
    _("it did not come back"),
    _("the next line is missing: it may hold both"),
    _("it is the next line, not translated"),
    _("several lines came back with the same text"),
    _("it has markup that the source has not"),
    _("it is about the task and no translation"),
    _("its length is impossible for a translation"),
    _("it is not written as %(text)s is"),
    _("it was not translated"),
    _("it is in %(text)s"),
    _("a number is missing in it"),
    _("its length is unusual"),
)
"""Why a line was not translated, or not clearly well."""
REFUSALS = (
    _("there is no such review"),
    _("Take its number from the list"),
    _("the media file of this review is not in the database any more"),
    _("Bring the file back and scan its library: what was edited is kept"),
    _("there is no subtitle of ours in %(text)s for %(file)s"),
    _("Have it made first: subtitled queue retry FILE"),
    _("the sidecar %(text)s is not there any more"),
    _("Have the file checked: subtitled queue retry FILE"),
    _("the sidecar %(text)s cannot be read: %(why)s"),
    _("Let the daemon's user read it"),
    _("this review has version %(number)s meanwhile"),
    _("Look at the later edits first"),
    _("1 cue is wrong: %(text)s"),
    _("%(number)s cues are wrong: %(text)s"),
    _("Correct them: such cues confuse players"),
    _("1 cue is outside the limits of the library: %(text)s"),
    _("%(number)s cues are outside the limits of the library: %(text)s"),
    _("Correct them, or accept the warnings"),
    _("%(text)s approved this subtitle already"),
    _("Nothing is left to do"),
    _("another program changed the file since the review began; nothing was written"),
    _("Approve it on its own page, which shows both versions"),
    _("this subtitle waits for another reader: %(text)s edited it"),
    _(
        "Have somebody approve it who did not edit it, or undo your own edits: the library has "
        "`second_reader`"
    ),
)
"""Why a review cannot be shown or approved, and what to do."""
KEPT_FILES = (
    _("%(file)s would be longer than %(number)s bytes; it is not written"),
    _("%(file)s was written or changed by somebody else; it is kept"),
    _("%(file)s is not written: %(why)s"),
    _("%(file)s is that of %(text)s, which differs only in its ending; rename one of the two"),
)
"""Why a format of an approved subtitle was left as it is."""
NOT_MADE_AGAIN = (
    _("nothing that is configured makes them"),
    _("what made them would make them now"),
    _("it was tried, and made nothing better or was taken back"),
    _("to be made again already"),
    _("its model is not known; %(text)s means these"),
)
"""Why subtitles of ours are not made again by a better engine."""
PHRASES = (
    *VALUES,
    *RULES.values(),
    *LEFT_OUT,
    *NOT_TRANSLATED,
    *REFUSALS,
    *KEPT_FILES,
    *NOT_MADE_AGAIN,
)
SCRIPT_PHRASES = (*VALUES, *RULES.values(), *LEFT_OUT)
"""Those that reasons and findings have, which the scripts of the review page read. Those of a
translation have :data:`NOT_TRANSLATED` too; it is left out elsewhere to keep the page small."""
_ANY_TEXT = ("text", "file", "why")
"""The placeholders that stand for any text; the others are numbers."""
SAID = ("rule", "detail", "why", "pace", "length")
"""The values of a reason that the daemon says. The others are words of the subtitle, or numbers."""
_PLACEHOLDER_NAME = re.compile(r"%\((\w+)\)s")
_PLACEHOLDER = re.compile(r"%\\\((\w+)\\\)s")


def read_phrase(phrase: str) -> Text:
    """Return an English phrase of the daemon as a text that the catalogues translate.

    Args:
        phrase: The phrase with its values. One that is not known stays as it is.
    """
    for pattern, template in _patterns():
        match = pattern.fullmatch(phrase)
        if match is not None:
            values = match.groupdict()
            why = {name: read_phrase(value) for name, value in values.items() if name == "why"}
            return Text(template, {**values, **why})
    return Text(AS_GIVEN, {"text": phrase})


def describe_reason(reason: Any) -> Text:
    """Return the sentence of a reason as the database has it: a text, or an object."""
    if not isinstance(reason, dict):
        return Text(AS_GIVEN, {"text": format_line(reason)})
    values = reason.get("values")
    known = REASONS.get(reason.get("kind", ""))
    if known is not None and isinstance(values, dict):
        lines = {str(name): format_line(value) for name, value in values.items()}
        if set(_PLACEHOLDER_NAME.findall(known)) <= set(lines):
            said = {name: read_phrase(line) for name, line in lines.items() if name in SAID}
            return Text(known, {**lines, **said})
    return Text(AS_GIVEN, {"text": format_line(reason.get("text", ""))})


def describe_error(error: SubtitledError) -> Text:
    """Return what is wrong with a request, and what to do about it."""
    message = read_phrase(error.message)
    if not error.hint:
        return message
    return Text(_("%(message)s. %(hint)s"), {"message": message, "hint": read_phrase(error.hint)})


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(_to_pattern(template), re.DOTALL), template) for template in PHRASES)


def _to_pattern(template: str) -> str:
    """Return the regular expression of a template; the scripts build the same."""
    return _PLACEHOLDER.sub(
        lambda match: f"(?P<{match[1]}>{'.+' if match[1] in _ANY_TEXT else r'-?[0-9.]+%?'})",
        re.escape(template),
    )
