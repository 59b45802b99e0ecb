"""Lists of files: what is wanted, in order, a page at a time, while files come and go."""

from __future__ import annotations

import os
import random
import time
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from subtitled.daemon.answers.file_list import MAX_PAGE_SIZE, list_files
from subtitled.db.database import Database
from subtitled.db.engine import open_engine
from subtitled.db.file_list import STATE_ORDER, FileFilter, FileSort
from subtitled.db.records import FileState
from subtitled.db.schema import files, requirements
from subtitled.db.text_search import MAX_SEARCH_CHARACTERS

STATES = tuple(FileState)


@dataclass
class Library:
    """A database that is filled row by row, without scans."""

    db: Database
    engine: sa.Engine
    number: int = 0

    def add(self, path: str | bytes, **values: Any) -> int:
        """Add a file, and return its number."""
        return self.add_all([{"path": path, **values}])[0]

    def add_all(self, rows: Iterable[dict[str, Any]]) -> list[int]:
        complete = []
        for row in rows:
            self.number += 1
            complete.append(
                {
                    "id": self.number,
                    "library": "films",
                    "device": 1,
                    "inode": self.number,
                    "size": 1,
                    "mtime_ns": 1,
                    "state": FileState.DONE,
                    "stable_since": 0.0,
                    "updated_at": 0.0,
                    "title": "",
                    "examined_at": None,
                    **row,
                    "path": os.fsencode(row["path"]),
                }
            )
        with self.engine.begin() as c:
            c.execute(files.insert(), complete)
        return [row["id"] for row in complete]

    def want(self, rows: Iterable[dict[str, Any]]) -> None:
        """Add requirements of files."""
        defaults = {"library": "films", "secondary": None, "kind": "full", "reason": ""}
        with self.engine.begin() as c:
            c.execute(requirements.insert(), [{**defaults, **row} for row in rows])

    def remove(self, file_id: int) -> None:
        with self.engine.begin() as c:
            c.execute(files.delete().where(files.c.id == file_id))

    def walk(
        self,
        wanted: FileFilter,
        sort: FileSort = FileSort.PATH,
        limit: int = 50,
        between: Callable[[], None] = lambda: None,
    ) -> list[int]:
        """Return the numbers of all files, read a page at a time."""
        seen: list[int] = []
        cursor = None
        while True:
            page = list_files(self.db, wanted, sort, cursor, limit)
            assert len(page.files) <= limit
            seen += [file.record.id for file in page.files]
            if (cursor := page.next_cursor) is None:
                return seen
            between()


@pytest.fixture
def library(tmp_path: Path, server: str | None) -> Library:
    path = tmp_path / "subtitled.sqlite"
    return Library(Database(path, server), open_engine(path, server))


@pytest.mark.parametrize("sort", list(FileSort))
@pytest.mark.parametrize("seed", range(4))
def test_who_reads_page_by_page_sees_every_file_that_stays_once_while_others_come_and_go(
    library: Library, sort: FileSort, seed: int
) -> None:
    chance = random.Random(seed)

    def one() -> dict[str, Any]:
        name = bytes(chance.choice(b"abz\xe9\xc3. \n") for _ in range(chance.randint(1, 9)))
        return {
            "path": b"/films/" + name + b"%d" % library.number + b"%d" % chance.randrange(10**6),
            "state": chance.choice(STATES),
            # Times that are equal, and one from a clock that was wrong.
            "updated_at": chance.choice([0.0, 1.5, 1.5, 2.25, 1e12]),
        }

    stayed = {library.add(**one()) for _ in range(chance.randint(0, 60))}

    def come_and_go() -> None:
        for _ in range(chance.randint(0, 3)):
            library.add(**one())
        if stayed and chance.random() < 0.5:
            gone = chance.choice(sorted(stayed))
            stayed.discard(gone)
            library.remove(gone)

    seen = library.walk(FileFilter(), sort, chance.choice([1, 7, 20]), come_and_go)
    assert len(seen) == len(set(seen))
    assert stayed <= set(seen)


