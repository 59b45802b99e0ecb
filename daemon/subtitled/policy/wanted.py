"""What a library wants of a media file, and the answer that each wanted subtitle gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.config.library_settings import ORIGINAL, WantedLanguage
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Language, SubtitleKind

from .requirements import (
    Answer,
    AnswerStatus,
    Nothing,
    Removed,
    Requirement,
    SummaryRequirement,
    Unsatisfiable,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One subtitle or summary that a library wants."""

    language: Language | None
    kind: str
    is_bilingual: bool = False
    secondary: Language | None = None

    def answer(self, result: Requirement | SummaryRequirement | str) -> Answer:
        """Return the answer that a result of the policy gives."""
        if isinstance(result, str):
            status = AnswerStatus.MET
            if isinstance(result, Unsatisfiable):
                status = AnswerStatus.IMPOSSIBLE
            elif isinstance(result, Removed):
                status = AnswerStatus.REMOVED
            elif isinstance(result, Nothing):
                status = AnswerStatus.NOTHING
        else:
            status = AnswerStatus.MISSING
        return Answer(
            language=self.language,
            kind=str(self.kind),
            status=status,
            reason=str(result) if isinstance(result, str) else result.reason,
            is_bilingual=self.is_bilingual,
            secondary=self.secondary,
        )


def list_wanted_subtitles(
    library: LibrarySettings, guess: Language | None
) -> list[tuple[Language | None, SubtitleKind]]:
    """Return the wanted languages and kinds, each once, with ``original`` resolved.

    Where the spoken language satisfies another wanted one, as ``pt`` does ``pt-BR``, the two are
    one requirement under the other's name.
    """
    return [
        (language, kind)
        for languages, kind in (
            (library.languages, SubtitleKind.FULL),
            (library.forced, SubtitleKind.FORCED),
        )
        for language in resolve_original(languages, guess)
    ]


def resolve_original(
    languages: Sequence[WantedLanguage], guess: Language | None
) -> list[Language | None]:
    """Return the languages, each once.

    ``original`` becomes the language that the guess satisfies, or the guess.
    """
    named_languages = [Language(code) for code in languages if code != ORIGINAL]
    original = guess and next((code for code in named_languages if guess.satisfies(code)), guess)
    resolved = (original if code == ORIGINAL else Language(code) for code in languages)
    return list(dict.fromkeys(resolved))


def list_wanted_pairs(
    library: LibrarySettings, guess: Language | None
) -> list[tuple[Language | None, Language | None]]:
    """Return the wanted pairs of languages, each once, with ``original`` resolved."""
    pairs = [
        tuple(guess if code == ORIGINAL else Language(code) for code in pair)
        for pair in library.bilingual
    ]
    return [(upper, lower) for upper, lower in dict.fromkeys(pairs)]
