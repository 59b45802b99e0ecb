"""Exceptions that tell the core what to do next: retry, wait for the user, or give up."""

from __future__ import annotations

from .redaction import hide_secrets


class SubtitledError(Exception):
    """The base class of all errors of subtitled.

    A plugin raises one of the three subclasses. Never put a secret or the text of a subtitle into
    a message: messages are logged, stored and shown. Secrets that are known are hidden in them, as
    a server may send back what it was sent.

    Attributes:
        message: What went wrong, in one sentence without a full stop.
        hint: What the user can do about it, in one sentence without a full stop.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        """Create an error.

        Args:
            message: What went wrong, in one sentence without a full stop.
            hint: What the user can do about it, or an empty string.
        """
        self.message = hide_secrets(str(message))
        """What went wrong."""
        self.hint = hide_secrets(str(hint))
        """What the user can do about it. May be empty."""
        super().__init__(self.message, self.hint)

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class TransientError(SubtitledError):
    """A failure that may pass: a server is down, a rate limit is reached. The core tries again.

    Attributes:
        retry_after: Seconds to wait before the next try, if the service named them, else None.
        nothing_done: Whether it is certain that the service did nothing, so that another one may be
            asked without paying twice.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        retry_after: float | None = None,
        *,
        nothing_done: bool = False,
    ) -> None:
        """Create an error.

        Args:
            message: What went wrong, in one sentence without a full stop.
            hint: What the user can do about it, or an empty string.
            retry_after: Seconds to wait before the next try, or None for the core's own delay.
            nothing_done: Whether it is certain that the service did nothing.
        """
        super().__init__(message, hint)
        self.retry_after = retry_after
        """Seconds to wait before the next try, or None."""
        self.nothing_done = nothing_done
        """Whether it is certain that the service did nothing."""


class SetupError(SubtitledError):
    """A failure that lasts until a user changes the setup: a wrong key, a missing package."""


class InputRejectedError(SubtitledError):
    """A refusal of this one input, which is final with these settings. It is not tried again."""
