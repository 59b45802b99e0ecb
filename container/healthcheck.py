"""Health check of the container: exit status 0 if ``subtitled status`` reports the daemon."""

import json
import subprocess
import sys

status = subprocess.run(
    ["subtitled", "status", "--json"],
    capture_output=True,
    timeout=55,
    check=False,
)
if status.returncode != 0:
    sys.exit(status.stderr.decode("utf-8", "replace").strip() or "subtitled status failed")
sys.exit(0 if json.loads(status.stdout)["running"] else "the daemon does not run")
