"""The reasons for which a cue may be wrong: a kind with values, and the sentence of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class ReasonKind(StrEnum):
    """What makes a cue suspect. The values of each kind are the names in its sentence."""

    UNSURE_WORDS = "unsure-words"
    UNSURE_AROUND = "unsure-around"
    UNSURE_FILE = "unsure-file"
    LOW_PROBABILITY = "low-probability"
    HARDLY_ANY_SPEECH = "hardly-any-speech"
    NEARLY_A_LOOP = "nearly-a-loop"
    REPEATED = "repeated"
    LEFT_OUT = "left-out"
    SPEECH_LEFT = "speech-left"
    NO_SPEECH = "no-speech"
    FAINT_SPEECH = "faint-speech"
    ODD_PACE = "odd-pace"
    ESTIMATED_TIMES = "estimated-times"
    OUTSIDE_LIMITS = "outside-limits"
    TERM_MISSED = "term-missed"
    UNTRANSLATED = "untranslated"
    ODD_LENGTH = "odd-length"
    OTHER_LANGUAGE = "other-language"
    OTHER_SCRIPT = "other-script"
    NAME_VARIANT = "name-variant"
    ENGINES_DISAGREE = "engines-disagree"


SENTENCES: Mapping[ReasonKind, str] = {
    ReasonKind.UNSURE_WORDS: "The recogniser was unsure of {words}.",
    ReasonKind.UNSURE_AROUND: "The cues beside it are unsure too.",
    ReasonKind.UNSURE_FILE: "The recogniser understood this recording badly ({percent} % sure).",
    ReasonKind.LOW_PROBABILITY: "Other texts would fit the sound about as well.",
    ReasonKind.HARDLY_ANY_SPEECH: "The recogniser found hardly any speech here.",
    ReasonKind.NEARLY_A_LOOP: "It is nearly a loop of the recogniser.",
    ReasonKind.REPEATED: "It repeats the cue before it.",
    ReasonKind.LEFT_OUT: "Left out beside it: “{text}” ({why}).",
    ReasonKind.SPEECH_LEFT: "Somebody speaks for {seconds} s beside it, and nothing is written.",
    ReasonKind.NO_SPEECH: "No speech was found where it is said.",
    ReasonKind.FAINT_SPEECH: "The speech is faint.",
    ReasonKind.ODD_PACE: "Its words would be said unusually {pace}.",
    ReasonKind.ESTIMATED_TIMES: "Its times are estimated.",
    ReasonKind.OUTSIDE_LIMITS: "It is outside the limits: {rule}, {detail}.",
    ReasonKind.TERM_MISSED: "“{spoken}” is said, but “{wanted}” is missing.",
    ReasonKind.UNTRANSLATED: "A line of it: {why}.",
    ReasonKind.ODD_LENGTH: "The translation is unusually {length} for what is said.",
    ReasonKind.OTHER_LANGUAGE: "It looks like {language}.",
    ReasonKind.OTHER_SCRIPT: "It has letters of another script.",
    ReasonKind.NAME_VARIANT: "“{name}” is also written “{other}”, {count} times.",
    ReasonKind.ENGINES_DISAGREE: "{engine} understood “{text}”.",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a cue may be wrong, so that a page can say it in any language."""

    kind: ReasonKind
    values: Mapping[str, str | int | float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The reason as an English sentence."""
        return SENTENCES[self.kind].format(**self.values)

    def to_json(self) -> dict[str, Any]:
        """Return the reason for the database and the API."""
        return {"kind": str(self.kind), "values": dict(self.values), "text": self.text}
