"""Why a connection could not be made, in an operator's words."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.app.doctor.findings import Area, Finding
from gateway.errors import TransientError
from gateway.loopback import is_loopback

_DAY_S: Final = 86_400
_EXPIRY_DAYS_MIN: Final = 30
_CAUSES: Final[Sequence[tuple[type[BaseException], str, str]]] = (
    (
        ConnectionRefusedError,
        "nothing listens there",
        "start it there, or correct the host and port of the url",
    ),
    (
        TimeoutError,
        "no answer in time",
        "does a firewall drop it, is the address right, is it overloaded?",
    ),
    (
        ConnectionResetError,
        "it hangs up",
        "is it the right port, and does it want TLS?",
    ),
    (
        socket.gaierror,
        "no such host",
        "correct the host of the url, or the name service of this machine",
    ),
    (TransientError, "", "is it the right port, and does it want TLS?"),
)
"""Words and advice by the kind of error; no words: its own."""


def unreachable(area: Area, where: str, error: BaseException) -> Finding:
    """The finding for what a connection attempt raised."""
    cause = _cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        words = cause.verify_message.rstrip(".")
        return area.fail("tls", f"{where}: {words}", _certificate_advice(cause))
    if isinstance(cause, ssl.SSLError):
        words = str(cause.reason or cause).lower().replace("_", " ")
        advice = "is this port TLS? does it ask for a certificate of ours?"
        return area.fail("tls", f"{where}: {words}", advice)
    for kind, words, advice in _CAUSES:
        if isinstance(cause, kind):
            return area.fail("reach", f"{where}: {words or cause}", advice)
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return area.fail("reach", f"{where}: {text}", "correct the url, or mend the way")


def in_the_clear(area: Area, where: str, host: str, *, tls: bool) -> Iterator[Finding]:
    """A remark when a network sees what is sent."""
    if not tls and not is_loopback(host):
        advice = "use TLS there, and mqtts:// or https:// here"
        yield area.warn("tls", f"{where} is reached without TLS", advice)


def certificate(area: Area, where: str, peer: ssl.SSLObject, wall_s: float) -> Finding:
    """How long the certificate of the other side is still good for."""
    shown = peer.getpeercert() or {}
    left_s = ssl.cert_time_to_seconds(str(shown["notAfter"])) - wall_s
    days = int(left_s // _DAY_S)
    detail = f"{where}: {peer.version()}, its certificate is good for {days} days"
    if days < _EXPIRY_DAYS_MIN:
        return area.warn("tls", detail, "renew it in time")
    return area.ok("tls", detail)


def _cause(error: BaseException) -> BaseException:
    """The socket's or TLS's own error, inside of what a client wraps around it."""
    for name in ("certificate_error", "os_error", "_os_error"):
        inner = getattr(error, name, None)
        if isinstance(inner, BaseException):
            return inner
    inside = error.__cause__
    wrapped = isinstance(error, TransientError) and isinstance(inside, OSError)
    return inside if wrapped and inside is not None else error


def _certificate_advice(error: ssl.SSLCertVerificationError) -> str:
    if "mismatch" in error.verify_message or "not valid for" in error.verify_message:
        return "the url must name the host as its certificate does"
    if "expired" in error.verify_message:
        return "renew its certificate; is this machine's clock right?"
    return "its authority is unknown here: name it (ca_file), or add it to the system"
