"""Errors of the API: RFC 9457 problem details with a `code` for programs."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from gateway.errors import PermanentError, TransientError
from gateway.queries.asking import CursorError, QueryDeadlineError, StoreAbsentError

MEDIA_TYPE: Final = "application/problem+json"
_RETRY_AFTER_S: Final = 1
_OURS: Final = "Value error, "
"""What pydantic puts before sentences of our own."""

_CODES: Final = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid_request",
}
_UNAVAILABLE: Final = (
    (QueryDeadlineError, "query_deadline"),
    (StoreAbsentError, "store_absent"),
    (TransientError, "journal_unavailable"),
)


class Fault(BaseModel):
    """Where a request is wrong: `at` names the field, from the outside in."""

    at: list[str | int]
    message: str


class Problem(BaseModel):
    """RFC 9457; `type` is always about:blank, `code` tells one problem from another."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: list[Fault] = Field(default=[])


class ProblemError(Exception):
    """The answer to this request is a problem."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers


def not_found(what: str) -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, "not_found", f"There is no {what}.")


def answer(
    status: int,
    code: str,
    detail: str,
    errors: list[Fault] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The problem as a response."""
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        errors=errors or [],
    )
    return JSONResponse(
        problem.model_dump(exclude=set() if errors else {"errors"}),
        status,
        headers=dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


async def _on_problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    return answer(error.status, error.code, error.detail, headers=error.headers)


async def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [
        Fault(at=list(e["loc"]), message=e["msg"].removeprefix(_OURS))
        for e in error.errors()
    ]
    detail = "; ".join(f"{'.'.join(map(str, f.at))}: {f.message}" for f in faults)
    return answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=faults
    )


async def _on_http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _CODES.get(HTTPStatus(error.status_code), "invalid_request")
    return answer(error.status_code, code, str(error.detail), headers=error.headers)


async def _on_cursor(_request: Request, _error: Exception) -> JSONResponse:
    detail = "cursor: use next_cursor of the answer before, or leave it out"
    return answer(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_cursor", detail)


async def _on_unavailable(_request: Request, error: Exception) -> JSONResponse:
    code = next(code for kind, code in _UNAVAILABLE if isinstance(error, kind))
    return answer(
        HTTPStatus.SERVICE_UNAVAILABLE,
        code,
        str(error),
        headers={"Retry-After": str(_RETRY_AFTER_S)},
    )


async def _on_refused(_request: Request, error: Exception) -> JSONResponse:
    return answer(HTTPStatus.SERVICE_UNAVAILABLE, "journal_refused", str(error))


async def _on_bug(_request: Request, _error: Exception) -> JSONResponse:
    detail = "The gateway could not answer; its log says why."
    return answer(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", detail)


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(CursorError, _on_cursor)
    app.add_exception_handler(TransientError, _on_unavailable)
    app.add_exception_handler(PermanentError, _on_refused)
    app.add_exception_handler(Exception, _on_bug)


def responses() -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of errors, for every route alike."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schema["properties"]["errors"] = {
        "type": "array",
        "items": schema.pop("$defs")["Fault"],
    }
    content = {MEDIA_TYPE: {"schema": schema}}
    return {
        "4XX": {"description": "The request is at fault", "content": content},
        "5XX": {"description": "The gateway is at fault", "content": content},
    }
