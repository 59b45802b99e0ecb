"""Approving sidecars: every format is written, signed, recorded, and nothing else is touched."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from subtitled.db.history import HistoryEvent
from subtitled.library.archive import SidecarArchive
from subtitled.pipeline import approval
from subtitled.pipeline.approval import Approval, Conflict, NotOursError
from subtitled.plugin import Cue, InputRejectedError, Subtitle
from subtitled.plugin.files import hash_file
from subtitled.subtitles.formats import FORMATS, read_cues, render_subtitle
from subtitled.subtitles.ownership import Ownership, read_signature
from subtitled.subtitles.publish import publish_sidecar
from support.approved import APPROVED, MACHINE, ApprovedFilm

BY_HAND = b"1\n00:00:01,000 --> 00:00:02,000\nBy hand.\n\n"


def unsupported(*arguments: object, **more: object) -> None:
    raise OSError(95, "Operation not supported")


@pytest.fixture(params=["attributes", "no attributes"])
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that keeps extended attributes, and one that does not."""
    if request.param == "no attributes":
        for name in ("setxattr", "getxattr", "removexattr"):
            monkeypatch.setattr(os, name, unsupported)


@pytest.mark.usefixtures("file_system")
def test_approving_writes_every_format_of_the_library_and_signs_each(tmp_path: Path) -> None:
    films = ApprovedFilm(tmp_path, "srt", "vtt")
    ours = {fmt: films.path(fmt).read_bytes() for fmt in ("srt", "vtt")}
    films.changes()
    result = films.approve(*FORMATS)
    assert isinstance(result, Approval)
    assert set(result.paths) == {films.path(fmt) for fmt in FORMATS}
    assert result.kept == ()
    assert result.sha256 == hash_file(films.srt)
    for fmt in ("srt", "vtt", "ass", "ttml", "json"):
        assert read_cues(films.path(fmt).read_bytes(), fmt) == APPROVED
    sidecars = films.database.sidecars
    for fmt in FORMATS:
        path = films.path(fmt)
        assert sidecars.ownership(path, "c1") is Ownership.APPROVED
        signature = sidecars.approval(path, "c1")
        assert signature is not None
        assert signature.approved is not None
        assert (signature.approved.by, signature.approved.at) == ("ana", result.at)
        assert sidecars.own_digest(path, "c1") is None
        assert not sidecars.is_ours(path)
    for fmt, content in ours.items():
        signature = sidecars.approval(films.path(fmt))
        assert signature is not None
        assert SidecarArchive(films.database).find(signature.machine_sha256, fmt) == content


def test_servers_and_the_history_are_told_with_the_state(tmp_path: Path) -> None:
    films = ApprovedFilm(tmp_path)
    films.changes()
    films.approve("srt", "vtt")
    assert films.changes() == [("a.en.srt", True), ("a.en.vtt", True)]
    (entry,) = films.database.history.newest(10)
    assert (entry.event, entry.actor, entry.path) == (HistoryEvent.APPROVED, "ana", films.film)
    assert "a.en.srt" in entry.reason


def test_an_approval_that_is_not_recorded_is_recorded_by_the_next_try(tmp_path: Path) -> None:
    films = ApprovedFilm(tmp_path)
    base, machine = hash_file(films.srt), films.srt.read_bytes()
    films.changes()

    def fail(connection: object, paths: object) -> None:
        raise KeyError("the database is gone")

    request = approval.ApprovalRequest(
        sidecar=films.srt, cues=APPROVED, user="ana", base_sha256=base, formats=("srt",)
    )
    with pytest.raises(KeyError):
        approval.approve(films.database, request, fail)
    assert films.changes() == []
    assert films.database.history.newest(10) == []
    # The file is complete and locked all the same.
    assert films.database.sidecars.ownership(films.srt) is Ownership.APPROVED
    assert isinstance(approval.approve(films.database, request), Approval)
    assert films.changes() == [("a.en.srt", True)]
    signature = films.database.sidecars.approval(films.srt)
    assert signature is not None
    assert SidecarArchive(films.database).find(signature.machine_sha256, "srt") == machine


