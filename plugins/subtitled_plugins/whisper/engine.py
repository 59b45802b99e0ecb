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
    Capabilities,
    Engine,
    Evidence,
    Interval,
    Language,
    LanguageGuess,
    Misconfigured,
    ModelSpec,
    Rejected,
    Request,
    Settings,
    Stretch,
    Transcript,
    Word,
)

from .align import align, tokenizer_for
from .catalogue import MODELS, TO_CODE, TO_TAG, languages
from .hotwords import choose, find_candidates, replace_words, usable_hotwords
from .rehearing import Attempt, WindowTranscript, best_attempt, is_broken, usual_rate
from .scoring import WindowScorer
from .windows import Window, batches, halves, outside, pack, parts

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

BATCH = 4
"""Windows that one worker decodes together; more gains little and takes memory."""
TRANSLATES = ("base", "small", "medium", "large-v3")
"""Models that were trained to translate; turbo was not and writes the source language instead."""
FALLBACK_TEMPERATURE = 0.2
"""The second of the temperatures that Whisper falls back to (openai/whisper, transcribe.py)."""
MAX_ROUNDS = 3
"""Times that hotwords are looked for in one window, as long as some are found."""
LOOPING = 2.4
NO_SPEECH = 0.6
UNSURE = -1.0
SURE = -0.5
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
    def _known(cls, model: str) -> str:
        if model not in MODELS:
            raise ValueError(f"no such model; there are: {', '.join(MODELS)}")
        return model


