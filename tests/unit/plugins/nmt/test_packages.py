"""Folders with translation models, and the models of a pair of languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from subtitled.plugin import ComponentContext, Language
from subtitled_plugins.nmt.packages import Layout, find_packages, find_pair, list_packages
from subtitled_plugins.nmt.routes import find_route, list_pairs
from subtitled_plugins.nmt.settings import NmtSettings
from subtitled_plugins.nmt.translator import NmtTranslator

EN, ES, DE, FR = map(Language, ("en", "es", "de", "fr"))


def make_package(folder: Path, *files: str, metadata: object = None) -> Path:
    """Make the files of a model, without content."""
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    if metadata is not None:
        (folder / "metadata.json").write_text(json.dumps(metadata))
    return folder


def make_opus(folder: Path) -> Path:
    return make_package(folder, "model.bin", "source.spm", "target.spm")


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("en-es", ("en", "es")),
        ("de_fr", ("de", "fr")),
        ("opus-mt-en-es", ("en", "es")),
        ("opus-mt-en-es-ctranslate2", ("en", "es")),
        ("opus-mt-tc-big-en-pt_BR", ("en", "pt-BR")),
        ("ct2fast-opus-mt-eng-spa", ("en", "es")),
        ("translate-en_es-1_9", ("en", "es")),
        ("en-zh_Hans", ("en", "zh-Hans")),
        ("opus-mt-en-ROMANCE", None),
        ("en-en", None),
        ("models", None),
        ("e-s", None),
        ("", None),
    ],
)
def test_the_name_of_a_folder_tells_its_languages(name: str, pair: tuple[str, str] | None) -> None:
    assert find_pair(Path("/models") / name, Layout.OPUS) == pair


@pytest.mark.parametrize(
    ("metadata", "pair"),
    [
        ({"from_code": "en", "to_code": "pb"}, ("en", "pt-BR")),
        ({"from_code": "en", "to_code": "zt"}, ("en", "zh-Hant")),
        ({"from_code": "en", "to_code": "fr"}, ("en", "fr")),
        ({"from_code": "en"}, None),
        ([1], None),
        ({"from_code": {"deep": 1}, "to_code": 3}, None),
    ],
)
def test_an_argos_package_tells_its_languages_and_its_folder_does_not(
    tmp_path: Path, metadata: object, pair: tuple[str, str] | None
) -> None:
    folder = make_package(
        tmp_path / "de-es", "model/model.bin", "sentencepiece.model", metadata=metadata
    )
    assert find_pair(folder, Layout.ARGOS) == pair


def test_a_folder_without_a_model_and_a_name_that_is_not_utf_8_do_no_harm(tmp_path: Path) -> None:
    make_opus(tmp_path / "en-es")
    make_opus(tmp_path / "\udcff")
    make_package(tmp_path / "de-en", "model.bin")
    (tmp_path / "en-fr").write_text("a file")
    assert [package.pair for package in find_packages(tmp_path)] == [(EN, ES)]
    assert list(find_packages(tmp_path / "none")) == []


def test_a_folder_that_cannot_be_looked_at_hides_no_other(tmp_path: Path) -> None:
    make_opus(tmp_path / "en-es")
    (tmp_path / "lost+found").mkdir()
    for name in ("model.bin", "bpe.model", "pytorch_model.bin"):
        # Its stat() fails for root too.
        (tmp_path / "lost+found" / name).symlink_to("/" + 300 * "x")
    assert [package.pair for package in find_packages(tmp_path)] == [(EN, ES)]
    settings = NmtSettings(models_dir=tmp_path)
    results = NmtTranslator(settings, ComponentContext("nmt")).self_check()
    assert "it has no model" in {result.detail for result in results}


def test_a_model_of_the_folder_is_preferred_to_a_download_and_used_in_place(tmp_path: Path) -> None:
    make_opus(tmp_path / "en-es")
    settings = NmtSettings(models_dir=tmp_path, pairs=("en-es", "de-en"))
    own, hub = list_packages(settings)
    assert (own.spec.folder, hub.spec.folder) == (tmp_path / "en-es", None)
    assert hub.spec.repository == "gaudi/opus-mt-de-en-ctranslate2"
    assert "model.bin" in hub.spec.files


def test_only_the_models_of_a_pair_are_needed_and_two_of_them_through_english() -> None:
    settings = NmtSettings(pairs=("en-es", "de-en", "en-fr", "de-fr"))

    def needed(source: Language, target: Language, used: NmtSettings = settings) -> list[str]:
        return [spec.name for spec in NmtTranslator.models_for_pair(used, source, target)]

    assert needed(EN, ES) == ["opus-mt-en-es"]
    assert needed(DE, ES) == ["opus-mt-de-en", "opus-mt-en-es"]
    assert needed(DE, FR) == ["opus-mt-de-fr"], "a model of the pair itself is preferred"
    assert needed(ES, DE) == []
    assert needed(DE, ES, settings.model_copy(update={"pivot": None})) == []
    assert not NmtTranslator.models(settings)


def test_what_can_be_translated_is_what_has_a_route() -> None:
    packages = list_packages(NmtSettings(pairs=("en-es", "de-en", "es-en", "en-pt_BR")))
    for pivot in (EN, None):
        pairs = list_pairs(packages, pivot)
        languages = {EN, ES, DE, FR, Language("pt-BR")}
        for source in languages:
            for target in languages - {source}:
                has_route = bool(find_route(packages, source, target, pivot))
                assert has_route == ((source, target) in pairs), (source, target, pivot)


@pytest.mark.parametrize("pairs", [["en"], ["en-en"], ["english-"], ["-es"], ["en-es-fr!"]])
def test_a_pair_that_is_none_is_refused_with_an_example(pairs: list[str]) -> None:
    with pytest.raises(ValidationError, match="is no pair of languages"):
        NmtSettings.model_validate({"pairs": pairs})


@pytest.mark.parametrize("repository", ["me/opus", "me/{source}", "me/{source}-{0}", "{source}{a}"])
def test_a_repository_has_to_name_both_languages(repository: str) -> None:
    with pytest.raises(ValidationError, match="write"):
        NmtSettings.model_validate({"repository": repository})


def test_no_pivot_is_written_as_an_empty_text() -> None:
    assert NmtSettings.model_validate({"pivot": ""}).pivot is None
    assert NmtSettings.model_validate({"pivot": "German"}).pivot == DE


def test_doctor_says_of_each_folder_why_it_is_not_used(tmp_path: Path) -> None:
    make_opus(tmp_path / "en-es")
    make_opus(tmp_path / "my best model")
    make_package(tmp_path / "ende", "model.ende.intgemm.alphas.bin", "vocab.ende.spm")
    make_package(tmp_path / "en-fi", "model.npz", "vocab.yml")
    make_package(tmp_path / "old", "model/model.bin", "bpe.model", metadata={})
    (tmp_path / "empty").mkdir()
    settings = NmtSettings(models_dir=tmp_path)
    results = NmtTranslator(settings, ComponentContext("nmt")).self_check()
    details = {result.subject.rpartition("/")[2]: result.detail for result in results}
    assert {name: details[name] for name in ("ende", "en-fi", "old", "empty", "my best model")} == {
        "ende": "it is a model of Firefox, which CTranslate2 cannot run",
        "en-fi": "it is not converted yet",
        "old": "it is an Argos package without SentencePiece, which is not supported",
        "empty": "it has no model",
        "my best model": "its languages are not known",
    }
    assert details["pairs of translator nmt"] == "en-es"
    assert "en-es" not in details
    assert all(result.hint for result in results if not result.ok)


def test_doctor_says_that_there_is_no_folder_or_no_model(tmp_path: Path) -> None:
    for settings in (NmtSettings(), NmtSettings(models_dir=tmp_path / "none")):
        results = NmtTranslator(settings, ComponentContext("nmt")).self_check()
        assert not all(result.ok for result in results)
