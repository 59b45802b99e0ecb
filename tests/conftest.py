"""Shared fixtures: recorded speech, a verified model, media files made by ffmpeg."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from support.postgres import PostgresServer, programs
from support.recorded_speech import Recording, make_recording, missing

# No test of properties measures speed: the first call of one may load a model on a busy machine.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
settings.register_profile("quick", max_examples=15, deadline=None)

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _no_dump_amid(request: pytest.FixtureRequest) -> None:
    """Disable the stack dump for tests with their own time limit: to dump the stacks of a busy
    Python may crash it."""
    if request.node.get_closest_marker("timeout"):
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="session")
def speech() -> Path:
    """Return the folder of recorded speech beside the project, or skip the test.

    Tests for which any recording will do use ``english_speech``, which every machine can have.
    """
    folder = Path(os.environ.get("SUBTITLED_TEST_SPEECH", ROOT.parent / "shared" / "speech"))
    if not (folder / "jfk.flac").is_file():
        pytest.skip(f"no recorded speech in {folder}; name its folder in $SUBTITLED_TEST_SPEECH")
    return folder


@pytest.fixture(scope="session")
def english_speech(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Return a recording of English with its text, or skip the test."""
    return _recording("en", tmp_path_factory)


@pytest.fixture(scope="session")
def french_speech(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Return a recording of French with its text, or skip the test."""
    return _recording("fr", tmp_path_factory)


def _recording(language: str, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    if reason := missing(language):
        pytest.skip(reason)
    return make_recording(language, tmp_path_factory.mktemp("speech"))


@pytest.fixture(scope="session")
def model_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the verified folder of Whisper base. It is downloaded to its usual place if needed."""
    from subtitled.config.paths import resolve_models_dir
    from subtitled.config.settings import AppSettings
    from subtitled.models.store import ModelStore
    from subtitled.plugin import SubtitledError
    from subtitled_plugins.whisper.catalogue import MODELS

    try:
        return (
            ModelStore(resolve_models_dir(AppSettings()))
            .of_plugin("whisper")
            .ensure(MODELS["base"])
        )
    except SubtitledError as error:
        pytest.skip(f"Whisper base is not available: {error}")


@pytest.fixture(scope="session")
def site() -> Iterator[Path]:
    """Return site packages with the digest engine, which needs no model, as pip installs it.

    Every user may read them.
    """
    with tempfile.TemporaryDirectory(prefix="subtitled-site-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copyfile(
            ROOT / "tests" / "support" / "digest_engine.py", folder / "digest_engine.py"
        )
        info = folder / "subtitled_digest-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: subtitled-digest\nVersion: 1.0\n"
        )
        (info / "entry_points.txt").write_text("[subtitled]\ndigest = digest_engine\n")
        yield folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start a PostgreSQL server for the tests, or skip the test."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    with tempfile.TemporaryDirectory(prefix="subtitled-postgres-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        created = PostgresServer(folder)
        yield created
        created.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def server(request: pytest.FixtureRequest) -> str | None:
    """Return None for SQLite, or the URL of a new PostgreSQL database."""
    if request.param == "sqlite":
        return None
    created: PostgresServer = request.getfixturevalue("postgres_server")
    return created.new()


@pytest.fixture
def public() -> Iterator[Path]:
    """Return a folder that every user may read, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def bound_by_permissions() -> Callable[[], contextlib.AbstractContextManager[None]]:
    """Return a context in which file permissions apply, even if root runs the tests."""

    @contextlib.contextmanager
    def bound() -> Iterator[None]:
        mighty = os.geteuid() == 0
        if mighty:
            os.seteuid(65534)
        try:
            yield
        finally:
            if mighty:
                os.seteuid(0)

    return bound


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that makes a small MKV: ``film("a.mkv", sound=..., extra=[...])``.

    ``sound`` is a path, a lavfi source or None.
    """

    def make(name: str, sound: Path | str | None = "sine=d=3", extra: tuple[str, ...] = ()) -> Path:
        target = tmp_path / name
        command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi"]
        length = [] if isinstance(sound, Path) else ["-t", "3"]
        command += ["-i", "testsrc2=s=160x90:r=5"]
        if isinstance(sound, Path):
            command += ["-i", str(sound), "-shortest"]
        elif sound is not None:
            command += ["-f", "lavfi", "-i", sound]
        command += [*length, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac", *extra]
        subprocess.run([*command, f"file:{target}"], check=True, stdin=subprocess.DEVNULL)
        return target

    return make


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set up a home for state and configuration. Models stay where they are."""
    from subtitled.config.paths import resolve_models_dir
    from subtitled.config.settings import AppSettings

    models = resolve_models_dir(AppSettings())
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CACHE_DIRECTORY", str(models.parent))
    monkeypatch.delenv("SUBTITLED_CONFIG", raising=False)
    return tmp_path


@pytest.fixture
def subtitled(home: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs the real command in a new process."""

    def run(*arguments: object, limit: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "subtitled", *map(str, arguments)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"COLUMNS": "200"},
            check=False,
        )

    return run
