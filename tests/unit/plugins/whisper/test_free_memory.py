"""The memory that a process may still take in a container that limits it."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled_plugins.whisper.free_memory import measure_free_memory, measure_left_in_groups


def _write_group(folder: Path, limit: str, used: int, files: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    stat = f"anon {used - files}\ninactive_file {files // 2}\nactive_file {files - files // 2}\n"
    (folder / "memory.stat").write_text(stat)


@pytest.mark.parametrize(
    ("outer", "inner", "left"),
    [("max", "max", None), ("max", "1000", 700), ("900", "1000", 500), ("900", "max", 500)],
)
def test_the_tightest_of_the_control_groups_counts(
    tmp_path: Path, outer: str, inner: str, left: int | None
) -> None:
    folder, own = tmp_path / "groups", tmp_path / "cgroup"
    own.write_text("1:name=systemd:/elsewhere\n0::/media/subtitled\n")
    _write_group(folder / "media", outer, 400)
    _write_group(folder / "media" / "subtitled", inner, 600, files=300)
    assert measure_left_in_groups(own, folder) == left


def test_a_container_sees_its_own_group_as_the_outermost_one(tmp_path: Path) -> None:
    folder, own = tmp_path / "groups", tmp_path / "cgroup"
    own.write_text("0::/\n")
    _write_group(folder, "2000", 500)
    assert measure_left_in_groups(own, folder) == 1500


def _write_old_group(folder: Path, limit: int, used: int, files: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.limit_in_bytes").write_text(f"{limit}\n")
    (folder / "memory.usage_in_bytes").write_text(f"{used}\n")
    own = "inactive_file 1\nactive_file 1\n"
    stat = f"{own}total_inactive_file {files // 2}\ntotal_active_file {files - files // 2}\n"
    (folder / "memory.stat").write_text(stat)


OLD_NO_LIMIT = 9223372036854771712


@pytest.mark.parametrize(
    ("outer", "inner", "left"),
    [
        (OLD_NO_LIMIT, OLD_NO_LIMIT, None),
        (OLD_NO_LIMIT, 1000, 700),
        (900, 1000, 500),
        (900, OLD_NO_LIMIT, 500),
    ],
)
def test_the_tightest_of_the_groups_of_version_1_counts(
    tmp_path: Path, outer: int, inner: int, left: int | None
) -> None:
    folder, own = tmp_path / "groups", tmp_path / "cgroup"
    own.write_text("9:cpu,cpuacct:/docker/a\n4:memory:/docker/a\n1:name=systemd:/x\n0::/y\n")
    _write_old_group(folder / "memory" / "docker", outer, 400)
    _write_old_group(folder / "memory" / "docker" / "a", inner, 600, files=300)
    assert measure_left_in_groups(own, folder) == left


def test_a_container_of_version_1_has_its_limit_in_the_folder_whatever_its_name_is(
    tmp_path: Path,
) -> None:
    folder, own = tmp_path / "groups", tmp_path / "cgroup"
    own.write_text("4:hugetlb,memory:/docker/0a1b\n")
    _write_old_group(folder / "memory", 2000, 500)
    assert measure_left_in_groups(own, folder) == 1500


@pytest.mark.parametrize("text", [None, "", "4:memory:/docker/abc\n", "0::/gone\n"])
def test_a_system_without_such_groups_has_no_limit(tmp_path: Path, text: str | None) -> None:
    own = tmp_path / "cgroup"
    if text is not None:
        own.write_text(text)
    assert measure_left_in_groups(own, tmp_path) is None


def test_something_is_free_here() -> None:
    assert measure_free_memory() > 0