def test_a_file_that_changes_while_it_is_read_by_path_is_seen_once(library: Library) -> None:
    ids = [library.add(f"/films/{number:02}.mkv") for number in range(20)]
    changes = iter(ids)

    def change() -> None:
        library.db.states.set_state(next(changes), FileState.QUEUED, progress="x")

    assert library.walk(FileFilter(), FileSort.PATH, 3, change) == ids


@pytest.fixture
def many(library: Library, server: str | None) -> tuple[Library, list[dict[str, Any]]]:
    """Return a database of thousands of files with requirements, and the same as plain rows."""
    chance = random.Random(5)
    rows: list[dict[str, Any]] = [
        {
            "path": f"/{name}/{chance.choice(['Été', 'Summer', 'ЛЕТО', '夏'])}/{number}.mkv",
            "library": name,
            "state": chance.choice(STATES),
            "updated_at": float(chance.randrange(500)),
            "title": chance.choice(["", "Amélie (2001)", "100% Wolf", "a_b"]),
            "examined_at": chance.choice([None, 1.0]),
        }
        for number in range(5000 if server is None else 1000)
        for name in [chance.choice(["films", "series", "talks"])]
    ]
    wanted = []
    for row, number in zip(rows, library.add_all(rows), strict=True):
        row["id"] = number
        row["wants"] = {
            (language, kind): chance.choice(["met", "missing", "impossible", "removed"])
            for language in ("en", "de", None)
            for kind in ("full", "forced")
            if chance.random() < 0.4
        }
        wanted += [
            {
                "file_id": number,
                "library": row["library"],
                "language": language,
                "kind": kind,
                "status": status,
            }
            for (language, kind), status in row["wants"].items()
        ]
    library.want(wanted)
    return library, rows


def _is_wanted(row: dict[str, Any], wanted: FileFilter) -> bool:
    language = None if wanted.language == "original" else wanted.language
    text = unicodedata.normalize("NFC", wanted.search).casefold()
    return (
        wanted.library in (None, row["library"])
        and (not wanted.states or row["state"] in wanted.states)
        and (wanted.is_examined is None or wanted.is_examined == (row["examined_at"] is not None))
        and (text in row["path"].casefold() or text in row["title"].casefold())
        and (
            not (wanted.language or wanted.kind or wanted.status)
            or any(
                (wanted.language is None or language == has_language)
                and wanted.kind in (None, kind)
                and wanted.status in (None, status)
                for (has_language, kind), status in row["wants"].items()
            )
        )
    )


_ORDERS: dict[FileSort, Callable[[dict[str, Any]], Any]] = {
    FileSort.PATH: lambda row: os.fsencode(row["path"]),
    FileSort.CHANGED: lambda row: (-row["updated_at"], -row["id"]),
    FileSort.STATE: lambda row: (STATE_ORDER.index(row["state"]), os.fsencode(row["path"])),
}
FILTERS = [
    FileFilter(),
    FileFilter(library="talks"),
    FileFilter(library="no such library"),
    FileFilter(states=(FileState.FAILED,)),
    FileFilter(library="films", states=(FileState.DONE, FileState.WORKING)),
    FileFilter(language="de", status="missing"),
    FileFilter(language="de", kind="forced", status="removed", library="series"),
    FileFilter(language="original", status="missing"),
    FileFilter(status="impossible"),
    FileFilter(kind="forced"),
    FileFilter(language="fr"),
    FileFilter(is_examined=False),
    FileFilter(is_examined=True, library="films"),
    FileFilter(search="summer/1"),
    FileFilter(search="ÉTÉ", status="missing"),
    FileFilter(search="лето"),
    FileFilter(search="AMÉLIE"),
    FileFilter(search="夏"),
    FileFilter(search="0%"),
    FileFilter(search="a_b"),
    FileFilter(search="a%b"),
]


