"""Settings of the transcription service for other programs: ``[web.asr]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from subtitled.plugin import LOCAL

from .egress_settings import AllowedDestinations
from .types import Seconds, Section


class AsrSettings(Section):
    """``[web.asr]``: Bazarr and programs that speak to OpenAI send audio, and get its text."""

    enabled: bool = Field(
        False,
        description="Answer /asr, /detect-language and /status as a Whisper provider of Bazarr, "
        "and /v1/audio as OpenAI. Callers need an API key with the scope transcribe.",
    )
    engine: str = Field(
        "", description="The engine to use. Empty: all that are configured, as for a library."
    )
    allowed_destinations: AllowedDestinations = Field(
        LOCAL,
        description="Where the audio of callers and its text may be sent: nowhere (local), "
        "anywhere (any), or a list of destinations, as for a library. Budgets hold as well.",
    )
    max_body_bytes: int = Field(
        4 * 1024**3,
        ge=1024,
        le=64 * 1024**3,
        description="Bytes that a request with audio may have, at most. An hour from Bazarr has "
        "115 MB.",
    )
    hours: Literal["always", "schedule"] = Field(
        "always",
        description="When callers are served. always: also outside the working hours of "
        "[schedule]. schedule: within them; otherwise callers are told to come back.",
    )
    keep: Seconds = Field(
        3600.0,
        description="How long audio and its transcript are kept in the scratch folder after an "
        "answer, so that the next question about them is answered at once.",
    )
    path_map: tuple[tuple[str, str], ...] = Field(
        (),
        description="Pairs of [our folder, its folder], if Bazarr has the media under other paths. "
        "If it names a file of a library that is transcribed, the stored transcript is used.",
    )
