"""What CONNACK grants, and what it must."""

import pytest

from gateway.app.doctor import Area, Level
from gateway.app.doctor.broker import judged, readable, writable
from gateway.app.doctor.reach import in_the_clear
from gateway.mqtt.enquiry import Limits
from tests.support.findings import Findings

WEEK_S = 7 * 86_400
GENEROUS = Limits(65_535, None, None, None, 2, retain=True, wildcards=True)


@pytest.mark.parametrize(
    ("limits", "troubles"),
    [
        (GENEROUS, {}),
        (GENEROUS._replace(qos_max=0), {"limits.qos": Level.FAIL}),
        (GENEROUS._replace(qos_max=1), {}),
        (GENEROUS._replace(retain=False), {"limits.retain": Level.FAIL}),
        (GENEROUS._replace(wildcards=False), {"limits.wildcards": Level.FAIL}),
        (GENEROUS._replace(session_expiry_s=WEEK_S), {}),
        (GENEROUS._replace(session_expiry_s=60), {"limits.session": Level.WARN}),
        (GENEROUS._replace(packet_bytes_max=65_536), {}),
        (GENEROUS._replace(packet_bytes_max=60_000), {"limits.packet": Level.WARN}),
        (GENEROUS._replace(receive_max=3), {"limits.receive": Level.WARN}),
    ],
)
def test_a_limit_below_what_is_needed_is_named(
    limits: Limits, troubles: dict[str, Level]
) -> None:
    assert Findings(judged(limits, WEEK_S)).troubles() == troubles


def test_a_subscription_that_is_granted_with_qos_0_loses_messages() -> None:
    finding = readable(["a/+/rating", "a/+/presence"], [1, 0])
    assert finding.level is Level.FAIL
    assert "a/+/presence" in finding.detail
    assert "a/+/rating" not in finding.detail


@pytest.mark.parametrize(("code", "level"), [(0, "ok"), (0x10, "ok"), (0x87, "fail")])
def test_nobody_need_hear_what_is_published(code: int, level: str) -> None:
    assert writable("a/b", code).level == level


@pytest.mark.parametrize(
    ("host", "tls", "count"),
    [("10.0.0.7", False, 1), ("10.0.0.7", True, 0), ("localhost", False, 0)],
)
def test_only_what_crosses_a_network_needs_tls(
    host: str,
    tls: bool,  # noqa: FBT001 -- a case
    count: int,
) -> None:
    assert len(list(in_the_clear(Area("x"), host, host, tls=tls))) == count
