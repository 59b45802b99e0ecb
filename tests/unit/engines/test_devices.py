"""Tests of the devices on which engines run: what is there, and what a section may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.config.engine_device import find_device_issue, split_device
from subtitled.config.load import ConfigurationError, load_config
from subtitled.daemon.doctor.devices import check_devices
from subtitled.engines.devices import Device, choose_slot, is_seen, list_devices
from subtitled.engines.pool import EnginePool
from subtitled.engines.process_client import spec_of
from subtitled.plugin import EngineCapabilities, Settings


def _machine(root: Path, cards: int = 0, nodes: dict[str, str] | None = None) -> list[Device]:
    for number in range(cards):
        folder = root / f"proc/driver/nvidia/gpus/0000:0{number}:00.0"
        folder.mkdir(parents=True)
        (folder / "information").write_text(f"Model: \t\t RTX 409{number}\nIRQ: 12\n")
    for name, vendor in (nodes or {}).items():
        (root / "dev/dri").mkdir(parents=True, exist_ok=True)
        (root / "dev/dri" / name).touch()
        described = root / "sys/class/drm" / name / "device"
        described.mkdir(parents=True)
        (described / "vendor").write_text(f"{vendor}\n")
    return list_devices(root)


def test_a_machine_without_cards_has_its_processor(tmp_path: Path) -> None:
    assert [str(device) for device in _machine(tmp_path)] == ["cpu"]


def test_cards_are_told_with_their_names(tmp_path: Path) -> None:
    seen = _machine(tmp_path, 2, {"renderD128": "0x8086", "renderD129": "0x1234"})
    assert [str(device) for device in seen] == [
        "cpu",
        "cuda:0 (RTX 4090)",
        "cuda:1 (RTX 4091)",
        "gpu:0 (Intel)",
        "gpu:1 (graphics card)",
    ]


def test_a_card_in_a_container_is_seen_by_its_device_file(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    for name in ("nvidia0", "nvidiactl", "nvidia-uvm"):
        (tmp_path / "dev" / name).touch()
    assert [str(device) for device in list_devices(tmp_path)] == ["cpu", "cuda:0 (NVIDIA)"]


@pytest.mark.parametrize(
    ("device", "offered", "slot"),
    [
        ("auto", ("cpu", "cuda"), "cuda:0"),
        ("auto", ("cpu", "vulkan"), "gpu:0"),
        ("auto", ("cpu",), "cpu"),
        ("auto", (), "cpu"),
        ("cpu", ("cpu", "cuda"), "cpu"),
        ("cuda", ("cpu", "cuda"), "cuda:0"),
        ("cuda:1", ("cpu", "cuda"), "cuda:1"),
        ("vulkan", ("vulkan",), "gpu:0"),
        ("npu", ("npu",), "npu:0"),
    ],
)
def test_engines_count_on_the_device_where_they_run(
    tmp_path: Path, device: str, offered: tuple[str, ...], slot: str
) -> None:
    assert choose_slot(device, offered, _machine(tmp_path, 1, {"renderD128": "0x1002"})) == slot


def test_a_device_that_is_not_there_is_noticed_and_unknown_kinds_are_left_alone(
    tmp_path: Path,
) -> None:
    seen = _machine(tmp_path, 1)
    there = {name: is_seen(name, seen) for name in ("cpu", "cuda", "cuda:1", "vulkan", "npu:3")}
    assert there == {"cpu": True, "cuda": True, "cuda:1": False, "vulkan": False, "npu:3": True}


def _load(tmp_path: Path, text: str) -> dict[str, str]:
    (tmp_path / "c.toml").write_text(text)
    configuration = load_config(tmp_path / "c.toml")
    return {name: one.device for name, one in configuration.engines.items()}


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1"])
def test_the_device_of_a_section_reaches_the_engine(tmp_path: Path, device: str) -> None:
    text = f'[engines.whisper]\ndevice = "{device}"\n'
    assert _load(tmp_path, text) == {"whisper": device}
    configured = load_config(tmp_path / "c.toml").engines["whisper"]
    assert spec_of(configured, 1, {})["device"] == device


@pytest.mark.parametrize(
    ("section", "message", "hint"),
    [
        ('[engines.whisper]\ndevice = "vulkan"', "device", "cuda"),
        ('[engines.whisper]\ndevice = "cuda:x"', "device", ""),
        ("[engines.whisper]\ndevice = 1", "device", ""),
        (
            '[engines.openai]\nurl = "http://localhost/v1"\nmodel = "m"\ndevice = "cuda"',
            "cannot be told where to run",
            "Delete this line",
        ),
        (
            '[engines.openai]\nurl = "http://localhost/v1"\nmodel = "m"\ndevice = 7',
            "no device",
            "auto",
        ),
    ],
)
def test_a_device_that_cannot_be_is_told_with_the_line(
    tmp_path: Path, section: str, message: str, hint: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        _load(tmp_path, section + "\n")
    (issue,) = raised.value.issues
    assert message in f"{issue.key} {issue.message}"
    assert hint in issue.hint
    assert issue.line == section.count("\n") + 1


def test_engines_on_different_devices_do_not_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = _machine(tmp_path, 2)
    monkeypatch.setattr("subtitled.engines.pool.list_devices", lambda: seen)
    sections = {"one": "cpu", "two": "cpu", "three": "cuda", "four": "auto", "five": "cuda:1"}
    (tmp_path / "c.toml").write_text(
        "[daemon]\nmax_loaded_models = 1\n"
        + "".join(
            f'[engines.{name}]\nplugin = "whisper"\ndevice = "{device}"\n'
            for name, device in sections.items()
        )
    )
    pool = EnginePool(load_config(tmp_path / "c.toml"), tmp_path, 1)
    try:
        limits = {name: pool[name].slots for name in sections}
    finally:
        pool.close()
    assert limits["one"] is limits["two"]
    assert limits["three"] is limits["four"], "auto is the first card"
    assert len({id(limit) for limit in limits.values()}) == 3


def test_the_doctor_lists_the_devices_and_names_the_one_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = _machine(tmp_path, 1)
    monkeypatch.setattr("subtitled.daemon.doctor.devices.list_devices", lambda: seen)
    (tmp_path / "c.toml").write_text(
        "[engines.whisper]\n"
        '[engines.first]\nplugin = "whisper"\ndevice = "cuda"\n'
        '[engines.second]\nplugin = "whisper"\ndevice = "cuda:1"\n'
    )
    checks = list(check_devices(load_config(tmp_path / "c.toml")))
    assert [(check.subject, check.ok) for check in checks] == [
        ("devices", True),
        ("device of engine first", True),
        ("device of engine second", False),
    ]
    assert "cuda:0 (RTX 4090)" in checks[0].detail
    assert "engines.second.device" in checks[2].hint


class OwnDevice(Settings):
    """The settings of a plugin that had a device before the core did."""

    device: str = "npu0:7,9"


def test_a_plugin_with_a_device_of_its_own_goes_on_validating_it() -> None:
    device, options = split_device("engines", {"device": "npu0:1,2", "model": "m"}, OwnDevice)
    assert (device, options) == ("npu0:1,2", {"device": "npu0:1,2", "model": "m"})
    section = ("engines", "mine")
    assert find_device_issue(device, EngineCapabilities(), OwnDevice, section, "") is None
    # Other kinds of components have no device of the core's.
    assert split_device("servers", {"device": "tv"}, Settings) == ("auto", {"device": "tv"})
