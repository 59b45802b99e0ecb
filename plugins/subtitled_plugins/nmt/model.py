"""A loaded translation model: SentencePiece cuts lines into pieces, CTranslate2 translates them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from subtitled.plugin import Language, SetupError

from .candidates import Candidate
from .packages import (
    METADATA_FILE,
    MODEL_FILE,
    Layout,
    find_layout,
    read_json_object,
    read_vocabulary,
)
from .settings import NmtSettings

END, SPACE = "</s>", "\u2581"
MAX_PIECES = 400
"""Pieces of the longest line. Models know no position after some 500."""
MIN_OUTPUT_PIECES, MAX_GROWTH = 30, 3
"""A translation has at most so many pieces more, and so many times those of the longest line."""


class TranslationModel:
    """One model in memory."""

    def __init__(self, folder: Path, settings: NmtSettings, threads: int) -> None:
        """Load a model.

        Args:
            folder: The folder with its files.
            settings: How it computes.
            threads: Processor threads that it may use.

        Raises:
            SetupError: A file is missing or broken, or the processor cannot compute so.
        """
        import ctranslate2
        import sentencepiece

        layout = find_layout(folder)
        if layout is None:
            raise SetupError(
                f"{folder} has no translation model",
                f"It needs {MODEL_FILE} with source.spm and target.spm, or an Argos package",
            )
        root = folder / "model" if layout is Layout.ARGOS else folder
        names = {
            Layout.OPUS: ("source.spm", "target.spm"),
            Layout.SHARED: ("vocab.spm", "vocab.spm"),
            Layout.ARGOS: ("sentencepiece.model", "sentencepiece.model"),
        }[layout]
        try:
            self._source, self._target = (
                sentencepiece.SentencePieceProcessor(model_file=str(folder / name))
                for name in names
            )
            self._translator: Any = ctranslate2.Translator(
                str(root),
                device=settings.device,
                compute_type=settings.compute_type,
                inter_threads=1,
                intra_threads=threads,
            )
        except (RuntimeError, ValueError, OSError) as error:
            reason = (str(error).splitlines() or [""])[0]
            raise SetupError(
                f"the translation model in {folder} cannot be loaded: {reason}",
                "Get its files again, or set compute_type or device to what this machine has",
            ) from error
        self._beam_size = settings.beam_size
        self._ends_lines = layout is not Layout.ARGOS and not _adds_end(root)
        self._target_prefix = str(
            read_json_object(folder / METADATA_FILE).get("target_prefix") or ""
        )
        self._language_tokens = _language_tokens(root)

    def translate(
        self, lines: Sequence[str], target: Language, max_candidates: int
    ) -> list[list[Candidate]]:
        """Translate lines.

        Args:
            lines: The lines.
            target: The language to translate into, for models with several.
            max_candidates: How many candidates of a line are wanted.

        Returns:
            The candidates of each line, the likeliest first. None for a line that is too long.
        """
        start = self._start_tokens(target)
        pieces = [[*start, *self._source.encode(line, out_type=str)] for line in lines]
        short = [number for number, line in enumerate(pieces) if 0 < len(line) <= MAX_PIECES]
        candidates: list[list[Candidate]] = [[] for _ in lines]
        if not short:
            return candidates
        end = [END] if self._ends_lines else []
        longest = max(len(pieces[number]) for number in short)
        prefix = [[self._target_prefix]] * len(short) if self._target_prefix else None
        results = self._translator.translate_batch(
            [pieces[number] + end for number in short],
            target_prefix=prefix,
            beam_size=self._beam_size,
            num_hypotheses=min(max_candidates, self._beam_size),
            max_decoding_length=MAX_GROWTH * longest + MIN_OUTPUT_PIECES,
            max_input_length=0,
            replace_unknowns=True,
            return_scores=True,
        )
        for number, result in zip(short, results, strict=True):
            candidates[number] = [
                Candidate(self._join(hypothesis), score)
                for hypothesis, score in zip(result.hypotheses, result.scores, strict=True)
            ]
        return candidates

    def _join(self, pieces: Sequence[str]) -> str:
        if self._target_prefix and pieces[:1] == [self._target_prefix]:
            pieces = pieces[1:]
        text: str = self._target.decode(list(pieces))
        # A piece that was copied because the model has none for it keeps its mark of a space.
        return " ".join(text.replace(SPACE, " ").split())

    def _start_tokens(self, target: Language) -> list[str]:
        """Return the token that names the language to translate into, if the model has some."""
        matching = [token for token, known in self._language_tokens if known.satisfies(target)]
        return matching[:1]


def _adds_end(root: Path) -> bool:
    """Return whether CTranslate2 itself ends lines, as the converter of the model has noted."""
    return read_json_object(root / "config.json").get("add_source_eos") is True


def _language_tokens(root: Path) -> list[tuple[str, Language]]:
    """Find the tokens by which a model with several target languages knows them: ``>>spa<<``."""
    tokens = []
    for token in read_vocabulary(root):
        if token.startswith(">>") and token.endswith("<<"):
            try:
                tokens.append((token, Language.parse(token[2:-2].replace("_", "-"))))
            except ValueError:
                continue
    return tokens
