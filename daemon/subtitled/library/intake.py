"""Taking files in: what walks and watchers see goes into the ledger, and settles there."""

from __future__ import annotations

import itertools
import logging
import os
import stat as modes
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.media.container import missing
from subtitled.subtitles.names import DATA_ENDINGS

from .absence import Absence, truly_gone
from .comparison import Differences, Seen, compare
from .confinement import is_confined
from .following import look_anew_at_namesakes
from .ledger import Ledger
from .records import BACKFILL, DECIDED, MOVED_BY_SIDECARS, NEW, FileRecord, FileState
from .settling import Verdict, patient, settling, unfinished, written_to
from .walk import Sieve, beside, is_subtitle, leads_into, runs, stems

_log = logging.getLogger(__name__)

CHECKED_AT_ONCE = 100
"""Settling files that are looked at in one go."""
LOOK_AGAIN = 300.0
"""Seconds until a file is looked at again whose folder does not answer, or whose disk is away."""
TOLD_AT_MOST = 20
"""Folders that cannot be read, each in a line of its own, in one walk."""


_GONE = (FileNotFoundError, NotADirectoryError)
"""What a missing file answers, or one whose folder became a file."""


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a walk found."""

    files: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    unreadable: int = 0
    away: bool = False

    def __str__(self) -> str:
        if self.away:
            return "its folder is away; nothing is forgotten"
        counted = {"new": self.new, "changed": self.changed, "gone": self.gone}
        said = [f"{number} {what}" for what, number in counted.items() if number]
        if self.unreadable:
            said.append(f"{self.unreadable} folders cannot be read")
        return ", ".join([f"{self.files} media files", *said])


def library_of(path: Path, libraries: Mapping[str, LibrarySettings]) -> str | None:
    """The library that a path lies in, the innermost of several."""
    holding = [name for name, lib in libraries.items() if path.is_relative_to(lib.path)]
    return max(holding, key=lambda name: len(libraries[name].path.parts), default=None)


class Intake:
    """Feeds the ledger from walks and events, and says which files have settled.

    Threads may share it: walks, events and looks at what has settled go on side by side.
    """

    def __init__(self, ledger: Ledger, libraries: Mapping[str, LibrarySettings]) -> None:
        self._ledger = ledger
        self._libraries = libraries
        self._sieves = {name: Sieve(library) for name, library in libraries.items()}
        self._roots = {name: os.fsencode(library.path) for name, library in libraries.items()}
        self.absence = Absence(ledger, libraries)
        self._ending = threading.Event()

    def stop(self) -> None:
        """Have walks that are under way end at the next batch."""
        self._ending.set()

    def scan(self, name: str) -> ScanReport:
        """Walk a library. What is new goes behind what arrived by itself only the first time."""
        if self.absence.is_away(name):
            return ScanReport(away=True)
        walked = f"walked {name}"
        priority = NEW if self._ledger.mailbox.get_control(walked) else BACKFILL
        report = self._walk(name, self._libraries[name].path, priority)
        if not self._ending.is_set():
            self._ledger.mailbox.control(walked, f"{time.time():.0f}")
            self.absence.forget(name, time.time())
        return report

    def noticed(self, *paths: Path) -> None:
        """Something happened to these paths: to media, to sidecars of some, or to neither."""
        folders: dict[tuple[str, Path], list[Path]] = {}
        for path in dict.fromkeys(paths):
            name = library_of(path, self._libraries)
            if name is not None and path != self._libraries[name].path:
                folders.setdefault((name, path.parent), []).append(path)
        for (name, folder), inside in folders.items():
            if self._sieves[name].enters(folder):
                self._noticed_in(name, folder, inside)

    def confined(self, paths: Iterable[Path]) -> Iterator[Path]:
        """Those of some paths, which anybody may have named, that lead nowhere out of a library."""
        for path in paths:
            name = library_of(path, self._libraries)
            if name is not None:
                if is_confined(path, self._libraries[name]):
                    yield path
                else:
                    _log.warning("library %s: a path that leads out of it is not looked at", name)

    def due(self, now: float, names: Iterable[str] | None = None) -> list[FileRecord]:
        """The files that have settled, or whose next try has come, most urgent first.

        Files of a library that is away, or no longer configured, wait: it may come back.
        """
        there = [name for name in names or self._libraries if not self.absence.is_away(name)]
        looked: list[tuple[FileRecord, os.stat_result]] = []
        ready: list[FileRecord] = []
        gone, later = list[FileRecord](), list[int]()
        for record in self._ledger.due(now, CHECKED_AT_ONCE, there):
            try:
                stat = record.path.stat()
                if modes.S_ISREG(stat.st_mode):
                    looked.append((record, stat))
                else:
                    gone.append(record)  # a folder has its name now
            except _GONE:
                if truly_gone(record):
                    gone.append(record)
                else:
                    later.append(record.id)
            except OSError:
                if record.state in DECIDED:
                    later.append(record.id)
                else:
                    ready.append(record)  # whoever plans it says what is wrong
        for each in gone:
            look_anew_at_namesakes(self._ledger, each.path)
            self._ledger.identities.missing(each.id, now)
        if later:
            self._ledger.look_again(later, now + LOOK_AGAIN)
        written = written_to([record.path for record, _ in looked])
        resting: list[int] = []
        for record, stat in looked:
            writing = (stat.st_dev, stat.st_ino) in written
            verdict = self._verdict(record, stat, now, writing)
            if not verdict.settled:
                self._ledger.unsettled(record.id, stat, verdict, now)
            elif record.state in DECIDED:
                resting.append(record.id)
            else:
                ready.append(record)
        if resting:
            self._ledger.look_again(resting, None)
        return sorted(ready, key=lambda record: record.priority)

    def _verdict(
        self, record: FileRecord, stat: os.stat_result, now: float, writing: bool
    ) -> Verdict:
        settle = self._libraries[record.library].settle
        verdict = settling(record, stat, now, settle)
        if verdict.changed:
            return verdict
        if record.state in DECIDED:
            return Verdict(settled=True)  # it was only to be seen whether it is still there
        if not verdict.settled and record.state is not FileState.RETRYING:
            return verdict
        if writing:
            return unfinished(record, now, settle, "a program has it open for writing")
        if patient(record, now, settle) and (lacks := _lacks(record.path)):
            return unfinished(record, now, settle, f"it lacks {lacks} bytes or more of its end")
        return Verdict(settled=True)

    def _walk(self, name: str, root: Path, priority: int) -> ScanReport:
        """Compare a folder of a library with the ledger, and take in what is different."""
        unreadable: list[bytes] = []

        def cannot(path: Path, error: OSError) -> None:
            unreadable.append(os.fsencode(path) + b"/")
            if len(unreadable) <= TOLD_AT_MOST:
                said = os.fsencode(path).decode("utf-8", "replace")
                why = error.strerror
                _log.warning(
                    "library %s: %s cannot be read (%s): let the daemon's user read it",
                    name,
                    said,
                    why,
                )

        mine = self._roots[name] + b"/"
        inner = {root for root in self._roots.values() if root.startswith(mine)}
        passing = runs(root, self._libraries[name], cannot, inner)
        report = ScanReport()
        for found in compare(passing, self._ledger.inventory.below(name, os.fsencode(root))):
            if self._ending.is_set():
                break
            found.gone = [path for path in found.gone if not path.startswith(tuple(unreadable))]
            self._take(name, found, priority, event=False)
            report = ScanReport(
                report.files + found.files,
                report.new + len(found.new),
                report.changed + len(found.changed),
                report.gone + len(found.gone),
                len(unreadable),
            )
        return report

    def _noticed_in(self, name: str, folder: Path, told: Iterable[Path]) -> None:
        """What happened in one folder. What is there now is what counts, not what was told."""
        sieve, here = self._sieves[name], os.fsencode(folder)
        try:
            names = set(os.listdir(here))
        except OSError:
            names = set()  # gone with all that was in it
        media: dict[bytes, list[bytes]] = {}
        for each in names:
            if sieve.takes(os.fsdecode(each)):
                media.setdefault(os.path.splitext(each)[0], []).append(each)
        asked, ours, gone = set[bytes](), set[bytes](), list[bytes]()
        for path in told:
            base = os.fsencode(path.name)
            gone += self._known_as(name, path)
            if os.path.islink(path) and not self._follows(name, path):
                continue
            if os.path.isdir(path):
                if not sieve.ignores(path.name):
                    self._walk(name, path, NEW)
                continue
            if path.suffix[1:].lower() in DATA_ENDINGS:
                self._data_noticed(path, media)
            elif is_subtitle(base):
                its = {each for stem in stems(base) for each in media.get(stem, ())}
                (ours if self._is_ours(path, base in names) else asked).update(its)
            elif base in media.get(os.path.splitext(base)[0], ()):
                asked.add(base)
        marks = beside(itertools.chain(*media.values()), filter(is_subtitle, names))
        self._compare(name, here, asked, marks, Differences(gone=gone), reopen=True)
        self._compare(name, here, ours - asked, marks, Differences(), reopen=False)

    def _data_noticed(self, path: Path, media: Mapping[bytes, list[bytes]]) -> None:
        """A file of data matters only if it is one that we wrote, and somebody changed it."""
        known = self._ledger.sidecars.get(path) is not None
        if not known or self._is_ours(path, os.path.lexists(path)):
            return
        for stem in stems(os.fsencode(path.name)):
            for each in media.get(stem, ()):
                record = self._ledger.get(path.with_name(os.fsdecode(each)))
                if record is not None and record.state in MOVED_BY_SIDECARS:
                    self._ledger.settle(record.id)

    def _compare(
        self,
        name: str,
        folder: bytes,
        media: Iterable[bytes],
        marks: Mapping[bytes, int],
        found: Differences,
        *,
        reopen: bool,
    ) -> None:
        """Compare some media of a folder with the ledger, and take in what is different."""
        seen: list[Seen] = []
        for each in sorted(media):
            path = os.path.join(folder, each)
            try:
                stat = os.stat(path)
            except OSError:
                continue  # gone again: that is told as well
            if modes.S_ISREG(stat.st_mode):
                seen.append((path, stat, marks.get(each, 0)))
        asked = [path for path, _, _ in seen]
        if asked or found:
            found.hold(seen, self._ledger.inventory.at(name, asked))
            self._take(name, found, NEW, event=True, reopen=reopen, asked=asked)

    def _is_ours(self, path: Path, there: bool) -> bool:
        """Whether a subtitle is ours, so that nothing is decided anew for it. One of ours that is
        gone was deleted by somebody who meant it."""
        sidecars = self._ledger.sidecars
        return sidecars.is_ours(path) if there else sidecars.get(path) is not None

    def _known_as(self, name: str, path: Path) -> Iterator[bytes]:
        """The media known under a path that is no longer what it was: a file, or a folder with all
        that lay in it. One may have taken the name of the other."""
        inventory, key = self._ledger.inventory, os.fsencode(path)
        if not os.path.isfile(path):
            yield from inventory.at(name, [key])
        if not os.path.isdir(path):
            for page in inventory.below(name, key):
                yield from (row[0] for row in page)

    def _follows(self, name: str, link: Path) -> bool:
        root = os.path.realpath(self._roots[name])
        return self._libraries[name].symlinks and leads_into(os.fsencode(link), root)

    def _take(
        self,
        name: str,
        found: Differences,
        priority: int,
        *,
        event: bool,
        reopen: bool = True,
        asked: Sequence[bytes] = (),
    ) -> None:
        sieve = self._sieves[name]
        found.new = [one for one in found.new if sieve.takes(_basename(one[0]))]
        found.changed = [one for one in found.changed if sieve.takes(_basename(one[0]))]
        if not found and not asked:
            return
        now = time.time()
        until = now + self._libraries[name].settle
        self._ledger.inventory.take(
            name, found, priority, now, until, event=event, reopen=reopen, asked=asked
        )


def _lacks(path: Path) -> int:
    try:
        return missing(path)
    except OSError:
        return 0  # whoever looks into it says what is wrong


def _basename(path: bytes) -> str:
    return os.fsdecode(path[path.rfind(b"/") + 1 :])
