"""Models in folders of the user's: used in place, or copied as the first source."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from subtitled.plugin import ModelSpec, SetupError, TransientError


def verify_folder(spec: ModelSpec) -> list[tuple[str, str]]:
    """Check that a folder that is used in place has the files of a model.

    Args:
        spec: A model with a folder.

    Returns:
        Each file with ``ok`` or what is wrong. An optional file that is missing is left out.
    """
    assert spec.folder is not None
    verdicts: list[tuple[str, str]] = []
    for path, file in spec.list_files().items():
        try:
            with (spec.folder / path).open("rb"):
                verdicts.append((path, "ok"))
        except FileNotFoundError:
            if not file.is_optional:
                verdicts.append((path, "missing"))
        except OSError as error:
            verdicts.append((path, f"it cannot be read ({error.strerror})"))
    return verdicts


def check_folder(spec: ModelSpec) -> Path:
    """Return the folder of a model that is used in place, if the model is there.

    Raises:
        SetupError: The folder does not exist, or lacks a file.
    """
    assert spec.folder is not None
    if not os.path.isdir(spec.folder):  # noqa: PTH112 - Path.is_dir raises if access is denied
        raise SetupError(
            f"the folder of the model does not exist or cannot be read: {spec.folder}",
            "Correct the path in the engine's section, mount the disk, or let the daemon's user "
            "read it",
        )
    wrong = [f"{path} ({verdict})" for path, verdict in verify_folder(spec) if verdict != "ok"]
    if wrong:
        raise SetupError(
            f"the model in {spec.folder} cannot be used: {', '.join(wrong)}",
            "Put these files there, or correct the path in the engine's section",
        )
    return spec.folder


def copy_model(spec: ModelSpec, local: Path, plugin_folder: str, partial: Path) -> dict[str, str]:
    """Copy a model from the user's folder of models.

    Args:
        spec: The model.
        local: The folder. The files lie in ``PLUGIN/NAME`` or ``NAME`` there, or in itself.
        plugin_folder: The name of the plugin's folder.
        partial: Where to copy them.

    Returns:
        No digests.

    Raises:
        TransientError: The folder does not have the model, or a file cannot be read.
    """
    partial.mkdir(parents=True, exist_ok=True)
    files = spec.list_files()
    for folder in (local / plugin_folder / spec.name, local / spec.name, local):
        present = [path for path in files if os.path.lexists(folder / path)]
        if any(path not in present and not file.is_optional for path, file in files.items()):
            continue
        for path in present:
            try:
                source = (folder / path).open("rb")
            except OSError as error:
                raise TransientError(f"{folder / path}: {error.strerror}") from error
            (partial / path).parent.mkdir(parents=True, exist_ok=True)
            with source, (partial / path).open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
        return {}
    raise TransientError(f"{local} does not contain it")
