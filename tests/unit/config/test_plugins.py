"""Tests of loading plugins and of calling them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from subtitled.config import plugin_loader, plugin_sources
from subtitled.config.load import Configuration, find_faulty_components, load_config
from subtitled.config.plugin_calls import call_event_hooks, call_with_timeout
from subtitled.plugin import JobFinished, SetupError, TransientError
from support.broken_plugins import SOURCES

GOOD = """
from subtitled.plugin import EngineCapabilities, Engine, Transcript, hookimpl
SUBTITLED_API = "1"
class Mine(Engine):
    @classmethod
    def capabilities(cls, settings): return EngineCapabilities()
    def transcribe(self, audio, request): return Transcript(language=request.language, words=())
@hookimpl
def register_engines(register): register(Mine)
"""

BAD_SETTINGS = GOOD.replace(
    "class Mine(Engine):",
    """from pydantic import model_validator
from subtitled.plugin import Settings
class Odd(Settings):
    @model_validator(mode="before")
    @classmethod
    def look(cls, value): return {}["x"]
class Mine(Engine):
    Settings = Odd""",
)
HOOK = "\n@hookimpl\ndef job_finished(event): "


def _configured(tmp_path: Path, text: str) -> Configuration:
    file = tmp_path / "c.toml"
    file.write_text(text, "utf-8")
    return load_config(file)


def test_valid_plugin_is_used(install, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    install("mine", GOOD)
    assert "mine" in _configured(tmp_path, "[engines.mine]\n").engines


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("raise RuntimeError('kaput')", "kaput"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("import no_such_module", "no_such_module"),
        (GOOD.replace('"1"', '"0.9"'), "API 0.9"),
        (GOOD.replace('"1"', '"1.99"'), "API 1.99"),
        (GOOD.replace("SUBTITLED_API", "OTHER"), "does not state its API version"),
        (GOOD.replace("register(Mine)", "register(42)"), "is no Engine"),
        (GOOD.replace("register_engines", "register_notifiers"), "is no Notifier"),
        (GOOD.replace("register(Mine)", "raise ValueError('inside')"), "inside"),
        (GOOD.replace("register(Mine)", "return []"), "registers no Engine"),
        (GOOD.replace("register(Mine)", "register(Mine); raise ValueError('later')"), "later"),
        (GOOD.replace("register(Mine)", "register(Mine); register(Mine)"), "two engines"),
        (GOOD.replace("register(Mine)", "register(Mine, name='x')"), "of the name 'mine'"),
        (GOOD.replace("    def transcribe", "    def other"), "lacks transcribe"),
        (GOOD.replace("class Mine(Engine):", "class Mine(Engine):\n    Settings = 3"), "Settings"),
        (GOOD + "@hookimpl\ndef job_failed(evnt): pass\n", "evnt"),
        (GOOD.replace('"1"', '"one"'), "does not state its API version"),
        (GOOD.replace('"1"', "1.0"), "does not state its API version"),
        (BAD_SETTINGS, "its settings: the plugin mine failed: KeyError"),
        ("class E(Exception):\n    def __str__(self): return 1 / 0\nraise E", "failed: E"),
    ],
)
def test_broken_plugin_is_reported_as_unavailable(  # type: ignore[no-untyped-def]
    install, tmp_path: Path, source: str, expected: str
) -> None:
    install("mine", source)
    loaded = _configured(tmp_path, "[engines.mine]\n[engines.whisper]\n")
    (broken,) = loaded.unavailable
    assert broken.section == "engines.mine"
    assert expected in broken.message
    assert "whisper" in loaded.engines


def test_plugin_that_hangs_during_import_is_unavailable(  # type: ignore[no-untyped-def]
    install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin_loader, "IMPORT_TIMEOUT", 0.3)
    install("mine", "import time; time.sleep(3)")
    (broken,) = _configured(tmp_path, "[engines.mine]\n").unavailable
    assert "did not answer" in broken.message


def test_unused_plugin_is_not_imported(  # type: ignore[no-untyped-def]
    install, tmp_path: Path
) -> None:
    install("mine", "raise RuntimeError('must not be imported')")
    assert not _configured(tmp_path, "[engines.whisper]\n").unavailable
    assert ("mine", "dist-mine", "1.0") in plugin_sources.list_installed()


def test_plugin_names_are_suggested_in_hints(tmp_path: Path) -> None:
    (broken,) = _configured(tmp_path, "[engines.wisper]\n").unavailable
    assert "Did you mean 'whisper'" in broken.hint
    assert "jellyfin" in broken.hint


def test_plugin_in_wrong_section_gets_hint(tmp_path: Path) -> None:
    (broken,) = _configured(tmp_path, "[servers.whisper]\n").unavailable
    assert broken.message == "the plugin 'whisper' registers no MediaServer"
    assert "engines" in broken.hint


def test_ambiguous_plugin_name_is_unavailable(  # type: ignore[no-untyped-def]
    install, tmp_path: Path
) -> None:
    install("whisper", GOOD)
    (broken,) = _configured(tmp_path, "[engines.whisper]\n").unavailable
    assert "several packages" in broken.message
    assert "dist-whisper" in broken.message


def test_entry_point_of_plugin_is_known() -> None:
    assert load_config(None).engines["whisper"].entry_point == "subtitled_plugins.whisper"


def test_two_sections_share_one_plugin(  # type: ignore[no-untyped-def]
    install, tmp_path: Path
) -> None:
    install("mine", GOOD)
    text = '[engines.mine]\n[engines.other]\nplugin = "mine"\n'
    loaded = _configured(tmp_path, text)
    assert set(loaded.engines) == {"mine", "other"}
    assert loaded.engines["other"].create().context.name == "other"


def test_section_selects_one_of_several_registered_engines(  # type: ignore[no-untyped-def]
    install, tmp_path: Path
) -> None:
    several = "register(Mine); register(type('Fast', (Mine,), {}), name='fast')"
    install("mine", GOOD.replace("register(Mine)", several))
    text = (
        '[engines.mine]\n[engines.quick]\nplugin = "mine:fast"\n[engines.x]\nplugin = "mine:no"\n'
    )
    loaded = _configured(tmp_path, text)
    assert loaded.engines["mine"].component_class.__name__ == "Mine"
    quick = loaded.engines["quick"]
    assert (quick.component_class.__name__, quick.plugin, quick.reference) == (
        "Fast",
        "mine",
        "mine:fast",
    )
    (unknown,) = loaded.unavailable
    assert unknown.section == "engines.x" and '"mine:fast"' in unknown.hint


def test_rejected_plugin_receives_no_events(  # type: ignore[no-untyped-def]
    install, tmp_path: Path
) -> None:
    source = GOOD.replace("register(Mine)", "register(42)")
    install("mine", source + HOOK + "raise AssertionError('heard')")
    loaded = _configured(tmp_path, "[engines.mine]\n")
    assert loaded.unavailable
    assert not loaded.hooks.get_plugins()


def test_unknown_hook_causes_warning(  # type: ignore[no-untyped-def]
    install, tmp_path: Path
) -> None:
    install("mine", GOOD + HOOK.replace("finished", "finishd") + "pass")
    loaded = _configured(tmp_path, "[engines.mine]\n")
    assert "mine" in loaded.engines
    assert any("job_finishd" in warning for warning in loaded.warnings)


def test_component_that_cannot_be_created_names_its_plugin(  # type: ignore[no-untyped-def]
    install, tmp_path: Path
) -> None:
    broken = "class Mine(Engine):\n    def __init__(self, settings, context): raise OSError('no')"
    install("mine", GOOD.replace("class Mine(Engine):", broken))
    with pytest.raises(TransientError, match="plugin mine failed: OSError: no"):
        _configured(tmp_path, "[engines.mine]\n").engines["mine"].create()


def test_hanging_call_raises_with_plugin_name() -> None:
    with pytest.raises(TransientError, match="plugin slow did not answer within 0.1 s"):
        call_with_timeout("slow", lambda: time.sleep(2), 0.1)


def test_result_of_none_is_returned() -> None:
    assert call_with_timeout("quick", lambda: None, 5.0) is None


def test_an_error_of_a_plugin_is_told_within_limits() -> None:
    def raises() -> None:
        raise ValueError("\x1b]0;x" + "y" * 100_000)

    with pytest.raises(SetupError, match="plugin mine failed: ValueError") as caught:
        call_with_timeout("mine", raises, 1.0)
    assert len(str(caught.value)) < 1000
    assert "\x1b" not in str(caught.value)


def test_exception_of_plugin_names_it() -> None:
    def raises() -> None:
        raise KeyError("x")

    with pytest.raises(SetupError, match="plugin mine failed: KeyError"):
        call_with_timeout("mine", raises, 1.0)

    def says() -> None:
        raise SetupError("no key", "set it")

    with pytest.raises(SetupError, match="no key") as caught:
        call_with_timeout("mine", says, 1.0)
    assert caught.value.__notes__ == ["from the plugin mine"]


def test_failing_observer_does_not_stop_others(  # type: ignore[no-untyped-def]
    install, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install("bad", GOOD + HOOK + "raise ValueError\n")
    install("ugly", GOOD + HOOK + "import sys; sys.exit(1)")
    install("terse", GOOD + HOOK.replace("event", "") + "raise ValueError('without event')")
    log_file = tmp_path / "heard"
    install("good", GOOD + HOOK + f"open({str(log_file)!r}, 'w').write(event.outcome)\n")
    loaded = _configured(
        tmp_path, "[engines.bad]\n[engines.good]\n[engines.ugly]\n[engines.terse]\n"
    )
    call_event_hooks(loaded.hooks, "job_finished", JobFinished(Path("a"), (), "done"), 2.0)
    assert log_file.read_text() == "done"
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 3
    assert any(line.startswith("plugin bad, job_finished: ") for line in messages)
    assert any("without event" in line for line in messages)


JOURNAL = """
from subtitled.plugin import hookimpl
SUBTITLED_API = "1"
@hookimpl
def register_commands(cli):
    @cli.command()
    def journal(times: int = 1): print("dear diary " * times)
