"""When the players of a server are told of a sidecar that grows."""

from __future__ import annotations

from pathlib import Path

from subtitled.daemon.growing_sidecars import (
    FIRST_WAIT_SECONDS,
    FORGET_SECONDS,
    GrowingSidecars,
)
from subtitled.plugin import (
    Language,
    PlaybackSession,
    Sidecar,
    SidecarChange,
    TransientError,
)

FILM = Path("/films/Film.mkv")
SIDECAR = Sidecar(Path("/films/Film.en.srt"), Language("en"))
VIEWER = PlaybackSession(id="a", media=FILM, position=60.0)


class Player:
    """The players of a server, which answer what the test sets, and the time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.answer: bool | Exception | None = True
        self.told: list[tuple[str, bool]] = []
        self.changes: list[SidecarChange] = []
        self.growing = GrowingSidecars("tv", self.show, self.changes.append, lambda: self.now)

    def show(self, session: PlaybackSession, sidecar: Sidecar, is_new: bool) -> bool | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        self.told.append((session.id, is_new))
        return self.answer

    def grow_each_second(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            self.growing.report(FILM, SIDECAR, False)
            self.growing.tell([VIEWER])


def test_a_player_is_told_at_once_and_then_after_waits_that_double() -> None:
    player = Player()
    player.grow_each_second(round(FIRST_WAIT_SECONDS * 16))
    assert player.told == [("a", True), *[("a", False)] * 4]


def test_a_player_is_told_at_once_of_the_whole_sidecar() -> None:
    player = Player()
    player.grow_each_second(3)
    player.growing.report(FILM, SIDECAR, True)
    player.growing.tell([VIEWER])
    assert player.told == [("a", True), ("a", False)]
    player.now += 100
    player.growing.tell([VIEWER])
    assert len(player.told) == 2, "nothing is new"


def test_a_player_that_cannot_be_told_yet_is_tried_again() -> None:
    player = Player()
    for player.answer in (False, TransientError("it is down"), True):
        player.grow_each_second(1)
    assert player.told == [("a", True), ("a", True)]


def test_a_player_that_refuses_is_not_asked_again_but_another_one_is() -> None:
    player = Player()
    player.answer = None
    player.grow_each_second(50)
    other = PlaybackSession(id="b", media=FILM)
    player.growing.tell([VIEWER, other])
    assert player.told == [("a", True), ("b", True)]


def test_viewers_of_other_films_and_those_who_come_later_still() -> None:
    player = Player()
    player.growing.report(FILM, SIDECAR, False)
    player.growing.tell([PlaybackSession(id="c", media=FILM.with_name("Other.mkv"))])
    assert player.told == []
    player.now += FORGET_SECONDS - 1
    player.growing.tell([VIEWER])
    assert player.told == [("a", True)]
    player.now += 2
    player.growing.tell([VIEWER])
    assert not player.growing.has_any


def test_the_server_is_told_of_the_first_version_and_of_one_that_is_gone_again() -> None:
    player = Player()
    player.growing.report(FILM, SIDECAR, False)
    player.growing.tell([])
    assert player.changes == [], "nobody watches on this server"
    player.grow_each_second(3)
    assert player.changes == [SidecarChange(FILM, added=(SIDECAR,))]
    player.growing.withdraw(FILM, SIDECAR)
    assert player.growing.has_any
    player.growing.tell([])
    assert player.changes[1:] == [SidecarChange(FILM, removed=(SIDECAR,))]
    assert not player.growing.has_any


def test_one_that_grows_anew_right_after_it_was_removed_is_shown_again() -> None:
    player = Player()
    player.grow_each_second(3)
    player.growing.withdraw(FILM, SIDECAR)
    player.growing.report(FILM, SIDECAR, False)
    player.growing.tell([VIEWER])
    assert player.told == [("a", True), ("a", True)]
    assert player.changes[-1] == SidecarChange(FILM, added=(SIDECAR,)), "the newest change is last"
