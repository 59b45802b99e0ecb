"""Edits of a published sidecar are kept, whoever edits and whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from subtitled.daemon.reviews.errors import (
    ChangedMeanwhileError,
    NothingToRevertError,
    OperationIdUsedError,
    ReviewNotFoundError,
    ReviewTakenError,
    StaleVersionError,
    UnreadableSidecarError,
)
from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.db.operations import CueVerdict, Verdict
from subtitled.plugin import Cue, Language
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.review import operations as ops
from support.review_library import CUES, ENGLISH, FULL, ReviewLibrary, publish

ANA, BEN, EVE = map(Actor.user, ("ana", "ben", "eve"))


@pytest.fixture
def library(tmp_path: Path) -> ReviewLibrary:
    return ReviewLibrary(tmp_path)


def _tag(library: ReviewLibrary, number: int) -> VersionTag:
    return VersionTag.of(library.service.load(number))


def _texts(review: OpenReview) -> list[str]:
    return [cue.text for cue in review.document.cues]


def test_a_review_begins_with_the_cues_of_the_published_sidecar(library: ReviewLibrary) -> None:
    number = library.open()
    review = library.service.load(number)
    assert review.document.to_cues() == CUES
    assert [cue.id for cue in review.document.cues] == ["1", "2", "3"]
    assert not review.is_translation


def test_the_language_that_is_not_spoken_has_the_limits_of_a_translation(
    library: ReviewLibrary,
) -> None:
    record, _ = library.add()
    publish(library.db, record.path, language=Language("de"))
    number = library.service.open(record, Language("de"), FULL).id
    assert library.service.load(number).is_translation


def test_a_subtitle_that_we_did_not_write_is_not_reviewed(library: ReviewLibrary) -> None:
    record, sidecar = library.add()
    sidecar.with_name("Film.fr.srt").write_bytes(sidecar.read_bytes())
    with pytest.raises(ReviewNotFoundError, match="no subtitle of ours in fr"):
        library.service.open(record, Language("fr"), FULL)


def test_a_sidecar_that_is_gone_or_broken_is_named(library: ReviewLibrary) -> None:
    number = library.open()
    sidecar = library.films / "Film.en.srt"
    sidecar.write_bytes(b"<html>not found</html>")
    with pytest.raises(UnreadableSidecarError, match="Film.en.srt") as raised:
        library.service.load(number)
    assert raised.value.hint
    sidecar.unlink()
    with pytest.raises(ReviewNotFoundError, match="Film.en.srt"):
        library.service.load(number)


def test_an_edit_is_kept_and_undone_and_redone_after_a_restart(
    library: ReviewLibrary, tmp_path: Path
) -> None:
    number = library.open()
    tag = _tag(library, number)
    respelt = ops.Replace(find="Schuffa", replacement="Schufa")
    library.service.edit(number, "a", respelt, tag, ANA)
    library.service.edit(number, "b", ops.Delete(cues=("3",)), tag, ANA)
    library.db.close()
    again = ReviewLibrary(tmp_path)
    assert _texts(again.service.load(number)) == ["The Schufa said no.", CUES[1].text]
    tag = _tag(again, number)
    again.service.undo(number, "c", tag, ANA)
    again.service.undo(number, "d", tag, ANA)
    assert again.service.load(number).document.to_cues() == CUES
    again.service.redo(number, "e", tag, ANA)
    assert _texts(again.service.load(number))[0] == "The Schufa said no."
    assert again.service.load(number).version == 5


def test_nobody_undoes_the_edits_of_others(library: ReviewLibrary) -> None:
    number = library.open()
    tag = _tag(library, number)
    library.service.edit(number, "a", ops.Delete(cues=("3",)), tag, ANA)
    with pytest.raises(NothingToRevertError):
        library.service.undo(number, "b", tag, BEN)
    with pytest.raises(NothingToRevertError):
        library.service.redo(number, "b", tag, ANA)
    with pytest.raises(NothingToRevertError):
        library.service.undo(number, "b", tag, ANA, version=7)


def test_what_others_built_on_is_not_undone(library: ReviewLibrary) -> None:
    number = library.open()
    tag = _tag(library, number)
    library.service.edit(number, "a", ops.SetText(cue="1", lines=("Mine",)), tag, ANA)
    later = _tag(library, number)
    library.service.edit(number, "b", ops.SetText(cue="1", lines=("Theirs",)), later, BEN)
    with pytest.raises(ChangedMeanwhileError) as raised:
        library.service.undo(number, "c", _tag(library, number), ANA)
    (cue,) = raised.value.conflict.cues
    assert cue.theirs is not None
    assert (cue.cue, cue.theirs.text) == ("1", "Theirs")


def test_an_edit_that_is_sent_again_is_applied_once(library: ReviewLibrary) -> None:
    number = library.open()
    tag = _tag(library, number)
    shift = ops.Shift(seconds=1.0)
    first = library.service.edit(number, "a", shift, tag, ANA)
    second = library.service.edit(number, "a", shift, tag, ANA)
    assert (first.is_repeated, second.is_repeated) == (False, True)
    assert first.operation == second.operation
    assert library.service.load(number).document.cues[0].start == 2.0
    with pytest.raises(OperationIdUsedError):
        library.service.edit(number, "a", ops.Shift(seconds=2.0), tag, ANA)
    with pytest.raises(OperationIdUsedError):
        library.service.edit(number, "a", shift, tag, BEN)


def test_an_id_that_two_editors_use_at_once_is_used_by_one(library: ReviewLibrary) -> None:
    number = library.open()
    tag = _tag(library, number)
    outcomes = list[str]()
    barrier = threading.Barrier(6)

    def edit(editor: int) -> None:
        operation = ops.SetText(cue=str(editor % 3 + 1), lines=(f"By {editor}",))
        barrier.wait()
        try:
            library.service.edit(number, "same", operation, tag, Actor.user(f"{editor}"))
        except OperationIdUsedError:
            outcomes.append("refused")
        else:
            outcomes.append("kept")

    threads = [threading.Thread(target=edit, args=(editor,)) for editor in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["kept"] + ["refused"] * 5
    assert library.service.load(number).version == 1


def test_disjoint_edits_are_both_kept_and_touching_ones_show_both_versions(
    library: ReviewLibrary,
) -> None:
    number = library.open()
    tag = _tag(library, number)
    library.service.edit(number, "a", ops.SetText(cue="1", lines=("Ana",)), tag, ANA)
    library.service.edit(number, "b", ops.SetText(cue="2", lines=("Ben",)), tag, BEN)
    assert _texts(library.service.load(number)) == ["Ana", "Ben", "So they say."]
    with pytest.raises(ChangedMeanwhileError, match="changed cues .* 1") as raised:
        library.service.edit(number, "c", ops.SetText(cue="1", lines=("Eve",)), tag, EVE)
    (cue,) = raised.value.conflict.cues
    shown = [one.text for one in (cue.base, cue.mine, cue.theirs) if one is not None]
    assert shown == [CUES[0].text, "Eve", "Ana"]
    assert library.service.load(number).version == 2


def test_editors_at_the_same_time_lose_nothing(library: ReviewLibrary) -> None:
    cues = tuple(Cue(2.0 * number, 2.0 * number + 1, f"Line {number}") for number in range(12))
    number = library.open("Long", cues)
    tag = _tag(library, number)
    errors: list[BaseException] = []

    def edit(editor: int) -> None:
        try:
            for place in range(editor, 12, 4):
                operation = ops.SetText(cue=str(place + 1), lines=(f"By {editor}",))
                library.service.edit(
                    number, f"{editor}-{place}", operation, tag, Actor.user(f"{editor}")
                )
        except BaseException as error:  # noqa: BLE001 - told by the test
            errors.append(error)

    threads = [threading.Thread(target=edit, args=(editor,)) for editor in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    review = library.service.load(number)
    assert _texts(review) == [f"By {place % 4}" for place in range(12)]
    assert [operation.version for operation in review.log] == list(range(1, 13))


def test_a_sidecar_that_is_made_again_before_the_first_edit_is_what_is_edited(
    library: ReviewLibrary,
) -> None:
    number = library.open()
    old = _tag(library, number)
    publish(library.db, library.films / "Film.mkv", (Cue(0.0, 1.0, "New"),))
    assert _texts(library.service.load(number)) == ["New"]
    with pytest.raises(StaleVersionError, match="made again"):
        library.service.edit(number, "a", ops.SetText(cue="1", lines=("x",)), old, ANA)


def test_edits_stay_when_the_sidecar_is_made_again_after_them(library: ReviewLibrary) -> None:
    number = library.open()
    library.service.edit(
        number, "a", ops.SetText(cue="1", lines=("Mine",)), _tag(library, number), ANA
    )
    publish(library.db, library.films / "Film.mkv", (Cue(0.0, 1.0, "New"),))
    assert _texts(library.service.load(number))[0] == "Mine"


def test_a_verdict_is_about_the_cue_that_was_seen(library: ReviewLibrary) -> None:
    number = library.open()
    tag = _tag(library, number)
    right = CueVerdict(cue="1", verdict=Verdict.RIGHT, actor="ana", at=1.0)
    library.service.set_verdict(number, right, tag)
    library.service.edit(number, "a", ops.SetText(cue="1", lines=("Else",)), tag, BEN)
    with pytest.raises(ChangedMeanwhileError):
        library.service.set_verdict(number, replace(right, verdict=Verdict.WRONG), tag)
    with pytest.raises(ReviewNotFoundError, match="no cue '9'"):
        library.service.set_verdict(number, replace(right, cue="9"), tag)
    assert library.db.operations.verdicts_of(number) == [right]


def test_who_has_a_review_is_said_to_others(library: ReviewLibrary) -> None:
    number = library.open()
    assert library.service.take(number, ANA).holder == "ana"
    with pytest.raises(ReviewTakenError, match=r"ana has this review for \d+ minutes"):
        library.service.take(number, BEN)
    assert not library.service.release(number, BEN)
    assert library.service.release(number, ANA)
    assert library.service.take(number, BEN).holder == "ben"
    with pytest.raises(ReviewNotFoundError):
        library.service.take(number + 1, ANA)


def test_what_is_exported_is_what_was_edited(library: ReviewLibrary) -> None:
    number = library.open()
    library.service.edit(number, "a", ops.Delete(cues=("2",)), _tag(library, number), ANA)
    for fmt in ("srt", "vtt", "ttml"):
        assert read_cues(library.service.export(number, fmt), fmt) == (CUES[0], CUES[2])


_EDITOR = """
import sys
from pathlib import Path
from subtitled.config.load import load_config
from subtitled.daemon.reviews.service import ReviewService
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.db.database import Database
from subtitled.db.state_folder import DATABASE_FILE
from subtitled.subtitles.review import operations as ops

