"""Downloads of models in archives, and unpacking them without trusting what they hold.

Only files of the model are written, and only under the names that the model gives them. So no
member of an archive decides where anything is written.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final
from urllib.parse import urlsplit

from subtitled.plugin import ModelArchive, ModelSpec, SetupError, TransientError
from subtitled.plugin.files import hash_file

from .http_download import ProgressCallback, download

MAX_MEMBERS: Final = 100_000
"""Members that an archive may have."""
MAX_EXPANSION: Final = 20
"""How many times its own size an archive may unpack to. Model files hardly compress."""
EXTRA_BYTES: Final = 64 * 1024 * 1024
"""Bytes that any archive may unpack to, in addition."""
_BLOCK = 1 << 20
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,  # a compression that zipfile does not know
)
_ENCRYPTED = 0x1


class UnsafeArchiveError(SetupError):
    """An archive that is refused for what is in it."""


def fetch_from_archives(
    spec: ModelSpec, target_folder: Path, on_progress: ProgressCallback
) -> dict[str, str]:
    """Download the archives of a model and unpack its files.

    A complete archive is kept until the model is complete, so an interrupted download continues.

    Args:
        spec: The model.
        target_folder: Where to put the files.
        on_progress: Is told the number of bytes downloaded.

    Returns:
        No digests: those of the archives were checked.

    Raises:
        TransientError: A server does not answer, or an archive lacks a file.
        SetupError: An archive is not the published one, or is unsafe.
    """
    target_folder.mkdir(parents=True, exist_ok=True)
    wanted = {file.source or path: path for path, file in spec.list_files().items()}
    unpacked: set[str] = set()
    downloaded = 0
    for archive in spec.archives:
        path = _download_archive(archive, target_folder, downloaded, on_progress)
        downloaded += path.stat().st_size
        unpacked |= unpack_archive(path, archive, wanted, target_folder)
    missing = [
        path
        for path, file in spec.list_files().items()
        if path not in unpacked and not file.is_optional
    ]
    if missing:
        raise TransientError(
            f"{', '.join(archive.url for archive in spec.archives)} has no {', '.join(missing)}",
            "This is a fault of the plugin: tell its author",
        )
    return {}


def _download_archive(
    archive: ModelArchive, folder: Path, before: int, on_progress: ProgressCallback
) -> Path:
    complete = folder / f"{hashlib.sha256(archive.url.encode()).hexdigest()[:16]}.archive"
    if complete.exists() and hash_file(complete) == archive.sha256:
        return complete
    part = complete.with_suffix(".archive.part")
    download(archive.url, part, size=None, on_progress=lambda done: on_progress(before + done))
    digest = hash_file(part)
    if digest != archive.sha256:
        part.unlink()
        raise SetupError(
            f"{archive.url} was refused: expected SHA-256 {archive.sha256}, found {digest}",
            "Try again; if it stays so, the archive was changed: do not use it",
        )
    return part.replace(complete)


def unpack_archive(
    path: Path, archive: ModelArchive, wanted: dict[str, str], target_folder: Path
) -> set[str]:
    """Unpack files of a model from an archive.

    Args:
        path: The archive.
        archive: Its description, of which the address tells the kind.
        wanted: Path in the archive, after stripping, -> path in ``target_folder``.
        target_folder: Where to put the files.

    Returns:
        The paths in ``target_folder`` that were unpacked.

    Raises:
        UnsafeArchiveError: It has a path that leads out of it, a link where a file is wanted, too
            many members, or too many bytes.
        TransientError: It is damaged, or of no known kind.
    """
    name = PurePosixPath(urlsplit(archive.url).path).name
    budget = _Budget(name, path.stat().st_size * MAX_EXPANSION + EXTRA_BYTES)
    unpacked: set[str] = set()
    try:
        for member, is_file, source in _list_members(path, name, budget):
            budget.count_member()
            file = wanted.get(_strip_folders(name, member, archive.strip))
            if file is None:
                continue
            if not is_file:
                raise UnsafeArchiveError(
                    f"the archive {name} has a link, a folder or a sparse file in place of the "
                    f"file {member!r}",
                    "Do not use it; tell the author of the plugin",
                )
            target = target_folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            with source.open() as opened, target.open("wb") as output:
                while block := opened.read(_BLOCK):
                    if source.is_compressed:
                        budget.count_bytes(len(block))
                    output.write(block)
            unpacked.add(file)
    except (*_DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk; a decompressor's has no number
        path.unlink()
        raise TransientError(f"{name} is damaged", "It was removed; try again") from error
    return unpacked


def _strip_folders(name: str, member: str, strip: int) -> str:
    """Return the path of a member without its first folders. Refuse paths that lead out."""
    parts = [part for part in member.split("/") if part not in ("", ".")]
    if member.startswith("/") or "\\" in member or ".." in parts:
        raise UnsafeArchiveError(
            f"the archive {name} has the path {member!r}, which leads out of it",
            "Do not use it; tell the author of the plugin",
        )
    return "/".join(parts[strip:])


class _Budget:
    """How much an archive may still unpack to."""

    def __init__(self, name: str, max_bytes: int) -> None:
        self._name = name
        self._bytes, self._members = max_bytes, MAX_MEMBERS

    def count_member(self) -> None:
        self._members -= 1
        if self._members < 0:
            self._refuse("has too many members")

    def count_bytes(self, number: int) -> None:
        self._bytes -= number
        if self._bytes < 0:
            self._refuse("unpacks to far more than its own size")

    def _refuse(self, reason: str) -> None:
        raise UnsafeArchiveError(
            f"the archive {self._name} {reason}", "Do not use it; tell the author of the plugin"
        )


class _Source:
    """A member that can be read."""

    def __init__(self, container: Any, member: Any, *, is_compressed: bool) -> None:
        self._container, self._member = container, member
        self.is_compressed = is_compressed
        """Whether reading it has to be counted. Those of a tar archive are counted as a whole."""

    def open(self) -> IO[bytes]:
        """Open the content."""
        if self.is_compressed:
            opened: IO[bytes] = self._container.open(self._member)
        else:
            opened = self._container.extractfile(self._member)
        return opened


class _CountedReader:
    """The unpacked bytes of a compressed tar archive, of which only so many may be read."""

    def __init__(self, stream: IO[bytes], budget: _Budget) -> None:
        self._stream, self._budget = stream, budget

    def read(self, size: int) -> bytes:
        block = self._stream.read(size)
        self._budget.count_bytes(len(block))
        return block


def _list_members(path: Path, name: str, budget: _Budget) -> Iterator[tuple[str, bool, _Source]]:
    """Yield each member: its path, whether it is a plain file, and its content."""
    if name.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                is_file = kind in (0, stat.S_IFREG) and not info.is_dir()
                is_file = is_file and not info.flag_bits & _ENCRYPTED
                yield info.filename, is_file, _Source(archive, info, is_compressed=True)
        return
    with (
        _open_stream(path, name) as stream,
        tarfile.open(fileobj=_CountedReader(stream, budget), mode="r|") as tar,  # type: ignore[call-overload]
    ):
        for member in tar:
            # The holes of a sparse file are bytes that no archive holds and nobody counts.
            is_file = member.isfile() and not member.issparse()
            yield member.name, is_file, _Source(tar, member, is_compressed=False)


def _open_stream(path: Path, name: str) -> IO[bytes]:
    """Open a tar archive, decompressed."""
    openers: dict[str, Any] = {
        "bz2": bz2.open,
        "tbz2": bz2.open,
        "gz": gzip.open,
        "tgz": gzip.open,
        "xz": lzma.open,
        "tar": open,
    }
    opener = openers.get(name.rpartition(".")[2])
    if opener is None:
        raise TransientError(
            f"{name} is no archive of a known kind", "Known are tar.bz2, tar.gz, tar.xz, tar, zip"
        )
    stream: IO[bytes] = opener(path, "rb")
    return stream
