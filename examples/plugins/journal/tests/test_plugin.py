from pathlib import Path

import pytest
import subtitled_journal

from subtitled.plugin import JobFinished
from subtitled.plugin.testing import HooksSuite


@pytest.fixture(scope="class")
def plugin_settings(tmp_path_factory):
    return {"file": str(tmp_path_factory.mktemp("journal") / "journal.txt")}


class TestJournal(HooksSuite):
    plugin = "journal"


def test_a_finished_job_is_written_down(tmp_path):
    settings = subtitled_journal.JournalSettings(file=tmp_path / "journal.txt")
    for name in ("film.mkv", "\udcff.mkv"):
        subtitled_journal.job_finished(JobFinished(Path(name), (), "made en"), settings)
    lines = settings.file.read_text("utf-8", "replace").splitlines()
    assert lines == ["film.mkv: made en", "\N{REPLACEMENT CHARACTER}.mkv: made en"]


def test_the_daemon_writes_it_and_the_command_prints_it(daemon_with, speech, plugin_settings):
    daemon = daemon_with("journal", plugin_settings)
    daemon.add(speech("Call me Ishmael. Some years ago I went to sea."), "film.wav")
    journal = Path(plugin_settings["file"])
    daemon.wait_until(
        lambda: journal.exists() and "film.wav: " in journal.read_text("utf-8", "replace"),
        "film.wav in the journal",
    )
    assert "film.wav: " in daemon.run("journal").stdout
