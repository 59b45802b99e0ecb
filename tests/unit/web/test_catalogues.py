"""The texts of the pages: each has a translation, with the same placeholders, and none is left."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import jinja2
import pytest

from subtitled.web.i18n import LANGUAGES, Text, choose_language, load_catalogue

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
    for _, call in calls_in_modules():
        if ast.unparse(call.func) in ("_", "mark_text"):
            (argument,) = call.args
            assert isinstance(argument, ast.Constant), ast.unparse(call)
            yield argument.value


def calls_in_modules() -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls in the modules of the port, with the path of the module."""
    folder = Path(str(resources.files("subtitled.web")))
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield str(path.relative_to(folder)), node


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


SENTENCES = {"RefusedError": [1], "RejectedInputError": [0], "Refusal": [2, 3], "Text": [0]}
"""The places of sentences for people among the arguments of what a page shows."""


def test_no_page_shows_a_sentence_that_stands_in_no_catalogue() -> None:
    unmarked, checked = [], 0
    for module, call in calls_in_modules():
        name = ast.unparse(call.func)
        if name == "HTTPException" and module.startswith("pages/"):
            unmarked.append(f"{module}: {ast.unparse(call)}")
        for place in SENTENCES.get(name, []):
            if place >= len(call.args):
                continue
            checked += 1
            for node in ast.walk(call.args[place]):
                is_text = isinstance(node, ast.Constant | ast.JoinedStr) and bool(
                    re.search("[a-z]{2} ", ast.unparse(node))
                )
                if is_text and not is_marked(call.args[place]):
                    unmarked.append(f"{module}: {ast.unparse(call)}")
        for keyword in call.keywords:
            is_shown = name == "render" or name.endswith("._page")
            if is_shown and isinstance(keyword.value, ast.Constant | ast.JoinedStr):
                text = ast.unparse(keyword.value)
                if re.search("[a-z] [a-z]", text):
                    unmarked.append(f"{module}: {text}")
    assert checked > 50
    assert unmarked == []


def is_marked(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "_"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_text_is_translated_with_its_values(language: str) -> None:
    catalogue = load_catalogue(language)
    for role in ("viewer", "admin"):
        text = Text("made %(name)s %(role)s", {"name": "100 %s", "role": Text(role)})
        assert str(text) == f"made 100 %s {role}"
        translated = catalogue.translate_sentence(text)
        assert "100 %s" in translated
        assert catalogue.gettext(role) in translated
        assert translated.endswith(".")
    assert catalogue.translate("a text of nobody, 100 %") == "a text of nobody, 100 %"


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
