"""The engine: one decoding worker to a core, each with small batches of windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from subtitled.plugin import (
    SAMPLE_RATE,
    Audio,
    Chunk,
    Engine,
    EngineCapabilities,
    InputRejectedError,
    Language,
    LanguageGuess,
    ModelSpec,
    SegmentScores,
    Settings,
    SetupError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
)

from .alignment import align_text, build_tokenizer
from .catalogue import MODELS, TO_CODE, TO_TAG, list_languages
from .hotwords import correct_names, usable_hotwords
from .rehearing import Attempt, WindowTranscript, best_attempt, is_broken, usual_rate
from .scoring import WindowScorer, split_encoded
from .windows import Window, build_batches, pack_windows, parts, split_window, subtract_spans

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

BATCH_SIZE = 4
"""Windows that one worker decodes together; more gains little and takes memory."""
TRANSLATING_MODELS = ("base", "small", "medium", "large-v3")
"""Models that were trained to translate; turbo was not and writes the source language instead."""
FALLBACK_TEMPERATURE = 0.2
"""The second of the temperatures that Whisper falls back to (openai/whisper, transcribe.py)."""
MAX_COMPRESSION_RATIO = 2.4
MAX_NO_SPEECH_PROB = 0.6
MIN_AVG_LOGPROB = -1.0
CONFIDENT_AVG_LOGPROB = -0.5
"""Whisper's own thresholds for text that is no speech: compression ratio, probability of
no speech, average log probability (openai/whisper, transcribe.py)."""


class WhisperSettings(Settings):
    """``[engines.whisper]``"""

    model: str = Field("base", description="Which model; `subtitled models list` shows them.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where it runs.")
    compute_type: str = Field(
        "auto",
        description="The numbers it computes with, such as int8 or float16; auto takes the "
        "fastest that the machine has.",
    )
    beam_size: int = Field(
        5, ge=1, le=10, description="How many guesses are followed at once; 1 is faster."
    )

    @field_validator("model")
    @classmethod
    def _check_model(cls, model: str) -> str:
        if model not in MODELS:
            raise ValueError(f"no such model; there are: {', '.join(MODELS)}")
        return model


class WhisperEngine(Engine[WhisperSettings]):
    """Whisper in CTranslate2 form."""

    _model: WhisperModel

    @classmethod
    def capabilities(cls, settings: WhisperSettings) -> EngineCapabilities:
        english_only = settings.model.endswith(".en")
        return EngineCapabilities(
            languages=list_languages(settings.model),
            supports_language_detection=not english_only,
            translates_to=frozenset(
                {Language("en")} if settings.model in TRANSLATING_MODELS else ()
            ),
            supports_hotwords=True,
            checks_hotwords=True,
            supports_alignment=True,
        )

    @classmethod
    def models(cls, settings: WhisperSettings) -> Sequence[ModelSpec]:
        return (MODELS[settings.model],)

    @classmethod
    def catalogue(cls) -> Sequence[ModelSpec]:
        return tuple(MODELS.values())

    def load(self) -> None:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise SetupError(
                f"faster-whisper cannot be imported: {error}", "Install it: pip install subtitled"
            ) from error
        name = self.settings.model
        folder: Path = self.context.models[name]
        # Without its tokenizer faster-whisper would go and look for one on the network.
        missing = [file for file in MODELS[name].files if not (folder / file).is_file()]
        if missing:
            raise SetupError(
                f"the Whisper model {name} lacks {', '.join(missing)}",
                f"Fetch it anew: subtitled models pull {name}",
            )
        try:
            self._model = WhisperModel(
                str(folder),
                device=self.settings.device,
                compute_type=self.settings.compute_type,
                num_workers=self.context.threads,
                cpu_threads=1,
                local_files_only=True,
            )
        except Exception as error:
            # The tokenizer's library raises nothing more particular than Exception.
            raise SetupError(
                f"the Whisper model {name} cannot be loaded: {error}",
                f"Check it: subtitled models verify {name}; and that this machine can do "
                f"device={self.settings.device!r}, compute_type={self.settings.compute_type!r}",
            ) from error
        self._workers = ThreadPoolExecutor(self.context.threads)

    def detect_language(self, audio: Audio, windows: Sequence[TimeSpan]) -> list[LanguageGuess]:
        def detect_window(window: TimeSpan) -> LanguageGuess:
            _, _, ranked = self._model.detect_language(audio.read_samples(window))
            return LanguageGuess(window, {TO_TAG[code]: float(p) for code, p in ranked[:10]})

        return list(self._workers.map(detect_window, windows))

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        primary = request.language.primary
        if primary not in list_languages(self.settings.model):
            raise InputRejectedError(
                f"Whisper {self.settings.model} does not know {request.language.english_name}",
                "Configure another engine for it",
            )
        options: dict[str, Any] = {
            "language": TO_CODE[primary],
            "task": "translate" if request.translate_to else "transcribe",
            "beam_size": self.settings.beam_size,
            "word_timestamps": True,
        }
        # Faint speech is transcribed apart, once and by the fastest way: it would hold up what is
        # clear.
        chunk = request.chunk
        hotwords = usable_hotwords(request.hotwords)
        faint = self._transcribe_windows(
            audio, pack_windows(chunk.low_energy), options | {"beam_size": 1}
        )
        clear_results = self._transcribe_windows(
            audio,
            pack_windows(subtract_spans(chunk.speech, chunk.low_energy)),
            options,
            keep_encoded=bool(hotwords),
        )
        clear = self._mended(audio, clear_results, options)
        if hotwords:
            self._correct_names(audio, clear, hotwords, options)
        chosen = [*faint.values(), *(transcript for _, transcript in clear)]
        bounds = chunk.span
        words = [
            _clamp_word(word, bounds)
            for result in chosen
            for word in (*result.words, *result.doubtful)
        ]
        return Transcript(
            language=request.translate_to or request.language,
            words=tuple(sorted(words, key=lambda word: word.start)),
            engine=f"whisper {self.settings.model}",
            segment_scores=tuple(
                sorted(
                    (result for chosen_result in chosen for result in chosen_result.evidence),
                    key=lambda e: e.start,
                )
            ),
        )

    def align(self, audio: Audio, chunk: Chunk, text: str, language: Language) -> Sequence[Word]:
        primary = language.primary
        if primary not in list_languages(self.settings.model):
            raise InputRejectedError(
                f"Whisper {self.settings.model} does not know {language.english_name}",
                "Configure another engine for it",
            )
        tokenizer = build_tokenizer(self._model, TO_CODE[primary])
        words = align_text(self._model, tokenizer, audio, chunk.speech, text)
        return [_clamp_word(word, chunk.span) for word in words]

    def _mended(
        self,
        audio: Audio,
        transcripts: dict[Window, WindowTranscript],
        options: dict[str, Any],
    ) -> Attempt:
        """Transcribe again what was transcribed badly: in halves, then part by part and sampled."""
        usual = usual_rate(transcripts)
        attempts = {window: [[(window, first)]] for window, first in transcripts.items()}

        def again(cut: Callable[[Window], list[Window]], **changes: Any) -> None:
            broken = {
                window: cut(window)
                for window, known in attempts.items()
                if is_broken(window, _words(best_attempt(window, known)), usual)
            }
            pieces = list(dict.fromkeys(piece for cuts in broken.values() for piece in cuts))
            found = self._transcribe_windows(audio, pieces, options | changes, is_last_attempt=True)
            for window, cuts in broken.items():
                attempts[window].append([(piece, found[piece]) for piece in cuts])

        again(split_window)
        again(parts, temperature=FALLBACK_TEMPERATURE, beam_size=1)
        return [pair for window, known in attempts.items() for pair in best_attempt(window, known)]

    def _correct_names(
        self, audio: Audio, attempt: Attempt, hotwords: Sequence[str], options: dict[str, Any]
    ) -> None:
        """Write hotwords where they are more probable than the words."""
        tokenizer = build_tokenizer(self._model, options["language"], options["task"])

        def correct(pair: tuple[Window, WindowTranscript]) -> None:
            window, transcript = pair
            transcript.words = correct_names(
                transcript.words,
                hotwords,
                lambda: WindowScorer(self._model, tokenizer, audio, window, transcript.encoded),
            )
            transcript.encoded = None

        for _ in self._workers.map(correct, attempt):
            pass

    def _transcribe_windows(
        self,
        audio: Audio,
        windows: Sequence[Window],
        options: dict[str, Any],
        *,
        is_last_attempt: bool = False,
        keep_encoded: bool = False,
    ) -> dict[Window, WindowTranscript]:
        """Transcribe each window, by all workers."""
        work = build_batches(windows, self.context.threads, BATCH_SIZE)
        done = self._workers.map(
            lambda batch: self._decode(audio, batch, options, is_last_attempt, keep_encoded), work
        )
        return {window: result for batch in done for window, result in batch.items()}

    def _decode(
        self,
        audio: Audio,
        batch: Sequence[Window],
        options: dict[str, Any],
        is_last_attempt: bool,
        keep_encoded: bool,
    ) -> dict[Window, WindowTranscript]:
        """The words of some windows, which lie one behind the other in one piece of sound."""
        import numpy as np
        from faster_whisper import BatchedInferencePipeline

        window_samples = [
            np.concatenate([audio.read_samples(part) for part in window.parts]) for window in batch
        ]
        starts, clips, position = [], [], 0.0
        for samples in window_samples:
            length = len(samples) / SAMPLE_RATE
            starts.append(position)
            clips.append({"start": position, "end": position + length})
            position += length
        # A pipeline keeps the time of the last speech in itself, so each batch has its own.
        pipeline = BatchedInferencePipeline(self._model)
        encoded: list[Any] = []
        generate = pipeline.generate_segment_batched

        def generate_and_keep(*arguments: Any) -> Any:
            output, results = generate(*arguments)
            encoded.append(output)
            return output, results

        if keep_encoded:
            pipeline.generate_segment_batched = generate_and_keep
        segments, _ = pipeline.transcribe(
            np.concatenate(window_samples), clip_timestamps=clips, batch_size=len(batch), **options
        )
        segments = list(segments)
        results = {window: WindowTranscript() for window in batch}
        if encoded:
            for window, output in zip(batch, split_encoded(encoded[0], len(batch)), strict=True):
                results[window].encoded = output
        for segment in segments:
            is_silent = (
                segment.no_speech_prob > MAX_NO_SPEECH_PROB
                and segment.avg_logprob < MIN_AVG_LOGPROB
            )
            is_looping = segment.compression_ratio > MAX_COMPRESSION_RATIO
            is_doubtful = is_silent or (
                is_looping and not (is_last_attempt and segment.avg_logprob > CONFIDENT_AVG_LOGPROB)
            )
            placed: list[tuple[Window, Word]] = []
            for word in segment.words or ():
                middle = (word.start + word.end) / 2
                number = max(n for n, start in enumerate(starts) if n == 0 or start <= middle)
                window, offset = batch[number], starts[number]
                start = window.to_media_time(word.start - offset)
                end = window.to_media_time(word.end - offset, is_end=True)
                placed_word = Word(word.word, start, max(start, end), float(word.probability))
                placed.append((window, placed_word))
            for window, placed_word in placed:
                (results[window].doubtful if is_doubtful else results[window].words).append(
                    placed_word
                )
            if placed:
                scores = SegmentScores(
                    placed[0][1].start,
                    placed[-1][1].end,
                    avg_logprob=float(segment.avg_logprob),
                    no_speech_prob=float(segment.no_speech_prob),
                    compression_ratio=float(segment.compression_ratio),
                )
                results[placed[0][0]].evidence.append(scores)
        return results


def _words(attempt: Attempt) -> list[Word]:
    return [word for _, transcript in attempt for word in transcript.words]


def _clamp_word(word: Word, bounds: TimeSpan) -> Word:
    start = min(max(word.start, bounds.start), bounds.end)
    end = min(max(word.end, start), bounds.end)
    return Word(word.text, start, end, word.confidence)
