"""The sound and pictures of reviews: of the right track, within limits, and what bars them."""

from __future__ import annotations

import math
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from subtitled.daemon.reviews import media as review_media
from subtitled.daemon.reviews.errors import ReviewNotFoundError
from subtitled.daemon.reviews.media import MAX_SOUND_SECONDS, MediaPart, ReviewMedia
from subtitled.daemon.reviews.media_source import (
    InvalidSpanError,
    MediaAwayError,
    ReviewMediaError,
    UnplayableMediaError,
)
from subtitled.jobcontext.services import open_transcript_store
from subtitled.media.clips import SoundFormat
from subtitled.plugin import Language, TimeSpan, TransientError
from subtitled.transcripts.models import DECODER_VERSION, ShotCuts, TrackAnalysis
from support.review_library import FULL, ReviewLibrary, publish

SECONDS = 6.0


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReviewLibrary]:
    made = ReviewLibrary(tmp_path_factory.mktemp("library"))
    yield made
    made.db.close()


@pytest.fixture(scope="module")
def media(library: ReviewLibrary) -> ReviewMedia:
    return ReviewMedia(library.configuration, library.db)


def _film(path: Path) -> None:
    """Write a film with a tone of 300 Hz in English, and one of 900 Hz in Spanish."""
    subprocess.run(
        [
            *"ffmpeg -v error -nostdin -y -f lavfi -i color=red:s=64x36:r=10:d=6".split(),
            *"-f lavfi -i sine=f=300:d=6 -f lavfi -i sine=f=900:d=6".split(),
            *"-map 0 -map 1 -map 2 -c:v libx264 -preset ultrafast -c:a aac".split(),
            *"-metadata:s:a:0 language=eng -metadata:s:a:1 language=spa".split(),
            path,
        ],
        check=True,
    )


@pytest.fixture(scope="module")
def review(library: ReviewLibrary) -> int:
    number = library.open("Film")
    _film(library.films / "Film.mkv")
    return number


def _pitch(part: MediaPart) -> int:
    command = ["ffmpeg", "-v", "error", "-i", part.path, *"-f s16le -ac 1 -ar 16000 -".split()]
    raw = subprocess.run([str(word) for word in command], check=True, capture_output=True).stdout
    samples = np.frombuffer(raw, "<i2")[:16_000]
    return int(np.abs(np.fft.rfft(samples)).argmax())


def test_sound_of_the_main_track_is_kept_for_the_next_who_asks(
    media: ReviewMedia, review: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = media.read_sound(review, 1.0, 3.0)
    assert (part.media_type, _pitch(part)) == ("audio/mp4", 300)
    wave = media.read_sound(review, 1.0, 3.0, SoundFormat.WAV)
    assert wave.path.read_bytes().startswith(b"RIFF")
    assert wave.etag != part.etag
    monkeypatch.setattr("subtitled.media.clips.run_graph", None)
    assert media.read_sound(review, 1.0, 3.0) == part


def test_a_review_in_the_language_of_another_transcribed_track_has_that_track(
    library: ReviewLibrary, media: ReviewMedia, review: int
) -> None:
    record = library.db.files.get(library.films / "Film.mkv")
    assert record is not None and record.fingerprint is not None
    spanish = Language("es")
    publish(library.db, record.path, language=spanish)
    other = library.service.open(record, spanish, FULL).id
    assert _pitch(media.read_sound(other, 1.0, 3.0)) == 300  # a translation, for all we know
    state = library.configuration.settings.daemon.state_dir
    assert state is not None
    analysis = TrackAnalysis(
        duration=SECONDS,
        speech=(TimeSpan(1, 2),),
        language=spanish,
        decoder_version=DECODER_VERSION,
    )
    open_transcript_store(state).save_analysis(record.fingerprint, 2, analysis)
    assert _pitch(media.read_sound(other, 1.0, 3.0)) == 900
    assert _pitch(media.read_sound(review, 1.0, 3.0)) == 300


def test_pictures_and_peaks(media: ReviewMedia, review: int) -> None:
    assert media.read_still(review, 2.0).path.read_bytes().startswith(b"\xff\xd8")
    assert b"ftyp" in media.read_clip(review, 1.0, 2.0).path.read_bytes()[:16]
    peaks = media.read_peaks(review, 1.0, 3.0)
    assert len(peaks.high) == 100
    assert 0.05 < max(peaks.high) <= 1


def test_shot_changes_are_looked_for_in_the_span_only_and_once(
    library: ReviewLibrary, media: ReviewMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = library.open("Two shots")
    film = library.films / "Two shots.mkv"
    shots = "color=red:s=64x36:r=10:d=2[a];color=white:s=64x36:r=10:d=4[b];[a][b]concat"
    command = [
        *"ffmpeg -v error -nostdin -y -f lavfi -i".split(),
        shots,
        "-c:v",
        "libx264",
        str(film),
    ]
    subprocess.run(command, check=True)
    found = media.read_shots(number, 1.0, 5.0)
    assert (found.times, found.frame_rate) == ((2.0,), 10.0)
    assert media.read_shots(number, 2.5, 5.0).times == ()
    monkeypatch.setattr("subtitled.media.clips.run_graph", None)
    assert media.read_shots(number, 1.0, 5.0) == found
    record = library.db.files.get(film)
    state = library.configuration.settings.daemon.state_dir
    assert record is not None and record.fingerprint is not None and state is not None
    open_transcript_store(state).save_shot_cuts(record.fingerprint, ShotCuts(25.0, (1.5, 2.0, 5.0)))
    stored = media.read_shots(number, 0.0, 5.0)
    assert (stored.times, stored.frame_rate) == ((1.5, 2.0), 25.0)


def test_a_file_without_a_picture_has_no_shot_changes(
    library: ReviewLibrary, media: ReviewMedia
) -> None:
    number = library.open("Talk")
    sound = "ffmpeg -v error -nostdin -y -f lavfi -i sine=d=2".split()
    subprocess.run([*sound, str(library.films / "Talk.mkv")], check=True)
    with pytest.raises(UnplayableMediaError, match="has no picture"):
        media.read_shots(number, 0.0, 1.0)


def test_what_is_behind_the_end_is_left_out(media: ReviewMedia, review: int) -> None:
    part = media.read_sound(review, SECONDS - 1, SECONDS + 20)
    assert part.span.end == pytest.approx(SECONDS, abs=0.1)


INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NAN, 2.0),
        (1.0, NAN),
        (NAN, NAN),
        (-INF, 1.0),
        (0.0, INF),
        (-0.001, 1.0),
        (-5.0, -1.0),
        (2.0, 2.0),
        (3.0, 2.0),
        (0.0, MAX_SOUND_SECONDS + 0.1),
        (0.0, 1e300),
        (1e300, 1e301),
        (SECONDS + 10, SECONDS + 20),
    ],
)
def test_what_is_no_span_of_the_media_file_is_refused_with_a_cure(
    media: ReviewMedia, review: int, start: float, end: float
) -> None:
    readers: list[Callable[[int, float, float], object]]
    readers = [media.read_sound, media.read_peaks, media.read_clip]
    for read in readers:
        with pytest.raises(InvalidSpanError) as refused:
            read(review, start, end)
        assert refused.value.hint


