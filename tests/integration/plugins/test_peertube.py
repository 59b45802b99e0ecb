"""PeerTube, against a fake of its API. It was not tested with a PeerTube itself."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitled.plugin import (
    ComponentContext,
    Language,
    SetupError,
    Sidecar,
    SidecarChange,
    SubtitleKind,
    TransientError,
)
from subtitled.plugin.testing import listening
from subtitled.subtitles.formats import read_cues
from subtitled_plugins.peertube import PeerTube, PeerTubeSettings
from support.fakes.peertube import FakePeerTube

Make = Callable[..., PeerTube]
SRT = (
    "1\n00:00:01,000 --> 00:00:03,500\n<i>We go</i>\nnow.\n\n"
    "2\n00:01:04,000 --> 00:01:05,000\nYes.\n"
)
VTT = "WEBVTT\n\n00:00:01.000 --> 00:00:03.500\nWir gehen.\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePeerTube]:
    server = FakePeerTube()
    monkeypatch.setenv("PEERTUBE_PASSWORD", server.password)
    with listening(server):
        yield server
    assert not server.violations


@pytest.fixture
def peertube(server: FakePeerTube) -> Make:
    def make(**settings: object) -> PeerTube:
        asked = {"url": server.url, "user": "ana", "password": {"env": "PEERTUBE_PASSWORD"}}
        return PeerTube(
            PeerTubeSettings.model_validate(asked | settings), ComponentContext("videos")
        )

    return make


def write(folder: Path, name: str, text: str, language: str = "en") -> SidecarChange:
    """Write a sidecar of Talk.mp4 and return the change."""
    path = folder / name
    path.write_text(text, "utf-8")
    return SidecarChange(folder / "Talk.mp4", added=(Sidecar(path, Language(language)),))


def test_a_subtitle_becomes_the_caption_of_the_video_with_the_title_of_the_file(
    server: FakePeerTube, peertube: Make, tmp_path: Path
) -> None:
    server.add("Another talk")
    video = server.add("Talk")
    change = write(tmp_path, "Talk.en.srt", SRT)
    plugin = peertube()
    assert plugin.check_indexed(change).is_complete is False
    plugin.refresh([change], 0)
    assert plugin.check_indexed(change).is_complete is True
    cues = read_cues(video.captions["en"].encode(), "vtt")
    assert [(cue.start, cue.end, cue.text) for cue in cues] == [
        (1.0, 3.5, "<i>We go</i>\nnow."),
        (64.0, 65.0, "Yes."),
    ]


def test_a_user_with_two_factor_authentication_is_told_what_to_do(
    server: FakePeerTube, peertube: Make, tmp_path: Path
) -> None:
    server.two_factor = True
    server.add("Talk")
    plugin = peertube()
    with pytest.raises(SetupError, match="asks ana for a one-time password") as caught:
        plugin.refresh([write(tmp_path, "Talk.en.srt", SRT)], 0)
    assert "without two-factor authentication" in caught.value.hint
    assert "servers.videos.user" in caught.value.hint
    (finding,) = plugin.self_check()
    assert not finding.ok and "one-time password" in finding.detail


def test_text_of_subrip_is_no_syntax_of_webvtt(
    server: FakePeerTube, peertube: Make, tmp_path: Path
) -> None:
    video = server.add("Talk")
    text = "1\n00:00:01,000 --> 00:00:03,500\n{\\an8}<I>R&B</I> & I <3 you\n-- > a --> b\n"
    plugin, change = peertube(), write(tmp_path, "Talk.en.srt", text)
    plugin.refresh([change], 0)
    assert plugin.check_indexed(change).is_complete is True
    assert "00:00:03.500 line:0\n<i>R&amp;B</i> &amp; I &lt;3 you\n" in video.captions["en"]
    (cue,) = read_cues(video.captions["en"].encode(), "vtt")
    assert cue.text.endswith("& I <3 you\n-- > a --> b")


def test_a_new_version_replaces_ours_after_a_restart_but_never_what_a_person_changed(
    server: FakePeerTube, peertube: Make, tmp_path: Path
) -> None:
    video = server.add("Talk")
    peertube().refresh([write(tmp_path, "Talk.de.vtt", VTT, "de")], 0)
    change = write(tmp_path, "Talk.de.vtt", VTT.replace("gehen", "laufen"), "de")
    peertube().refresh([change], 0)
    assert "laufen" in video.captions["de"]
    video.captions["de"] = video.captions["de"].replace("laufen", "rennen")
    again = write(tmp_path, "Talk.de.vtt", VTT, "de")
    plugin = peertube()
    plugin.refresh([again], 0)
    assert "rennen" in video.captions["de"]
    status = plugin.check_indexed(again)
    assert status.is_complete is False
    assert "somebody else" in status.detail
    peertube(replace_captions="all").refresh([again], 0)
    assert "gehen" in video.captions["de"]


def test_what_peertube_transcribed_itself_is_replaced(
    server: FakePeerTube, peertube: Make, tmp_path: Path
) -> None:
    video = server.add("Talk")
    video.captions["en"], video.automatic = "WEBVTT\n\nby machine", {"en"}
    peertube().refresh([write(tmp_path, "Talk.en.srt", SRT)], 0)
    assert "We go" in video.captions["en"]


def test_the_video_is_found_by_its_id_or_by_the_name_it_was_uploaded_under(
    server: FakePeerTube, peertube: Make, tmp_path: Path
) -> None:
    server.add("Gone")
    renamed = server.add("A better title", source="Talk.mp4")
    change = write(tmp_path, "Talk.en.srt", SRT)
    peertube().refresh([change], 0)
    assert "en" in renamed.captions
    named = server.add("Other")
    media = tmp_path / f"Anything [{named.uuid}].mp4"
    shutil.copy(tmp_path / "Talk.en.srt", media.with_suffix(".en.srt"))
    sidecar = Sidecar(media.with_suffix(".en.srt"), Language("en"))
    peertube().refresh([SidecarChange(media, added=(sidecar,))], 0)
    assert "en" in named.captions


def test_names_of_uploads_are_asked_for_once(
    server: FakePeerTube, peertube: Make, tmp_path: Path
) -> None:
    for number in range(5):
        server.add(f"Title {number}", source=f"Name {number}.mp4")
    change, plugin = write(tmp_path, "Talk.en.srt", SRT), peertube()
    for _ in range(3):
        assert plugin.check_indexed(change).is_complete is False
    assert server.called.count("get_source") == 5


def test_two_videos_of_one_title_get_nothing_and_that_is_told(
    server: FakePeerTube, peertube: Make, tmp_path: Path
) -> None:
    videos = [server.add("Talk"), server.add("talk")]
    change = write(tmp_path, "Talk.en.srt", SRT)
    plugin = peertube()
    plugin.refresh([change], 0)
    assert not any(video.captions for video in videos)
    assert "no video of ana is Talk.mp4" in plugin.check_indexed(change).detail


def test_a_language_has_one_caption_so_forced_and_sdh_are_not_sent(
    server: FakePeerTube, peertube: Make, tmp_path: Path
) -> None:
    video = server.add("Talk")
    full = write(tmp_path, "Talk.en.srt", SRT).added[0]
    better = write(tmp_path, "Talk.en.vtt", VTT).added[0]
    forced = Sidecar(full.path, Language("en"), SubtitleKind.FORCED)
    unknown = Sidecar(full.path, Language("tlh"))
    media = tmp_path / "Talk.mp4"
    plugin = peertube()
    plugin.refresh([SidecarChange(media, added=(forced,))], 0)
    assert plugin.check_indexed(SidecarChange(media, added=(forced,))).is_complete is None
    assert not video.captions
    plugin.refresh([SidecarChange(media, added=(full, better, unknown))], 0)
    assert list(video.captions) == ["en"]
    assert "Wir gehen" in video.captions["en"], "WebVTT is the better of both"


def test_a_removed_subtitle_takes_its_caption_along_only_if_that_is_wanted(
    server: FakePeerTube, peertube: Make, tmp_path: Path
) -> None:
    video = server.add("Talk")
    added = write(tmp_path, "Talk.en.srt", SRT)
    removed = SidecarChange(added.media, removed=added.added)
    peertube().refresh([added], 0)
    peertube().refresh([removed], 0)
    assert "en" in video.captions
    peertube(remove_captions=True).refresh([removed], 0)
    assert not video.captions
    video.captions["en"] = "WEBVTT\n\nby a person"
    peertube(remove_captions=True).refresh([removed], 0)
    assert video.captions


def test_an_expired_token_is_renewed_once(
    server: FakePeerTube, peertube: Make, tmp_path: Path
) -> None:
    server.add("Talk")
    plugin = peertube()
    change = write(tmp_path, "Talk.en.srt", SRT)
    plugin.refresh([change], 0)
    assert server.tokens == 1
    server.expired = True
    plugin.refresh([change], 0)
    assert server.tokens == 2


def test_a_wrong_password_is_named_by_its_place_and_never_shown(
    server: FakePeerTube, peertube: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERTUBE_PASSWORD", "mistaken")
    with pytest.raises(SetupError, match="refuses ana") as caught:
        peertube().refresh([write(tmp_path, "Talk.en.srt", SRT)], 0)
    assert "servers.videos.password" in caught.value.hint
    assert "mistaken" not in str(caught.value)
    (finding,) = peertube().self_check()
    assert not finding.ok


def test_an_unreachable_peertube_is_tried_again_later(peertube: Make, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    plugin = peertube(url=f"http://127.0.0.1:{port}")
    with pytest.raises(TransientError):
        plugin.refresh([write(tmp_path, "Talk.en.srt", SRT)], 0)
