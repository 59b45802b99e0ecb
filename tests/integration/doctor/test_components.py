"""The doctor's checks of libraries, keys, models and plugins, and that its hints help."""

from __future__ import annotations

import contextlib
import importlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitled.config.load import load_config
from subtitled.daemon.doctor.libraries import check_libraries, check_watching
from subtitled.daemon.doctor.machine import check_state_folder
from subtitled.plugin.testing import FakeJellyfin, listening
from subtitled_plugins.whisper.catalogue import MODELS
from support.checked_installation import CheckedInstallation

Bound = Callable[[], contextlib.AbstractContextManager[None]]
SERVER = '[servers.den]\nplugin = "jellyfin"\nurl = "{url}"\napi_key = {{file = "{key}"}}\n'


def test_folders_of_other_users_in_a_writable_library_are_reported(
    public: Path, bound_by_permissions: Bound
) -> None:
    films = public / "films"
    for name in ("Ours", "Theirs", "Closed"):
        (films / name).mkdir(parents=True)
        (films / name).chmod(0o777)
        (films / name / "a.mkv").touch()
    films.chmod(0o777)
    config = public / "c.toml"
    config.write_text(f'[libraries.films]\npath = "{films}"\n')
    configuration = load_config(config)

    def found() -> tuple[bool, str]:
        with bound_by_permissions():
            *_, finding = check_libraries(configuration)
        assert finding.subject == "folders of films"
        assert "chmod -R g+rwX" in finding.hint
        return finding.ok, finding.detail

    assert found() == (True, "3 with media, all writable")
    (films / "Theirs").chmod(0o755)
    (films / "Closed").chmod(0o700)
    ok, detail = found()
    assert not ok
    assert detail.startswith("2 cannot be read or written to, such as ")
    for name in ("Theirs", "Closed"):
        (films / name).chmod(0o777)
    assert found()[0]


def test_a_library_or_state_without_rights_is_cured_by_rights(
    public: Path, bound_by_permissions: Bound
) -> None:
    films = public / "films"
    films.mkdir(mode=0o755)
    config = public / "c.toml"
    config.write_text(f'[libraries.films]\npath = "{films}"\n')
    configuration = load_config(config)
    with bound_by_permissions():
        (finding,) = check_libraries(configuration)
        (state,) = check_state_folder(films)
    assert (finding.subject, finding.ok) == ("library films", False)
    assert "may not be written to" in finding.detail
    assert "Let the daemon's user write there" in finding.hint
    assert not state.ok and state.hint
    films.chmod(0o777)
    with bound_by_permissions():
        assert all(found.ok for found in check_libraries(configuration))


