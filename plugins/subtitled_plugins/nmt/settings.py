"""The settings of neural translation."""

from __future__ import annotations

import string
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from subtitled.plugin import Language, Settings

HUB_REPOSITORY = "gaudi/opus-mt-{source}-{target}-ctranslate2"
"""OPUS-MT models of the University of Helsinki, converted for CTranslate2."""


class NmtSettings(Settings):
    """The settings in ``[translators.nmt]``."""

    NON_RESULT_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"models_dir", "pairs", "repository", "pivot", "device", "max_batch_lines"}
    )

    models_dir: Path | None = Field(
        None,
        description="A folder with a folder for each pair of languages: an Argos package, or "
        "`en-es`, `opus-mt-en-es` and the like with a CTranslate2 model and its SentencePiece "
        "files. It is preferred to a download.",
    )
    pairs: tuple[str, ...] = Field(
        (),
        description="Pairs of languages whose models are downloaded when they are first needed, "
        'such as `["en-es", "de-en"]`.',
    )
    repository: str = Field(
        HUB_REPOSITORY,
        description="The Hugging Face repository of a pair. `{source}` and `{target}` stand for "
        "the languages as `pairs` writes them.",
    )
    pivot: Language | None = Field(
        Language("en"),
        description="The language through which a pair without a model is translated. "
        '`pivot = ""` translates direct pairs only.',
    )
    beam_size: int = Field(
        4, ge=1, le=16, description="Candidates that are followed. More is slower, hardly better."
    )
    condense: bool = Field(
        False,
        description="Take another of the candidates for a line that is too long to read in its "
        "time, if it is shorter and about as likely.",
    )
    min_confidence: float = Field(
        0.0,
        ge=0.0,
        lt=1.0,
        description="Lines whose tokens are less probable than this on average, 0 to 1, are left "
        "to the next translator. 0 keeps all.",
    )
    compute_type: Literal["auto", "default", "int8", "int16", "float16", "bfloat16", "float32"] = (
        Field("int8", description="How CTranslate2 computes. `int8` is fast on processors.")
    )
    device: Literal["cpu", "cuda", "auto"] = Field("cpu", description="Where CTranslate2 computes.")
    max_batch_lines: int = Field(
        32, ge=1, le=500, description="The most lines that are translated together."
    )

    @field_validator("pivot", mode="before")
    @classmethod
    def _accept_no_pivot(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("pairs")
    @classmethod
    def _check_pairs(cls, pairs: tuple[str, ...]) -> tuple[str, ...]:
        for pair in pairs:
            split_pair(pair)
        return pairs

    @field_validator("repository")
    @classmethod
    def _check_repository(cls, repository: str) -> str:
        names = [name for _, name, _, _ in string.Formatter().parse(repository) if name is not None]
        if sorted(names) != ["source", "target"]:
            raise ValueError("write {source} and {target} once each: owner/name-{source}-{target}")
        return repository


def split_pair(pair: str) -> tuple[str, str]:
    """Return the two codes of a pair such as ``en-es``.

    Raises:
        ValueError: It is no pair of languages.
    """
    source, _, target = pair.partition("-")
    try:
        is_pair = Language.parse(source) != Language.parse(target)
    except ValueError:
        is_pair = False
    if not is_pair:
        raise ValueError(f"{pair!r} is no pair of languages such as en-es")
    return source, target
