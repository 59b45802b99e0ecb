"""``review approve`` where the library wants a second reader."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import subtitled.cli.actor
import subtitled.cli.review_approve  # adds its commands
from subtitled.cli.actor import find_account
from subtitled.cli.app import app
from subtitled.daemon.reviews.service import ReviewService
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.subtitles.review import operations as ops
from support.review_library import ReviewLibrary


class CommandLine:
    """A library that wants a second reader, and the commands about its reviews."""

    def __init__(self, folder: Path) -> None:
        self.library = ReviewLibrary(folder)
        self.config = folder / "config.toml"
        text = self.config.read_text("utf-8")
        wanted = "[libraries.films]\nsecond_reader = true\n"
        self.config.write_text(text.replace("[libraries.films]\n", wanted), "utf-8")
        self.number = self.library.open()

    def approve(self, *more: str) -> Result:
        arguments = ["review", "approve", str(self.number), "--accept-warnings", *more]
        return CliRunner().invoke(app, ["--config", str(self.config), *arguments])

    def edit(self, actor: Actor) -> None:
        service = ReviewService(self.library.configuration, self.library.db)
        tag = VersionTag.of(service.load(self.number))
        operation = ops.SetText(cue="1", lines=("The SCHUFA said no.",))
        service.edit(self.number, "op", operation, tag, actor)


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def _account() -> str:
    account = find_account(os.environ)
    assert account is not None
    return account


def test_the_account_that_edited_is_refused_whatever_name_it_gives(cli: CommandLine) -> None:
    cli.edit(Actor.account(_account()))
    for by in ((), ("--by", "Somebody Else")):
        result = cli.approve(*by)
        assert result.exit_code == 1
        assert f"this subtitle waits for another reader: {_account()} edited it" in result.output
        assert "second_reader" in result.output


def test_the_user_of_the_pages_with_the_name_of_the_account_is_refused_too(
    cli: CommandLine,
) -> None:
    cli.edit(Actor.user(_account()))
    assert "waits for another reader" in cli.approve().output


def test_the_review_says_who_edited_it_and_that_it_waits(cli: CommandLine) -> None:
    shown = ["--config", str(cli.config), "review", "show", str(cli.number)]
    assert "edited by" not in CliRunner().invoke(app, shown).output
    cli.edit(Actor.user("ana"))
    assert "edited by ana, you may approve it" in CliRunner().invoke(app, shown).output
    cli.library.service.edit(
        cli.number,
        "mine",
        ops.Delete(cues=("2",)),
        VersionTag.of(cli.library.service.load(cli.number)),
        Actor.account(_account()),
    )
    expected = f"edited by ana, {_account()}, waits for another reader"
    assert expected in " ".join(CliRunner().invoke(app, shown).output.split())


def test_an_account_without_a_name_reads_but_says_who_it_is_before_it_approves(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subtitled.cli.actor, "find_account", lambda environment: None)
    shown = ["--config", str(cli.config), "review", "show", str(cli.number)]
    assert CliRunner().invoke(app, shown).exit_code == 0
    refused = cli.approve()
    assert refused.exit_code == 2
    assert "--by NAME" in refused.output
    assert cli.approve("--by", "Ben").exit_code == 0


def test_another_person_approves(cli: CommandLine) -> None:
    cli.edit(Actor.user("somebody else"))
    result = cli.approve("--by", "Ben")
    assert result.exit_code == 0, result.output
    assert "approved" in result.output


def test_behind_sudo_is_the_account_that_called_it() -> None:
    own = pwd.getpwuid(os.getuid()).pw_name
    other = next(one for one in pwd.getpwall() if one.pw_name != own)
    assert find_account({"SUDO_UID": str(other.pw_uid)}) == other.pw_name
    for damaged in ("", "x", "-1", "99999999999999999999", "4294967290"):
        assert find_account({"SUDO_UID": damaged}) == own
