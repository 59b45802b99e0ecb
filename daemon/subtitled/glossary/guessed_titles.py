"""What guessit reads from a path. It takes 11 MB, so the daemon has another process read paths."""

from __future__ import annotations

from typing import Any, Final

from subtitled.helper_process import HelperProcess, answer_questions

_FIELDS: Final = ("title", "episode_title", "type", "year")
_process: Final = HelperProcess("subtitled.glossary.guessed_titles")


def guess_title(path: str) -> dict[str, Any] | None:
    """Read the title, the title of the episode, the type and the year from a path.

    Args:
        path: A path in the style of releases.

    Returns:
        What was found: texts, and numbers; None if guessit can read nothing.
    """
    guessed: dict[str, Any] | None = _process.ask(path, _read)
    return guessed


def _read(path: str) -> dict[str, Any] | None:
    from guessit import guessit  # a slow import that most processes never need
    from guessit.api import GuessitException

    try:
        guess = guessit(path)
    except GuessitException:
        return None
    return {field: guess[field] for field in _FIELDS if isinstance(guess.get(field), (str, int))}


if __name__ == "__main__":
    answer_questions(_read)
