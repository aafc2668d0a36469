"""If-Match over a revision: who changes what somebody else just changed is told so."""

import re
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Header

from gateway.console.problems import ProblemError

_TAGS: Final = re.compile(r'\s*"(\d{1,15})"\s*(?:,\s*"(\d{1,15})"\s*)*')
_TAG: Final = re.compile(r'"(\d{1,15})"')
_ANY: Final = "*"

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=200,
        description="The ETag of what is to be changed; without it, whatever is.",
    ),
]


def etag(revision: int) -> str:
    """The ETag of what stands under a revision; 0: nothing ever did."""
    return f'"{revision}"'


def revisions(if_match: str | None) -> list[int] | None:
    """The revisions of which one must be in force; None: any.

    Raises:
        ProblemError: it is no list of ETags as they were told.
    """
    if if_match is None or if_match.strip() == _ANY:
        return None
    if not _TAGS.fullmatch(if_match):
        detail = f'If-Match: send the ETag as it was told, like "3", not {if_match!r}'
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail)
    return [int(tag) for tag in _TAG.findall(if_match)]