@pytest.mark.thorough
def test_every_filter_and_order_yields_what_a_look_at_each_file_yields(
    many: tuple[Library, list[dict[str, Any]]],
) -> None:
    library, rows = many
    for number, wanted in enumerate(FILTERS):
        expected = [row for row in rows if _is_wanted(row, wanted)]
        assert library.db.file_list.count(wanted) == len(expected), wanted
        sort = list(FileSort)[number % len(FileSort)]
        ordered = [row["id"] for row in sorted(expected, key=_ORDERS[sort])]
        assert library.walk(wanted, sort, MAX_PAGE_SIZE) == ordered, (wanted, sort)
    assert sum(1 for wanted in FILTERS if any(_is_wanted(row, wanted) for row in rows)) > 15


FOUND: list[tuple[str | bytes, str, str]] = [
    ("/films/Film.mkv", "", "fILM."),
    ("/films/100%.mkv", "", "0%."),
    ("/films/a_b.mkv", "", "a_b"),
    ("/films/a\\b.mkv", "", "a\\b"),
    ("/films/[a] (b)*?.mkv", "", "[A] (B)*?"),
    ("/films/x.mkv", "É[é*", "é[É*"),
    ("/films/x.mkv", "L'Été", "l'été"),
    ("/films/" + unicodedata.normalize("NFD", "Été") + ".mkv", "", "ÉTÉ"),
    ("/films/Été.mkv", "", unicodedata.normalize("NFD", "été")),
    ("/films/" + unicodedata.normalize("NFD", "각") + ".mkv", "", "각"),
    (b"/films/caf\xe9 Film.mkv", "", "film."),
    (b"/films/\xff \xc3\xa9t\xc3\xa9.mkv", "", "ÉTÉ"),
    ("/films/x.mkv", "👋 Ça", "👋 ça"),
]
"""Path, title, and a search that finds the file."""


def test_a_search_finds_a_part_of_the_path_or_title_in_any_case(library: Library) -> None:
    library.add("/films/other.mkv", title="Other 100 ab")
    for path, title, search in FOUND:
        number = library.add(path, title=title)
        assert library.walk(FileFilter(search=search)) == [number], search
        library.remove(number)


def test_no_character_of_a_search_stands_for_others(library: Library) -> None:
    library.add("/films/a-b Film e.mkv", title="x" * 300)
    too_long = "x" * (MAX_SEARCH_CHARACTERS + 1)
    for search in ("a%b", "a_b", "f*m", "[a-z]", "\0", "\udce9", too_long, "é", "e\u0301"):
        assert library.walk(FileFilter(search=search)) == [], search
        assert library.walk(FileFilter(library=search, language=search)) == [], search


def test_a_page_says_what_each_file_has_and_needs(library: Library) -> None:
    first, second = library.add("/films/1.mkv"), library.add("/films/2.mkv")
    library.want([{"file_id": second, "language": "de", "status": "missing"}])
    pages = list_files(library.db, FileFilter(), limit=0), list_files(library.db, FileFilter())
    assert [len(page.files) for page in pages] == [1, 2]
    page = pages[1].to_dict()
    assert page["next"] is None
    assert [
        (file["id"], [want["language"] for want in file["requirements"]]) for file in page["files"]
    ] == [
        (first, []),
        (second, ["de"]),
    ]


@pytest.mark.thorough
def test_the_last_page_of_a_large_library_takes_no_longer_than_the_first(tmp_path: Path) -> None:
    path = tmp_path / "subtitled.sqlite"
    library = Library(Database(path), open_engine(path))
    library.add_all({"path": f"/films/{number:06}.mkv"} for number in range(5000))
    times = []
    cursor = None
    while True:
        begin = time.process_time()
        page = list_files(library.db, FileFilter(), FileSort.PATH, cursor, 50)
        times.append(time.process_time() - begin)
        if (cursor := page.next_cursor) is None:
            break
    first, last = min(times[:10]), min(times[-10:])
    assert last < 5 * first
