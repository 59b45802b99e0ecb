"""Every kind of operation is one step of undo, also for a process that comes after kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.plugin import Cue
from subtitled.subtitles.review import operations as ops
from subtitled.subtitles.review.document import Document
from support.heard_words import respell, speak, store_transcript
from support.review_library import ReviewLibrary

ANA = Actor.user("ana")
CUES = (
    Cue(1.0, 3.0, "The Schuffa said no."),
    Cue(4.0, 6.5, "He lives in New York."),
    Cue(8.0, 10.0, "So they say."),
    Cue(11.0, 13.0, "A line that is a bit too long for us,\nand its end."),
)
SPOKEN = speak(CUES, delay=0.2)
OPERATIONS: tuple[ops.SimpleOperation | ops.Compound, ...] = (
    ops.SetText(cue="3", lines=("So they", "say.")),
    ops.SetTimes(cue="3", start=8.2, end=9.9),
    ops.Split(cue="2", first=("He lives",), second=("in New York.",)),
    ops.Split(cue="3", at=9.0, first=("So they",), second=("say.",)),
    ops.Merge(cues=("3", "op3.1")),
    ops.Insert(start=14.0, end=15.0, lines=("New.",)),
    ops.Delete(cues=("op5.1",)),
    ops.Shift(seconds=0.5, first="3"),
    ops.Snap(
        cues=("1",),
        times=tuple(word.start for word in SPOKEN[:4]),
        ends=tuple(word.end for word in SPOKEN[:4]),
    ),
    ops.Replace(find="New York", replacement="London"),
    ops.TakeWords(cue="1", text="The Schufa said no.", engine="qwen large"),
    ops.BreakLines(cues=("4",)),
    ops.Restore(cues=("1", "2")),
    ops.Compound(parts=(ops.Delete(cues=("4",)), ops.SetText(cue="1", lines=("Other.",)))),
)
_EDITOR = """
import json, sys
from pathlib import Path
from subtitled.config.load import load_config
from subtitled.daemon.reviews.service import ReviewService
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.db.database import Database
from subtitled.db.state_folder import DATABASE_FILE
from subtitled.subtitles.review import operations as ops

configuration = load_config(Path(sys.argv[1]))
db = Database(configuration.settings.daemon.state_dir / DATABASE_FILE)
service, number = ReviewService(configuration, db), int(sys.argv[2])
for name, wanted in json.loads(sys.argv[3]):
    tag = VersionTag.of(service.load(number))
    if wanted == "undo":
        result = service.undo(number, name, tag, Actor.user("ana"))
    else:
        result = service.edit(number, name, ops.from_json(wanted), tag, Actor.user("ana"))
    assert result.operation is not None, wanted
    cues = result.review.document.cues
    print(json.dumps([[cue.id, cue.start, cue.end, cue.lines] for cue in cues]), flush=True)
sys.stdin.read()
"""


def _edit_and_kill(folder: Path, number: int, steps: list[tuple[str, str]]) -> list[Any]:
    """Let a process take steps, kill it when the last is acknowledged, and return its versions."""
    arguments = [str(folder / "config.toml"), str(number), json.dumps(steps)]
    editor = subprocess.Popen(
        [sys.executable, "-c", _EDITOR, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert editor.stdout is not None and editor.stdin is not None
    versions = [json.loads(editor.stdout.readline()) for _ in steps]
    os.kill(editor.pid, signal.SIGKILL)
    editor.wait(60)
    editor.stdin.close()
    editor.stdout.close()
    return versions


def _plain(document: Document) -> list[list[Any]]:
    return [[cue.id, cue.start, cue.end, list(cue.lines)] for cue in document.cues]


def test_every_operation_is_undone_and_redone_after_kill_9(tmp_path: Path) -> None:
    kinds = {type(operation) for operation in OPERATIONS}
    assert kinds == {*get_args(ops.SimpleOperation), ops.Compound}
    library = ReviewLibrary(tmp_path)
    number = library.open("Film", CUES)
    first = library.service.load(number)
    fingerprint = first.record.fingerprint
    store_transcript(library.configuration, fingerprint, "whisper-1", SPOKEN)
    other = respell(SPOKEN, {"Schuffa": "Schufa"})
    store_transcript(library.configuration, fingerprint, "qwen-2", other)

    edits = [(f"op{place}", ops.to_json(one)) for place, one in enumerate(OPERATIONS)]
    versions = [_plain(first.document), *_edit_and_kill(tmp_path, number, edits)]
    assert versions[3][2][1] == 5.2  # "in" is said then
    assert all(before != after for before, after in zip(versions, versions[1:], strict=False))

    steps = [(f"undo{place}", "undo") for place in range(len(edits))]
    undone = _edit_and_kill(tmp_path, number, steps)
    assert undone == versions[-2::-1]

    again = ReviewLibrary(tmp_path).service
    for place, expected in enumerate(versions[1:]):
        tag = VersionTag.of(again.load(number))
        result = again.redo(number, f"redo{place}", tag, ANA)
        assert _plain(result.review.document) == expected, OPERATIONS[place].kind
