"""Neural translation with the real libraries, and with models that a test makes by hand."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.load import load_config
from subtitled.engines.pool import EnginePool
from subtitled.plugin import (
    Batch,
    ComponentContext,
    Language,
    Line,
    SetupError,
    TextPair,
)
from subtitled.plugin.testing import TranslatorSuite
from subtitled_plugins.nmt.packages import read_vocabulary
from subtitled_plugins.nmt.settings import NmtSettings
from subtitled_plugins.nmt.translator import NmtTranslator
from support.tiny_translator import make_argos_package, make_opus_package, make_shared_package

SPANISH = {
    "call": ["llama"],
    "me": ["me"],
    "good": ["excelente", "buen"],
    "cat": ["gato"],
    "one": ["uno"],
    "two": ["dos"],
}
FRENCH = {"good": ["bon"], "cat": ["chat"]}
ENGLISH = {"gute": ["good"], "katze": ["cat"], "eins": ["one"]}
PORTUGUESE = {"good": ["bom"], "cat": ["gato"]}
Translate = Callable[..., dict[int, str]]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make_opus_package(folder / "opus-mt-en-es", SPANISH)
    make_shared_package(folder / "de-en", ENGLISH)
    make_argos_package(folder / "translate-xx", "en", "fr", FRENCH)
    make_opus_package(folder / "opus-mt-en-pt", PORTUGUESE, prefixes=[">>ita<<", ">>pt_BR<<"])
    return folder


@pytest.fixture
def translate(models: Path) -> Translate:
    """Return a function that translates lines in this process."""

    def call(
        *lines: str,
        pair: str = "en-es",
        glossary: Any = (),
        max_chars: int | None = None,
        **more: Any,
    ) -> dict[int, str]:
        settings = NmtSettings(models_dir=models, **more)
        source, target = map(Language, pair.split("-", 1))
        specs = NmtTranslator.models_for_pair(settings, source, target)
        translator = NmtTranslator(settings, ComponentContext("nmt"))
        translator.load()
        batch = Batch(
            lines=tuple(Line(3 * n, text, max_chars) for n, text in enumerate(lines)),
            source=source,
            target=target,
            glossary=tuple(TextPair(*term) for term in glossary),
            models={spec.name: spec.folder for spec in specs if spec.folder},
        )
        return {line.id: line.text for line in translator.translate(batch).lines}

    return call


@pytest.mark.parametrize(
    ("pair", "lines", "texts"),
    [
        ("en-es", ("good cat", "call me"), ("excelente gato", "llama me")),
        ("de-en", ("gute katze", "eins"), ("good cat", "one")),
        ("en-fr", ("good cat", "cat"), ("bon chat", "chat")),
        ("en-pt", ("good cat", "cat"), ("bom gato", "gato")),
        ("de-es", ("gute katze", "eins"), ("excelente gato", "uno")),
        ("de-fr", ("katze", "gute"), ("chat", "bon")),
    ],
)
def test_a_pair_is_translated_by_its_model_or_by_two_through_english(
    translate: Translate, pair: str, lines: tuple[str, ...], texts: tuple[str, ...]
) -> None:
    assert translate(*lines, pair=pair) == {0: texts[0], 3: texts[1]}


def test_words_that_a_model_does_not_know_are_copied_and_lines_keep_no_white_space(
    translate: Translate,
) -> None:
    assert translate("call me\nIshmael", "  cat\tcat ") == {0: "llama me Ishmael", 3: "gato gato"}


def test_terms_of_the_glossary_are_kept_from_the_candidates_or_written_into_the_line(
    translate: Translate,
) -> None:
    terms = [("good", "buen"), ("Ishmael", "Ismael"), ("whale", "ballena")]
    assert translate("good cat", "call me Ishmael", "cat", glossary=terms) == {
        0: "buen gato", 3: "llama me Ismael", 6: "gato",
    }  # fmt: skip


def test_a_line_that_is_too_long_to_read_gets_a_shorter_candidate_if_that_is_wanted(
    translate: Translate,
) -> None:
    assert translate("good cat", max_chars=10, condense=True) == {0: "buen gato"}
    assert translate("good cat", max_chars=20, condense=True) == {0: "excelente gato"}
    assert translate("good cat", max_chars=10) == {0: "excelente gato"}


def test_a_line_of_which_the_model_is_not_sure_is_left_to_the_next_translator(
    translate: Translate,
) -> None:
    assert translate("good cat", "one cat", min_confidence=0.9) == {3: "uno gato"}


def test_a_line_that_is_longer_than_any_sentence_is_left_out(translate: Translate) -> None:
    assert translate("cat " * 500, "cat") == {3: "gato"}


def test_a_damaged_model_is_named_with_its_folder(models: Path, tmp_path: Path) -> None:
    for damaged in ("model.bin", "source.spm"):
        folder = tmp_path / damaged / "en-es"
        shutil.copytree(models / "opus-mt-en-es", folder)
        (folder / damaged).write_bytes(b"<html>404</html>")
        translator = NmtTranslator(NmtSettings(models_dir=folder.parent), ComponentContext("nmt"))
        translator.load()
        batch = Batch(
            lines=(Line(1, "good cat"),),
            source=Language("en"),
            target=Language("es"),
            models={"en-es": folder},
        )
        with pytest.raises(SetupError, match="cannot be loaded") as caught:
            translator.translate(batch)
        assert str(folder) in str(caught.value)
        assert "cat" not in caught.value.message.replace(str(folder), "").split()


def test_it_runs_in_a_process_of_its_own_and_fetches_only_models_of_the_pair(
    models: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[translators.nmt]\nmodels_dir = "{models}"\npairs = ["en-sv"]\n')
    configuration = load_config(config)
    pool = EnginePool(configuration, tmp_path / "models", threads=1)
    try:
        batch = Batch(lines=(Line(7, "katze"),), source=Language("de"), target=Language("es"))
        translation = pool.open_translator("nmt").translate(batch)
        (process,) = pool.process_ids()
    finally:
        pool.close()
    assert translation.lines == (Line(7, "gato"),)
    assert process != os.getpid()
    assert not (tmp_path / "models").exists(), "nothing was downloaded or copied"


def test_only_the_models_of_a_pair_are_fetched(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    for pair in ("en-es", "en-fr"):
        shutil.copytree(models / "opus-mt-en-es", source / f"opus-mt-{pair}")
    monkeypatch.setenv("SUBTITLED_MODELS", str(source))
    config = tmp_path / "config.toml"
    config.write_text('[translators.nmt]\npairs = ["en-es", "en-fr", "de-en"]\n')
    pool = EnginePool(load_config(config), tmp_path / "models", threads=1)
    pool.run_here()
    batch = Batch(lines=(Line(1, "cat"),), source=Language("en"), target=Language("es"))
    assert pool.open_translator("nmt").translate(batch).lines == (Line(1, "gato"),)
    folders = [path.name for path in (tmp_path / "models" / "nmt").iterdir() if path.name[0] != "."]
    assert folders == ["opus-mt-en-es"]


@pytest.mark.parametrize("name", ["source_vocabulary.json", "shared_vocabulary.txt"])
def test_the_tokens_of_languages_are_read_from_either_kind_of_vocabulary(
    tmp_path: Path, name: str
) -> None:
    tokens = ["<unk>", ">>pt_BR<<", "é"]
    text = json.dumps(tokens) if name.endswith(".json") else "\n".join(tokens)
    (tmp_path / name).write_text(text, "utf-8")
    assert read_vocabulary(tmp_path) == tokens
    (tmp_path / name).write_bytes(b"null" if name.endswith(".json") else b"\xff")
    assert read_vocabulary(tmp_path) in ([], ["\ufffd"])


@pytest.fixture(scope="class")
def plugin_settings(models: Path) -> dict[str, Any]:
    return {"models_dir": str(models)}


class TestNmt(TranslatorSuite):
    """What every translator is asked."""

    plugin = "nmt"
