"""faster-whisper's batched pipeline, with silence behind each window. Importing it takes long."""

from __future__ import annotations

from typing import Any

from faster_whisper import BatchedInferencePipeline

from .features import fill_with_silence


class WindowPipeline(BatchedInferencePipeline):  # type: ignore[misc]
    """Decodes one batch of windows. It holds the time of the last speech, so make one a batch."""

    encoded: Any = None
    """The output of the encoder for the last batch."""

    def forward(
        self, features: Any, tokenizer: Any, chunks_metadata: list[dict[str, Any]], options: Any
    ) -> Any:
        """Decode a batch.

        Args:
            features: The spectra of the windows, of shape (windows, mels, frames).
            tokenizer: The tokenizer.
            chunks_metadata: For each window its ``duration`` in seconds, among others.
            options: The options of faster-whisper.
        """
        rate, length = self.model.frames_per_second, features.shape[-1]
        for number, window in enumerate(chunks_metadata):
            sound = features[number][:, : int(window["duration"] * rate)]
            features[number] = fill_with_silence(sound, length)
        return super().forward(features, tokenizer, chunks_metadata, options)

    def generate_segment_batched(self, features: Any, tokenizer: Any, options: Any) -> Any:
        """Encode a batch, keep the output, and decode it."""
        self.encoded, outputs = super().generate_segment_batched(features, tokenizer, options)
        return self.encoded, outputs
