"""The suites for authors: they pass what is right, and fail what is wrong with its first line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.broken_plugins import CALLING, SEGFAULT, SOURCES, install_plugin

SUITES = {
    "engines": "EngineSuite",
    "translators": "TranslatorSuite",
    "servers": "MediaServerSuite",
    "notifiers": "NotifierSuite",
}


@pytest.mark.thorough
def test_the_suites_fail_what_is_wrong_and_pass_what_is_right(tmp_path: Path) -> None:
    lines = ["from subtitled.plugin.testing import *\n"]
    broken = [SEGFAULT, *(m for m in CALLING if m.name in ("hears_key", "translates_list"))]
    for mistake in broken:
        mistake.install(tmp_path)
    for kind, source in SOURCES.items():
        install_plugin(tmp_path, f"good_{kind}", source)
    names = [(f"good_{kind}", kind) for kind in SOURCES]
    names += [(mistake.name, mistake.kind) for mistake in broken]
    for name, kind in names:
        lines.append(f"class Test_{name}({SUITES[kind]}):\n    plugin = {name!r}\n")
    (tmp_path / "test_plugins.py").write_text("\n".join(lines))
    (tmp_path / "conftest.py").write_text(
        'pytest_plugins = ["subtitled.plugin_kit.pytest_plugin"]\n'
    )
    completed = subprocess.run(
        [sys.executable, "-m", "pytest", "-rf", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    failed = set(re.findall(r"^FAILED .*::Test_(\w+)::", completed.stdout, re.MULTILINE))
    assert failed == {mistake.name for mistake in broken}, completed.stdout
    for mistake in broken:
        assert mistake.place in completed.stdout
