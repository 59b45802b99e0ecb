"""Copies of sidecars in the state folder stay as long as any sidecar may need them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from subtitled.db.database import Database
from subtitled.db.sidecars import SidecarRecord
from subtitled.library.archive import SidecarArchive
from support.made_library import SMALL, MadeLibrary


def _make_again(library: MadeLibrary, name: str, before: bytes) -> SidecarRecord:
    """Add a film with a subtitle that replaced another one, and return the record of the new."""
    media = library.add(name, SMALL)
    path = media.with_suffix(".en.srt")
    record = library.db.sidecars.get(path)
    assert record is not None
    new = record.to_signature(4)
    old = replace(new, sha256=hashlib.sha256(before).hexdigest())
    library.db.sidecars.record_written(path, media, new, replaced=old)
    record = library.db.sidecars.get(path)
    assert record is not None
    return record


def test_a_copy_stays_while_a_second_copy_of_the_film_needs_it(tmp_path: Path) -> None:
    db, before = Database(tmp_path / "subtitled.sqlite"), b"before"
    library, archive = MadeLibrary(tmp_path, db), SidecarArchive(db)
    film, copy = (_make_again(library, name, before) for name in ("film", "copy"))
    archive.keep(before, "srt")
    assert film.replaced is not None
    sha256 = film.replaced.sha256
    archive.discard(sha256, film)
    assert archive.find(sha256, "srt") == before
    db.upgrades.forget_previous(film.path)
    archive.discard(sha256, copy)
    assert archive.find(sha256, "srt") is None
    db.close()
