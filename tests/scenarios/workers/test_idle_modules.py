"""A daemon and a worker that have worked keep nothing in memory that work alone needs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from support.cluster import DAEMON, WorkerCluster

LISTING = """
import os, sys
from pathlib import Path

def tell_and_exit(status, exit=os._exit):
    Path(os.environ["MODULES"]).write_text("\\n".join(sys.modules), "utf-8")
    exit(status)

if sys.orig_argv[-1] == "run" or "worker" in sys.orig_argv:
    os._exit = tell_and_exit
"""
"""Has a daemon or a worker write the modules that it has imported when it ends."""
UNUSED = {
    *("numpy", "onnxruntime", "faster_whisper", "ctranslate2", "av"),
    *("guessit", "py3langid", "ftfy", "chardet"),
    *("psycopg", "sqlalchemy.orm", "sqlalchemy.ext.asyncio", "alembic", "yaml", "croniter"),
    *("fastapi", "starlette", "jinja2", "uvicorn", "httpx", "rich", "prometheus_client"),
    "subtitled.subtitles.synchronisation.check",
}


def test_a_daemon_and_a_worker_load_nothing_that_another_process_uses_for_them(
    build: Callable[..., WorkerCluster], spoken: list[Path], tmp_path: Path
) -> None:
    cluster = build()
    (tmp_path / "sitecustomize.py").write_text(LISTING, "utf-8")
    path = os.pathsep.join([str(tmp_path), *cluster._environment()["PYTHONPATH"].split(os.pathsep)])
    six = tmp_path / "six.flac"
    graph = "pan=5.1|FC=c0|BL=0.1*c0|BR=-0.1*c0"
    mixed = ["ffmpeg", "-v", "error", "-i", str(spoken[0]), "-af", graph, str(six)]
    subprocess.run(mixed, check=True, stdin=subprocess.DEVNULL)
    cluster.ask("status")  # creates the database, with Alembic
    cluster.hold()
    for name in (DAEMON, "big"):
        cluster.start(name, PYTHONPATH=path, MODULES=str(tmp_path / f"{name}.modules"))
    cluster.arrives(six, "Six Bridges (1999).flac")
    cluster.arrives(spoken[1], "two.wav")
    cluster.until(lambda: cluster.held() == 2, "each process works on a film")
    cluster.release()
    cluster.until_done(2)
    for name in (DAEMON, "big"):
        cluster.end(name)
        modules = set((tmp_path / f"{name}.modules").read_text("utf-8").split())
        assert "subtitled.media.decode" in modules
        assert sorted(UNUSED & modules) == [], name
