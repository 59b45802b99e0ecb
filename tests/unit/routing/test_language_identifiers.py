"""Which engines identify the spoken language for a library, and in which order."""

from __future__ import annotations

from subtitled.config.library_settings import RouteSettings
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import UNDETERMINED, EngineCapabilities, Language
from subtitled.routing.language_identifiers import (
    candidate_languages,
    identifiers_for,
    list_identifiers,
)
from subtitled.routing.table import RoutingTable

EN, DE, FR = Language("en"), Language("de"), Language("fr")
EAR = ("ear", EngineCapabilities(supports_language_detection=True))
FINDER = ("finder", EngineCapabilities(needs_language=False))
TOLD = ("told", EngineCapabilities())
ENGLISH = ("english", EngineCapabilities(languages=frozenset({EN})))
FAR = ("far", EngineCapabilities(needs_language=False, destination="cloud:east"))


def names(routing: RoutingTable, *candidates: Language) -> list[str]:
    return [str(identifier) for identifier in list_identifiers(routing, candidates)]


def test_detection_comes_before_transcription_and_trying_languages_comes_last() -> None:
    routing = RoutingTable(engines=(TOLD, FAR, FINDER, EAR), translators=())
    assert names(routing, EN, DE) == [
        "ear",
        "what finder transcribed",
        "what far transcribed",
        "what told transcribed as en, de",
    ]


def test_an_engine_that_is_told_a_language_identifies_none_without_a_choice() -> None:
    assert names(RoutingTable(engines=(TOLD,), translators=()), EN) == []
    assert names(RoutingTable(engines=(ENGLISH,), translators=()), EN, DE, FR) == []
    both = ("both", EngineCapabilities(languages=frozenset({EN, FR})))
    assert names(RoutingTable(engines=(both,), translators=()), EN, DE, FR) == [
        "what both transcribed as en, fr"
    ]
    many = [Language(tag) for tag in "en de fr es it".split()]
    (tried,) = list_identifiers(RoutingTable(engines=(TOLD,), translators=()), many)
    assert len(tried.candidates) == 4


def test_a_local_helper_identifies_languages_and_a_remote_one_does_not() -> None:
    helped = RoutingTable(engines=(ENGLISH,), translators=(), fallback_engines=(FINDER,))
    assert names(helped) == ["what finder transcribed"]
    assert names(RoutingTable(engines=(ENGLISH,), translators=(), fallback_engines=(FAR,))) == []


def test_a_remote_engine_for_some_languages_gets_no_film_of_unknown_language() -> None:
    rules = (RouteSettings(languages=(DE,), engines=("far",)), RouteSettings(engines=("english",)))
    routing = RoutingTable(engines=(ENGLISH, FAR), translators=(), rules=rules)
    assert names(routing) == []


def test_a_tag_spares_the_engines_that_cost_something() -> None:
    routing = RoutingTable(engines=(EAR, FINDER, FAR, TOLD), translators=())
    identifiers = list_identifiers(routing, (EN, DE))
    assert identifiers_for(identifiers, UNDETERMINED, per_segment=False) == identifiers
    assert identifiers_for(identifiers, EN, per_segment=True) == identifiers
    spared = identifiers_for(identifiers, EN, per_segment=False)
    assert [identifier.engine for identifier in spared] == ["ear", "finder"]


def test_the_languages_that_a_library_names_may_be_spoken_in_it() -> None:
    library = LibrarySettings.model_validate(
        {
            "path": "/",
            "languages": ["original", "en-GB"],
            "bilingual": [["original", "de"]],
            "preferred_audio_languages": ["fr", "en"],
            "assumed_language": "it",
        }
    )
    assert candidate_languages(library) == ("en", "de", "fr", "it")
