"""A translator of a chain, with the lines that it translated before."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from subtitled.config.plugins import ConfiguredComponent
from subtitled.jobcontext.context import JobContext
from subtitled.models.identity import model_identity
from subtitled.plugin import Batch, Language, ModelSpec, SubtitledError, Translator
from subtitled.transcripts.variants import component_variant

from .cache import PROTOCOL_VERSION, LineCache


class ChainedTranslator:
    """One translator of a chain, which is loaded when it is first called."""

    def __init__(
        self,
        ctx: JobContext,
        track: int,
        pair: tuple[Language, Language],
        configured: ConfiguredComponent[Translator],
    ) -> None:
        """Create it.

        Args:
            ctx: The job.
            track: The index of the audio track.
            pair: The language of the text, and the one to translate into.
            configured: The translator and its settings.
        """
        source, target = pair
        facts: dict[str, Any] = {" protocol": PROTOCOL_VERSION, " source": source}
        self.given_up: SubtitledError | None = None
        models: tuple[ModelSpec, ...] = ()
        try:
            models = (*configured.models(), *configured.models_for_pair(*pair))
        except SubtitledError as error:
            self.given_up = error
        if models:
            facts[" models"] = [model_identity(spec) for spec in models]
        store = ctx.services.store.track_folder(ctx.job.fingerprint, track)
        self.name: str = configured.name
        self.able = configured.capabilities()
        self.size = max(1, self.able.max_batch_lines)
        self.folder = store / component_variant(configured, target, facts)
        self.lines = LineCache(self.folder)
        self.translator = ctx.services.engines.open_translator(configured.name)

    def idempotency_key(self, batch: Batch) -> str:
        """Return a key for one call, which is the same at the next try."""
        payload = json.dumps([[line.id, line.text] for line in batch.lines])
        digest = hashlib.sha256(payload.encode()).hexdigest()[:16]
        return f"{'/'.join(self.folder.parts[-3:])}/{digest}"
