"""Routing: the library's order, its rules and the default ranking."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.config.library_settings import RouteSettings
from subtitled.plugin import UNDETERMINED, EngineCapabilities, Language, Price
from subtitled.routing.defaults import Candidate, ranked_engines
from subtitled.routing.language_identifiers import list_identifiers
from subtitled.routing.table import Route, RouteKind, RoutingTable, rule_applies

EN, FR, ZH, CS = Language("en"), Language("fr"), Language("zh"), Language("cs")
HERE = ("here", EngineCapabilities(supports_language_detection=True, supports_alignment=True))
CHEAP = (
    "cheap",
    EngineCapabilities(destination="far:east", price=Price(0.1, "USD"), word_timestamps=False),
)
DEAR = ("dear", EngineCapabilities(destination="far:west", price=Price(2.0, "USD")))
UNKNOWN = ("unknown", EngineCapabilities(destination="far:north"))


def _rule(**answer: Any) -> RouteSettings:
    return RouteSettings.model_validate(answer)


def _names(
    routes: RoutingTable, spoken: Language, seconds: float | None = 100.0
) -> tuple[str, ...]:
    return replace(routes, media_seconds=seconds).engine_order(spoken).names


def test_without_rules_the_order_is_the_librarys_less_those_who_do_not_know_the_language() -> None:
    french = ("french", EngineCapabilities(languages=frozenset({FR})))
    routes = RoutingTable(engines=(french, HERE), translators=())
    assert _names(routes, FR) == ("french", "here")
    assert _names(routes, EN) == ("here",)
    assert routes.best_route(EN, EN) == Route(RouteKind.TRANSCRIBE, "here")


def test_the_first_rule_that_fits_counts_and_no_other() -> None:
    rules = (
        _rule(languages=["zh"], engines=["cheap"]),
        _rule(max_duration="10m", engines=["dear", "here"]),
        _rule(engines=["here"]),
    )
    routes = RoutingTable(engines=(HERE, CHEAP, DEAR), translators=(), rules=rules)
    assert _names(routes, ZH) == ("cheap",)
    assert _names(routes, Language("zh-TW")) == ("cheap",)
    assert _names(routes, EN, 599.0) == ("dear", "here")
    assert _names(routes, EN, 600.0) == ("here",)
    assert _names(routes, EN, None) == ("here",), "of an unknown length nothing is said"
    assert replace(routes, media_seconds=5.0).engine_order(EN).reason == "rule 2 of the library"


def test_a_rule_for_a_region_is_for_that_region_alone() -> None:
    rule = _rule(languages=["pt-BR"])
    assert rule_applies(rule, Language("pt-BR"), None)
    assert not rule_applies(rule, Language("pt-PT"), None)
    assert not rule_applies(rule, UNDETERMINED, None)


def test_price_and_destination_leave_engines_out() -> None:
    every = (CHEAP, DEAR, UNKNOWN, HERE)
    assert _names(
        RoutingTable(engines=every, translators=(), rules=(_rule(max_price_per_hour=0.5),)), EN
    ) == (
        "cheap",
        "here",
    )
    assert _names(
        RoutingTable(engines=every, translators=(), rules=(_rule(destinations=["local"]),)), EN
    ) == ("here",)
    both = _rule(destinations=["local", "far:west"])
    assert _names(RoutingTable(engines=every, translators=(), rules=(both,)), EN) == (
        "dear",
        "here",
    )
    nobody = RoutingTable(engines=(CHEAP,), translators=(), rules=(_rule(destinations=["local"]),))
    assert nobody.best_route(EN, EN) is None


@given(
    st.lists(
        st.builds(
            _rule,
            languages=st.lists(st.sampled_from(["en", "fr", "zh", "cs"]), max_size=2),
            engines=st.lists(st.sampled_from(["here", "cheap", "dear", "unknown"]), unique=True),
            max_price_per_hour=st.none() | st.floats(0, 3),
            destinations=st.none() | st.just(["local"]),
        ),
        max_size=4,
    ),
    st.sampled_from([EN, FR, ZH, CS, UNDETERMINED]),
    st.none() | st.floats(0, 1e5),
)
def test_whatever_the_rules_are_nothing_is_sent_where_the_one_that_fits_forbids(
    rules: list[RouteSettings], spoken: Language, seconds: float | None
) -> None:
    routes = RoutingTable(
        engines=(HERE, CHEAP, DEAR, UNKNOWN),
        translators=(),
        rules=tuple(rules),
        media_seconds=seconds,
    )
    order = routes.engine_order(spoken)
    rule = next((one for one in rules if rule_applies(one, spoken, seconds)), None)
    if rule is None:
        assert order.names == ("here", "cheap", "dear", "unknown")
        return
    for name, able in order.engines:
        assert not rule.engines or name in rule.engines
        assert rule.destinations is None or able.destination in rule.destinations
        assert (
            rule.max_price_per_hour is None
            or (able.price or Price(0, "")).amount <= rule.max_price_per_hour
        )
    way = routes.best_route(spoken, spoken)
    assert (way.engine if way else None) == (order.names[0] if order.names else None) or (
        not spoken.is_known
    )


def test_the_next_engines_follow_the_one_that_was_chosen() -> None:
    into = ("into", EngineCapabilities(translates_to=frozenset({EN})))
    routes = RoutingTable(engines=(HERE, CHEAP, into), translators=())
    assert routes.fallback_chain("cheap", FR, None) == ("cheap", "here", "into")
    assert routes.fallback_chain("into", FR, EN) == ("into",), "the others would write French"


def test_language_is_detected_on_this_machine_where_anything_here_can() -> None:
    far = ("far", EngineCapabilities(supports_language_detection=True, destination="far:east"))
    assert _first_identifier(RoutingTable(engines=(far, HERE), translators=())) == "here"
    aided = RoutingTable(engines=(far,), translators=(), fallback_engines=(HERE,))
    assert _first_identifier(aided) == "here"
    assert _first_identifier(RoutingTable(engines=(far,), translators=())) == "far"
    assert (
        RoutingTable(engines=(CHEAP,), translators=(), fallback_engines=(HERE,)).aligner == "here"
    )
    assert RoutingTable(engines=(CHEAP,), translators=()).aligner is None


def _first_identifier(routing: RoutingTable) -> str:
    return list_identifiers(routing)[0].engine


def _leader(candidates: list[Candidate], tag: str) -> str | None:
    found = [names[0] for languages, names in ranked_engines(candidates) if tag in languages]
    return found[0] if found else None


def test_the_shipped_rules_go_by_the_published_figures() -> None:
    qwen, large = Candidate("cloud", "qwen"), Candidate("mine", "whisper", "large-v3")
    base = Candidate("mine", "whisper", "base")
    for tag in ("zh", "yue", "ja", "ko", "vi", "th", "id", "en", "pl"):
        assert _leader([large, qwen], tag) == "cloud"
        assert _leader([base, qwen], tag) == "cloud"
    for tag in ("cs", "hu", "fil", "fa", "sv", "el", "hi", "da", "ro", "fi", "ar"):
        assert _leader([qwen, large], tag) == "mine"
        assert _leader([qwen, base], tag) is None, "the figures are not those of small models"
    assert ranked_engines([base]) == []
    assert ranked_engines([qwen]) == []


def test_a_rule_that_nothing_can_fit_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="nothing matches"):
        _rule(min_duration="10m", max_duration="5m")