class WhisperEngine(Engine):
    """Whisper in CTranslate2 form."""

    Settings = WhisperSettings
    settings: WhisperSettings
    _model: WhisperModel

    @classmethod
    def capabilities(cls, settings: WhisperSettings) -> Capabilities:
        english_only = settings.model.endswith(".en")
        return Capabilities(
            languages=languages(settings.model),
            detects_language=not english_only,
            translates_to=frozenset({Language("en")} if settings.model in TRANSLATES else ()),
            takes_context=True,
            aligns=True,
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
            raise Misconfigured(
                f"faster-whisper cannot be imported: {error}", "Install it: pip install subtitled"
            ) from error
        name = self.settings.model
        folder: Path = self.context.models[name]
        # Without its tokenizer faster-whisper would go and look for one on the network.
        missing = [file for file in MODELS[name].files if not (folder / file).is_file()]
        if missing:
            raise Misconfigured(
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
            raise Misconfigured(
                f"the Whisper model {name} cannot be loaded: {error}",
                f"Check it: subtitled models verify {name}; and that this machine can do "
                f"device={self.settings.device!r}, compute_type={self.settings.compute_type!r}",
            ) from error
        self._workers = ThreadPoolExecutor(self.context.threads)

    def detect_language(self, audio: Audio, windows: Sequence[Interval]) -> list[LanguageGuess]:
        def listen(window: Interval) -> LanguageGuess:
            _, _, ranked = self._model.detect_language(audio.samples(window))
            return LanguageGuess(window, {TO_TAG[code]: float(p) for code, p in ranked[:10]})

        return list(self._workers.map(listen, windows))

    def transcribe(self, audio: Audio, request: Request) -> Transcript:
        spoken = request.language.primary
        if spoken not in languages(self.settings.model):
            raise Rejected(
                f"Whisper {self.settings.model} does not know {request.language.english_name}",
                "Configure another engine for it",
            )
        options: dict[str, Any] = {
            "language": TO_CODE[spoken],
            "task": "translate" if request.into else "transcribe",
            "beam_size": self.settings.beam_size,
            "word_timestamps": True,
        }
        # What is faint is heard apart, once and without second guesses: it would hold up what is
        # clear.
        stretch = request.stretch
        faint = self._hear(audio, pack(stretch.quiet), options | {"beam_size": 1})
        clear = self._hear(audio, pack(outside(stretch.speech, stretch.quiet)), options)
        hearings = [*faint.items(), *self._mended(audio, clear, options)]
        chosen = self._with_hotwords(audio, hearings, request, options)
        bounds = stretch.interval
        words = [_inside(word, bounds) for one in chosen for word in (*one.words, *one.doubtful)]
        return Transcript(
            language=request.into or request.language,
            words=tuple(sorted(words, key=lambda word: word.start)),
            engine=f"whisper {self.settings.model}",
            evidence=tuple(
                sorted((one for each in chosen for one in each.evidence), key=lambda e: e.start)
            ),
        )

    def align(
        self, audio: Audio, stretch: Stretch, text: str, language: Language
    ) -> Sequence[Word]:
        spoken = language.primary
        if spoken not in languages(self.settings.model):
            raise Rejected(
                f"Whisper {self.settings.model} does not know {language.english_name}",
                "Configure another engine for it",
            )
        tokenizer = tokenizer_for(self._model, TO_CODE[spoken])
        words = align(self._model, tokenizer, audio, stretch.speech, text)
        return [_inside(word, stretch.interval) for word in words]

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
            found = self._hear(audio, pieces, options | changes, last=True)
            for window, cuts in broken.items():
                attempts[window].append([(piece, found[piece]) for piece in cuts])

        again(halves)
        again(parts, temperature=FALLBACK_TEMPERATURE, beam_size=1)
        return [pair for window, known in attempts.items() for pair in best_attempt(window, known)]

    def _with_hotwords(
        self,
        audio: Audio,
        hearings: Attempt,
        request: Request,
        options: dict[str, Any],
    ) -> list[WindowTranscript]:
        """Write the hotwords of a request where they are more probable than what was heard."""
        hotwords = usable_hotwords(request.terms)
        tokenizer = tokenizer_for(self._model, options["language"], options["task"])

        def correct(hearing: tuple[Window, WindowTranscript]) -> WindowTranscript:
            window, heard = hearing
            scorer: WindowScorer | None = None
            for _ in range(MAX_ROUNDS):
                candidates = find_candidates(heard.words, hotwords)
                if not candidates:
                    break
                scorer = scorer or WindowScorer(self._model, tokenizer, audio, window)
                chosen = choose(scorer.compare(heard.words, candidates))
                if not chosen:
                    break
                # A name that stands in the text makes itself more probable further on.
                heard.words = replace_words(heard.words, chosen)
            return heard

        if not hotwords:
            return [heard for _, heard in hearings]
        return list(self._workers.map(correct, hearings))

    def _hear(
        self, audio: Audio, windows: Sequence[Window], options: dict[str, Any], last: bool = False
    ) -> dict[Window, WindowTranscript]:
        """The words of each window, by all workers. ``last`` says that no other try follows."""
        work = batches(windows, self.context.threads, BATCH)
        done = self._workers.map(lambda batch: self._decode(audio, batch, options, last), work)
        return {window: one for batch in done for window, one in batch.items()}

    def _decode(
        self, audio: Audio, batch: Sequence[Window], options: dict[str, Any], last: bool
    ) -> dict[Window, WindowTranscript]:
        """The words of some windows, which lie one behind the other in one piece of sound."""
        import numpy as np
        from faster_whisper import BatchedInferencePipeline

        sound = [np.concatenate([audio.samples(part) for part in window.parts]) for window in batch]
        starts, clips, at = [], [], 0.0
        for samples in sound:
            length = len(samples) / SAMPLE_RATE
            starts.append(at)
            clips.append({"start": at, "end": at + length})
            at += length
        # A pipeline keeps the time of the last speech in itself, so each batch has its own.
        pipeline = BatchedInferencePipeline(self._model)
        segments, _ = pipeline.transcribe(
            np.concatenate(sound), clip_timestamps=clips, batch_size=len(batch), **options
        )
        heard = {window: WindowTranscript() for window in batch}
        for segment in segments:
            silence = segment.no_speech_prob > NO_SPEECH and segment.avg_logprob < UNSURE
            looping = segment.compression_ratio > LOOPING
            doubtful = silence or (looping and not (last and segment.avg_logprob > SURE))
            placed: list[tuple[Window, Word]] = []
            for word in segment.words or ():
                middle = (word.start + word.end) / 2
                number = max(n for n, start in enumerate(starts) if n == 0 or start <= middle)
                window, offset = batch[number], starts[number]
                start = window.in_medium(word.start - offset)
                end = window.in_medium(word.end - offset, is_end=True)
                said = Word(word.word, start, max(start, end), float(word.probability))
                placed.append((window, said))
            for window, said in placed:
                (heard[window].doubtful if doubtful else heard[window].words).append(said)
            if placed:
                sure = Evidence(
                    placed[0][1].start,
                    placed[-1][1].end,
                    log_probability=float(segment.avg_logprob),
                    no_speech=float(segment.no_speech_prob),
                    compression=float(segment.compression_ratio),
                )
                heard[placed[0][0]].evidence.append(sure)
        return heard


def _words(attempt: Attempt) -> list[Word]:
    return [word for _, transcript in attempt for word in transcript.words]


def _inside(word: Word, bounds: Interval) -> Word:
    start = min(max(word.start, bounds.start), bounds.end)
    end = min(max(word.end, start), bounds.end)
    return Word(word.text, start, end, word.confidence)
