"""Ownership of sidecars: ours, outdated, edited or human."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.ownership import (
    XATTR_NAME,
    ApprovalMark,
    Ownership,
    Signature,
    determine_ownership,
    from_json,
    read_signature,
    sign,
    to_json,
)
from subtitled.subtitles.publish import ForeignFileError, delete_own, move_own, publish_sidecar

EN = Language("en")


def make_signature(content: bytes = b"ours", name: str = "a.en.srt", of: str = "c1") -> Signature:
    digest = hashlib.sha256(content).hexdigest()
    return Signature(
        fingerprint=of,
        name=name,
        language=EN,
        kind=SubtitleKind.FULL,
        format="srt",
        variant="whisper",
        created_at=1.5,
        sha256=digest,
        size_bytes=len(content),
    )


APPROVALS = st.builds(
    ApprovalMark,
    by=st.sampled_from(["ana", "Zoë 张"]),
    at=st.floats(0, 1e11),
    of=st.just("") | st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
)


def _is_file_name(name: str) -> bool:
    return bool(name.strip()) and not {"/", "\0"} & set(name)


@given(
    st.builds(
        Signature,
        fingerprint=st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
        name=st.binary(min_size=1).map(os.fsdecode).filter(_is_file_name),
        language=st.sampled_from([EN, Language("pt-BR")]),
        kind=st.sampled_from(SubtitleKind),
        format=st.sampled_from(["srt", "vtt"]),
        variant=st.from_regex(r"[ -~]{0,100}", fullmatch=True),
        created_at=st.floats(0, 1e11),
        sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
        size_bytes=st.integers(0, 1 << 40),
        approved=st.none() | APPROVALS,
    )
)
def test_a_signature_comes_back_as_it_was_whatever_the_name(provenance: Signature) -> None:
    assert from_json(to_json(provenance)) == provenance
    assert to_json(provenance).isascii()


@given(st.binary() | st.sampled_from([b"{}", b"[]", b"null", b'{"v":1}', b'{"v":2}', b'{"v":3}']))
def test_what_others_write_there_is_no_signature(payload: bytes) -> None:
    assert from_json(payload) is None


FORGERIES: list[dict[str, object] | bytes] = [
    b"[" * 3900,
    b"{" * 3900,
    b'{"v":' * 600 + b"2" + b"}" * 600,
    b'{"v": 2, "size_bytes": 1e999}',
    {"size_bytes": float("inf")},
    {"size_bytes": -1},
    {"size_bytes": 10**30},
    {"size_bytes": "4 bytes"},
    {"language": 7},
    {"language": ["en"]},
    {"language": "no language at all"},
    {"kind": {}},
    {"kind": "better"},
    {"created_at": float("nan")},
    {"created_at": -1e9},
    {"created_at": 1e300},
    {"name": "../../other.srt"},
    {"name": "a\0b.srt"},
    {"name": "\ud800.srt"},
    {"name": None},
    {"format": 3},
    {"format": "\ud800"},
    {"variant": "a\0"},
    {"variant": "x" * 100_000},
    {"fingerprint": "../../../etc"},
    {"fingerprint": ""},
    {"sha256": 0},
    {"v": [2]},
    {"v": 99},
]


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: str(forgery)[:40])
def test_a_forged_signature_is_none(forgery: dict[str, object] | bytes) -> None:
    genuine = json.loads(to_json(make_signature()))
    payload = forgery if isinstance(forgery, bytes) else json.dumps(genuine | forgery).encode()
    assert from_json(to_json(make_signature())) == make_signature()
    assert from_json(payload) is None


@pytest.mark.parametrize(
    "forgery",
    [
        None,
        "ana",
        {"by": 1, "at": 2.0, "of": ""},
        {"by": "a\0", "at": 2.0, "of": ""},
        {"by": "ana", "at": float("inf"), "of": ""},
        {"by": "ana", "at": 2.0, "of": "../etc"},
        {"by": "ana", "at": 2.0},
    ],
    ids=str,
)
def test_a_forged_approval_is_no_signature(forgery: object) -> None:
    approved = replace(make_signature(), approved=ApprovalMark(by="ana", at=2.0, of="d1"))
    genuine = json.loads(to_json(approved))
    assert from_json(json.dumps(genuine).encode()) == approved
    assert from_json(json.dumps(genuine | {"approved": forgery}).encode()) is None


def test_a_signature_of_version_1_is_still_ours(tmp_path: Path) -> None:
    old = {
        "v": 1,
        "content_id": "c1",
        "name": "a.en.srt",
        "language": "en",
        "kind": "full",
        "format": "srt",
        "recipe": "whisper",
        "made_at": 1.5,
        "sha256": hashlib.sha256(b"ours").hexdigest(),
        "size": 4,
    }
    path = tmp_path / "a.en.srt"
    path.write_bytes(b"ours")
    os.setxattr(path, "user.subtitled.made", json.dumps(old).encode("ascii"))
    assert read_signature(path) == make_signature()
    moved = replace(make_signature(), name="b.en.srt")
    assert sign(path, moved)
    assert read_signature(path) == moved


def test_a_sidecar_is_signed_from_its_first_moment(tmp_path: Path) -> None:
    target = tmp_path / "a.en.srt"
    publish_sidecar(target, b"ours", own_digest=None, signature=make_signature())
    assert read_signature(target) == make_signature()
    assert os.listdir(tmp_path) == ["a.en.srt"]


def test_long_variant_that_does_not_fit_is_left_out(tmp_path: Path) -> None:
    target = tmp_path / "a.en.srt"
    target.write_bytes(b"ours")
    long = Signature(
        fingerprint="c",
        name=target.name,
        language=EN,
        kind=SubtitleKind.FULL,
        format="srt",
        variant="x" * 70_000,
        created_at=1.0,
        sha256="d",
        size_bytes=4,
    )
    assert sign(target, long)
    assert read_signature(target) == Signature(
        fingerprint="c",
        name=target.name,
        language=EN,
        kind=SubtitleKind.FULL,
        format="srt",
        variant="",
        created_at=1.0,
        sha256="d",
        size_bytes=4,
    )


def test_human_file_of_the_same_bytes_gets_no_signature(tmp_path: Path) -> None:
    target = tmp_path / "a.en.srt"
    target.write_bytes(b"ours")
    publish_sidecar(target, b"ours", own_digest=None, signature=make_signature())
    assert os.listxattr(target) == []


digests = st.sampled_from(["d1", "d2", "d3"])
contents = st.sampled_from(["c1", "c2"])
signatures = st.none() | st.builds(
    lambda name, digest, of, approved: Signature(
        fingerprint=of,
        name=name,
        language=EN,
        kind=SubtitleKind.FULL,
        format="srt",
        variant="",
        created_at=0.0,
        sha256=digest,
        size_bytes=0,
        approved=approved,
    ),
    st.sampled_from(["a.en.srt", "b.en.srt"]),
    digests,
    contents,
    st.none() | APPROVALS,
)


@given(digests, st.none() | contents, st.none() | st.tuples(digests, contents), signatures)
def test_only_what_has_the_hash_that_we_wrote_is_ours(
    digest: str,
    content: str | None,
    remembered: tuple[str, str] | None,
    signed: Signature | None,
) -> None:
    verdict = determine_ownership("a.en.srt", digest, content, remembered, signed)
    known = {remembered[0]} if remembered else set()
    known |= {signed.sha256} if signed else set()
    if digest not in known:
        assert verdict in (Ownership.HUMAN, Ownership.EDITED)
        assert (verdict is Ownership.HUMAN) is (not known)
    is_approved = signed is not None and signed.approved is not None and signed.sha256 == digest
    if is_approved:
        assert verdict in (Ownership.APPROVED, Ownership.HUMAN)
    else:
        assert verdict is not Ownership.APPROVED
    if verdict is Ownership.OURS and content is not None:
        assert content in {remembered and remembered[1], signed and signed.fingerprint}


def test_copy_of_our_sidecar_beside_another_film_is_human(tmp_path: Path) -> None:
    target = tmp_path / "a.en.srt"
    publish_sidecar(target, b"ours", own_digest=None, signature=make_signature())
    other = tmp_path / "b.en.srt"
    shutil.copy2(target, other)
    signed = read_signature(other)
    assert signed == make_signature()
    digest = make_signature().sha256
    assert determine_ownership(other.name, digest, "c2", None, signed) is Ownership.HUMAN
    assert determine_ownership(other.name, digest, "c1", None, signed) is Ownership.OURS
    assert determine_ownership(target.name, digest, "c2", None, signed) is Ownership.OUTDATED


def test_ours_moves_to_a_new_name_with_its_signature(tmp_path: Path) -> None:
    old, target = tmp_path / "a.en.srt", tmp_path / "deeper" / "b.en.srt"
    target.parent.mkdir()
    publish_sidecar(old, b"ours", own_digest=None, signature=make_signature())
    assert move_own(old, target, make_signature().sha256)
    assert not old.exists()
    assert target.read_bytes() == b"ours"
    assert read_signature(target) == make_signature()


@pytest.mark.parametrize("spelling", ["a.en.srt", "deeper/../a.en.srt"])
def test_ours_is_not_lost_if_it_moves_to_where_it_is(tmp_path: Path, spelling: str) -> None:
    """Where case does not count, two names may be one file too."""
    old = tmp_path / "a.en.srt"
    (tmp_path / "deeper").mkdir()
    publish_sidecar(old, b"ours", own_digest=None, signature=make_signature())
    assert move_own(old, tmp_path / spelling, make_signature().sha256)
    assert old.read_bytes() == b"ours"


def test_ours_moves_to_another_file_system_too(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm") / f"subtitled-test-{os.getpid()}"
    if not elsewhere.parent.is_dir() or elsewhere.parent.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system")
    old = tmp_path / "a.en.srt"
    publish_sidecar(old, b"ours", own_digest=None, signature=make_signature())
    elsewhere.mkdir()
    try:
        assert move_own(old, elsewhere / "a.en.srt", make_signature().sha256)
        assert not old.exists()
        assert (elsewhere / "a.en.srt").read_bytes() == b"ours"
    finally:
        shutil.rmtree(elsewhere)


@pytest.mark.parametrize("blocked", [b"somebody's", b"ours"])
def test_what_stands_at_the_new_name_is_respected(blocked: bytes, tmp_path: Path) -> None:
    """The same content already there is accepted, as after a crash during a move."""
    old, target = tmp_path / "a.en.srt", tmp_path / "b.en.srt"
    publish_sidecar(old, b"ours", own_digest=None, signature=make_signature())
    target.write_bytes(blocked)
    assert move_own(old, target, make_signature().sha256) is (blocked == b"ours")
    assert target.read_bytes() == blocked
    assert old.exists() is (blocked != b"ours")


def test_edited_sidecar_is_not_moved(tmp_path: Path) -> None:
    old = tmp_path / "a.en.srt"
    publish_sidecar(old, b"ours", own_digest=None, signature=make_signature())
    old.write_bytes(b"edited")
    assert not move_own(old, tmp_path / "b.en.srt", make_signature().sha256)
    assert not move_own(tmp_path / "gone", tmp_path / "b.en.srt", make_signature().sha256)
    assert os.listdir(tmp_path) == ["a.en.srt"]
    assert old.read_bytes() == b"edited"


@pytest.mark.thorough
@settings(deadline=None)
@given(seed=st.integers(0, 10**9))
def test_no_sequence_of_our_operations_changes_a_human_file(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """A person writes, edits, renames and deletes while we publish, move and delete."""
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("history")
    paths = [folder / f"{name}.en.srt" for name in "abc"]
    theirs: dict[Path, bytes] = {}
    remembered: dict[Path, str] = {}
    for number in range(25):
        path, other = chance.sample(paths, 2)
        ours = remembered.get(path)
        act = chance.choice(["publish", "move", "retract", "write", "edit", "rename", "delete"])
        if act == "publish":
            content = b"ours %d" % chance.randrange(3)
            try:
                remembered[path] = publish_sidecar(
                    path, content, own_digest=ours, signature=make_signature(content, path.name)
                )
            except ForeignFileError:
                assert path in theirs, f"seed {seed}"
        elif act == "move" and ours is not None:
            if move_own(path, other, ours):
                remembered[other] = remembered.pop(path)
        elif act == "retract" and ours is not None:
            delete_own(path, ours)
        elif act == "write" or (act == "edit" and path.exists()):
            theirs[path] = b"somebody's %d" % number
            with path.open("wb" if act == "write" else "r+b") as file:
                file.write(theirs[path])
                file.truncate()
        elif act == "rename" and path in theirs:
            path.rename(other)
            theirs[other] = theirs.pop(path)
        elif act == "delete" and path.exists():
            path.unlink()
            theirs.pop(path, None)
        for each, content in theirs.items():
            assert each.read_bytes() == content, f"seed {seed}, act {number}: {act}"
    assert not [name for name in os.listdir(folder) if name.startswith(".")]


def test_the_attribute_is_in_the_name_space_that_users_may_write() -> None:
    assert XATTR_NAME.startswith("user.subtitled.")
