"""Jobs in this process whose engines hear a language in the pitch of a tone."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

from subtitled.config.load import Configuration, load_config
from subtitled.config.plugins import ConfiguredComponent
from subtitled.config.settings import LibrarySettings
from subtitled.jobcontext.job import InlineRunner, Job, JobResult
from subtitled.jobcontext.services import Services, build_services, open_database
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import (
    Audio,
    ComponentContext,
    Engine,
    Language,
    Transcript,
    TranscriptionRequest,
)
from subtitled.transcripts.models import TrackAnalysis
from support.harness import FakeEngine
from support.tone_engine import ToneEngine


class HereClient:
    """An engine in this process, with what the core asks of its client."""

    def __init__(self, configured: ConfiguredComponent[Engine]) -> None:
        self.configured = configured
        self.name = configured.name
        self.capabilities = configured.capabilities()
        self.engine = ToneEngine(configured.settings, ComponentContext(name=self.name))  # type: ignore[arg-type]
        self.detect_language = self.engine.detect_language

    def transcribe(
        self, audio: Audio, request: TranscriptionRequest, *_: object, **__: object
    ) -> Transcript:
        return self.engine.transcribe(audio, request)

    def preload(self, *, only_in_free_room: bool = False) -> None:
        return


class HerePool(dict[str, HereClient]):
    """The engines of a configuration in this process. Tones stand for speech."""

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(
            (name, HereClient(configured)) for name, configured in configuration.engines.items()
        )
        self.find_speech = partial(FakeEngine.find_speech, None)  # type: ignore[arg-type]

    def close(self) -> None:
        return


class Place:
    """A film of tones, and the engines that hear it."""

    def __init__(self, folder: Path, *engines: ConfiguredComponent[Engine]) -> None:
        self.folder = folder
        config = folder / "config.toml"
        config.write_text(f'[daemon]\nstate_dir = "{folder / "state"}"\n')
        self.loaded = load_config(config)
        self.database = open_database(self.loaded)
        self.use(*engines)

    def use(self, *engines: ConfiguredComponent[Engine]) -> None:
        """Have these engines and no others from now on."""
        configuration = dataclasses.replace(
            self.loaded, engines={engine.name: engine for engine in engines}
        )
        self.pool = HerePool(configuration)
        self.services: Services = dataclasses.replace(
            build_services(configuration, self.database),
            engines=self.pool,  # type: ignore[arg-type]
        )

    def make(self, film: Path, spoken: Language | None = None, **library: Any) -> JobResult:
        job = Job(
            media=film,
            library=LibrarySettings.model_validate({"path": self.folder, **library}),
            fingerprint=content_fingerprint(film),
            spoken=spoken,
            user_requested=True,
        )
        return run_job(job, self.services, InlineRunner())

    def analysis(self, film: Path, track: int = 0) -> TrackAnalysis:
        found = self.services.store.analysis(content_fingerprint(film), track)
        assert found is not None
        return found

    def asked(self, engine: str = "tone") -> list[Language]:
        return self.pool[engine].engine.asked
