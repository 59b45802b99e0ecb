"""Acting as the owner of the state folder instead of as root."""

from __future__ import annotations

from subtitled.config.paths import drop_privileges_to_owner, resolve_state_dir
from subtitled.config.settings import AppSettings

from .output import display_path, errors


def act_as_owner(settings: AppSettings) -> None:
    """Become the owner of the state folder if this is root, before code of a plugin runs."""
    state_dir = resolve_state_dir(settings)
    if name := drop_privileges_to_owner(state_dir):
        errors.print(
            f"acting as {name}, the owner of {display_path(state_dir)}", style="dim", markup=False
        )
