"""Summaries of a library: written after the subtitles, paid for once, and never in their way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitled.costs.egress_gate import EgressGate
from subtitled.db.records import FileState
from subtitled.library.removal import SidecarRemover
from subtitled.plugin import Language, TransientError
from subtitled.plugin.testing import FakeChat, serve_chat
from subtitled.summaries.generation import MAX_PART_CHARS, SpokenSentence
from subtitled.summaries.service import SpokenText, Summariser, spoken_text_from_store
from support.harness import Harness, film

ANSWER = json.dumps(
    {
        "synopsis": "Tones are heard.",
        "chapters": [{"sentence": 0, "title": "One"}],
        "keywords": ["tone"],
    }
)
EN, ES = "A.en.summary.json", "A.es.summary.json"
HarnessOf = Callable[..., Harness]


@pytest.fixture
def chat() -> Iterator[FakeChat]:
    with serve_chat(FakeChat(translate=str.upper, write=lambda text: ANSWER)) as standing:
        yield standing


@pytest.fixture
def harness(tmp_path: Path, chat: FakeChat) -> Iterator[HarnessOf]:
    """Build a library that wants summaries, with one film and more configuration."""
    built: list[Harness] = []

    def build(languages: str = '["original"]', more: str = "", below: str = "", **summaries: str):
        keys = "".join(f"{key} = {value}\n" for key, value in summaries.items())
        writer = f'[translators.openai]\nurl = "{chat.url}"\nmodel = "tiny"\n'
        one = Harness(
            tmp_path,
            more,
            "[libraries.films.summaries]",
            f"languages = {languages}",
            keys,
            writer,
            below,
        )
        film(one.root / "A.wav", 1)
        built.append(one)
        return one

    yield build
    for one in built:
        one.close()


def read(harness: Harness, name: str) -> Any:
    return json.loads((harness.root / name).read_text())


def test_a_summary_in_each_language_is_written_beside_and_paid_once(
    harness: HarnessOf, chat: FakeChat
) -> None:
    one = harness('["original", "en", "es"]')
    one.scan()
    record = one.the(one.root / "A.wav")
    assert (record.state, record.reason) == (FileState.DONE, "made en, summary en, summary es")
    assert one.names() == ["A.en.ffmeta", "A.en.srt", EN, "A.es.ffmeta", ES, "A.wav"]
    assert (read(one, EN)["language"], read(one, ES)["language"]) == ("en", "es")
    first, second = map(str, chat.requests)
    assert "in English" in first
    assert "in Spanish" in second
    heard_once = one.engine.recognised
    one.jobs.retry(record)
    one.scan()
    assert len(chat.requests) == 2
    assert one.engine.recognised == heard_once
    transcript = spoken_text_from_store(one.transcripts, record.fingerprint or "")
    assert transcript is not None
    gate = EgressGate(one.configuration, one.database.egress_log)
    work = Summariser(one.configuration, gate, one.transcripts, one.engine.pool)
    library = one.configuration.settings.libraries["films"]
    work.summarise_media(record.path, record.fingerprint or "", library, transcript, Language("en"))
    assert len(chat.requests) == 2, "the command finds what the daemon had written"


def test_media_servers_get_changes_of_subtitles_only(harness: HarnessOf) -> None:
    one = harness(files='["summary.json", "chapters.vtt", "ffmeta"]')
    one.scan()
    assert "A.en.chapters.vtt" in one.names()
    one.database.deliveries.enqueue_changes(lambda path: ["plex"], 0.0)
    changes = [each.change for each in one.database.deliveries.of_media(one.root / "A.wav")]
    assert [s.path.name for each in changes for s in each.added] == ["A.en.srt"]


def test_a_writer_that_is_down_keeps_no_subtitle_back_and_is_asked_again(
    harness: HarnessOf, chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep = time.sleep
    monkeypatch.setattr("subtitled.translation.calls.time.sleep", lambda seconds: None)
    chat.manners = [503] * 3 + ["well"]
    one = harness()
    happened: list[str] = []
    monkeypatch.setattr(
        "subtitled.jobs.results.dispatch_event",
        lambda configuration, event: happened.append(type(event).__name__),
    )
    one.scan()
    assert one.names() == ["A.en.ffmeta", "A.en.srt", EN, "A.wav"]
    deadline = time.monotonic() + 10  # it is announced after the state is stored
    while "JobFinished" not in happened and time.monotonic() < deadline:
        sleep(0.02)
    assert happened == ["SubtitlePublished", "JobFailed", "JobFinished"]
    assert len(chat.requests) == 4
    assert one.engine.recognised == 2, "each chunk once"


def test_a_writer_that_refuses_is_named_and_the_subtitle_is_there(
    harness: HarnessOf, chat: FakeChat
) -> None:
    chat.manners = ["refuse"]
    one = harness()
    one.scan()
    record = one.the(one.root / "A.wav")
    assert record.state is FileState.DONE
    assert record.reason.startswith("made en; summary en: ")
    assert one.names() == ["A.en.srt", "A.wav"]


def test_without_an_allowed_writer_nothing_is_sent_and_it_is_reported(
    harness: HarnessOf, chat: FakeChat
) -> None:
    one = harness(below="is_local = false\n")
    one.scan()
    record = one.the(one.root / "A.wav")
    assert record.state is FileState.DONE
    assert "summary en: no translator of the library can write summaries" in record.reason
    assert chat.requests == []


def test_a_budget_that_is_spent_holds_the_summary_and_not_the_subtitle(
    harness: HarnessOf, chat: FakeChat
) -> None:
    one = harness(
        more='allowed_destinations = ["openai"]',
        below='is_local = false\n[prices.openai]\namount = 1000.0\ncurrency = "USD"\n'
        'per = "million characters"\n[budgets.all]\nmax_cost = 0.01\n',
    )
    one.scan()
    record = one.the(one.root / "A.wav")
    assert record.state is FileState.WAITING
    assert record.reason.startswith("made en; summary: the budget all is spent")
    assert one.names() == ["A.en.srt", "A.wav"]
    assert chat.requests == []


def test_nobodys_file_is_written_over_and_what_is_missing_beside_it_is(harness: HarnessOf) -> None:
    one = harness()
    (one.root / EN).write_text("mine")
    one.scan()
    assert (one.root / EN).read_text() == "mine"
    assert one.names() == ["A.en.ffmeta", "A.en.srt", EN, "A.wav"]
    (one.root / "A.en.ffmeta").write_text("edited")
    one.jobs.retry(one.the(one.root / "A.wav"))
    one.scan()
    assert (one.root / "A.en.ffmeta").read_text() == "edited"


def test_undone_summary_is_not_written_again_until_requested(
    harness: HarnessOf, chat: FakeChat
) -> None:
    one = harness()
    one.scan()
    path = one.root / "A.wav"
    done = SidecarRemover(one.database).remove(one.database.sidecars.of_media(path))
    assert {each.outcome for each in done} == {"removed"}
    assert one.names() == ["A.wav"]
    one.database.states.requeue(one.the(path).id)
    one.settle()
    assert one.names() == ["A.wav"]
    assert "removed by a user" in one.the(path).reason
    one.jobs.retry(one.the(path))
    one.settle()
    assert EN in one.names()
    assert len(chat.requests) == 1


def test_summaries_follow_a_renamed_film_and_survive_a_lost_database(
    harness: HarnessOf, chat: FakeChat
) -> None:
    one = harness()
    one.scan()
    (one.root / "A.wav").rename(one.root / "B.wav")
    one.scan()
    assert one.names() == ["B.en.ffmeta", "B.en.srt", "B.en.summary.json", "B.wav"]
    one.lose_the_database()
    one.scan()
    known = {each.path.name for each in one.database.sidecars.of_media(one.root / "B.wav")}
    assert known == {"B.en.ffmeta", "B.en.srt", "B.en.summary.json"}
    assert len(chat.requests) == 1


def test_of_another_version_of_the_film_another_summary_is_written(
    harness: HarnessOf, chat: FakeChat
) -> None:
    one = harness()
    one.scan()
    first = (one.root / EN).read_bytes()
    chat.write = lambda text: ANSWER.replace("Tones", "Others")
    film(one.root / "A.wav", 2)
    one.scan()
    assert (one.root / EN).read_bytes() != first


def test_film_with_human_subtitles_is_transcribed_for_its_summary(harness: HarnessOf) -> None:
    one = harness()
    (one.root / "A.en.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nTheirs.\n")
    one.scan()
    assert EN in one.names()
    assert "Theirs." in (one.root / "A.en.srt").read_text()


def test_off_by_default(tmp_path: Path, chat: FakeChat) -> None:
    one = Harness(tmp_path, f'[translators.openai]\nurl = "{chat.url}"\nmodel = "tiny"')
    film(one.root / "A.wav", 1)
    one.scan()
    assert one.names() == ["A.en.srt", "A.wav"]
    one.close()


def test_the_parts_of_a_long_one_are_not_paid_for_again_after_a_crash(
    harness: HarnessOf, chat: FakeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subtitled.translation.calls.time.sleep", lambda seconds: None)
    one = harness()
    long = tuple(
        SpokenSentence(f"{number} " + "word " * 100, number)
        for number in range(MAX_PART_CHARS // 200)
    )
    gate = EgressGate(one.configuration, one.database.egress_log)
    work = Summariser(one.configuration, gate, one.transcripts, one.engine.pool)
    library = one.configuration.settings.libraries["films"]
    spoken_text = SpokenText(0, Language("en"), 100.0, long)

    def summary() -> object:
        return work.summarise_media(
            one.root / "A.wav", "ab" * 32, library, spoken_text, Language("en")
        )

    chat.manners = ["well", "well", 503, 503, 503, "well"]
    with pytest.raises(TransientError):
        summary()
    summary()
    texts = [json.loads(each["messages"][-1]["content"])["text"] for each in chat.requests]
    answered = texts[:2] + texts[5:]
    assert len(set(answered)) == len(answered), "each part is answered once"
    assert len(answered) == 4, "three parts and the summary of theirs"
