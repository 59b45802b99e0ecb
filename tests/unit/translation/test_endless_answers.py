"""Translators whose answers are endless, or hold what no file can."""

from __future__ import annotations

import time

import pytest

from subtitled.plugin import Batch, Generation, Language, Line, Translation
from subtitled.translation.calls import call_generate, call_translate
from subtitled.translation.checks import check_batch

BATCH = Batch(
    lines=(Line(1, "Hello there, my friend."), Line(2, "Good bye.")),
    source=Language("en"),
    target=Language("es"),
)


class Endless:
    """A translator that answers megabytes."""

    def __init__(self, lines: tuple[Line, ...]) -> None:
        self.lines = lines

    def translate(self, batch: Batch) -> Translation:
        return Translation(self.lines)

    def generate(self, instruction: str, text: str) -> Generation:
        return Generation("x" * 5_000_000)


def _translate(*lines: Line) -> Translation:
    return call_translate("endless", Endless(lines), BATCH)  # type: ignore[arg-type]


def test_a_line_of_megabytes_counts_as_missing_and_the_others_are_kept() -> None:
    begin = time.process_time()
    answer = _translate(Line(1, "<think>" * 700_000), Line(2, "Adiós."))
    assert [line.id for line in answer.lines] == [2]
    assert check_batch(BATCH, answer.lines).accepted.keys() <= {2}
    assert time.process_time() - begin < 2


@pytest.mark.thorough
def test_of_a_million_lines_some_are_looked_at() -> None:
    begin = time.process_time()
    answer = _translate(*[Line(number, "x") for number in range(200_000)])
    assert len(answer.lines) < 1000
    assert time.process_time() - begin < 5


def test_control_characters_do_not_reach_a_subtitle() -> None:
    answer = _translate(Line(1, "Hola\x00, \x1b[2Jamigo."), Line(2, "Adiós."))
    assert answer.lines[0].text == "Hola ,  [2Jamigo."


def test_a_generated_text_has_an_end() -> None:
    translator = Endless(())
    generation = call_generate("endless", translator, "Summarise.", "x")  # type: ignore[arg-type]
    assert len(generation.text) == 2_000_000
