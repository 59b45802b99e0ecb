"""``plugins check`` finds each of the fifty mistakes, and nothing wrong with what is right."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subtitled.engines import process_client
from subtitled.engines.local_engine import LocalEngine
from subtitled.engines.protocol import EngineLoadError
from subtitled.plugin import CheckResult
from subtitled.plugin_kit import checking
from subtitled.plugin_kit.checking import CheckRequest, check_plugin
from support.broken_plugins import (
    ANSWERING,
    CALLING,
    FORGIVEN,
    LOADING,
    OUTSIDE,
    SOURCES,
    Mistake,
    install_plugin,
)

Check = Callable[..., list[CheckResult]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Return a function that checks an installed plugin. Its engine runs in this process."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(process_client, "EngineProcess", lambda name, spec, **_: LocalEngine(spec))
    alone = CheckResult("import", True, "in a process of its own")
    monkeypatch.setattr(checking, "_check_import", lambda module: alone)

    def run(install: Callable[[Path], None], name: str, **options: Any) -> list[CheckResult]:
        install(site)
        folder = tmp_path / "audio"
        folder.mkdir()
        request = CheckRequest(
            plugin=name, folder=folder, models=tmp_path / "models", sends=True, **options
        )
        results = list(check_plugin(request))
        sys.modules.pop(f"broken_{name}", None)
        return results

    return run


@pytest.mark.parametrize(
    "mistake", [*LOADING, *CALLING, *OUTSIDE, *ANSWERING], ids=lambda mistake: mistake.name
)
def test_each_mistake_is_found_with_its_line_and_its_cure(check: Check, mistake: Mistake) -> None:
    wrong = [result for result in check(mistake.install, mistake.name) if not result.ok]
    assert any(
        mistake.message in result.detail
        and mistake.place in result.detail
        and mistake.cure in result.hint
        for result in wrong
    ), wrong


@pytest.mark.parametrize("name", [*SOURCES, *FORGIVEN])
def test_nothing_is_wrong_with_a_plugin_that_keeps_to_the_api(check: Check, name: str) -> None:
    source = SOURCES.get(name) or FORGIVEN[name]
    results = check(lambda site: install_plugin(site, name, source, f"broken_{name}"), name)
    assert [result for result in results if not result.ok] == []
    assert len(results) > 5


def test_what_goes_to_other_machines_is_not_sent_unasked(check: Check, tmp_path: Path) -> None:
    source = SOURCES["notifiers"].replace("        pass", "        open('sent', 'w')")
    install_plugin(tmp_path / "site", "quiet", source, "broken_quiet")
    request = CheckRequest(plugin="quiet", folder=tmp_path, models=tmp_path)
    results = list(check_plugin(request))
    assert any("use --send" in result.detail for result in results)
    assert not Path("sent").exists()


def test_a_notifier_is_asked_with_the_events_of_reviews_that_it_wants(check: Check) -> None:
    source = SOURCES["notifiers"].replace(
        "        pass",
        "        [one.event.media for one in notifications]\n"
        "    @classmethod\n    def review_events(cls, settings): return [ReviewsWaiting]",
    )

    def install(site: Path) -> None:
        install_plugin(site, "waits", source, "broken_waits")

    (wrong,) = [result for result in check(install, "waits") if not result.ok]
    assert "'ReviewsWaiting' object has no attribute 'media'" in wrong.detail


SETTINGS = SOURCES["notifiers"].replace(
    "class Mine(Notifier):", "class Keys(Settings):\n    url: str\nclass Mine(Notifier[Keys]):"
)


def test_settings_without_a_description_and_missing_settings_are_told(check: Check) -> None:
    def install(site: Path) -> None:
        install_plugin(site, "keys", SETTINGS, "broken_keys")

    (missing,) = [result for result in check(install, "keys") if not result.ok]
    assert "url: this key is needed" in missing.detail and "--settings" in missing.hint


def test_a_setting_without_a_description_is_told(check: Check) -> None:
    def install(site: Path) -> None:
        install_plugin(site, "keys", SETTINGS, "broken_keys")

    (bare,) = [r for r in check(install, "keys", shared_options={"url": "x"}) if not r.ok]
    assert "no description: url" in bare.detail


HOOKS = """
from subtitled.plugin import hookimpl
SUBTITLED_API = "1"
@hookimpl
def job_failed(event):
    event.media.nam  # HERE
