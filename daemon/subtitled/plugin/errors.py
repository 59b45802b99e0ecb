"""How plugins and core say what went wrong, so that the right thing is done about it."""

from __future__ import annotations


class Problem(Exception):
    """Something went wrong: ``what`` in one sentence, ``cure`` as the next thing to do.

    Never put a secret or the text of a subtitle into either: both are logged and stored.
    """

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(what, cure)
        self.what = what
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.what}. {self.cure}" if self.cure else self.what


class Temporary(Problem):
    """It may work later: a server is down, a limit is reached. The daemon tries again."""

    def __init__(self, what: str, cure: str = "", retry_after: float | None = None) -> None:
        super().__init__(what, cure)
        self.retry_after = retry_after
        """Seconds to wait before the next try, if the other side named them."""


class Misconfigured(Problem):
    """It cannot work until somebody changes something: a wrong key, a missing package."""


class Rejected(Problem):
    """This one input cannot be done, and never will be with these settings."""
