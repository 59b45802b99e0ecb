"""Plugins of others: found by entry points, loaded when named, survived when broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from subtitled.config import plugins
from subtitled.config.isolation import guarded, tell_observers
from subtitled.config.load import Configuration, load
from subtitled.plugin import Finished, Misconfigured, Temporary

GOOD = """
from subtitled.plugin import Capabilities, Engine, Transcript, hookimpl
SUBTITLED_CONTRACT = "1.0"
class Mine(Engine):
    @classmethod
    def capabilities(cls, settings): return Capabilities()
    def transcribe(self, audio, request): return Transcript(request.language, ())
@hookimpl
def subtitled_components(): return [Mine]
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Installs a module as a plugin of its own distribution."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name: str, source: str) -> None:
        module = f"plugin_{name}_{tmp_path.name}".replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source, "utf-8")
        info = tmp_path / f"dist_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dist-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[subtitled]\n{name} = {module}\n")

    yield put
    for module in [m for m in sys.modules if m.startswith("plugin_")]:
        del sys.modules[module]


def _configured(tmp_path: Path, text: str) -> Configuration:
    file = tmp_path / "c.toml"
    file.write_text(text, "utf-8")
    return load(file)


def test_a_good_plugin_is_used(install, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    install("mine", GOOD)
    assert "mine" in _configured(tmp_path, "[engines.mine]\n").engines


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise RuntimeError('kaput')", "kaput"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("import no_such_module", "no_such_module"),
        (GOOD.replace('"1.0"', '"2.0"'), "contract 2.0"),
        (GOOD.replace('"1.0"', '"1.99"'), "contract 1.99"),
        (GOOD.replace("SUBTITLED_CONTRACT", "OTHER"), "which contract"),
        (GOOD.replace("return [Mine]", "return [42]"), "no component"),
        (GOOD.replace("return [Mine]", "raise ValueError('inside')"), "inside"),
        (GOOD.replace("return [Mine]", "return []"), "brings no"),
    ],
)
def test_a_broken_plugin_is_named_and_survived(  # type: ignore[no-untyped-def]
    install, tmp_path: Path, source: str, said: str
) -> None:
    install("mine", source)
    loaded = _configured(tmp_path, "[engines.mine]\n[engines.whisper]\n")
    (broken,) = loaded.broken
    assert broken.section == "engines.mine"
    assert said in broken.what
    assert "whisper" in loaded.engines


def test_a_plugin_that_hangs_while_imported_is_given_up(  # type: ignore[no-untyped-def]
    install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins, "IMPORT_LIMIT", 0.3)
    install("mine", "import time; time.sleep(3)")
    (broken,) = _configured(tmp_path, "[engines.mine]\n").broken
    assert "did not answer" in broken.what


def test_a_plugin_that_is_not_named_is_not_imported(  # type: ignore[no-untyped-def]
    install, tmp_path: Path
) -> None:
    install("mine", "raise RuntimeError('must not be imported')")
    assert not _configured(tmp_path, "[engines.whisper]\n").broken
    assert ("mine", "dist-mine", "1.0") in plugins.available()


def test_what_a_plugin_raises_comes_out_with_its_name() -> None:
    def raises() -> None:
        raise KeyError("x")

    with pytest.raises(Temporary, match="plugin mine failed: KeyError"):
        guarded("mine", raises, 1.0)

    def says() -> None:
        raise Misconfigured("no key", "set it")

    with pytest.raises(Misconfigured, match="no key"):
        guarded("mine", says, 1.0)


def test_one_observer_that_fails_keeps_no_other_from_hearing(  # type: ignore[no-untyped-def]
    install, tmp_path: Path
) -> None:
    hook = "\n@hookimpl\ndef subtitled_finished(event): "
    install("bad", GOOD + hook + "raise ValueError\n")
    heard = tmp_path / "heard"
    install("good", GOOD + hook + f"open({str(heard)!r}, 'w').write(event.outcome)\n")
    loaded = _configured(tmp_path, "[engines.bad]\n[engines.good]\n")
    tell_observers(loaded.hooks, "subtitled_finished", Finished(Path("a"), (), "done"), 2.0)
    assert heard.read_text() == "done"
