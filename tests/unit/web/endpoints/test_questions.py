"""What programs ask, read from what they send."""

from __future__ import annotations

import pytest

from subtitled.web.endpoints.questions import read_flag, read_hotwords, read_language, read_task
from subtitled.web.endpoints.uploads import BadFormError


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("en", "en"),
        ("English", "en"),
        ("jw", "jv"),
        ("pt-BR", "pt-BR"),
        ("", None),
        ("auto", None),
        ("und", None),
        ("mul", None),
    ],
)
def test_a_language_in_any_form(text: str, language: str | None) -> None:
    assert read_language(text) == language


@pytest.mark.parametrize("text", ["xx-nonsense", "../../etc", "<b>", "e" * 5000])
def test_what_is_no_language_is_refused(text: str) -> None:
    with pytest.raises(BadFormError) as refused:
        read_language(text)
    assert (refused.value.status, refused.value.param) == (400, "language")
    assert len(refused.value.message) < 200


def test_prompts_become_terms() -> None:
    assert read_hotwords("Anya, Kaer  Morhen. Geralt", "Ciri；Anya、雪") == (
        *("Anya", "Kaer Morhen", "Geralt", "Ciri", "雪"),
    )
    assert read_hotwords("", " , ") == ()
    assert read_hotwords("x" * 300) == ()  # no term is that long
    assert len(read_hotwords(",".join(f"term {number}" for number in range(1000)))) == 100


def test_flags_and_tasks() -> None:
    assert read_flag({"encode": "False"}, "encode", True) is False
    assert read_flag({"encode": "1"}, "encode", False) is True
    assert read_flag({}, "encode", True) is True
    with pytest.raises(BadFormError):
        read_flag({"encode": "perhaps"}, "encode", True)
    assert read_task("translate") == "translate"
    for wrong in ("detect-language", "", "TRANSCRIBE"):
        with pytest.raises(BadFormError):
            read_task(wrong)
