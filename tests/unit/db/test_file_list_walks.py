"""Lists that are read page by page while files come, go, are renamed and change."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitled.daemon.answers.cursors import decode_position, encode_position
from subtitled.db.database import Database
from subtitled.db.engine import open_engine
from subtitled.db.file_list import FileFilter, FileSort
from subtitled.db.records import FileState
from subtitled.db.schema import files

from .test_file_list import Library

NAMES = (
    st.lists(
        st.one_of(
            st.sampled_from(
                [b"a", b"b", b"z", b".", b" ", b"\n", b"\xc3\xa9", b"\xff", b"%", b"A"]
            ),
            st.binary(min_size=1, max_size=3).filter(lambda name: not set(name) & {0, ord("/")}),
        ),
        min_size=1,
        max_size=4,
    )
    .map(b"".join)
    .filter(lambda name: name != b".")
)
"""Names, many of which begin alike or are not valid text."""
ROWS = st.fixed_dictionaries(
    {
        "path": NAMES.map(lambda name: b"/films/" + name),
        "state": st.sampled_from(FileState),
        # Equal times are common, and clocks may be wrong.
        "updated_at": st.sampled_from([0.0, 1.5, 1.5, 2.25, 1e12, -3.0]),
    }
)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("come"), ROWS),
        st.tuples(st.just("go"), st.integers(0, 30)),
        st.tuples(st.just("rename"), st.tuples(st.integers(0, 30), NAMES)),
    ),
    max_size=4,
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = tmp_path_factory.mktemp("walks") / "subtitled.sqlite"
    library = Library(Database(path), open_engine(path))
    yield library
    library.db.close()
    library.engine.dispose()


def add(library: Library, row: dict[str, object]) -> int | None:
    """Add a file, unless there is one with its path."""
    try:
        return library.add(**row)  # type: ignore[arg-type]
    except sa.exc.IntegrityError:
        return None


@given(
    rows=st.lists(ROWS, max_size=30, unique_by=lambda row: row["path"]),
    sort=st.sampled_from(FileSort),
    limit=st.sampled_from([1, 2, 5, 20]),
    changes=st.lists(CHANGES, max_size=12),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_file_is_given_twice_and_none_that_stays_is_missed(
    database: Library,
    rows: list[dict[str, object]],
    sort: FileSort,
    limit: int,
    changes: list[list[tuple[str, object]]],
) -> None:
    with database.engine.begin() as c:
        c.execute(files.delete())
    stayed = set(database.add_all(rows)) if rows else set()
    pending = iter(changes)

    def change() -> None:
        for kind, value in next(pending, []):
            if kind == "come":
                add(database, value)  # type: ignore[arg-type]
                continue
            number, name = value if kind == "rename" else (value, b"")  # type: ignore[misc]
            chosen = sorted(stayed)[number % len(stayed)] if stayed else None
            if chosen is None:
                continue
            stayed.discard(chosen)
            if kind == "go":
                database.remove(chosen)
                continue
            # A renamed file is another file to the list, so it may be missed, and is a new one.
            database.remove(chosen)
            add(database, {"path": b"/films/" + name})

    seen = database.walk(FileFilter(), sort, limit, change)
    assert len(seen) == len(set(seen))
    assert stayed <= set(seen)


@given(row=ROWS, sort=st.sampled_from(FileSort))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_cursor_leads_to_exactly_the_place_of_its_file(
    database: Library, row: dict[str, object], sort: FileSort
) -> None:
    with database.engine.begin() as c:
        c.execute(files.delete())
    number = database.add(**row)  # type: ignore[arg-type]
    record = database.db.files.get_by_id(number)
    assert record is not None
    position = decode_position(sort, encode_position(sort, record))
    assert os.fsencode(position.path) == row["path"]
    assert (position.state, position.updated_at) == (row["state"], row["updated_at"])
    assert database.db.file_list.page(FileFilter(), sort, position) == []
