"""Status 0 if the daemon of this container runs, by what ``subtitled status --json`` says."""

import json
import subprocess
import sys

said = subprocess.run(
    ["subtitled", "status", "--json"],
    capture_output=True,
    timeout=55,
    check=False,
)
if said.returncode != 0:
    sys.exit(said.stderr.decode("utf-8", "replace").strip() or "subtitled status failed")
sys.exit(0 if json.loads(said.stdout)["running"] else "the daemon does not run")
