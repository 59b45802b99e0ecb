"""The description of the API: it is kept, it is true, and no request that it allows or forbids
makes the API fail.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.config import (
    ChecksConfig,
    GenerationConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.core.failures import FailureGroup

from subtitled.web.api.links import AnswerLink, LinkWithoutOperationError, add_links
from subtitled.web.api.schema import render_schema
from subtitled.web.auth.authenticator import Authenticator
from subtitled.web.auth.identity import Identity, IdentityKind
from subtitled.web.auth.roles import Role
from support.api_port import API
from support.api_server import ApiServer
from support.review_library import ENGLISH, FULL, add_film

KEY_HEADER = "Idempotency-Key"
VERSION_HEADER = "If-Match"
REPOSITORY = Path(__file__).parents[3]
SEED = int(os.environ.get("SUBTITLED_TEST_SEED") or secrets.randbelow(2**32))


def test_the_kept_description_is_that_of_the_program() -> None:
    kept = (REPOSITORY / "docs/openapi.json").read_text("utf-8")
    assert kept == render_schema(), "write it again: make docs/openapi.json"


def test_the_description_is_openapi_3_1() -> None:
    described = json.loads(render_schema())
    assert described["openapi"].startswith("3.1.")
    for name, schema in described["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema), name
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            problem = operation["responses"]["4XX"]["content"]
            assert list(problem) == ["application/problem+json"], (method, path)
            assert operation["summary"], (method, path)


def _load(max_examples: int) -> schemathesis.BaseSchema:
    # A cursor of another list is 400: no schema can say which texts are cursors.
    # Which version of a review is current, and which cues it has, no schema can say either.
    statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "412", "422", "428", "429"]
    checks = ChecksConfig(
        positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=statuses)
    )
    generation = GenerationConfig(max_examples=max_examples, with_security_parameters=False)
    project = ProjectConfig(checks=checks, generation=generation)
    config = SchemathesisConfig(projects=ProjectsConfig(default=project))
    # A stream of events does not end; it has tests of its own.
    loaded = schemathesis.openapi.from_dict(json.loads(render_schema()), config=config)
    return loaded.exclude(path="/events")


FEW, MANY = _load(4), _load(300)
# Two thousand requests go through the kinds of operations and what else edits a review.
FEW_SIMPLE = FEW.exclude(tag="review edits")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    print(f"SUBTITLED_TEST_SEED={SEED}")
    made = ApiServer(tmp_path_factory.mktemp("api"))
    films = made.configuration.settings.libraries["films"].path
    reviewed, _ = add_film(made.db, films / "Reviewed.mkv")
    assert (made.db.reviews.open(reviewed.id, ENGLISH, FULL), reviewed.id) == (REVIEW, REVIEWED)
    yield made
    made.close()
    print("examples:", dict(sorted(EXAMPLES.items())), "sum:", EXAMPLES.total())


EXAMPLES: Counter[str] = Counter()
"""How many requests of each operation were tried."""


REVIEW, REVIEWED = 1, 47
"""The number of the only review, and that of its film."""


def _check(case: schemathesis.Case, server: ApiServer) -> None:
    EXAMPLES[case.operation.label] += 1
    case.call_and_validate(
        base_url=server.url + API,
        session=server.session,
        headers=_own_key(case) | _own_version(case, server) | server.admin,
        timeout=30,
    )


def _own_version(case: schemathesis.Case, server: ApiServer) -> dict[str, str]:
    """Let an example be about the review that there is, and about its version."""
    number = case.path_parameters.get("review_id")
    if type(number) is not int or number < 1:
        return {}
    case.path_parameters["review_id"] = REVIEW
    with server.client() as client:
        answer = client.get(f"/reviews/{REVIEW}")
        if answer.status_code == 404:  # An earlier example took the subtitle back.
            key = {KEY_HEADER: secrets.token_hex(16)}
            client.post(f"/files/{REVIEWED}/undo", json={"restore": True}, headers=key)
            answer = client.get(f"/reviews/{REVIEW}")
        assert answer.status_code == 200, answer.text
    return {VERSION_HEADER: answer.headers["etag"]} if VERSION_HEADER in case.headers else {}


def _own_key(case: schemathesis.Case) -> dict[str, str]:
    """Return an Idempotency-Key of this example only. One that was used before is refused."""
    is_right = re.fullmatch("[!-~]{1,200}", case.headers.get(KEY_HEADER, ""))
    return {KEY_HEADER: secrets.token_hex(16)} if is_right else {}


SETTINGS = hypothesis.settings(
    deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@FEW_SIMPLE.parametrize()
@hypothesis.seed(SEED)
@hypothesis.settings(SETTINGS, max_examples=4)
def test_no_request_makes_the_api_fail(case: schemathesis.Case, server: ApiServer) -> None:
    _check(case, server)


@pytest.mark.api
@MANY.parametrize()
@hypothesis.seed(SEED)
@hypothesis.settings(SETTINGS, max_examples=300)
def test_no_request_of_many_makes_the_api_fail(case: schemathesis.Case, server: ApiServer) -> None:
    _check(case, server)


@pytest.mark.parametrize(("walks", "steps"), [(3, 5), pytest.param(300, 8, marks=pytest.mark.api)])
def test_no_sequence_of_requests_makes_the_api_fail(
    server: ApiServer, walks: int, steps: int
) -> None:
    before = EXAMPLES.total()
    machine: Any = FEW.as_state_machine()

    class Walk(machine):  # type: ignore[misc]
        """Follows the links of the description from one answer to the next request."""

        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            EXAMPLES[f"{case.operation.label}, in a sequence"] += 1
            headers = _own_key(case) | server.admin
            return {"base_url": server.url + API, "headers": headers, "timeout": 30}

    run = hypothesis.seed(SEED)(Walk)
    run_state_machine_as_test(
        run, settings=hypothesis.settings(SETTINGS, max_examples=walks, stateful_step_count=steps)
    )
    assert EXAMPLES.total() > before


def test_an_example_that_takes_the_subtitle_back_leaves_the_review_for_the_next_one(
    server: ApiServer,
) -> None:
    with server.client() as client:
        undone = client.post(f"/files/{REVIEWED}/undo", json={}, headers={KEY_HEADER: "taken-back"})
        assert undone.status_code == 200
        assert client.get(f"/reviews/{REVIEW}").status_code == 404
    edit = FEW["/reviews/{review_id}/undo"]["POST"]
    case = edit.Case(path_parameters={"review_id": 5}, headers={VERSION_HEADER: "any"})
    assert _own_version(case, server)[VERSION_HEADER]


def test_a_route_that_asks_for_no_key_would_be_found(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check() -> None:
        case = FEW["/status"]["GET"].Case()
        case.call_and_validate(base_url=server.url + API, headers=server.admin)

    check()
    anybody = Identity(kind=IdentityKind.KEY, name="anybody", role=Role.ADMIN)
    monkeypatch.setattr(Authenticator, "identify", lambda *_: anybody)
    with pytest.raises(FailureGroup, match="without authentication"):
        check()


def test_each_link_of_the_description_leads_to_a_request_that_takes_its_value() -> None:
    described = json.loads(render_schema())
    with pytest.raises(LinkWithoutOperationError, match="list_files to show_file by id"):
        add_links(described, (AnswerLink("list_files", "show_file", "id", "$response.body#/x"),))
    with pytest.raises(LinkWithoutOperationError, match="show_films"):
        add_links(described, (AnswerLink("show_films", "show_file", "file_id", "$request.x"),))
    links = described["paths"]["/files"]["get"]["responses"]["200"]["links"]
    assert links["show_file_by_file_id"]["parameters"] == {"file_id": "$response.body#/items/0/id"}
