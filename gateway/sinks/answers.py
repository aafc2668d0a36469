"""What an HTTP status means for the units that were sent."""

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, NamedTuple

from gateway.ports import Answer, Verdict

DETAIL_BYTES_MAX: Final = 2_048
_MS: Final = 1000

# The common table: single codes first, then whole classes, else nonsense: try again.
_CODES: Final[Mapping[int, Verdict]] = {
    HTTPStatus.REQUEST_TIMEOUT: Verdict.RETRY,
    HTTPStatus.TOO_EARLY: Verdict.RETRY,
    HTTPStatus.TOO_MANY_REQUESTS: Verdict.RETRY,
    HTTPStatus.UNAUTHORIZED: Verdict.OPERATOR,
    HTTPStatus.PAYMENT_REQUIRED: Verdict.OPERATOR,
    HTTPStatus.FORBIDDEN: Verdict.OPERATOR,
    HTTPStatus.NOT_FOUND: Verdict.OPERATOR,
    HTTPStatus.METHOD_NOT_ALLOWED: Verdict.OPERATOR,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Verdict.OPERATOR,
    HTTPStatus.GONE: Verdict.DISABLED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Verdict.TOO_LARGE,
}
_CLASSES: Final[Mapping[int, Verdict]] = {
    2: Verdict.DELIVERED,
    3: Verdict.OPERATOR,
    4: Verdict.REFUSED,
    5: Verdict.RETRY,
}


class Reply(NamedTuple):
    """A status line, the headers and the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def judge(status: int) -> Verdict:
    """What a status means; one outside of HTTP is nonsense: try again."""
    return _CODES.get(status) or _CLASSES.get(status // 100, Verdict.RETRY)


def answer(reply: Reply, count: int, wall_ms: int) -> Answer:
    """The reply as the answer about `count` units."""
    return Answer(
        judge(reply.status),
        count,
        reply.status,
        reply.body[:DETAIL_BYTES_MAX].decode("utf-8", errors="replace").strip(),
        retry_after_ms(reply.headers.get("Retry-After", ""), wall_ms),
    )


def failed(error: BaseException, count: int) -> Answer:
    """No answer: the world's fault."""
    if isinstance(error, TimeoutError):
        detail = f"no answer in time ({error})" if str(error) else "no answer in time"
    else:
        detail = ": ".join(filter(None, (type(error).__name__, str(error))))
    return Answer(Verdict.RETRY, count, detail=detail)


def retry_after_ms(value: str, wall_ms: int) -> int:
    """The delay a Retry-After header asks for, 0 when it says nothing useful."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return int(value[:9]) * _MS
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0, int(moment.timestamp() * _MS) - wall_ms)
