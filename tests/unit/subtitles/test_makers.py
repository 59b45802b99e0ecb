"""What made a subtitle, and which makers a person means."""

from __future__ import annotations

import pytest

from subtitled.subtitles.makers import NO_MAKERS, MadeBy, Maker, Makers

BASE = Makers(Maker("whisper", "base", "0.1"), Maker("nmt", "", "2.0"))
HUB = Makers(Maker("own", "acme/whisper-base", "0.1"))


@pytest.mark.parametrize(
    ("text", "matched"),
    [
        ("whisper", {"base"}),
        ("base", {"base"}),
        ("whisper/base", {"base"}),
        ("whisper/base@0.1", {"base"}),
        ("base@0.1", {"base"}),
        ("base@0.2", set()),
        ("nmt", {"base"}),
        ("nmt@2.0", {"base"}),
        ("acme/whisper-base", {"hub"}),
        ("own/acme/whisper-base@0.1", {"hub"}),
        ("own", {"hub"}),
        ("Base", set()),
        ("whisper/", set()),
        ("bas", set()),
    ],
)
def test_an_engine_a_model_or_both_name_what_made_a_subtitle(text: str, matched: set[str]) -> None:
    made_by = MadeBy(text)
    found = {
        name
        for name, makers in (("base", BASE), ("hub", HUB))
        if made_by.matches(makers.engine) or made_by.matches(makers.translator)
    }
    assert found == matched


@pytest.mark.parametrize("text", ["", " ", "@", "/", " base", "base "])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no engine or model"):
        MadeBy(text)


def test_only_what_was_named_has_to_be_another_one() -> None:
    updated = Makers(Maker("whisper", "base", "0.2"), Maker("nmt", "", "3.0"))
    better = Makers(Maker("whisper", "small", "0.1"), Maker("nmt", "", "2.0"))
    assert MadeBy("base").is_replaced(BASE, better)
    assert not MadeBy("nmt").is_replaced(BASE, better)
    # An update of a plugin makes nothing again, unless its version is named.
    assert not MadeBy("base").is_replaced(BASE, updated)
    assert not MadeBy("whisper/base").is_replaced(BASE, updated)
    assert MadeBy("whisper/base@0.1").is_replaced(BASE, updated)
    assert MadeBy("nmt@2.0").is_replaced(BASE, updated)
    assert not MadeBy("whisper/base@0.1").is_replaced(BASE, BASE)
    assert not MadeBy("base").is_replaced(BASE, NO_MAKERS)


OLD = Makers.from_variant("transcribed by whisper, translated by nmt from en")


@pytest.mark.parametrize(
    ("text", "is_named", "is_possible"),
    [
        ("unknown", True, False),
        ("whisper/unknown", True, False),
        ("whisper", True, False),
        ("base", False, True),
        ("base@0.1", False, True),
        ("whisper/base", False, True),
        ("own/base", False, False),
        ("own/unknown", False, False),
    ],
)
def test_an_unknown_model_is_meant_by_its_name_and_not_by_a_model(
    text: str, is_named: bool, is_possible: bool
) -> None:
    assert str(OLD) == "whisper/unknown and nmt/unknown"
    made_by = MadeBy(text)
    assert made_by.matches(OLD.engine) is is_named
    assert made_by.may_mean(OLD.engine) is is_possible
    assert made_by.is_replaced(OLD, BASE) is is_named
    assert not made_by.may_mean(BASE.engine)


@pytest.mark.parametrize(
    "maker", [Maker("tones", "", "1.0"), Maker("whisper", "base", ""), Maker()]
)
def test_a_component_without_models_has_no_unknown_one(maker: Maker) -> None:
    assert not maker.has_unknown_model
    assert "unknown" not in str(maker)
    assert not MadeBy("unknown").matches(maker)


def test_makers_come_back_from_a_signature_whatever_anybody_wrote_into_it() -> None:
    for makers in (BASE, HUB, NO_MAKERS):
        assert Makers.from_json(makers.to_json()) == makers
    assert not Makers.from_json(["base"])
    hostile = {"engine": 7, "model": "a\x1b[2J", "translator": "x" * 100_000}
    assert Makers.from_json(hostile) == NO_MAKERS
