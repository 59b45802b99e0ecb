"""A translation whose source was corrected: what pages and API tell of it, and what asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import subtitled.cli.queue  # noqa: F401 - adds its commands
from subtitled.cli.app import app
from subtitled.db.commands import CommandKind
from subtitled.db.overview import SOURCE_CORRECTED, CoverageRow, FileOverview
from subtitled.plugin import Language
from subtitled.web.auth.roles import Role
from support.api_port import ApiPort
from support.review_library import FULL, ReviewLibrary, add_film, publish

BUTTON = 'value="translate-again"'


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiPort]:
    made = ApiPort(tmp_path_factory.mktemp("port") / "state", count=3)
    made.add_users()
    yield made
    made.close()


def add_marked(port: ApiPort, name: str, ownership: str) -> tuple[int, int]:
    """Add a film with a marked translation, and return its number and that of its review."""
    film, _ = add_film(port.db, port.films / f"{name}.mkv")
    path = publish(port.db, film.path, language=Language("es"))
    row = CoverageRow(
        language="es",
        kind="full",
        format="srt",
        origin="sidecar",
        location=path.name,
        ownership=ownership,
        problem=SOURCE_CORRECTED,
    )
    overview = FileOverview(duration=60.0, title="", coverage=(row,), requirements=())
    port.db.overview.store(film.id, "films", overview)
    return film.id, port.db.reviews.open(film.id, Language("es"), FULL)


def test_pages_and_api_tell_it_and_one_button_asks_for_the_changed_lines(port: ApiPort) -> None:
    number, review = add_marked(port, "Ours", "ours")
    edited, _ = add_marked(port, "Edited", "approved")
    operator = port.session("operator")
    page = operator.get(f"/files/{number}").text
    assert SOURCE_CORRECTED in page
    assert BUTTON in page
    marked_only = operator.get(f"/files/{edited}").text
    assert SOURCE_CORRECTED in marked_only
    assert BUTTON not in marked_only
    assert BUTTON not in port.session("viewer").get(f"/files/{number}").text
    assert operator.get("/review").text.count(SOURCE_CORRECTED) == 2
    key = port.key(Role.OPERATOR)
    assert port.get(f"/files/{number}", key).json()["coverage"][0]["problem"] == SOURCE_CORRECTED
    queue = port.get("/reviews", key, file=number).json()["items"]
    assert [(one["id"], one["is_source_corrected"]) for one in queue] == [(review, True)]
    fields = {"file": str(number), "action": "translate-again", "back": f"/files/{number}"}
    assert operator.post("/files/actions", fields).status_code == 303
    asked = port.post(f"/files/{number}/actions", key, {"action": "translate-again"})
    assert (asked.status_code, asked.json()["accepted"]) == (202, 1)
    (command,) = [one for one in port.db.commands.pending() if one.path is not None]
    assert (command.kind, command.path) == (
        CommandKind.TRANSLATE_AGAIN,
        port.films / "Ours.mkv",
    )
    refused = port.post(
        f"/files/{number}/actions", port.key(Role.REVIEWER), {"action": "translate-again"}
    )
    assert refused.status_code == 403


def test_the_command_line_asks_for_it_too(tmp_path: Path) -> None:
    library = ReviewLibrary(tmp_path)
    record, _ = library.add("Film")
    arguments = ["--config", str(tmp_path / "config.toml"), "queue", "translate", str(record.path)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    (command,) = library.db.commands.pending()
    assert (command.kind, command.path) == (CommandKind.TRANSLATE_AGAIN, record.path)
