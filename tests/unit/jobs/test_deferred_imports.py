"""What DBOS imports and a queue in SQLite never uses is loaded when it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from subtitled.jobs.deferred_imports import deferred

LIBRARY = """
import used_by_library as plain
from used_by_library import Session, errors
from used_by_library.errors import Broken

def is_session(value: Session) -> bool:
    return isinstance(value, Session)
"""
USED = {
    "used_by_library/__init__.py": "class Session:\n    name = 'real'\nANSWER = 42\n",
    "used_by_library/errors.py": "class Broken(Exception):\n    pass\n",
    "some_library.py": LIBRARY,
}
NAMES = {"used_by_library": ("Session",), "used_by_library.errors": ("Broken",)}


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in USED.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("some_library", *NAMES):
        monkeypatch.setitem(sys.modules, name, None)
        del sys.modules[name]
    return tmp_path


@pytest.mark.usefixtures("packages")
def test_a_module_is_loaded_only_when_something_of_it_is_used() -> None:
    with deferred(NAMES):
        import some_library  # type: ignore[import-not-found]
    assert not any(name in sys.modules for name in NAMES)
    assert not some_library.is_session(object())
    assert not isinstance(ValueError(), some_library.Broken)
    assert not any(name in sys.modules for name in NAMES)
    assert some_library.plain.ANSWER == 42
    assert "used_by_library" in sys.modules


@pytest.mark.usefixtures("packages")
def test_instances_of_the_loaded_class_are_recognised() -> None:
    with deferred(NAMES):
        import some_library
    session = some_library.Session()
    assert type(session) is sys.modules["used_by_library"].Session
    assert some_library.is_session(session)
    assert some_library.Session.name == "real"
    from used_by_library.errors import Broken  # type: ignore[import-not-found]

    assert isinstance(Broken(), some_library.Broken)
    assert isinstance(Broken(), some_library.errors.Broken)


def test_a_process_with_a_queue_in_sqlite_loads_no_driver_of_postgresql(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from subtitled.jobs.dbos_queue import JobQueue
queue = JobQueue(Path({str(tmp_path / "queue.sqlite")!r}), lambda *job: None)
queue.start()
queue.put("a job", 1, "fingerprint", 50)
assert queue.rank_of("a job") == 50
queue.stop()
print([name for name in ("psycopg", "sqlalchemy.orm") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
