"""How plugins and core say what went wrong, so that the right thing is done about it."""

from __future__ import annotations


class SubtitledError(Exception):
    """Something went wrong: ``message`` in one sentence, ``hint`` as the next thing to do.

    Never put a secret or the text of a subtitle into either: both are logged and stored.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class TransientError(SubtitledError):
    """It may work later: a server is down, a limit is reached. The daemon tries again."""

    def __init__(self, message: str, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after
        """Seconds to wait before the next try, if the other side named them."""


class SetupError(SubtitledError):
    """It cannot work until somebody changes something: a wrong key, a missing package."""


class InputRejectedError(SubtitledError):
    """This one input cannot be done, and never will be with these settings."""
