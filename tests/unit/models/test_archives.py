"""Archives give the files of a model, and write nothing else, whatever is in them."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitled.models import archives
from subtitled.models.archives import UnsafeArchiveError, unpack_archive
from subtitled.plugin import ModelArchive, TransientError

FILES = {"top/model.bin": b"weights" * 1000, "top/tokenizer/vocab.json": b"{}", "top/README": b"x"}
WANTED = {"model.bin": "model.bin", "tokenizer/vocab.json": "tokenizer/vocab.json"}
KINDS = ["tar.bz2", "tar.gz", "tar.xz", "tar", "zip"]

Change = Callable[[tarfile.TarFile], object]


def write_archive(path: Path, files: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    kind = path.suffix.removeprefix(".")
    with tarfile.open(path, f"w:{'' if kind == 'tar' else kind}") as tar:  # type: ignore[call-overload]
        for name, content in files.items():
            add_file(tar, name, content)
    return path


def add_file(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def unpack(path: Path, target: Path, strip: int = 1) -> set[str]:
    archive = ModelArchive(url=f"https://example.org/{path.name}", sha256="0" * 64, strip=strip)
    target.mkdir(exist_ok=True)
    return unpack_archive(path, archive, WANTED, target)


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_the_model_are_unpacked_and_no_others(tmp_path: Path, kind: str) -> None:
    path = write_archive(tmp_path / f"model.{kind}", FILES)
    assert unpack(path, tmp_path / "out") == set(WANTED)
    assert written(tmp_path / "out") == set(WANTED)
    assert (tmp_path / "out/model.bin").read_bytes() == FILES["top/model.bin"]


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
@pytest.mark.parametrize("name", ["../model.bin", "/model.bin", "top/../../model.bin", "top\\x"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    path = write_archive(tmp_path / f"model.{kind}", {name: b"x"})
    with pytest.raises(UnsafeArchiveError, match="leads out"):
        unpack(path, tmp_path / "out", strip=0)
    assert written(tmp_path) == {f"model.{kind}"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_link_in_place_of_a_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "model.tar"
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("top/model.bin")
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(UnsafeArchiveError, match="in place of the file"):
        unpack(path, tmp_path / "out")
    assert not written(tmp_path / "out")


def test_a_sparse_file_whose_holes_fill_the_disk_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("top/model.bin")
        member.pax_headers = {
            "GNU.sparse.major": "0",
            "GNU.sparse.minor": "1",
            "GNU.sparse.map": "0,1",
            "GNU.sparse.size": str(1 << 28),
        }
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(UnsafeArchiveError, match="in place of the file"):
        unpack(path, tmp_path / "out")
    assert written(tmp_path / "out") == set()


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("top/model.bin")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(UnsafeArchiveError, match="in place of the file"):
        unpack(path, tmp_path / "out")


def test_a_link_that_is_not_wanted_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "model.tar"
    with tarfile.open(path, "w") as tar:
        link = tarfile.TarInfo("top/tokenizer")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "elsewhere")
        tar.addfile(link)
        add_file(tar, "top/tokenizer/vocab.json", b"{}")
    (tmp_path / "elsewhere").mkdir()
    assert unpack(path, tmp_path / "out") == {"tokenizer/vocab.json"}
    assert not written(tmp_path / "elsewhere")


@pytest.mark.parametrize("kind", ["tar.bz2", "tar.gz", "tar.xz", "zip"])
def test_an_archive_that_unpacks_to_far_more_than_its_size_is_refused(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "EXTRA_BYTES", 100_000)
    path = write_archive(tmp_path / f"model.{kind}", {"top/model.bin": b"\0" * 3_000_000})
    with pytest.raises(UnsafeArchiveError, match="far more"):
        unpack(path, tmp_path / "out")


def test_an_archive_with_too_many_members_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    path = write_archive(tmp_path / "model.zip", FILES)
    with pytest.raises(UnsafeArchiveError, match="too many members"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_archive_is_removed_to_be_downloaded_again(tmp_path: Path, kind: str) -> None:
    path = write_archive(tmp_path / f"model.{kind}", FILES)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(TransientError, match="damaged"):
        unpack(path, tmp_path / "out")
    assert not path.exists()


def test_another_kind_of_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.rar"
    path.write_bytes(b"Rar!")
    with pytest.raises(TransientError, match=r"model\.rar is no archive of a known kind"):
        unpack(path, tmp_path / "out")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    names=st.lists(st.text("ab./~\\", min_size=1, max_size=8), max_size=4), strip=st.integers(0, 2)
)
def test_nothing_is_ever_written_elsewhere(tmp_path: Path, names: list[str], strip: int) -> None:
    folder = tmp_path / "deep" / "folder"
    folder.mkdir(parents=True, exist_ok=True)
    path = tmp_path / "model.tar"
    with tarfile.open(path, "w") as tar:
        for name in names:
            add_file(tar, name, b"x")
    archive = ModelArchive(url="https://example.org/model.tar", sha256="0" * 64, strip=strip)
    try:
        unpacked = unpack_archive(path, archive, {"a": "a", "a/b": "b"}, folder)
    except (UnsafeArchiveError, TransientError):
        unpacked = set()
    assert unpacked <= {"a", "b"}
    assert written(tmp_path) <= {"model.tar", "deep/folder/a", "deep/folder/b"}
