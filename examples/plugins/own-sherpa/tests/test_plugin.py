# EngineSuite needs a model. Name the folder of yours in $OWN_SHERPA_MODEL to run it.
from os import environ

import pytest
from subtitled_own_sherpa import OwnSherpaEngine, OwnSherpaSettings, join_pieces

from subtitled.plugin.testing import EngineSuite


@pytest.mark.skipif("OWN_SHERPA_MODEL" not in environ, reason="no $OWN_SHERPA_MODEL")
class TestOwnSherpa(EngineSuite):
    plugin = "own-sherpa"
    settings = {"model": environ.get("OWN_SHERPA_MODEL", ""), "languages": ["en"]}


def test_pieces_become_words_in_their_chunk():
    pieces = [" Call", " me", " Ish", "ma", "el."]
    words = join_pieces(pieces, [0.0, 0.3, 0.5, 0.7, 0.9], 10.0, 11.0)
    assert [word.text for word in words] == [" Call", " me", " Ishmael."]
    assert [word.start for word in words] == [10.0, 10.3, 10.5]
    assert words[-1].end == 11.0


@pytest.mark.parametrize(
    ("file", "ending"), [("encoder.onnx", ".onnx"), ("encoder.int8.onnx", ".int8.onnx")]
)
def test_the_files_of_the_folder_are_those_that_are_there(tmp_path, file, ending):
    (tmp_path / file).touch()
    settings = OwnSherpaSettings(model=tmp_path, languages=("en",))
    (spec,) = OwnSherpaEngine.models(settings)
    assert f"joiner{ending}" in spec.files and spec.folder == tmp_path
