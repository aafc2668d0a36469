"""Every status has one meaning."""

import pytest

from gateway.ports import Answer, Verdict
from gateway.sinks.answers import Reply, answer, failed, judge, retry_after_ms

NOW_MS = 1_795_000_000_000  # 2026-11-18T11:06:40Z


@pytest.mark.parametrize(
    ("verdict", "statuses"),
    [
        (Verdict.DELIVERED, [200, 201, 202, 204, 299]),
        (Verdict.RETRY, [408, 425, 429, 500, 502, 503, 504, 599]),
        (Verdict.OPERATOR, [300, 301, 302, 304, 307, 308]),
        (Verdict.OPERATOR, [401, 402, 403, 404, 405, 415]),
        (Verdict.DISABLED, [410]),
        (Verdict.REFUSED, [400, 406, 409, 411, 418, 422, 451]),
        (Verdict.TOO_LARGE, [413]),
        (Verdict.RETRY, [0, 42, 101, 600, 999]),
    ],
)
def test_a_status_means(verdict: Verdict, statuses: list[int]) -> None:
    assert {status: judge(status) for status in statuses} == dict.fromkeys(
        statuses, verdict
    )


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [
        ("120", 120_000),
        (" 3 ", 3_000),
        ("Wed, 18 Nov 2026 11:07:40 GMT", 60_000),
        ("Wed, 18 Nov 2026 11:00:00 GMT", 0),
        ("Wed, 18 Nov 2026 11:07:40 -0000", 60_000),
        ("9" * 40, 999_999_999_000),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("\uff11\uff12", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, milliseconds: int) -> None:
    assert retry_after_ms(value, NOW_MS) == milliseconds


def test_an_answer_keeps_the_beginning_of_what_was_said() -> None:
    reply = Reply(422, {"Retry-After": "1"}, b" no such \xff employee " + b"x" * 9000)
    made = answer(reply, 7, NOW_MS)
    assert (made.verdict, made.count, made.status) == (Verdict.REFUSED, 7, 422)
    assert made.detail.startswith("no such � employee xxx")
    assert len(made.detail) <= 2048
    assert made.retry_after_ms == 1000


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (TimeoutError(), "no answer in time"),
        (TimeoutError("10 s"), "no answer in time (10 s)"),
        (ConnectionResetError(), "ConnectionResetError"),
        (OSError("no route"), "OSError: no route"),
    ],
)
def test_a_failure_is_said_once(error: OSError, detail: str) -> None:
    assert failed(error, 3) == Answer(Verdict.RETRY, 3, detail=detail)
