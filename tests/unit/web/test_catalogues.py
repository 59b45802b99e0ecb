"""The texts of the pages: each has a translation, with the same placeholders, and none is left."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import resources

import jinja2
import pytest

from subtitled.web.pages.i18n import LANGUAGES, choose_language, load_catalogue

TRANSLATED = [language for language in LANGUAGES if language != "en"]


def used_texts() -> Iterator[str | tuple[str, str]]:
    """Yield the texts of templates and modules; a pair for those with a number."""
    environment = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    folder = resources.files("subtitled.web.pages")
    for entry in (folder / "templates").iterdir():
        for _, function, text in environment.extract_translations(entry.read_text("utf-8")):
            if function == "ngettext":
                assert text[0] is not None, entry.name
                yield text[0], text[1]
            elif isinstance(text, tuple):
                yield text[0]
            elif text is not None:  # a label of labels.py or menu.py, which marks it there
                yield text
    for entry in folder.iterdir():
        if not entry.name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(entry.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("_", "mark_text"):
                (argument,) = node.args
                assert isinstance(argument, ast.Constant), ast.unparse(node)
                yield argument.value


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_each_text_of_the_pages_has_a_translation(language: str) -> None:
    catalogue = load_catalogue(language)
    used = list(used_texts())
    assert len(used) > 100
    texts = {text for text in used if isinstance(text, str)}
    plurals = dict(text for text in used if isinstance(text, tuple))
    assert sorted(texts - set(catalogue.texts)) == []
    assert sorted(set(plurals) - set(catalogue.plurals)) == []
    assert sorted(set(catalogue.texts) - texts) == [], "texts that no page shows"
    assert sorted(set(catalogue.plurals) - set(plurals)) == [], "texts that no page shows"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_placeholders_of_its_text(language: str) -> None:
    catalogue = load_catalogue(language)
    for text, translation in catalogue.texts.items():
        assert placeholders(translation) == placeholders(text), text
        assert translation.strip() == translation != "", text
        assert "%" not in re.sub(r"%\(\w+\)s|%%", "", translation), text
    for text, forms in catalogue.plurals.items():
        for form in forms:
            assert set(placeholders(form)) <= set(placeholders(text)), text
            assert form, text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr,de;q=0.4,en;q=0.3", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("fr, *", "en"),
        ("de;q=0", "en"),
        ("de;q=nan,en;q=0.1", "en"),
        ("de;q=1e9,en;q=0.1", "en"),
        ("de;q=٣,en;q=0.1", "en"),
        ("DE-de", "de"),
        ("../../etc/passwd;q=1", "en"),
        (",;=,;q=,de", "de"),
        ("x," * 1000 + "de", "en"),
    ],
)
def test_the_language_is_what_the_browser_likes_best(accepted: str, language: str) -> None:
    assert choose_language(accepted) == language
