"""Every operation of the OpenAPI document, by what the document itself allows.

`EVALGATE_API_EXAMPLES=200 pytest tests/properties/test_contract.py` looks for longer.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fleet.tables import COLUMNS as TABLES
from gateway.tokens import SCOPES
from tests.support.api import bearer, contract
from tests.support.folded_api import FoldedApi
from tests.support.halls import HERE, names, two_halls

EXAMPLES = int(os.environ.get("EVALGATE_API_EXAMPLES", "2"))
ENDLESS = "/api/v1/events"
BASE = "http://127.0.0.1:8700"
CHECKS: list[Callable[..., Any]] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
BOUNDS = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
BAD = {
    "cursor": ["nonsense", "1.5"],
    "limit": ["0", "-1", "1001", "many"],
    "date-time": ["yesterday", "2026-11-21T12:00:00", "1795262400", "2026-13-01"],
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FoldedApi]:
    api = two_halls(Path(tmp_path_factory.mktemp("halls")))
    yield api
    api.close()


def takes_any_text(method: str, path: str) -> bool:
    """Whether no request can be wrong: all that it takes is text in its path.

    Only after hundreds of tries, a second of CPU, would that be found by drawing.
    """
    told = contract()["paths"][path][method]
    texts = (
        one["in"] == "path"
        and one["schema"]["type"] == "string"
        and one["schema"].keys() <= {"type", "title"}
        for one in told.get("parameters", [])
    )
    return "requestBody" not in told and all(texts)


def asked_for(schema: BaseSchema, mode: GenerationMode) -> tuple[int, dict[str, str]]:
    """How many requests were made, and the first that went wrong of each kind."""
    wrong: dict[str, str] = {}
    made = 0

    def ask(case: schemathesis.Case[Any]) -> None:
        nonlocal made
        made += 1
        answer = case.call(base_url=BASE)
        try:
            case.validate_response(answer, checks=CHECKS)
        except* Exception as group:  # noqa: BLE001 -- each is told below
            for failure in group.exceptions:
                kind = f"{case.method} {case.operation.path}: {type(failure).__name__}"
                told = f"{answer.request.url} {answer.request.body!r}\n{failure}"
                wrong.setdefault(kind, told)

    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]  # the document is whole
        if operation.path == ENDLESS:
            continue
        method, path = operation.method, operation.path
        if mode is GenerationMode.NEGATIVE and takes_any_text(method, path):
            continue
        cases = operation.as_strategy(generation_mode=mode)
        BOUNDS(given(case=cases)(ask))()
    return made, wrong


def document_of(api: FoldedApi) -> BaseSchema:
    if not api.tokens.all():
        text = api.tokens.create("all", SCOPES, None, 0)
        (api.world.path.parent / "token").write_text(text)
    text = (api.world.path.parent / "token").read_text()
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", api.app)
    schema.config.update(headers=bearer(text))
    schema.config.generation.update(with_security_parameters=False)
    return schema


def test_what_the_contract_allows_is_answered_as_it_says(api: FoldedApi) -> None:
    schema = document_of(api)
    known = names(HERE)

    @schema.hook
    def map_path_parameters(
        _context: object, path_parameters: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        """Two of three names are such as exist."""
        for name, value in (path_parameters or {}).items():
            at = len(str(value))
            if name in known and at % 3:
                path_parameters[name] = known[name][at % len(known[name])]  # type: ignore[index]
        return path_parameters

    made, wrong = asked_for(schema, GenerationMode.POSITIVE)
    assert not wrong, "\n\n".join(f"{kind}\n{told}" for kind, told in wrong.items())
    assert made >= len(contract()["paths"])


def test_what_the_contract_does_not_allow_is_refused(api: FoldedApi) -> None:
    schema = document_of(api)

    @schema.hook
    def filter_query(_context: object, query: dict[str, Any] | None) -> bool:
        """Whatever stands in a URL where a list of any texts is asked for is one."""
        return "key" not in (query or {})

    made, wrong = asked_for(schema, GenerationMode.NEGATIVE)
    assert not wrong, "\n\n".join(f"{kind}\n{told}" for kind, told in wrong.items())
    assert made >= len(contract()["paths"])


def has_keys_for_cursors(path: str) -> bool:
    """Lists in the order of keys that people gave: each of those leads on."""
    return path.rpartition("/")[2] in {*TABLES, "inspection-plans"}


def bad_queries() -> Iterator[tuple[str, str, str, str]]:
    """Method, path, a parameter of a list or a period, and a value it cannot have."""
    for path, methods in contract()["paths"].items():
        filled = path
        for name, values in names(HERE).items():
            filled = filled.replace(f"{{{name}}}", values[0])
        for method, told in methods.items():
            for one in told.get("parameters", []):
                schema = str(one["schema"])
                kind = "date-time" if "'date-time'" in schema else one["name"]
                free = kind == "cursor" and has_keys_for_cursors(path)
                if one["in"] == "query" and not free:
                    for value in BAD.get(kind, []):
                        yield method.upper(), filled, one["name"], value


async def test_no_cursor_limit_or_time_that_is_none_is_taken(api: FoldedApi) -> None:
    headers = dict(document_of(api).config.headers or {})
    taken = []
    tried = 0
    for method, path, name, value in bad_queries():
        answer = await api.ask(method, path, params={name: value}, headers=headers)
        tried += 1
        kind = answer.headers["content-type"]
        if answer.status_code != 422 or kind != "application/problem+json":
            taken.append(f"{method} {path}?{name}={value}: {answer.status_code}")
    assert taken == []
    assert tried > 100
