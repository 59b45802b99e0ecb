"""Acting as the owner of the state folder instead of as root."""

from __future__ import annotations

import os
from pathlib import Path

import subtitled
from subtitled.config.paths import drop_privileges_to_owner, resolve_state_dir
from subtitled.config.settings import AppSettings

_CODE = Path(subtitled.__file__).parent


def act_as_owner(settings: AppSettings) -> None:
    """Become the owner of the state folder if this is root, before code of a plugin runs."""
    state_dir = resolve_state_dir(settings)
    if not (name := drop_privileges_to_owner(state_dir)):
        return
    from .output import display_path, errors  # loads rich, which the daemon would keep for months

    errors.print(
        f"acting as {name}, the owner of {display_path(state_dir)}", style="dim", markup=False
    )
    if not os.access(_CODE, os.R_OK | os.X_OK):  # as in an environment below /root
        errors.print(
            f"warning: {name} cannot read {display_path(_CODE)}, so plugins will be missing. "
            "Install subtitled where everybody can read it, such as /opt/subtitled",
            markup=False,
        )
