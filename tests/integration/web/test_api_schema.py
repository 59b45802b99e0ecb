"""The description of the API: it is kept, it is true, and no request that it allows or forbids
makes the API fail.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck
from schemathesis.config import (
    ChecksConfig,
    GenerationConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)

from subtitled.web.api.schema import render_schema
from support.api_port import API
from support.api_server import ApiServer

KEY_HEADER = "Idempotency-Key"
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
    statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "429"]
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    print(f"SUBTITLED_TEST_SEED={SEED}")
    made = ApiServer(tmp_path_factory.mktemp("api"))
    yield made
    made.close()


def _check(case: schemathesis.Case, server: ApiServer) -> None:
    # A key that was used for another request is refused, so each example has its own.
    if re.fullmatch("[!-~]{1,200}", case.headers.get(KEY_HEADER, "")):
        case.headers[KEY_HEADER] = secrets.token_hex(16)
    case.call_and_validate(
        base_url=server.url + API, session=server.session, headers=server.admin, timeout=30
    )


SETTINGS = hypothesis.settings(
    deadline=None, suppress_health_check=list(HealthCheck), database=None
)


@FEW.parametrize()
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
