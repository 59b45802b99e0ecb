"""Translation models in folders: which pair of languages each is for, and which files it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from subtitled.plugin import InputRejectedError, Language, ModelFile, ModelSpec
from subtitled.plugin.limits import parse_json, read_file, read_object

from .settings import NmtSettings, split_pair

MODEL_FILE, METADATA_FILE = "model.bin", "metadata.json"
MAX_JSON_BYTES = 20_000_000
"""Largest file with metadata or a vocabulary."""
MAX_FOLDERS = 2000
"""Folders of ``models_dir`` that are looked at."""
HUB_MODEL_BYTES = 153_000_000
"""Size of an OPUS-MT model in 16-bit numbers."""
HUB_MEMORY_MB = 250
_PAIR = re.compile(
    r"(?:.*[-_])?(?P<source>[a-z]{2,3}(?:_[A-Z][A-Za-z]{1,3})?)"
    r"[-_](?P<target>[a-z]{2,3}(?:_[A-Z][A-Za-z]{1,3})?)(?:[-_](?:ctranslate2|ct2|[\d_.]+))?"
)
"""``en-es``, ``opus-mt-en-es``, ``opus-mt-en-zh_Hans-ctranslate2``, ``translate-en_es-1_9``."""


class Layout(StrEnum):
    """How the files of a model lie in its folder."""

    OPUS = "opus"
    """``model.bin`` beside ``source.spm`` and ``target.spm``, as OPUS-MT has them."""
    SHARED = "shared"
    """``model.bin`` beside ``vocab.spm``, as models of Marian have it that share a vocabulary."""
    ARGOS = "argos"
    """An Argos package: ``metadata.json``, ``sentencepiece.model``, and the model in ``model``."""


FILES: dict[Layout, tuple[str, ...]] = {
    Layout.OPUS: (MODEL_FILE, "source.spm", "target.spm"),
    Layout.SHARED: (MODEL_FILE, "vocab.spm"),
    Layout.ARGOS: (f"model/{MODEL_FILE}", "sentencepiece.model", METADATA_FILE),
}
"""The files without which a model cannot be loaded."""
VOCABULARIES = (
    "source_vocabulary.json",
    "shared_vocabulary.json",
    "source_vocabulary.txt",
    "shared_vocabulary.txt",
)
"""Files with the tokens that a model reads, of which converters write one."""
_HUB_FILES = {name: ModelFile() for name in FILES[Layout.OPUS]} | {
    name: ModelFile(is_optional=True)
    for name in ("config.json", *VOCABULARIES, "target_vocabulary.json", "target_vocabulary.txt")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A model for one pair of languages."""

    source: Language
    target: Language
    spec: ModelSpec

    @property
    def pair(self) -> tuple[Language, Language]:
        """The pair of languages."""
        return self.source, self.target


def list_packages(settings: NmtSettings) -> list[Package]:
    """List the models of the folder, then those that can be downloaded, one for each pair."""
    packages: dict[tuple[Language, Language], Package] = {}
    for package in (*find_packages(settings.models_dir), *_hub_packages(settings)):
        packages.setdefault(package.pair, package)
    return list(packages.values())


def find_packages(folder: Path | None) -> Iterator[Package]:
    """Yield the models in the folders of a folder, by name."""
    for model_folder in list_folders(folder):
        layout = find_layout(model_folder)
        pair = layout and find_pair(model_folder, layout)
        if layout and pair:
            source, target = pair
            spec = ModelSpec.in_folder(
                model_folder.absolute(), FILES[layout], name=f"{source}-{target}"
            )
            yield Package(source=source, target=target, spec=spec)


def list_folders(folder: Path | None) -> list[Path]:
    """List the folders of a folder by name; none if it cannot be read."""
    if folder is None:
        return []
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())[:MAX_FOLDERS]
    except OSError:
        return []


def find_layout(folder: Path) -> Layout | None:
    """Find how the files of a model lie in its folder. None if it has no model."""
    for layout, files in FILES.items():
        if all(is_file(folder / file) for file in files):
            return layout
    return None


def is_file(path: Path) -> bool:
    """Return whether a path is a file. One that this user may not look at is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def find_pair(folder: Path, layout: Layout) -> tuple[Language, Language] | None:
    """Find the languages of a model: of its package, or of the name of its folder."""
    codes: tuple[object, object] | None = None
    if layout is Layout.ARGOS:
        metadata = read_json_object(folder / METADATA_FILE)
        codes = metadata.get("from_code"), metadata.get("to_code")
    elif match := _PAIR.fullmatch(folder.name):
        codes = match["source"], match["target"]
    try:
        source, target = (Language.parse(str(code).replace("_", "-")) for code in codes or ("", ""))
    except ValueError:
        return None
    return (source, target) if source != target else None


def read_json_object(path: Path) -> dict[str, object]:
    """Read an object of a file with JSON; empty if there is none."""
    try:
        payload = read_file(path, MAX_JSON_BYTES)
        return dict(read_object(parse_json(payload, MAX_JSON_BYTES)))
    except (OSError, ValueError, InputRejectedError):
        return {}


def read_vocabulary(folder: Path) -> list[str]:
    """Read the tokens that a model in a folder of CTranslate2 reads; empty if it has no list."""
    for name in VOCABULARIES:
        try:
            payload = read_file(folder / name, MAX_JSON_BYTES)
            if name.endswith(".txt"):
                return payload.decode("utf-8", "replace").splitlines()
            tokens = parse_json(payload, MAX_JSON_BYTES)
        except (OSError, ValueError, InputRejectedError):
            continue
        return list(filter(lambda x: isinstance(x, str), tokens)) if type(tokens) is list else []
    return []


def _hub_packages(settings: NmtSettings) -> Iterator[Package]:
    for pair in settings.pairs:
        yield make_hub_package(pair, settings.repository)


def make_hub_package(pair: str, repository: str) -> Package:
    """Describe the model of a pair that can be downloaded.

    Args:
        pair: The pair, such as ``en-es``.
        repository: The repository, with ``{source}`` and ``{target}`` in its name.
    """
    source, target = split_pair(pair)
    spec = ModelSpec(
        name=f"opus-mt-{pair}",
        files=_HUB_FILES,
        size_bytes=HUB_MODEL_BYTES,
        memory_mb=HUB_MEMORY_MB,
        repository=repository.format(source=source, target=target),
        languages=frozenset({Language.parse(source), Language.parse(target)}),
        license="Apache-2.0 or CC-BY-4.0",
        description=f"Translates from {Language.parse(source).english_name} into "
        f"{Language.parse(target).english_name}.",
    )
    return Package(source=Language.parse(source), target=Language.parse(target), spec=spec)
