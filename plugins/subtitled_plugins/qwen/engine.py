"""The engine: whole files as tasks, or pieces within the request."""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.plugin import (
    Audio,
    Capabilities,
    Engine,
    Finding,
    Problem,
    Rejected,
    Request,
    Transcript,
)

from .catalogue import languages
from .filetrans import Tasks
from .pace import Pace
from .service import Service
from .settings import QwenSettings
from .synchronous import ENCODED_AHEAD, LONGEST, Pieces, narrowed


class QwenEngine(Engine):
    """A recogniser of Model Studio."""

    Settings = QwenSettings
    settings: QwenSettings
    _by: Tasks | Pieces

    @classmethod
    def capabilities(cls, settings: QwenSettings) -> Capabilities:
        model, whole = settings.chosen, settings.protocol == "file"
        return Capabilities(
            languages=languages(model),
            word_times=whole,
            takes_context=model.takes_terms,
            longest=None if whole else LONGEST,
            whole=whole,
            at_once=settings.concurrency + (0 if whole else ENCODED_AHEAD),
            destination=settings.destination,
            price=model.prices.get(settings.place),
        )

    def load(self) -> None:
        service = self._service
        service.open()
        pace = Pace(self.settings.requests_per_minute)
        if self.settings.protocol == "file":
            self._by = Tasks(service, self.settings, pace)
        else:
            self._by = Pieces(service, self.settings, pace)

    def transcribe(self, audio: Audio, request: Request) -> Transcript:
        model = self.settings.chosen
        if request.language.is_known and request.language.primary not in languages(model):
            raise Rejected(
                f"{self.settings.name} does not know {request.language.english_name}",
                "Configure another engine for it",
            )
        if not request.stretch.speech:
            return Transcript(request.language, (), f"qwen {self.settings.name}")
        if isinstance(self._by, Pieces):
            return self._by.transcribe(audio, request)
        return self._by.transcribe(audio, request, narrowed(request.stretch))

    def check(self) -> Sequence[Finding]:
        return checked(self._service)

    @property
    def _service(self) -> Service:
        return Service(self.settings, f"engines.{self.context.name}")


def checked(service: Service) -> Sequence[Finding]:
    """Whether the SDK is there and the key is taken; asks for what costs nothing."""
    if not service.installed():
        return [Finding("the package dashscope", False, "", "pip install 'subtitled[qwen]'")]
    what = f"Model Studio at {service.account.host}"
    try:
        service.try_key()
    except Problem as problem:
        return [Finding(what, False, problem.what, problem.cure)]
    return [Finding(what, True, "the key is taken")]
