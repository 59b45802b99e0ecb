"""Media files that a scan has seen, without a scan."""

from __future__ import annotations

import os
import time
from pathlib import Path

from subtitled.db.database import Database
from subtitled.db.files_bulk import DiffOptions
from subtitled.db.records import BACKFILL, ScanDiff


def record_seen(
    db: Database, library: str, path: Path, stat: os.stat_result, priority: int = BACKFILL
) -> None:
    """Record that a media file exists. A changed one becomes unstable."""
    key, now, diff = os.fsencode(path), time.time(), ScanDiff()
    known = db.bulk_files.lookup(library, [key])
    # The caller knows nothing about the sidecars, so their hash stays as it is.
    sidecar_hash = (known[key][3] if key in known else None) or 0
    diff.add([(key, stat, sidecar_hash)], known)
    options = DiffOptions(
        priority=priority, now=now, check_at=now, reevaluate=False, requested=[key]
    )
    db.bulk_files.apply_diff(library, diff, options)
