"""The schema is checked without Alembic."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from subtitled.db.database import Database
from subtitled.db.engine import open_engine
from subtitled.db.revisions import MIGRATIONS, find_newest_revision, is_up_to_date
from subtitled.plugin import SetupError


def test_the_newest_revision_is_the_one_that_alembic_upgrades_to() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == find_newest_revision()


@pytest.mark.parametrize("revision", [None, "0001", "9999", ""])
def test_another_revision_is_not_up_to_date(tmp_path: Path, revision: str | None) -> None:
    Database(tmp_path / "d.sqlite").close()
    engine = open_engine(tmp_path / "d.sqlite")
    assert is_up_to_date(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
        if revision is not None:
            connection.execute(
                sa.text("INSERT INTO alembic_version VALUES (:name)"), {"name": revision}
            )
    assert not is_up_to_date(engine)
    engine.dispose()


def test_an_empty_database_is_not_up_to_date(tmp_path: Path) -> None:
    engine = open_engine(tmp_path / "d.sqlite")
    assert not is_up_to_date(engine)
    engine.dispose()


def test_a_newer_database_is_still_refused(tmp_path: Path) -> None:
    Database(tmp_path / "d.sqlite").close()
    engine = open_engine(tmp_path / "d.sqlite")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(SetupError, match="newer version"):
        Database(tmp_path / "d.sqlite")


def test_a_database_that_is_up_to_date_is_opened_without_alembic(tmp_path: Path) -> None:
    Database(tmp_path / "d.sqlite").close()
    code = (
        "import sys; from pathlib import Path; from subtitled.db.database import Database\n"
        "Database(Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "d.sqlite")]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"
