"""Glossary terms on their way to the recogniser and the translator, and in the result."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from subtitled.config.library_settings import GlossarySettings
from subtitled.config.load import load_config
from subtitled.config.plugins import ConfiguredComponent
from subtitled.config.settings import AppSettings, LibrarySettings
from subtitled.glossary.consistency import missing_terms
from subtitled.glossary.selection import MAX_PAIRS, Glossary, glossary_for
from subtitled.glossary.terms import Term, TermScope
from subtitled.plugin import (
    Audio,
    Cue,
    Language,
    MediaMetadata,
    MediaServer,
    SidecarChange,
    TextPair,
    Transcript,
    TranscriptionRequest,
    TransientError,
    Word,
)
from subtitled.plugin import Settings as ComponentOptions
from support.harness import FakeEngine, Harness, film

EN, ES, JA = Language("en"), Language("es"), Language("ja")


def term(en: str, es: str = "", *, scope: TermScope = TermScope.GLOBAL, kept: bool = False) -> Term:
    texts = ((EN, en), (ES, es)) if es else ((EN, en),)
    return Term(source="", translations=texts, do_not_translate=kept, scope=scope)


@given(st.lists(st.text("abcd", min_size=1, max_size=9), max_size=60), st.integers(0, 200))
def test_hotwords_are_the_nearest_terms_that_fit(words: list[str], room: int) -> None:
    received = Glossary(tuple(map(term, words)), max_hotword_chars=room).hotwords_for(EN)
    unique = list(dict.fromkeys(words))
    assert list(received) == unique[: len(received)]
    assert len(", ".join(received)) <= room
    if len(received) < len(unique):
        assert len(", ".join(unique[: len(received) + 1])) + 2 > room


def test_a_batch_is_given_what_it_mentions_and_no_more() -> None:
    known = Glossary(
        (
            term("dragon", "dragón"),
            term("elf", "elfo"),
            term("orc"),
            Term(
                source="Olivia Dunham",
                translations=(),
                do_not_translate=True,
                is_case_sensitive=True,
                origin="a.nfo",
                scope=TermScope.NAMES,
            ),
            term("Mordor", kept=True),
        )
    )
    text = "The dragons of Mordor and the orc fear Olivia Dunham"
    assert known.glossary_pairs(EN, ES, text) == (
        TextPair("dragon", "dragón"),
        TextPair("Olivia Dunham", "Olivia Dunham"),
        TextPair("Mordor", "Mordor"),
    )
    # A name from an NFO file is no order in another script; a glossary's is.
    assert known.glossary_pairs(EN, JA, text) == (TextPair("Mordor", "Mordor"),)
    many = Glossary(tuple(term(f"word{n}x", f"palabra{n}") for n in range(200)))
    assert len(many.glossary_pairs(EN, ES, " ".join(f"word{n}x" for n in range(200)))) == MAX_PAIRS


def test_inconsistent_term_is_reported_with_its_time() -> None:
    output = "The dragon sleeps . The elf does not . Olivia fears the dragon .".split()
    words = [Word(text=f" {word}", start=n, end=n + 0.9) for n, word in enumerate(output)]
    cues = [
        Cue(0, 4, "El lagarto duerme."),
        Cue(4, 9, "El elfo no."),
        Cue(20, 30, "Olivia teme\nal dragón."),
    ]
    words = words[:9] + [Word(text=w.text, start=w.start + 12, end=w.end + 12) for w in words[9:]]
    terms = [
        term("dragon", "dragón"),
        term("elf", "elfo"),
        Term(
            source="Olivia",
            translations=(),
            do_not_translate=True,
            is_case_sensitive=True,
            origin="",
            scope=TermScope.NAMES,
        ),
    ]
    (gone,) = missing_terms(words, cues, terms, EN, ES)
    assert (gone.start_seconds, gone.source_text, gone.target_text) == (0, "dragon", "dragón")


def test_a_sentence_may_put_its_term_into_the_next_cue() -> None:
    words = [
        Word(text=" the", start=0, end=1),
        Word(text=" dragon", start=1, end=2),
        Word(text=" sleeps", start=2, end=3),
    ]
    cues = [Cue(0, 2, "Duerme"), Cue(2.1, 4, "el dragón")]
    assert missing_terms(words, cues, [term("dragon", "dragón")], EN, ES) == []
    far = [Cue(0, 2, "Duerme"), Cue(12, 14, "el dragón")]
    assert len(missing_terms(words, far, [term("dragon", "dragón")], EN, ES)) == 1


class _Attentive(FakeEngine):
    """A fake engine that records its hotwords."""

    received: list[tuple[str, ...]]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        self.received.append(request.hotwords)
        return super().transcribe(audio, request)


def test_engine_gets_the_terms_and_a_change_of_them_costs_nothing(
    tmp_path: Path,
) -> None:
    harness = Harness(tmp_path, 'languages = ["en"]')
    fake_engine = _Attentive(harness.configuration)
    fake_engine.received = []
    object.__setattr__(harness.jobs._services, "engines", fake_engine)
    media_file = film(harness.root / "Sintel (2010).wav", 1)
    (harness.root / "Sintel (2010).glossary.csv").write_text("term\nIshtar\n")
    try:
        harness.scan()
        content = harness.the(media_file).fingerprint
        assert content is not None
        assert set(fake_engine.received) == {("Ishtar", "Sintel")}
        assert set(harness.transcripts.hotwords(content, 0).values()) == {("Ishtar", "Sintel")}
        count = len(fake_engine.received)
        (harness.root / "Sintel (2010).glossary.csv").write_text("term\nScales\n")
        (harness.root / "Sintel (2010).en.srt").unlink()
        harness.jobs.retry(harness.the(media_file))
        harness.settle()
        assert (harness.root / "Sintel (2010).en.srt").exists()
        assert len(fake_engine.received) == count
        harness.transcripts.clear_transcripts(content)
        (harness.root / "Sintel (2010).en.srt").unlink()
        harness.jobs.retry(harness.the(media_file))
        harness.settle()
        assert len(fake_engine.received) == 2 * count
        assert fake_engine.received[-1] == ("Scales", "Sintel")
    finally:
        harness.close()


class Mute(MediaServer):
    """A server that is unreachable."""

    def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None: ...

    def metadata(self, media: Path) -> MediaMetadata | None:
        raise TransientError("it is away")


class Knowing(Mute):
    """A server that knows one film."""

    def metadata(self, media: Path) -> MediaMetadata | None:
        return (
            MediaMetadata(title="Film", characters=("Olivia Dunham",))
            if media.stem == "Film"
            else None
        )


def test_media_servers_are_asked_for_names_only_without_a_file_and_if_allowed(
    tmp_path: Path,
) -> None:
    library = LibrarySettings(path=tmp_path)
    film = tmp_path / "Film.mkv"
    servers = {
        cls.__name__: ConfiguredComponent(
            name=cls.__name__, plugin="p", component_class=cls, settings=ComponentOptions()
        )
        for cls in (Mute, Knowing)
    }

    def terms(path: Path, asks: bool) -> dict[str, str]:
        settings = AppSettings(glossary=GlossarySettings(use_media_servers=asks))
        loaded = dataclasses.replace(load_config(None), settings=settings, servers=servers)
        return {one.source: one.origin for one in glossary_for(path, library, loaded).terms}

    assert terms(film, True)["Olivia Dunham"] == "the server Knowing"
    assert "Olivia Dunham" not in terms(film, False)
    assert "Olivia Dunham" not in terms(tmp_path / "Other.mkv", True)
    film.with_suffix(".nfo").write_text(
        "<movie><title>Film</title><actor><role>Walter Bishop</role></actor></movie>"
    )
    received = terms(film, True)
    assert "Walter Bishop" in received
    assert "Olivia Dunham" not in received
