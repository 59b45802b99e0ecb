"""Files in folders, archives, refusals of the hub, folders of plugins, and folders of users."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitled.models.store import ModelStore
from subtitled.plugin import ModelArchive, ModelFile, ModelSpec, SetupError, TransientError
from support.fakes.model_hub import FILES, Hub, sha256

Pull = Callable[..., tuple[int, str]]
WEIGHTS = bytes(range(256)) * 100
NESTED = {"model.bin": FILES["model.bin"], "onnx/tokenizer.json": b"{}", "onnx/a/merges.txt": b"x"}


def build_archive(files: dict[str, bytes], top: str = "model-2026") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:bz2") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def archive_spec(hub: Hub, *contents: bytes, **changes: object) -> ModelSpec:
    archives = []
    for number, content in enumerate(contents):
        hub.archives[f"{number}.tar.bz2"] = content
        url = f"{hub.url}/archives/{number}.tar.bz2"
        archives.append(ModelArchive(url=url, sha256=sha256(content), strip=1))
    options: dict[str, object] = {
        "name": "small",
        "files": {"model.bin": sha256(WEIGHTS), "tokenizer/vocab.json": None},
        "size_bytes": len(WEIGHTS),
        "archives": tuple(archives),
    }
    return ModelSpec(**(options | changes))  # type: ignore[arg-type]


PARTS = {"model.bin": WEIGHTS, "tokenizer/vocab.json": b"{}", "test_wavs/0.wav": b"RIFF"}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    monkeypatch.delenv("SUBTITLED_MODELS", raising=False)
    return ModelStore(tmp_path / "models", plugin="mine")


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "pinned.json"
    }


def test_files_in_folders_come_from_the_hub(hub: Hub, pull: Pull, folder: Path) -> None:
    hub.files = dict(NESTED)
    spec = ModelSpec(
        name="small",
        files={
            "model.bin": sha256(NESTED["model.bin"]),
            "tokenizer/tokenizer.json": ModelFile(source="onnx/tokenizer.json"),
            "onnx/a/merges.txt": None,
            "preprocessor.json": ModelFile(is_optional=True),
        },
        size_bytes=1,
        repository="maker/small",
    )
    assert pull(spec, hub.url) == (0, str(folder))
    assert set(files_of(folder)) == {"model.bin", "tokenizer/tokenizer.json", "onnx/a/merges.txt"}
    installed = ModelStore(folder.parent)
    assert [verdict for _, verdict in installed.verify(spec)] == ["ok"] * 3
    assert installed.path(spec) == folder
    (folder / "onnx/a/merges.txt").write_bytes(b"y")
    with pytest.raises(SetupError, match=r"onnx/a/merges\.txt"):
        ModelStore(folder.parent).path(spec)


@pytest.mark.parametrize(
    ("refusal", "kind", "told"),
    [
        ((403, "GatedRepo"), "SetupError", "agreed to its terms. Agree to them at"),
        ((401, "RepoNotFound"), "TransientError", "set $HF_TOKEN"),
        ((404, "RevisionNotFound"), "TransientError", "no revision main"),
        ((404, "EntryNotFound"), "TransientError", "has no file model.bin"),
    ],
)
def test_a_refusal_of_the_hub_names_its_cause(
    hub: Hub, pull: Pull, refusal: tuple[int, str], kind: str, told: str
) -> None:
    hub.refusal = refusal
    spec = ModelSpec(name="small", files={"model.bin": None}, repository="maker/small")
    status, output = pull(spec, hub.url)
    assert status == 1
    assert output.startswith(kind)
    assert told in output
    assert "models_dir" not in output


def test_a_model_comes_out_of_an_archive(hub: Hub, store: ModelStore) -> None:
    spec = archive_spec(hub, build_archive(PARTS))
    folder = store.ensure(spec)
    assert files_of(folder) == {name: PARTS[name] for name in spec.files}
    assert not list(store.folder.glob(".*.partial"))
    asked = len(hub.gets)
    assert store.ensure(spec) == folder
    assert len(hub.gets) == asked


def test_archives_have_the_files_between_them(hub: Hub, store: ModelStore) -> None:
    first = build_archive({"model.bin": WEIGHTS})
    second = build_archive({"tokenizer/vocab.json": b"{}"}, "other")
    assert set(files_of(store.ensure(archive_spec(hub, first, second)))) == {
        "model.bin",
        "tokenizer/vocab.json",
    }


def test_an_archive_that_breaks_off_is_taken_up_again(hub: Hub, store: ModelStore) -> None:
    content = build_archive(PARTS | {"model.bin": os.urandom(300_000)})
    spec = archive_spec(hub, content, files={"model.bin": None})
    hub.cuts = [100_000, 100_000]
    store.ensure(spec)
    assert [asked for _, asked in hub.gets] == ["", "bytes=100000-", "bytes=200000-"]


def test_an_archive_with_other_bytes_is_refused_and_removed(hub: Hub, store: ModelStore) -> None:
    spec = archive_spec(hub, build_archive(PARTS))
    hub.archives["0.tar.bz2"] = build_archive(PARTS | {"model.bin": b"other"})
    with pytest.raises(SetupError, match=r"0\.tar\.bz2 was refused: expected SHA-256"):
        store.ensure(spec)
    assert not store.is_installed(spec)
    hub.archives["0.tar.bz2"] = build_archive(PARTS)
    assert store.ensure(archive_spec(hub, build_archive(PARTS))).is_dir()


def test_an_archive_without_a_file_is_a_fault_of_the_plugin(hub: Hub, store: ModelStore) -> None:
    spec = archive_spec(hub, build_archive({"model.bin": WEIGHTS}))
    with pytest.raises(TransientError, match=r"has no tokenizer/vocab\.json.*tell its author"):
        store.ensure(spec)


def test_an_address_without_an_archive_is_named(hub: Hub, store: ModelStore) -> None:
    spec = archive_spec(hub, build_archive(PARTS))
    hub.archives.clear()
    with pytest.raises(TransientError, match=r"answers 404 to .*0\.tar\.bz2"):
        store.ensure(spec)


def test_two_plugins_have_models_of_the_same_name(hub: Hub, tmp_path: Path) -> None:
    stores = ModelStore(tmp_path / "models")
    specs = {
        name: archive_spec(hub, build_archive({"m": name.encode()}), files={"m": None})
        for name in ("one", "two")
    }
    for name, spec in specs.items():
        content = build_archive({"m": name.encode()})
        hub.archives["0.tar.bz2"] = content
        assert stores.of_plugin(name).ensure(spec) == tmp_path / "models" / name / "small"
    for name, spec in specs.items():
        assert (stores.of_plugin(name).path(spec) / "m").read_bytes() == name.encode()


def test_a_model_from_before_plugins_had_folders_comes_along(tmp_path: Path) -> None:
    old = tmp_path / "models" / "small"
    old.mkdir(parents=True)
    (old / "model.bin").write_bytes(WEIGHTS)
    spec = ModelSpec(name="small", files={"model.bin": sha256(WEIGHTS)})
    store = ModelStore(tmp_path / "models").of_plugin("mine")
    assert store.is_installed(spec)
    assert store.ensure(spec) == tmp_path / "models" / "mine" / "small"
    assert not old.exists()
    assert store.verify(spec, force=True) == [("model.bin", "ok")]


def test_an_old_model_with_other_weights_is_not_taken_for_this_one(tmp_path: Path) -> None:
    old = tmp_path / "models" / "small"
    old.mkdir(parents=True)
    (old / "model.bin").write_bytes(b"weights of another plugin")
    spec = ModelSpec(name="small", files={"model.bin": sha256(WEIGHTS)})
    with pytest.raises(SetupError, match="models pull mine/small"):
        ModelStore(tmp_path / "models").of_plugin("mine").ensure(spec)
    assert (old / "model.bin").read_bytes() == b"weights of another plugin"


def test_a_folder_of_the_users_is_used_in_place(tmp_path: Path, store: ModelStore) -> None:
    own = tmp_path / "nas" / "tuned"
    (own / "tokenizer").mkdir(parents=True)
    spec = ModelSpec.in_folder(own, ["model.bin", "tokenizer/vocab.json"], optional=["extra"])
    with pytest.raises(SetupError, match=r"model\.bin \(missing\), tokenizer/vocab\.json"):
        store.ensure(spec)
    (own / "model.bin").write_bytes(b"x")
    (own / "tokenizer/vocab.json").write_bytes(b"{}")
    assert store.ensure(spec) == own
    assert store.pull(spec) == own
    assert not store.folder.exists(), "something was copied"
    assert [file for file, _ in store.verify(spec)] == ["model.bin", "tokenizer/vocab.json"]


def test_a_folder_of_the_users_that_is_gone_is_named(tmp_path: Path, store: ModelStore) -> None:
    # The stat() of the second one fails, as without access to a folder above it.
    for folder in (tmp_path / "gone", tmp_path / f"gone{300 * 'x'}"):
        spec = ModelSpec.in_folder(folder, ["model.bin"])
        with pytest.raises(SetupError, match=r"does not exist .*gone.*mount the disk"):
            store.ensure(spec)