def test_a_low_limit_of_watches_is_cured_by_raising_it(
    installation: CheckedInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("subtitled.daemon.doctor.libraries")
    configuration = load_config(installation.config)
    for limit, ok in ((4096, False), (524288, True)):
        monkeypatch.setattr(module, "read_inotify_limit", lambda name, limit=limit: limit)
        *_, finding = check_watching(configuration)
        assert (finding.subject, finding.ok) == ("watched folders", ok)
        assert "fs.inotify.max_user_watches=524288" in finding.hint


def test_a_library_that_is_not_there_is_cured_by_making_it(
    installation: CheckedInstallation,
) -> None:
    installation.films.rmdir()
    wrong = installation.wrong()
    assert list(wrong) == ["library films"]
    assert "create it" in wrong["library films"].hint
    installation.films.mkdir()
    assert installation.wrong() == {}


def test_no_library_at_all_is_cured_by_a_section(installation: CheckedInstallation) -> None:
    whole = installation.config.read_text()
    installation.config.write_text(whole.partition("[libraries")[0])
    assert "[libraries.NAME]" in installation.wrong()["libraries"].hint
    installation.config.write_text(whole)
    assert installation.wrong() == {}


@pytest.fixture
def server() -> Iterator[FakeJellyfin]:
    fake_jellyfin = FakeJellyfin()
    with listening(fake_jellyfin):
        yield fake_jellyfin


def test_a_key_that_is_missing_empty_or_refused_is_cured_by_the_right_one(
    installation: CheckedInstallation, server: FakeJellyfin
) -> None:
    key = installation.place / "key"
    installation.write(SERVER.format(url=server.url, key=key))
    assert "Check that the file exists" in installation.wrong()["key servers.den.api_key"].hint
    key.write_text("\n")
    assert "Write the key into it" in installation.wrong()["key servers.den.api_key"].hint
    key.write_text("0" * 32)
    (refused,) = installation.wrong().values()
    assert "refuses the key (401)" in refused.detail
    assert "key" in refused.hint
    key.write_text(server.key)
    assert installation.wrong() == {}
    assert server.key not in json.dumps([found.detail for found in installation.found()])


def test_a_server_that_is_away_is_cured_by_its_address(
    installation: CheckedInstallation, server: FakeJellyfin
) -> None:
    key = installation.place / "key"
    key.write_text(server.key)
    installation.write(SERVER.format(url="http://127.0.0.1:9", key=key))
    (away,) = installation.wrong().values()
    assert "does not answer" in away.detail
    assert "the url is right" in away.hint
    installation.write(SERVER.format(url=server.url, key=key))
    assert installation.wrong() == {}


@pytest.mark.model
def test_a_model_with_a_flipped_byte_is_cured_by_pulling_it(
    installation: CheckedInstallation, model_base: Path, subtitled: Callable[..., object]
) -> None:
    here = installation.place / "models" / "base"
    here.mkdir(parents=True)
    for name in MODELS["base"].files:
        (here / name).symlink_to(model_base / name)
    vocabulary = here / "vocabulary.txt"
    flipped = bytearray(vocabulary.read_bytes())
    flipped[1000] ^= 1
    vocabulary.unlink()
    vocabulary.write_bytes(flipped)
    (wrong,) = installation.wrong().values()
    assert wrong.subject == "model base of engine whisper"
    assert "vocabulary.txt: expected SHA-256" in wrong.detail
    assert wrong.hint == "Run: subtitled models pull whisper/base"
    subtitled("--config", installation.config, "models", "pull", "base")
    assert installation.wrong() == {}


BELL = """
from subtitled.plugin import *
SUBTITLED_API = "1"
{broken}
class Bell(Notifier):
    def notify(self, news): ...
    def self_check(self): {check}
@hookimpl
def register_notifiers(register): register(Bell)
"""


def test_a_broken_plugin_is_cured_by_mending_it(
    installation: CheckedInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = installation.place / "site"
    info = site / "bell-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bell\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[subtitled]\nbell = doctored_bell\n")
    monkeypatch.syspath_prepend(site)
    installation.write("[notifiers.bell]\n")

    def is_now(broken: str = "", check: str = "return ()") -> None:
        shutil.rmtree(site / "__pycache__", ignore_errors=True)
        (site / "doctored_bell.py").write_text(BELL.format(broken=broken, check=check))
        sys.modules.pop("doctored_bell", None)

    is_now(broken="import what_is_not_installed")
    wrong = installation.wrong()["notifiers.bell"]
    assert "No module named" in wrong.detail
    assert "Install what_is_not_installed" in wrong.hint
    is_now(broken="raise RuntimeError('worn out')")
    assert "RuntimeError: worn out" in installation.wrong()["notifiers.bell"].detail
    is_now(check="raise SystemExit(3)")
    assert "SystemExit: 3" in installation.wrong()["notifier bell"].detail
    is_now(check="return [CheckResult('bell', False, 'it is cracked', 'Cast a new one')]")
    assert installation.wrong()["bell"].hint == "Cast a new one"
    is_now()
    assert installation.wrong() == {}
    sys.modules.pop("doctored_bell", None)
