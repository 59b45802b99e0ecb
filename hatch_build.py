"""The build hook: scripts of others are put into the wheel, and nothing else is done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent / "tools"))

from vendor import add_scripts


class VendorHook(BuildHookInterface):  # type: ignore[misc]
    """Adds the scripts before a wheel or an editable installation is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the scripts, which are files that git ignores."""
        if self.target_name == "wheel":
            root = Path(self.root)
            build_data["artifacts"] += [str(path.relative_to(root)) for path in add_scripts()]
