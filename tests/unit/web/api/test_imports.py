"""The port costs nothing while no port is configured."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.thorough
def test_without_a_port_nothing_of_the_api_is_imported() -> None:
    code = (
        "import sys; import subtitled.cli; import subtitled.web.server; import subtitled.cli.run; "
        "print(sorted({'fastapi', 'starlette', 'uvicorn', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.thorough
def test_without_audio_from_programs_nothing_of_that_is_imported() -> None:
    code = (
        "import sys; import subtitled.web.app, subtitled.web.server, subtitled.daemon.daemon; "
        "print([name for name in sys.modules if 'audio_requests' in name "
        "or 'web.endpoints' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.thorough
def test_the_api_loads_no_numpy_which_another_process_uses_for_it() -> None:
    code = (
        "import sys; import subtitled.web.app, subtitled.web.server, subtitled.daemon.daemon; "
        "print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
