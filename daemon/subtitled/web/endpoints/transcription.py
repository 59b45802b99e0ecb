"""All routes for programs that send audio, with their rows of the role table."""

from __future__ import annotations

from starlette.routing import Route

from subtitled.config.load import Configuration
from subtitled.daemon.audio_requests.service import AudioRequests

from ..access_table import AccessRule, rule
from ..auth.access import Access
from ..program_refusals import ASR_PATH, DETECT_LANGUAGE_PATH, STATUS_PATH
from .bazarr import BazarrRoutes
from .openai import (
    MODEL_PATH,
    MODELS_PATH,
    TRANSCRIPTIONS_PATH,
    TRANSLATIONS_PATH,
    OpenAiRoutes,
)
from .questions import Desk

_AUDIO_PATHS = (ASR_PATH, DETECT_LANGUAGE_PATH, TRANSCRIPTIONS_PATH, TRANSLATIONS_PATH)


class TranscriptionEndpoint:
    """The routes."""

    def __init__(self, requests: AudioRequests, configuration: Configuration) -> None:
        self._desk = Desk(requests, configuration)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [*BazarrRoutes(self._desk).routes(), *OpenAiRoutes(self._desk).routes()]

    def rules(self) -> list[AccessRule]:
        """Return what callers need. Only the sentence for people in a browser is for everybody."""
        size = self._desk.settings.max_body_bytes
        return [
            *(rule(path, "POST", Access.TRANSCRIBE, size) for path in _AUDIO_PATHS),
            *(rule(path, "GET", Access.OPEN) for path in _AUDIO_PATHS),
            *(
                rule(path, "GET", Access.TRANSCRIBE)
                for path in (STATUS_PATH, MODELS_PATH, MODEL_PATH)
            ),
        ]
