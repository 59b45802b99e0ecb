"""What a machine has is read from the files of Linux, whatever kind of machine it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.daemon.benchmark.machine import describe_machine, parse_cpuinfo, read_machine

GIB = 1024**3


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("text", "name", "sets"),
    [
        (
            "model name\t: Intel(R)  N100\nflags\t\t: sse4_2 avx avx2 avx_vnni\n" * 4,
            "Intel(R) N100",
            ("AVX", "AVX2", "VNNI"),
        ),
        (
            "model name\t: Intel(R) Celeron(R) J4125\nflags\t\t: sse4_1 sse4_2\n",
            "Intel(R) Celeron(R) J4125",
            ("SSE only",),
        ),
        (
            "model name : AMD EPYC\nflags : avx avx2 avx512f avx512_vnni avx512_bf16\n",
            "AMD EPYC",
            ("AVX", "AVX2", "AVX-512", "VNNI", "bf16"),
        ),
        (
            "processor : 0\nFeatures : fp asimd asimddp\nModel : Raspberry Pi 5 Model B\n",
            "Raspberry Pi 5 Model B",
            ("NEON", "dot product"),
        ),
        ("Features : fp asimd bf16 i8mm sve\n", "", ("bf16", "NEON", "i8mm", "SVE")),
        ("", "", ()),
        ("flags :\n", "", ("SSE only",)),
        ("notaflags : avx\nflagsx: avx2\n", "", ()),
    ],
)
def test_sets_of_instructions_are_those_of_the_flags(
    text: str, name: str, sets: tuple[str, ...]
) -> None:
    assert parse_cpuinfo(text) == (name, sets)


@pytest.mark.parametrize(
    ("files", "cores", "limit_mb"),
    [
        (
            {
                "proc/self/cgroup": "0::/system.slice/subtitled.service\n",
                "sys/fs/cgroup/system.slice/subtitled.service/cpu.max": "max 100000\n",
                "sys/fs/cgroup/system.slice/subtitled.service/memory.max": "max\n",
                "sys/fs/cgroup/system.slice/cpu.max": "150000 100000\n",
                "sys/fs/cgroup/system.slice/memory.max": f"{GIB // 4}\n",
            },
            1.5,
            256,
        ),
        (
            {
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/cpu.max": "50000 100000\n",
                "sys/fs/cgroup/memory.max": f"{GIB // 8}\n",
            },
            0.5,
            128,
        ),
        (
            {
                "proc/self/cgroup": "5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n1:name=x:/\n",
                "sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": f"{GIB // 16}\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            },
            2.0,
            64,
        ),
        (
            {
                "proc/self/cgroup": "5:cpu,cpuacct:/docker/x\n",
                "sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us": "100000\n",
            },
            None,
            None,
        ),
        ({}, None, None),
        ({"proc/self/cgroup": "nonsense\n0::\n"}, None, None),
    ],
)
def test_limits_of_containers_and_services_count(
    tmp_path: Path, files: dict[str, str], cores: float | None, limit_mb: int | None
) -> None:
    write(tmp_path, files)
    machine = read_machine(tmp_path)
    assert (machine.cpu_limit, machine.memory_limit_mb) == (cores, limit_mb)
    if limit_mb is not None:
        assert machine.available_mb <= limit_mb == machine.usable_mb


def test_what_a_group_keeps_of_files_is_not_taken(tmp_path: Path) -> None:
    group = "sys/fs/cgroup"
    write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\n",
            f"{group}/memory.max": f"{100 << 20}\n",
            f"{group}/memory.current": f"{90 << 20}\n",
            f"{group}/memory.stat": f"anon 5\nactive_file {20 << 20}\ninactive_file {30 << 20}\n",
        },
    )
    assert read_machine(tmp_path).available_mb == 60


def test_a_machine_without_avx_is_told_and_is_another_machine(tmp_path: Path) -> None:
    write(tmp_path, {"proc/cpuinfo": "model name : Celeron\nflags : sse4_2\n"})
    old = read_machine(tmp_path)
    assert "Whisper takes 3.2 times as long without AVX" in list(describe_machine(old))
    write(tmp_path, {"proc/cpuinfo": "model name : N100\nflags : avx avx2\n"})
    new = read_machine(tmp_path)
    assert not any("3.2" in line for line in describe_machine(new))
    assert len({old.identity(2), new.identity(2), new.identity(4)}) == 3
    assert new.identity(2) == read_machine(tmp_path).identity(2)


def test_a_board_without_a_name_of_its_processor_has_that_of_the_board(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "proc/cpuinfo": "processor : 0\nFeatures : asimd\n",
            "proc/device-tree/model": "FriendlyElec NanoPi R5S\0",
        },
    )
    assert read_machine(tmp_path).processor == "FriendlyElec NanoPi R5S"
