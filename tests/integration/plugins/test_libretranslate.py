"""The LibreTranslate translator, against a fake server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from subtitled.plugin import (
    Batch,
    ComponentContext,
    InputRejectedError,
    Language,
    Line,
    SetupError,
    TransientError,
)
from subtitled.plugin.testing import FakeLibreTranslate, serve_libretranslate
from subtitled_plugins.libretranslate import LibreTranslate, LibreTranslateSettings

EN, ES = Language("en"), Language("es")
Make = Callable[..., LibreTranslate]


@pytest.fixture
def libre() -> Iterator[FakeLibreTranslate]:
    libre = FakeLibreTranslate(translate=str.upper)
    with serve_libretranslate(libre):
        yield libre


@pytest.fixture
def make(libre: FakeLibreTranslate, monkeypatch: pytest.MonkeyPatch) -> Make:
    monkeypatch.setenv("LIBRE_KEY", "s3cret")

    def make_translator(**settings: object) -> LibreTranslate:
        asked = {"url": libre.url} | settings
        return LibreTranslate(
            LibreTranslateSettings.model_validate(asked), ComponentContext("libre")
        )

    return make_translator


def batch(target: Language = ES, *texts: str) -> Batch:
    lines = tuple(Line(5 + n, text) for n, text in enumerate(texts or ("one", "two")))
    return Batch(lines=lines, source=EN, target=target)


def test_lines_come_back_under_their_ids_and_nothing_is_sent_away_from_here(make: Make) -> None:
    translation = make().translate(batch())
    assert translation.lines == (Line(5, "ONE"), Line(6, "TWO"))
    assert translation.usage == ()
    assert LibreTranslate.capabilities(make().settings).destination == "local"


def test_what_goes_elsewhere_has_a_receipt(make: Make) -> None:
    away = make(is_local=False)
    (sent,) = away.translate(batch()).usage
    assert (sent.kind, sent.amount) == ("text", 6.0)
    destination = LibreTranslate.capabilities(away.settings).destination
    assert destination == f"libretranslate:{sent.host}"


@pytest.mark.parametrize(
    ("tag", "code"),
    [("zh-Hans", "zh-Hans"), ("zh-Hant", "zt"), ("zh-TW", "zt"), ("pt-BR", "pb"), ("es-419", "es")],
)
def test_languages_are_called_what_the_server_calls_them(
    tag: str, code: str, make: Make, libre: FakeLibreTranslate
) -> None:
    make().translate(batch(Language(tag)))
    assert libre.requests[-1]["target"] == code


def test_missing_language_pair_is_reported_and_pairs_can_be_configured(
    make: Make, libre: FakeLibreTranslate
) -> None:
    with pytest.raises(SetupError, match="does not translate en into fr"):
        make().translate(batch(Language("fr")))
    assert libre.requests == []
    named = make(languages=["en", "es"])
    assert LibreTranslate.capabilities(named.settings).language_pairs == {(EN, ES), (ES, EN)}
    assert LibreTranslate.capabilities(make().settings).language_pairs is None
    assert named.self_check()[0].ok
    assert not make(languages=["en", "tlh"]).self_check()[0].ok


def test_texts_that_got_lost_are_not_guessed_at(make: Make, libre: FakeLibreTranslate) -> None:
    libre.lose = True
    assert make().translate(batch()).lines == ()
    assert len(make().translate(batch(ES, "one")).lines) == 1


def test_refusal_is_reported_without_the_key(make: Make, libre: FakeLibreTranslate) -> None:
    libre.key = "s3cret"
    with pytest.raises(SetupError, match="refuses the key"):
        make().translate(batch())
    key = {"env": "LIBRE_KEY"}
    assert make(api_key=key).translate(batch()).lines
    for status, kind in ((429, TransientError), (500, TransientError), (400, InputRejectedError)):
        libre.fault = status
        with pytest.raises(kind) as raised:
            make(api_key=key).translate(batch())
        assert "s3cret" not in str(raised.value)
