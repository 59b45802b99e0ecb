"""The errors of engines on one's own material: the API and the page say what the command says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from subtitled.daemon.answers import approved_evaluation
from subtitled.daemon.answers.approved_references import LeftOut
from subtitled.daemon.answers.engine_conclusions import describe_evaluation
from subtitled.daemon.answers.engine_errors import (
    EngineComparison,
    EngineErrorAnswer,
    VariantErrors,
)
from subtitled.plugin import Language
from subtitled.web.auth.roles import Role
from support.api_port import ApiPort

EN = Language("en")
ROWS = tuple(
    VariantErrors(
        language=EN,
        unit="words",
        engine=engine,
        variant=variant,
        is_configured=True,
        files=31,
        started_files=4,
        hours=27.4,
        reference=20000,
        replaced=800,
        lost=300,
        inserted=200,
        errors_per_100=rate,
    )
    for engine, variant, rate in (("qwen3", "qwen-2b51", 6.1), ("whisper <small>", "w-0c9f", 9.8))
)
ANSWER = EngineErrorAnswer(
    subtitles=31,
    left_out={LeftOut.TRANSLATION: 2},
    engines=ROWS,
    comparisons=(
        EngineComparison(
            language=EN,
            unit="words",
            first="qwen-2b51",
            second="w-0c9f",
            files=31,
            reference=20000,
            first_errors_per_100=6.1,
            second_errors_per_100=9.8,
            difference_low=-4.3,
            difference_high=-3.1,
            is_enough=True,
            better="qwen-2b51",
            favoured="w-0c9f",
        ),
    ),
)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiPort]:
    made = ApiPort(tmp_path_factory.mktemp("port") / "state", count=1)
    made.add_users()
    yield made
    made.close()


def test_the_api_and_the_page_say_the_same_of_each_engine(
    port: ApiPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def evaluate(configuration: object, db: object, **wanted: Any) -> EngineErrorAnswer:
        asked.append(wanted)
        return ANSWER

    monkeypatch.setattr(approved_evaluation, "evaluate_approved", evaluate)
    admin = port.key(Role.ADMIN)
    answer = port.get("/engine-errors", admin, library="films", language="en")
    assert answer.json() == describe_evaluation(ANSWER)
    assert asked == [{"library": "films", "language": EN}]
    browser = port.session("admin")
    assert "conclusion" not in browser.get("/engine-errors").text
    assert len(asked) == 1  # nothing is counted before somebody asks for it
    page = browser.get("/engine-errors?count=yes&library=films").text
    assert asked[1:] == [{"library": "films", "language": None}]
    assert "qwen-2b51 makes 3.1 to 4.3 fewer per 100, although" in page
    assert "whisper &lt;small&gt;" in page
    assert "[[libraries.films.routes]]" in page


def test_without_an_approved_subtitle_nothing_is_compared(port: ApiPort) -> None:
    answer = port.get("/engine-errors", port.key(Role.ADMIN)).json()
    assert (answer["subtitles"], answer["engines"], answer["comparisons"]) == (0, [], [])


def test_only_admins_ask_and_one_at_a_time(port: ApiPort, monkeypatch: pytest.MonkeyPatch) -> None:
    assert port.get("/engine-errors", port.key(Role.OPERATOR)).status_code == 403
    assert port.session("operator").get("/engine-errors").status_code == 403
    admin = port.key(Role.ADMIN)
    assert port.get("/engine-errors", admin, library="none").status_code == 404
    assert port.get("/engine-errors", admin, language="no language").status_code == 422
    assert port.session("admin").get("/engine-errors?language=no+language").status_code == 400
    has_begun, may_end = threading.Event(), threading.Event()

    def evaluate(configuration: object, db: object, **wanted: Any) -> EngineErrorAnswer:
        has_begun.set()
        assert may_end.wait(120)
        return ANSWER

    monkeypatch.setattr(approved_evaluation, "evaluate_approved", evaluate)
    first = threading.Thread(target=port.get, args=("/engine-errors", admin))
    first.start()
    assert has_begun.wait(120)
    try:
        busy = port.get("/engine-errors", admin)
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "60")
        assert port.session("admin").get("/engine-errors?count=yes").status_code == 503
    finally:
        may_end.set()
        first.join(120)
