"""The sound and pictures of reviews through the API: who may have them, formats, and problems."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import httpx
import pytest

from subtitled.web.auth.roles import Role
from support.api_port import ApiPort
from support.review_library import ENGLISH, FULL, add_film

Headers = dict[str, str]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiPort]:
    made = ApiPort(tmp_path_factory.mktemp("api") / "state", count=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def viewer(port: ApiPort) -> Headers:
    return port.key(Role.VIEWER)


@pytest.fixture(scope="module")
def review(port: ApiPort) -> int:
    film, _ = add_film(port.db, port.films / "Heard.mkv")
    subprocess.run(
        [
            *"ffmpeg -v error -nostdin -y -f lavfi -i color=red:s=64x36:r=10:d=6".split(),
            *"-f lavfi -i sine=d=6 -c:v libx264 -preset ultrafast -c:a aac".split(),
            film.path,
        ],
        check=True,
    )
    return port.db.reviews.open(film.id, ENGLISH, FULL)


def _problem(answer: httpx.Response, status: int, name: str) -> None:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["type"] == f"urn:subtitled:problem:{name}"
    assert body["hint"]


def test_a_viewer_hears_and_sees_a_span(port: ApiPort, viewer: Headers, review: int) -> None:
    span = {"start": 1.0, "end": 3.0}
    for resource, media_type, begin in (
        ("sound", "audio/mp4", b"\0\0\0"),
        ("clip", "video/mp4", b"\0\0\0"),
        ("still", "image/jpeg", b"\xff\xd8"),
    ):
        query = {"at": 1.0} if resource == "still" else span
        answer = port.get(f"/reviews/{review}/{resource}", viewer, **query)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == media_type
        assert answer.content.startswith(begin)
        assert int(answer.headers["content-length"]) == len(answer.content)
    peaks = port.get(f"/reviews/{review}/peaks", viewer, **span, per_second=20).json()
    assert (peaks["start"], peaks["end"], peaks["per_second"]) == (1.0, 3.0, 20)
    assert [len(side) for side in peaks["peaks"]] == [40, 40]


def test_accept_and_format_choose_wav(port: ApiPort, viewer: Headers, review: int) -> None:
    path, span = f"/reviews/{review}/sound", {"start": 1.0, "end": 2.0}
    wanted = port.get(path, viewer | {"Accept": "audio/wav"}, **span)
    named = port.get(path, viewer, **span, format="wav")
    assert wanted.content.startswith(b"RIFF")
    assert wanted.content == named.content
    assert wanted.headers["content-type"] == "audio/wav"
    assert "Accept" in wanted.headers["vary"]


def test_a_known_etag_is_304_and_a_range_is_206(
    port: ApiPort, viewer: Headers, review: int
) -> None:
    path, span = f"/reviews/{review}/sound", {"start": 1.0, "end": 2.0}
    whole = port.get(path, viewer, **span)
    etag = whole.headers["etag"]
    known = port.get(path, viewer | {"If-None-Match": etag}, **span)
    assert (known.status_code, known.content) == (304, b"")
    part = port.get(path, viewer | {"Range": "bytes=10-19"}, **span)
    assert part.status_code == 206
    assert part.content == whole.content[10:20]
    other = port.get(path, viewer, start=1.0, end=2.5)
    assert other.headers["etag"] != etag
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    stale = port.get(path, viewer | {"Range": "bytes=10-19", "If-Range": '"other"'}, **span)
    beyond = port.get(path, viewer | {"Range": "bytes=99999999-"}, **span)
    for answer in (stale, beyond):
        assert (answer.status_code, answer.content) == (200, whole.content)


def test_who_may_not_see_the_library_hears_nothing(port: ApiPort, review: int) -> None:
    bound = port.key(Role.REVIEWER, "series")
    for resource in ("sound", "clip", "peaks"):
        answer = port.get(f"/reviews/{review}/{resource}", bound, start=1.0, end=2.0)
        _problem(answer, 404, "not-found")
    _problem(port.get(f"/reviews/{review}/still", bound, at=1.0), 404, "not-found")
    assert port.get(f"/reviews/{review}/sound", {}, start=1.0, end=2.0).status_code == 401


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        ("NaN", "2", "invalid"),
        ("1", "Infinity", "invalid"),
        ("-1", "2", "invalid"),
        ("1", "1e300", "invalid"),
        ("one", "2", "invalid"),
        ("", "2", "invalid"),
        ("3", "2", "invalid-span"),
        ("2", "2", "invalid-span"),
        ("0", "500", "invalid-span"),
        ("100", "101", "invalid-span"),
    ],
)
def test_a_span_that_is_none_is_a_problem_with_a_hint(
    port: ApiPort, viewer: Headers, review: int, start: str, end: str, name: str
) -> None:
    for resource in ("sound", "clip", "peaks"):
        answer = port.get(f"/reviews/{review}/{resource}", viewer, start=start, end=end)
        _problem(answer, 422, name)


def test_a_media_file_that_is_away_is_a_problem_with_a_hint(port: ApiPort, viewer: Headers) -> None:
    film, _ = add_film(port.db, port.films / "Gone.mkv")
    number = port.db.reviews.open(film.id, ENGLISH, FULL)
    _problem(port.get(f"/reviews/{number}/still", viewer, at=1.0), 409, "unplayable")
    film.path.unlink()
    answer = port.get(f"/reviews/{number}/sound", viewer, start=0.0, end=1.0)
    _problem(answer, 409, "media-away")