@hookimpl
def job_finished(event): print(event.outcome)
"""


def test_plugin_without_components_is_enabled_for_its_hooks(  # type: ignore[no-untyped-def]
    install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install("journal", JOURNAL)
    loaded = _configured(tmp_path, '[plugins]\nenabled = ["journal", "nowhere"]\n')
    (missing,) = loaded.unavailable
    assert missing.section == "plugins.enabled" and "'nowhere'" in missing.message
    call_event_hooks(loaded.hooks, "job_finished", JobFinished(Path("a"), (), "done"), 2.0)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "done\n"), "stdout belongs to the answer of a command"


def test_an_endpoint_that_cannot_work_is_told_before_somebody_calls_it(  # type: ignore[no-untyped-def]
    install, tmp_path: Path
) -> None:
    endpoint = SOURCES["endpoints"]
    install("mine", endpoint.replace("return answer", "return None"))
    install("good", endpoint)
    text = '[endpoints.mine]\n[endpoints.good]\n[endpoints."a/b"]\nplugin = "good"\n'
    loaded = _configured(tmp_path, text)
    (misnamed,) = loaded.unavailable
    assert "cannot be a part of an address" in misnamed.message
    (fault,) = find_faulty_components(loaded)
    assert fault.section == "endpoints.mine"
    assert "application() returned NoneType" in fault.message
    assert "endpoints.good is never used: web.port is not set" in loaded.warnings
