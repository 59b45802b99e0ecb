"""While an episode is watched, the next ones that wait go first."""

from __future__ import annotations

from pathlib import Path

from subtitled.db.records import FileState
from support.harness import Harness, film


def test_an_episode_that_failed_keeps_to_its_back_off_while_the_one_before_is_watched(
    tmp_path: Path,
) -> None:
    harness = Harness(tmp_path)
    watched, failed, waiting = (
        film(harness.root / f"Harbour S01E0{number}.wav", number) for number in (1, 2, 3)
    )
    harness.intake.scan("films")
    states = harness.database.states
    states.set_state(harness.the(failed).id, FileState.RETRYING)
    assert harness.jobs.find_next_episodes(watched) == [waiting]
    states.set_state(harness.the(failed).id, FileState.WAITING)
    assert harness.jobs.find_next_episodes(watched) == [failed, waiting]
    harness.close()