"""


def test_a_hook_that_fails_is_told_with_its_line(check: Check, tmp_path: Path) -> None:
    def install(site: Path) -> None:
        install_plugin(site, "journal", HOOKS, "broken_journal")

    (wrong,) = [result for result in check(install, "journal") if not result.ok]
    assert wrong.subject == "hook job failed"
    assert "AttributeError" in wrong.detail and "broken_journal.py:6" in wrong.detail
    quiet = CheckRequest(plugin="journal", folder=tmp_path, models=tmp_path)
    assert any("use --send" in result.detail for result in check_plugin(quiet))


SETTINGS_OF_HOOKS = """
from pydantic import Field
from subtitled.plugin import Settings, hookimpl
SUBTITLED_API = "1"
class Journal(Settings):
    name: str = Field(description="Whose journal it is.")
@hookimpl
def register_settings(register): register(Journal)
@hookimpl
def job_finished(event, settings): assert settings.name == "ana"
"""


def test_hooks_are_called_with_the_settings_of_their_section(check: Check) -> None:
    def put(site: Path) -> None:
        install_plugin(site, "diary", SETTINGS_OF_HOOKS, "broken_diary")

    results = check(put, "diary", options={"plugins": {"name": "ana"}})
    assert [result for result in results if not result.ok] == []
    assert "hook job finished" in {result.subject for result in results}


@pytest.mark.parametrize(
    ("shared", "told"),
    [({}, "plugins.diary.name: this key is needed"), ({"name": "a", "x": 1}, "no such key")],
)
def test_settings_of_hooks_that_are_wrong_are_told(
    check: Check, shared: dict[str, Any], told: str
) -> None:
    def put(site: Path) -> None:
        install_plugin(site, "diary", SETTINGS_OF_HOOKS, "broken_diary")

    (wrong,) = [r for r in check(put, "diary", shared_options=shared) if not r.ok]
    assert wrong.subject == "plugins.diary" and told in wrong.detail


AWAY = SETTINGS.replace(
    "        pass",
    "        import urllib.request\n"
    "        try:\n"
    "            urllib.request.urlopen(self.settings.url)\n"
    "        except OSError:\n"
    "            raise TransientError('it is away') from None",
).replace("url: str", "url: str = Field('http://127.0.0.1:9', description='The address.')")
AWAY = "from pydantic import Field\n" + AWAY


@pytest.mark.parametrize(
    ("error", "is_wrong"), [("TransientError", False), ("SetupError", True), ("KeyError", True)]
)
def test_a_server_that_is_away_has_to_be_a_transient_error(
    check: Check, error: str, is_wrong: bool
) -> None:
    def install(site: Path) -> None:
        install_plugin(site, "away", AWAY.replace("TransientError", error), "broken_away")

    wrong = [r for r in check(install, "away") if r.subject.endswith("server is away") and not r.ok]
    assert bool(wrong) == is_wrong


def test_an_error_that_repeats_the_text_is_told(check: Check) -> None:
    source = SOURCES["translators"].replace(
        "class Mine(Translator):",
        "from pydantic import Field\nclass Keys(Settings):\n"
        "    url: str = Field('http://127.0.0.1:9', description='The address.')\n"
        "class Mine(Translator[Keys]):",
    )
    source = source.replace(
        "        return Translation(",
        "        raise TransientError(f'no answer to {batch.lines[0].text}')\n"
        "        return Translation(",
    )
    (wrong,) = [
        result
        for result in check(
            lambda site: install_plugin(site, "loud", source, "broken_loud"), "loud"
        )
        if not result.ok and result.subject.endswith("server is away")
    ]
    assert "repeats the text" in wrong.detail


def test_an_engine_that_does_not_load_is_waited_for_once(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = []

    def hang(name: str, spec: dict[str, Any], **_: Any) -> LocalEngine:
        starts.append(name)
        raise EngineLoadError("engine fine did not load within 300 s (fine.py:3, in load)", "")

    monkeypatch.setattr(process_client, "EngineProcess", hang)
    results = check(lambda site: install_plugin(site, "fine", SOURCES["engines"]), "fine")
    assert len(starts) == 1
    (wrong,) = [result for result in results if not result.ok]
    assert "fine.py:3" in wrong.detail and wrong.hint
    assert sum("does not load" in result.detail for result in results) > 2
