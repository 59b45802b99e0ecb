import pytest
from subtitled_wordbook import translate_words

from subtitled.plugin.testing import TranslatorSuite


@pytest.fixture(scope="class")
def plugin_settings(tmp_path_factory):
    file = tmp_path_factory.mktemp("words") / "words.tsv"
    file.write_text("call\tllamad\nme\tme\nsea\tmar\n", "utf-8")
    return {"file": str(file), "source": "en", "target": "es"}


class TestWordbook(TranslatorSuite):
    plugin = "wordbook"


def test_words_change_and_the_rest_stays():
    words = {"sea": "mar", "the": "el"}
    assert translate_words("The SEA, Ishmael!", words) == "El Mar, Ishmael!"


def test_the_daemon_translates_with_it(daemon_with, speech, plugin_settings):
    daemon = daemon_with("wordbook", plugin_settings, 'languages = ["es"]')
    film = daemon.add(speech("Call me Ishmael. Some years ago I went to sea."), "film.wav")
    subtitle = daemon.wait_for(film.with_suffix(".es.srt"))
    assert "Llamad me Ishmael." in subtitle.read_text("utf-8")
