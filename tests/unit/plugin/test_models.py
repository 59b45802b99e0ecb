"""Which files a model may have, and how users choose one."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from subtitled.plugin import ModelArchive, ModelChoice, ModelFile, ModelSpec, ModelWheel, Settings

PATHS = st.text(alphabet="ab./\\\0~ é", max_size=12) | st.text(max_size=12)


@given(path=PATHS, source=PATHS)
def test_no_accepted_path_leads_out_of_the_folder_of_its_model(path: str, source: str) -> None:
    try:
        ModelSpec(name="small", files={path: ModelFile(source=source)})
    except ValueError:
        return
    for accepted in (path, source) if source else (path,):
        whole = os.path.normpath(os.path.join("/models/small", accepted))  # noqa: PTH118
        assert whole == f"/models/small/{accepted}"
        assert PurePosixPath(whole).is_relative_to("/models/small")
        assert whole != "/models/small"


@given(name=PATHS)
def test_no_accepted_name_is_more_than_one_folder(name: str) -> None:
    try:
        ModelSpec(name=name, files={"model.bin": None})
    except ValueError:
        return
    assert "/" not in name
    assert name not in (".", "..", "")
    assert not name.startswith(".")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"/etc/passwd": None}, "absolute"),
        ({"../model.bin": None}, r"with \.\."),
        ({"tokenizer/../../x": None}, r"with \.\."),
        ({"model.bin": ModelFile(source="../x")}, r"with \.\."),
        ({"a//b": None}, "write a/b"),
        ({"pinned.json": None}, "digests"),
        ({"a": None, "a/b": None}, "one of its folders is a file"),
    ],
)
def test_a_file_outside_of_its_model_is_refused_with_the_reason(
    files: dict[str, ModelFile | None], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        ModelSpec(name="small", files=files)


def test_a_wheel_gives_only_files_of_the_model() -> None:
    wheel = ModelWheel("data", "1.0", {"data/x": "../x#1"})
    with pytest.raises(ValueError, match="no file of the model"):
        ModelSpec(name="small", files={"x": None}, wheels=(wheel,))


@pytest.mark.parametrize("url", ["ftp://example.org/a.zip", "/a.zip", "file:///etc/a.zip", "a.zip"])
def test_an_archive_has_an_address_on_the_web(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        ModelArchive(url=url, sha256="0" * 64)


class ChoosingSettings(Settings):
    model: ModelChoice = "base"


def test_a_model_is_chosen_by_its_name_or_by_the_path_of_a_folder(tmp_path: Path) -> None:
    assert ChoosingSettings(model="small").model == "small"
    chosen = ChoosingSettings(model=str(tmp_path))
    assert chosen.model == tmp_path
    assert ChoosingSettings.model_validate(chosen.model_dump(mode="json")) == chosen
    assert chosen.result_fields() == {"model": str(tmp_path)}
    assert ChoosingSettings(model="~/models").model == Path.home() / "models"


@pytest.mark.parametrize("path", ["models/mine", "./mine", "../mine"])
def test_a_relative_path_is_no_choice(path: str) -> None:
    with pytest.raises(ValidationError, match="absolute path"):
        ChoosingSettings(model=path)


def test_the_five_models_of_the_documentation_are_what_the_page_says(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "plugins" / "models.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile("\n".join(blocks), page, "exec", dont_inherit=True), names)
    sources = [names[name] for name in ("HUB", "NESTED", "ARCHIVE", "WHEEL")]
    assert [bool(spec.repository) for spec in sources] == [True, True, False, False]
    for spec in sources:
        settings = names["AtlasSettings"](model=spec.name)
        assert names["list_models"](settings) == [spec]
    (own,) = names["list_models"](names["AtlasSettings"](model=str(tmp_path)))
    assert own.folder == tmp_path