@pytest.mark.parametrize("at", [NAN, INF, -INF, -1.0, 1e300, SECONDS + 10])
def test_a_still_of_no_time_of_the_media_file_is_refused(
    media: ReviewMedia, review: int, at: float
) -> None:
    with pytest.raises(InvalidSpanError):
        media.read_still(review, at)


@pytest.mark.parametrize("per_second", [0, -1, 201, 10**9])
def test_too_many_peaks_are_refused(media: ReviewMedia, review: int, per_second: int) -> None:
    with pytest.raises(InvalidSpanError):
        media.read_peaks(review, 1.0, 2.0, per_second)


def test_a_file_that_is_away_or_no_film_is_told_with_a_cure(
    library: ReviewLibrary, media: ReviewMedia
) -> None:
    number = library.open("Away")
    path = library.films / "Away.mkv"
    with pytest.raises(UnplayableMediaError) as unplayable:
        media.read_sound(number, 0.0, 1.0)
    assert unplayable.value.hint
    path.unlink()
    with pytest.raises(MediaAwayError, match="not there") as away:
        media.read_sound(number, 0.0, 1.0)
    assert away.value.hint
    path.mkdir()
    with pytest.raises(ReviewMediaError):
        media.read_still(number, 0.0)
    with pytest.raises(ReviewNotFoundError):
        media.read_sound(10**9, 0.0, 1.0)


def test_a_link_out_of_the_library_is_not_followed(
    library: ReviewLibrary, media: ReviewMedia, tmp_path: Path
) -> None:
    number = library.open("Link")
    path = library.films / "Link.mkv"
    path.unlink()
    _film(tmp_path / "elsewhere.mkv")
    path.symlink_to(tmp_path / "elsewhere.mkv")
    with pytest.raises(MediaAwayError, match="link"):
        media.read_sound(number, 0.0, 1.0)


def test_another_film_at_the_path_has_another_etag(
    library: ReviewLibrary, media: ReviewMedia
) -> None:
    number = library.open("Replaced")
    path = library.films / "Replaced.mkv"
    _film(path)
    before = media.read_sound(number, 0.0, 1.0)
    path.write_bytes(path.read_bytes() + b"\0")
    after = media.read_sound(number, 0.0, 1.0)
    assert before.etag != after.etag
    assert before.path != after.path


def test_so_many_are_cut_at_once_and_the_rest_are_told_to_come_back(
    media: ReviewMedia, review: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, lock = threading.Event(), threading.Lock()
    running: list[int] = []
    refused: list[TransientError] = []

    def hold(*arguments: object, **options: object) -> None:
        with lock:
            running.append(1)
        assert release.wait(60)
        with lock:
            running.pop()
        raise TransientError("was held")

    monkeypatch.setattr(review_media, "write_sound", hold)
    all_refused = threading.Event()
    places = review_media.MAX_AT_ONCE + review_media.MAX_WAITING
    most: list[int] = []

    def ask(number: int) -> None:
        try:
            media.read_sound(review, 0.001 * (number + 1), 5.0)
        except TransientError as error:
            with lock:
                most.append(len(running))
                if error.message != "was held":
                    refused.append(error)
                    if len(refused) == 3:
                        all_refused.set()

    with ThreadPoolExecutor(places + 3) as pool:
        for number in range(places + 3):
            pool.submit(ask, number)
        assert all_refused.wait(60)
        release.set()
    assert len(refused) == 3
    assert all(error.hint for error in refused)
    assert max(most) <= review_media.MAX_AT_ONCE