@pytest.mark.parametrize("theirs", [BY_HAND, b"<html>moved</html>", None])
def test_a_file_that_was_changed_meanwhile_is_shown_and_not_written(
    theirs: bytes | None, tmp_path: Path
) -> None:
    films = ApprovedFilm(tmp_path, "srt", "vtt")
    base, vtt = hash_file(films.srt), films.path("vtt").read_bytes()
    films.changes()
    if theirs is None:
        films.srt.unlink()
    else:
        films.srt.write_bytes(theirs)
    result = films.approve("srt", "vtt", base_sha256=base)
    assert isinstance(result, Conflict)
    assert (result.base, result.mine) == (MACHINE, APPROVED)
    assert result.theirs == ((Cue(1.0, 2.0, "By hand."),) if theirs is BY_HAND else None)
    assert (films.srt.read_bytes() if films.srt.exists() else None) == theirs
    assert films.path("vtt").read_bytes() == vtt
    assert films.changes() == []
    assert films.database.history.newest(10) == []
    # Whoever has seen it may approve on top of it.
    assert isinstance(films.approve("srt", base_sha256=result.theirs_sha256), Approval)
    if theirs is not None:
        assert SidecarArchive(films.database).find(result.theirs_sha256, "srt") == theirs


def test_a_file_that_changes_while_it_is_approved_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = ApprovedFilm(tmp_path)

    def publish_late(target: Path, *arguments: Any, **more: Any) -> str:
        films.srt.write_bytes(BY_HAND)
        return publish_sidecar(target, *arguments, **more)

    monkeypatch.setattr(approval, "publish_sidecar", publish_late)
    result = films.approve()
    assert isinstance(result, Conflict)
    assert result.theirs == (Cue(1.0, 2.0, "By hand."),)
    assert films.srt.read_bytes() == BY_HAND


def test_other_formats_that_a_person_made_or_edited_are_kept(tmp_path: Path) -> None:
    films = ApprovedFilm(tmp_path, "srt", "vtt")
    films.path("vtt").write_bytes(b"WEBVTT\n\nedited")
    films.path("ass").write_bytes(b"somebody's")
    result = films.approve("srt", "vtt", "ass", "ttml")
    assert isinstance(result, Approval)
    assert set(result.paths) == {films.srt, films.path("ttml")}
    assert len(result.kept) == 2
    assert films.path("vtt").read_bytes() == b"WEBVTT\n\nedited"
    assert films.path("ass").read_bytes() == b"somebody's"


def test_a_name_that_another_film_of_the_same_stem_has_is_left_to_it(tmp_path: Path) -> None:
    films = ApprovedFilm(tmp_path)
    other = ApprovedFilm.__new__(ApprovedFilm)
    other.database, other.film, other.content = films.database, films.root / "a.mp4", "c2"
    other.film.write_bytes(b"another film")
    other.publish("vtt")
    theirs = films.path("vtt").read_bytes()
    result = films.approve("srt", "vtt")
    assert isinstance(result, Approval)
    assert result.paths == (films.srt,)
    assert "a.mp4" in result.kept[0]
    assert films.path("vtt").read_bytes() == theirs


def test_an_approved_text_can_be_corrected_and_approved_again(tmp_path: Path) -> None:
    films = ApprovedFilm(tmp_path, "srt", "vtt")
    machine = hash_file(films.srt)
    films.approve("srt", "vtt")
    first = films.srt.read_bytes()
    again = (*APPROVED, Cue(5.0, 6.0, "The end."))
    assert isinstance(films.approve("srt", "vtt", cues=again, user="ben"), Approval)
    assert read_cues(films.path("vtt").read_bytes(), "vtt") == again
    signature = films.database.sidecars.approval(films.srt)
    assert signature is not None
    assert signature.approved is not None
    assert (signature.approved.by, signature.approved.of) == ("ben", machine)
    assert SidecarArchive(films.database).find(hashlib.sha256(first).hexdigest(), "srt") == first


