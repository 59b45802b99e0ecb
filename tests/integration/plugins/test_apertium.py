"""The Apertium translator, with the program and with the server if they are installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import Batch, ComponentContext, Language, Line, SetupError, TransientError
from subtitled_plugins.apertium import Apertium, ApertiumSettings, list_installed, parse_pair
from support.process_guard import killed_with_parent

EN, ES, FR = Language("en"), Language("es"), Language("fr")
DATA = Path("/usr/share/apertium")

real = pytest.mark.skipif(
    shutil.which("apertium") is None or "eng-spa" not in list_installed(DATA),
    reason="no apertium-eng-spa; apt-get install apertium apertium-eng-spa",
)


def make(**settings: object) -> Apertium:
    return Apertium(ApertiumSettings.model_validate(settings), ComponentContext("apertium"))


def translated(apertium: Apertium, *texts: str) -> list[str]:
    lines = tuple(Line(7 * n, text) for n, text in enumerate(texts))
    found = apertium.translate(Batch(lines=lines, source=EN, target=ES)).lines
    assert [line.id for line in found] == [line.id for line in lines]
    return [line.text for line in found]


@pytest.mark.parametrize(
    ("mode", "pair"),
    [
        ("eng-spa", ("en", "es")),
        ("spa-eng_US", ("es", "en-US")),
        ("fra-cat_pre2017", None),
        ("oci_aran-fra", None),
        ("eng-spa-tagger", None),
        ("hbs-slv", ("sh", "sl")),
    ],
)
def test_modes_are_found_by_their_languages(mode: str, pair: tuple[str, str] | None) -> None:
    assert parse_pair(mode) == (pair and tuple(map(Language, pair)))


def test_what_is_installed_is_what_it_can_and_nothing_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "modes").mkdir()
    settings = ApertiumSettings(data_dir=tmp_path)
    assert Apertium.capabilities(settings).language_pairs == frozenset()
    (tmp_path / "modes" / "eng-spa.mode").touch()
    (tmp_path / "modes" / "fra-cat_pre2017.mode").touch()
    assert Apertium.capabilities(settings).language_pairs == {(EN, ES)}
    assert Apertium.capabilities(ApertiumSettings(url="http://nas")).language_pairs is None
    named = ApertiumSettings(url="http://nas", pairs=("eng-spa",))
    assert Apertium.capabilities(named).language_pairs == {(EN, ES)}
    assert Apertium.capabilities(named).destination == "apertium:nas"


def test_missing_program_or_language_pair_has_a_hint(tmp_path: Path) -> None:
    (tmp_path / "modes").mkdir()
    (tmp_path / "modes" / "eng-spa.mode").touch()
    apertium = make(command="no-such-apertium", data_dir=tmp_path)
    with pytest.raises(SetupError, match="apt-get install"):
        translated(apertium, "Good morning.")
    with pytest.raises(SetupError, match="no pair from en into fr"):
        apertium.translate(Batch(lines=(Line(1, "x"),), source=EN, target=FR))
    assert not make(command="no-such-apertium", data_dir=tmp_path).self_check()[0].ok


@real
def test_lines_keep_their_places_whatever_stands_in_them() -> None:
    output = translated(
        make(),
        "Good morning.",
        "The dog [and",
        "the] cat",
        "^home$ {now} \\ @you <b>house</b>",
        "I have 25 houses and",
        "they are big",
        "Frobnitz knows it.",
    )
    assert output[0] == "Buenos días."
    assert "perro" in output[1]
    assert "gato" in output[2]
    assert "25 casas" in output[4]
    assert "grandes" in output[5]
    assert "Frobnitz" in output[6]
    assert "*" not in "".join(output)


@real
@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), min_size=1, max_size=12))
def test_any_text_comes_back_under_its_id(texts: list[str]) -> None:
    translated(make(), *texts)


@real
def test_self_check_lists_the_language_pairs() -> None:
    (finding,) = make().self_check()
    assert finding.ok
    assert "eng-spa" in finding.detail
    (finding,) = make(pairs=["eng-tlh"]).self_check()
    assert not finding.ok


@pytest.fixture(scope="module")
def apy() -> Iterator[str]:
    """Apertium's own server on a free port of loopback."""
    program = shutil.which("apertium-apy")
    if program is None:
        pytest.skip("no apertium-apy; apt-get install apertium-apy")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        killed_with_parent(program, "-p", port, DATA / "modes"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{url}/listPairs", timeout=5)
                break
            except httpx.HTTPError:
                assert server.poll() is None, "apertium-apy ended"
                time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(10)


@real
def test_its_server_translates_as_the_program_does(apy: str) -> None:
    lines = ("Good morning.", "The dog and", "the cat sleep in the house.", "I have 25 houses.")
    served = make(url=apy)
    ours, theirs = (" ".join(translated(one, *lines)) for one in (make(), served))
    assert theirs.casefold() == ours.casefold()
    assert Apertium.capabilities(served.settings).destination == "local"
    assert served.self_check()[0].ok
    with pytest.raises(SetupError):
        served.translate(Batch(lines=(Line(1, "x"),), source=EN, target=FR))


def test_a_server_that_is_away_is_tried_again() -> None:
    with pytest.raises(TransientError):
        translated(make(url="http://127.0.0.1:9"), "x")
