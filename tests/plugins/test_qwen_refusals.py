"""Each refusal of the service is what it is: to be waited out, to be cured, or for good."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qwen_house import KEY, engine, request, sound

from standins.dashscope import DashScope, Fault
from subtitled.plugin import Misconfigured, Problem, Rejected, Temporary
from subtitled_plugins.qwen.refusals import Refusal

TABLE = [
    (401, "InvalidApiKey", "Invalid API-key provided.", Misconfigured, "region"),
    (401, "invalid_api_key", "", Misconfigured, "region"),
    (403, "AccessDenied.Unpurchased", "", Misconfigured, "Activate"),
    (403, "Model.AccessDenied", "", Misconfigured, "Activate"),
    (403, "Workspace.AccessDenied", "", Misconfigured, "Activate"),
    (404, "ModelNotFound", "", Misconfigured, "Activate"),
    (400, "Model.NotExist", "", Misconfigured, "Activate"),
    (400, "Arrearage", "Access denied, account overdue", Misconfigured, "Pay"),
    (403, "AllocationQuota.FreeTierOnly", "", Misconfigured, "Pay"),
    (429, "Throttling", "Free allocated quota exceeded.", Misconfigured, "Pay"),
    (400, "DataInspectionFailed", "", Rejected, "another engine"),
    (400, "data_inspection_failed", "", Rejected, "another engine"),
    (429, "Throttling", "", Temporary, "requests_per_minute"),
    (429, "Throttling.RateQuota", "", Temporary, "requests_per_minute"),
    (429, "Throttling.AllocationQuota", "", Temporary, "requests_per_minute"),
    (400, "limit_requests", "", Temporary, "requests_per_minute"),
    (500, "InternalError", "", Temporary, "again"),
    (400, "InternalError.Timeout", "", Temporary, "again"),
    (500, "RequestTimeOut", "", Temporary, "again"),
    (503, "ModelUnavailable", "", Temporary, "again"),
    (502, "Unknown", "<html>", Temporary, "again"),
    (504, "GatewayTimeout", "", Temporary, "again"),
    (400, "InvalidParameter", "format is empty", Misconfigured, "protocol"),
    (400, "InvalidParameter", "does not support asynchronous calls", Misconfigured, "protocol"),
    (400, "InvalidParameter", "<400> The audio is too long", Rejected, "another engine"),
    (400, "invalid_parameter_error", "file size is too large", Rejected, "another engine"),
    (302, "Unknown", "", Misconfigured, "base_url"),
]


@pytest.mark.parametrize(("status", "code", "message", "kind", "cure"), TABLE)
def test_each_code_has_its_cure(
    status: int, code: str, message: str, kind: type[Problem], cure: str
) -> None:
    refusal = Refusal(status, code, message, "r-77")
    problem = refusal.means("engines.qwen", "host.example", "qwen3-asr-flash")
    assert type(problem) is kind
    assert cure in problem.cure
    assert "host.example" in problem.what


def test_a_bad_request_names_its_number() -> None:
    problem = Refusal(400, "InvalidParameter", "no", "r-77").means("engines.qwen", "h", "m")
    assert "r-77" in problem.what


@given(st.integers(0, 999), st.text(), st.text(), st.text())
def test_whatever_is_said_is_some_problem(
    status: int, code: str, message: str, number: str
) -> None:
    problem = Refusal(status, code, message, number).means("engines.qwen", "h", "m")
    assert isinstance(problem, Problem) and problem.cure


@pytest.mark.parametrize("protocol", ["file", "sync"])
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "Arrearage", Misconfigured),
        (400, "DataInspectionFailed", Rejected),
        (403, "AccessDenied.Unpurchased", Misconfigured),
        (400, "InvalidParameter", Rejected),
    ],
)
def test_what_does_not_pass_is_not_tried_again(
    studio: DashScope, tmp_path: Path, protocol: str, status: int, code: str, kind: type[Problem]
) -> None:
    studio.faults.append(Fault("/services/", status, code, f"key {KEY} said", times=9))
    made = engine(studio, protocol=protocol)
    with pytest.raises(kind) as caught:
        made.transcribe(sound(tmp_path, 3.0), request(3.0))
    assert KEY not in str(caught.value)
    assert [fault.times for fault in studio.faults] == [8]


def test_a_model_that_another_region_has_is_refused_and_no_other_region_asked(
    studio: DashScope, tmp_path: Path
) -> None:
    studio.region = "us"
    with pytest.raises(Misconfigured, match="does not offer qwen3-asr-flash "):
        engine(studio, protocol="sync").transcribe(sound(tmp_path, 3.0), request(3.0))
    assert {headers["host"] for _, _, headers, _ in studio.requests} == {f"127.0.0.1:{studio.port}"}