ANA = Actor.user("ana")
configuration = load_config(Path(sys.argv[1]))
db = Database(configuration.settings.daemon.state_dir / DATABASE_FILE)
service, number = ReviewService(configuration, db), int(sys.argv[2])
tag = VersionTag.of(service.load(number))
for count in range(1, 100_000):
    operation = ops.SetText(cue=str(count % 3 + 1), lines=(f"Edit {count}",))
    tag = VersionTag.of(service.edit(number, f"op{count}", operation, tag, ANA).review)
    print(count, flush=True)
"""


def test_what_was_acknowledged_before_kill_9_is_there_and_the_rest_is_applied_once(
    library: ReviewLibrary, tmp_path: Path
) -> None:
    number = library.open()
    arguments = [sys.executable, "-c", _EDITOR, str(tmp_path / "config.toml"), str(number)]
    editor = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert editor.stdout is not None
    wanted = random.Random(7).randint(3, 12)
    acknowledged = 0
    for line in editor.stdout:
        acknowledged = int(line)
        if acknowledged == wanted:
            os.kill(editor.pid, signal.SIGKILL)
    editor.wait(60)
    review = library.service.load(number)
    assert review.version in (acknowledged, acknowledged + 1)
    assert [one.operation_id for one in review.log] == [
        f"op{count}" for count in range(1, review.version + 1)
    ]
    # The program of the person does not know of the last one, and sends it again.
    count = acknowledged + 1
    operation = ops.SetText(cue=str(count % 3 + 1), lines=(f"Edit {count}",))
    made_on = replace(VersionTag.of(review), version=acknowledged)
    library.service.edit(number, f"op{count}", operation, made_on, ANA)
    final = library.service.load(number)
    assert final.version == count
    assert final.document.by_id[str(count % 3 + 1)].text == f"Edit {count}"
    assert json.loads(final.log[-1].operation)["kind"] == "text"


def test_a_review_of_another_language_is_another_one(library: ReviewLibrary) -> None:
    record, _ = library.add()
    publish(library.db, record.path, language=Language("de"))
    english = library.service.open(record, ENGLISH, FULL)
    german = library.service.open(record, Language("de"), FULL)
    assert english.id != german.id
    assert library.service.open(record, ENGLISH, FULL).id == english.id
