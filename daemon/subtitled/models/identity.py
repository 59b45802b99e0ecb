"""What sets a model apart from another one of the same name."""

from __future__ import annotations

from typing import Any

from subtitled.plugin import ModelSpec


def model_identity(spec: ModelSpec) -> list[Any]:
    """Return what sets a model apart, as JSON, for the variant of what is made with it.

    A model in a folder of the user's is known by the sizes of its files. So the folder can be
    moved, and another model in its place is another model.

    Args:
        spec: The model.
    """
    if spec.folder is not None:
        sizes = []
        for file in spec.list_files():
            try:
                sizes.append([file, (spec.folder / file).stat().st_size])
            except OSError:
                sizes.append([file, None])
        return [spec.name, sorted(sizes)]
    digests = [[path, file.sha256] for path, file in spec.list_files().items() if file.sha256]
    return [spec.name, spec.repository, spec.revision, sorted(digests)]
