"""A machine for the doctor to check, in the test's own process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from subtitled.config.load import load_config
from subtitled.daemon.doctor import check_machine
from subtitled.plugin import CheckResult


@dataclass
class CheckedInstallation:
    """A library, a state folder and a configuration, without a model, so that nothing is hashed."""

    place: Path

    def __post_init__(self) -> None:
        self.films, self.state = self.place / "films", self.place / "st"
        self.films.mkdir()
        self.config = self.place / "c.toml"
        self.write()

    def write(self, more: str = "", *, daemon: str = "") -> None:
        self.config.write_text(
            f'[daemon]\nstate_dir = "{self.state}"\nmodels_dir = "{self.place}/models"\n{daemon}\n'
            f'[libraries.films]\npath = "{self.films}"\n{more}\n',
            "utf-8",
        )

    def found(self) -> list[CheckResult]:
        return check_machine(load_config(self.config), self.config)

    def wrong(self) -> dict[str, CheckResult]:
        """Return the failed checks by subject. Each must have a hint."""
        wrong = {found.subject: found for found in self.found() if not found.ok}
        assert all(found.detail and found.hint for found in wrong.values()), wrong
        return wrong
