"""The port costs nothing while no port is configured."""

from __future__ import annotations

import subprocess
import sys


def test_without_a_port_nothing_of_the_api_is_imported() -> None:
    code = (
        "import sys; import subtitled.cli; import subtitled.web.server; import subtitled.cli.run; "
        "print(sorted({'fastapi', 'starlette', 'uvicorn', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
