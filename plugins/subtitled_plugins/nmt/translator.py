"""The translator: it finds the models of a pair, keeps a few loaded, and chooses candidates."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from subtitled.plugin import (
    Batch,
    CheckResult,
    Language,
    Line,
    ModelSpec,
    SetupError,
    TextPair,
    Translation,
    Translator,
    TranslatorCapabilities,
)

from .candidates import Candidate, choose, insert_terms, most_terms, terms_in
from .catalogue import CATALOGUE_PAIRS
from .model import TranslationModel
from .packages import (
    Layout,
    find_layout,
    find_pair,
    is_file,
    list_folders,
    list_packages,
    make_hub_package,
)
from .routes import find_route, list_pairs
from .settings import HUB_REPOSITORY, NmtSettings

PACKAGES = ("ctranslate2", "sentencepiece")
INSTALL_HINT = 'Install it: pip install "subtitled[nmt]"'
MAX_LOADED = 4
"""Models that are kept in memory: two pairs of languages through a pivot language."""


class NmtTranslator(Translator[NmtSettings]):
    """Translates with neural models of some 150 MB a pair of languages, on the processor."""

    isolated: ClassVar[bool] = True

    @classmethod
    def capabilities(cls, settings: NmtSettings) -> TranslatorCapabilities:
        """Return the pairs of the models in the folder and of those that can be downloaded."""
        return TranslatorCapabilities(
            language_pairs=list_pairs(list_packages(settings), settings.pivot),
            max_batch_lines=settings.max_batch_lines,
        )

    @classmethod
    def models_for_pair(
        cls, settings: NmtSettings, source: Language, target: Language
    ) -> Sequence[ModelSpec]:
        """Return the model of a pair, or the two through the pivot language."""
        route = find_route(list_packages(settings), source, target, settings.pivot)
        return [package.spec for package in route]

    @classmethod
    def catalogue(cls) -> Sequence[ModelSpec]:
        """Return the OPUS-MT models of common pairs."""
        return [make_hub_package(pair, HUB_REPOSITORY).spec for pair in CATALOGUE_PAIRS]

    def load(self) -> None:
        """Import the libraries. Models are loaded with the first line of their pair."""
        self._loaded: dict[Path, TranslationModel] = {}
        for package in PACKAGES:
            try:
                importlib.import_module(package)
            except ImportError as error:
                raise SetupError(f"{package} is not installed", INSTALL_HINT) from error

    def translate(self, batch: Batch) -> Translation:
        """Translate the lines of a batch. Lines of which the model is not sure are left out."""
        route = find_route(
            list_packages(self.settings), batch.source, batch.target, self.settings.pivot
        )
        if not route:
            raise SetupError(
                f"there is no model from {batch.source.english_name} into "
                f"{batch.target.english_name}",
                "Put one into models_dir, or name the pair in pairs",
            )
        steps = [
            (self._open(batch.models[package.spec.name]), package.target) for package in route[:-1]
        ]
        steps.append((self._open(batch.models[route[-1].spec.name]), batch.target))
        texts = [" ".join(line.text.split()) for line in batch.lines]
        terms = [terms_in(text, batch.glossary) for text in texts]
        candidates = _translate_all(steps, texts, self.settings.beam_size)
        self._insist_on_terms(steps, texts, terms, candidates)
        chosen = [
            choose(found, required, line.max_chars if self.settings.condense else None)
            for found, required, line in zip(candidates, terms, batch.lines, strict=True)
        ]
        return Translation(
            tuple(
                Line(line.id, candidate.text)
                for line, candidate in zip(batch.lines, chosen, strict=True)
                if candidate is not None and candidate.confidence >= self.settings.min_confidence
            )
        )

    def _insist_on_terms(
        self,
        steps: Sequence[tuple[TranslationModel, Language]],
        texts: Sequence[str],
        terms: Sequence[tuple[TextPair, ...]],
        candidates: list[list[Candidate]],
    ) -> None:
        """Translate lines again that lack a term of the glossary, with the term written in."""
        lacking = [
            number
            for number, found in enumerate(candidates)
            if found and most_terms(found, terms[number]) < len(terms[number])
        ]
        if not lacking:
            return
        again = _translate_all(
            steps, [insert_terms(texts[n], terms[n]) for n in lacking], self.settings.beam_size
        )
        for number, found in zip(lacking, again, strict=True):
            if most_terms(found, terms[number]) > most_terms(candidates[number], terms[number]):
                candidates[number] = found

    def _open(self, folder: Path) -> TranslationModel:
        """Return a loaded model, the one used longest ago making room for it."""
        model = self._loaded.pop(folder, None)
        while model is None and len(self._loaded) >= MAX_LOADED:
            del self._loaded[next(iter(self._loaded))]
        self._loaded[folder] = model or TranslationModel(
            folder, self.settings, self.context.threads
        )
        return self._loaded[folder]

    def self_check(self) -> Sequence[CheckResult]:
        """Check that the libraries are there, and which pairs of languages have a model."""
        results = [
            CheckResult(
                f"package {package} of translator {self.context.name}",
                is_there,
                "installed" if is_there else "missing",
                INSTALL_HINT,
            )
            for package in PACKAGES
            for is_there in [importlib.util.find_spec(package) is not None]
        ]
        return [*results, *_check_folder(self.settings.models_dir), self._check_pairs()]

    def _check_pairs(self) -> CheckResult:
        packages = list_packages(self.settings)
        listed = ", ".join(f"{package.source}-{package.target}" for package in packages)
        return CheckResult(
            f"pairs of translator {self.context.name}",
            bool(packages),
            listed or "there is no model",
            "Put models into models_dir, or name pairs to download in pairs",
        )


def _translate_all(
    steps: Sequence[tuple[TranslationModel, Language]], texts: Sequence[str], wanted: int
) -> list[list[Candidate]]:
    """Translate lines with one model after the other. Only the last gives several candidates."""
    lost = [0.0] * len(texts)
    for model, target in steps[:-1]:
        best = [found[:1] for found in model.translate(texts, target, 1)]
        texts = [found[0].text if found else "" for found in best]
        lost = [
            before + (found[0].score if found else 0.0)
            for before, found in zip(lost, best, strict=True)
        ]
    model, target = steps[-1]
    return [
        [Candidate(one.text, one.score + before) for one in found]
        for found, before in zip(model.translate(texts, target, wanted), lost, strict=True)
    ]


def _check_folder(folder: Path | None) -> list[CheckResult]:
    """Say which folders of ``models_dir`` are not used, and why."""
    if folder is None:
        return []
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises if access is denied
        hint = "Correct models_dir in its section"
        return [CheckResult(f"models_dir {folder}", False, "there is no such folder", hint)]
    results = []
    for model_folder in list_folders(folder):
        layout = find_layout(model_folder)
        if layout is None:
            detail, hint = _explain_no_layout(model_folder)
        elif find_pair(model_folder, layout) is None:
            detail, hint = (
                "its languages are not known",
                "Correct its metadata.json"
                if layout is Layout.ARGOS
                else "Call the folder as its pair, such as en-es",
            )
        else:
            continue
        results.append(CheckResult(f"model in {model_folder}", False, detail, hint))
    return results


def _explain_no_layout(folder: Path) -> tuple[str, str]:
    """Return what is wrong with a folder without a model that can be used, and a hint."""
    if is_file(folder / "bpe.model"):
        return (
            "it is an Argos package without SentencePiece, which is not supported",
            "Take a newer package of that pair",
        )
    if any(folder.glob("*.intgemm*.bin")):
        return (
            "it is a model of Firefox, which CTranslate2 cannot run",
            "Take an OPUS-MT or Argos model of that pair",
        )
    if any(folder.glob("*.npz")) or is_file(folder / "pytorch_model.bin"):
        return (
            "it is not converted yet",
            "Convert it with ct2-marian-converter, ct2-opus-mt-converter or "
            "ct2-transformers-converter",
        )
    return (
        "it has no model",
        "It needs model.bin with source.spm and target.spm, or with vocab.spm, or an Argos "
        "package, unpacked",
    )
