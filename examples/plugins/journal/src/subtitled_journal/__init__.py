"""A journal of finished jobs: hooks alone, with settings and a command."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from subtitled.plugin import Settings, hookimpl

SUBTITLED_API = "1"


class JournalSettings(Settings):
    file: Path = Field(Path("journal.txt"), description="The file that lines are appended to.")


@hookimpl
def register_settings(register):
    register(JournalSettings)


@hookimpl
def job_finished(event, settings):
    write_line(settings.file, f"{event.media.name}: {event.outcome}")


@hookimpl
def job_failed(event, settings):
    write_line(settings.file, f"{event.media.name}: failed: {event.reason}")


@hookimpl
def subtitle_published(event, context):
    context.log.info("%s is in %s", event.sidecar.name, event.language)


@hookimpl
def register_commands(cli, settings):
    @cli.command("journal")
    def print_journal():
        """Print the journal."""
        print(settings.file.read_text("utf-8", "replace"), end="")


def write_line(file, line):
    """Append a line. Names of files need not be UTF-8."""
    with file.open("a", encoding="utf-8", errors="surrogateescape") as journal:
        journal.write(line + "\n")
