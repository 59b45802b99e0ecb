"""Refusals of the service become the right errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import InputRejectedError, SetupError, SubtitledError, TransientError
from subtitled_plugins.qwen.errors import ServiceRefusal
from support.fakes.dashscope import FakeDashScope, Fault
from support.qwen_harness import KEY, engine, request, sound

TABLE = [
    (401, "InvalidApiKey", "Invalid API-key provided.", SetupError, "region"),
    (401, "invalid_api_key", "", SetupError, "region"),
    (403, "AccessDenied.Unpurchased", "", SetupError, "Activate"),
    (403, "Model.AccessDenied", "", SetupError, "Activate"),
    (403, "Workspace.AccessDenied", "", SetupError, "Activate"),
    (404, "ModelNotFound", "", SetupError, "Activate"),
    (400, "Model.NotExist", "", SetupError, "Activate"),
    (400, "Arrearage", "Access denied, account overdue", SetupError, "Pay"),
    (403, "AllocationQuota.FreeTierOnly", "", SetupError, "Pay"),
    (429, "Throttling", "Free allocated quota exceeded.", SetupError, "Pay"),
    (400, "DataInspectionFailed", "", InputRejectedError, "another engine"),
    (400, "data_inspection_failed", "", InputRejectedError, "another engine"),
    (429, "Throttling", "", TransientError, "requests_per_minute"),
    (429, "Throttling.RateQuota", "", TransientError, "requests_per_minute"),
    (429, "Throttling.AllocationQuota", "", TransientError, "requests_per_minute"),
    (400, "limit_requests", "", TransientError, "requests_per_minute"),
    (500, "InternalError", "", TransientError, "retried later"),
    (400, "InternalError.Timeout", "", TransientError, "retried later"),
    (500, "RequestTimeOut", "", TransientError, "retried later"),
    (503, "ModelUnavailable", "", TransientError, "retried later"),
    (502, "Unknown", "<html>", TransientError, "retried later"),
    (504, "GatewayTimeout", "", TransientError, "retried later"),
    (400, "InvalidParameter", "format is empty", SetupError, "protocol"),
    (400, "InvalidParameter", "does not support asynchronous calls", SetupError, "protocol"),
    (400, "InvalidParameter", "<400> The audio is too long", InputRejectedError, "another engine"),
    (
        400,
        "invalid_parameter_error",
        "file size is too large",
        InputRejectedError,
        "another engine",
    ),
    (302, "Unknown", "", SetupError, "base_url"),
]


@pytest.mark.parametrize(("status", "code", "message", "kind", "cure"), TABLE)
def test_each_error_code_has_a_hint(
    status: int, code: str, message: str, kind: type[SubtitledError], cure: str
) -> None:
    refusal = ServiceRefusal(status=status, code=code, message=message, request_id="r-77")
    problem = refusal.to_error("engines.qwen", "host.example", "qwen3-asr-flash")
    assert type(problem) is kind
    assert cure in problem.hint
    assert "host.example" in problem.message


def test_a_bad_request_names_its_number() -> None:
    problem = ServiceRefusal(
        status=400, code="InvalidParameter", message="no", request_id="r-77"
    ).to_error("engines.qwen", "h", "m")
    assert "r-77" in problem.message


@given(st.integers(0, 999), st.text(), st.text(), st.text())
def test_any_error_answer_becomes_an_error(
    status: int, code: str, message: str, number: str
) -> None:
    problem = ServiceRefusal(status=status, code=code, message=message, request_id=number).to_error(
        "engines.qwen", "h", "m"
    )
    assert isinstance(problem, SubtitledError) and problem.hint


@pytest.mark.parametrize("protocol", ["file", "sync"])
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "Arrearage", SetupError),
        (400, "DataInspectionFailed", InputRejectedError),
        (403, "AccessDenied.Unpurchased", SetupError),
        (400, "InvalidParameter", InputRejectedError),
    ],
)
def test_what_does_not_pass_is_not_tried_again(
    studio: FakeDashScope,
    tmp_path: Path,
    protocol: str,
    status: int,
    code: str,
    kind: type[SubtitledError],
) -> None:
    studio.faults.append(
        Fault(route="/services/", status=status, code=code, message=f"key {KEY} said", times=9)
    )
    qwen = engine(studio, protocol=protocol)
    with pytest.raises(kind) as caught:
        qwen.transcribe(sound(tmp_path, 3.0), request(3.0))
    assert KEY not in str(caught.value)
    assert [fault.times for fault in studio.faults] == [8]


def test_a_model_that_another_region_has_is_refused_and_no_other_region_asked(
    studio: FakeDashScope, tmp_path: Path
) -> None:
    studio.region = "us"
    with pytest.raises(SetupError, match="does not offer qwen3-asr-flash "):
        engine(studio, protocol="sync").transcribe(sound(tmp_path, 3.0), request(3.0))
    assert {headers["host"] for _, _, headers, _ in studio.requests} == {f"127.0.0.1:{studio.port}"}