@pytest.mark.parametrize("cues", [(), (Cue(1.0, 2.0, " \n"),)])
def test_a_subtitle_without_text_is_not_approved(cues: tuple[Cue, ...], tmp_path: Path) -> None:
    films = ApprovedFilm(tmp_path)
    machine = films.srt.read_bytes()
    with pytest.raises(InputRejectedError, match="without text"):
        films.approve(cues=cues)
    assert films.srt.read_bytes() == machine


def test_only_a_subtitle_of_ours_is_approved(tmp_path: Path) -> None:
    films = ApprovedFilm(tmp_path)
    films.lose_database()
    with pytest.raises(NotOursError, match=r"a\.en\.srt"):
        films.approve()


def test_a_format_that_cannot_be_written_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = ApprovedFilm(tmp_path)
    long_name = films.root / f"{'n' * 251}.srt"
    films.publish_file(long_name, films.srt.read_bytes(), "srt")
    request = approval.ApprovalRequest(
        sidecar=long_name,
        cues=APPROVED,
        user="ana",
        base_sha256=hash_file(long_name),
        formats=("srt", "vtt", "ttml"),
    )

    def render_all_but_vtt(subtitle: Subtitle, fmt: str) -> bytes:
        if fmt == "vtt":
            raise InputRejectedError("it does not read back", "")
        return render_subtitle(subtitle, fmt)

    monkeypatch.setattr(approval, "render_subtitle", render_all_but_vtt)
    result = approval.approve(films.database, request)
    assert isinstance(result, Approval)
    assert result.paths == (long_name, films.srt)
    too_long, unreadable = sorted(result.kept, key=len, reverse=True)
    assert "255 bytes" in too_long
    assert "does not read back" in unreadable


def test_a_summary_is_no_format_of_a_subtitle(tmp_path: Path) -> None:
    films = ApprovedFilm(tmp_path)
    summary = films.root / "a.en.summary.json"
    films.publish_file(summary, b"{}", "summary.json")
    films.approve("srt", "json")
    assert summary.read_bytes() == b"{}"
    request = approval.ApprovalRequest(
        sidecar=summary, cues=APPROVED, user="ana", base_sha256=hash_file(summary)
    )
    with pytest.raises(NotOursError):
        approval.approve(films.database, request)


@pytest.mark.parametrize("fmt", FORMATS)
def test_an_unchanged_text_is_approved_as_another_file_than_the_one_of_the_machine(
    fmt: str, tmp_path: Path
) -> None:
    """Older versions know ours by the hash alone, and must not take it for theirs."""
    films = ApprovedFilm(tmp_path, "srt", fmt)
    machine = hash_file(films.path(fmt))
    films.approve(fmt, cues=MACHINE)
    assert hash_file(films.path(fmt)) != machine
    signature = read_signature(films.path(fmt))
    assert signature is not None
    assert json.loads(os.getxattr(films.path(fmt), "user.subtitled.signature"))["v"] == 3


def test_a_bilingual_subtitle_is_written_in_formats_that_show_cues_only(tmp_path: Path) -> None:
    films = ApprovedFilm(tmp_path)
    name = films.root / "a.bilingual-es.en.srt"
    films.srt.rename(name)
    films.database.sidecars.record_moved(films.srt, name, films.film)
    request = approval.ApprovalRequest(
        sidecar=name,
        cues=(Cue(1.0, 2.0, "Yes.\nSí."),),
        user="ana",
        base_sha256=hash_file(name),
        formats=("srt", "vtt", "lrc", "txt", "json"),
    )
    result = approval.approve(films.database, request)
    assert isinstance(result, Approval)
    assert [path.name for path in result.paths] == [name.name, "a.bilingual-es.en.vtt"]


def test_the_name_of_a_person_is_one_line(tmp_path: Path) -> None:
    films = ApprovedFilm(tmp_path)
    films.approve(user="ana\n\x1b[1m ben\ud800")
    signature = films.database.sidecars.approval(films.srt)
    assert signature is not None
    assert signature.approved is not None
    assert signature.approved.by == "ana [1m ben\ufffd"
