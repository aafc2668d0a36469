"""The broker: reached, TLS, accounts, what CONNACK grants, rights.

Nothing is done under a client id that the gateway uses: one that runs would lose its
connection to us. Each session that is asked for ends with its connection.
"""

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from mqtt5 import ConnAckReasonCode, RetainHandling, TopicFilter

from device_protocol.limits import PAYLOAD_BYTES_MAX
from device_protocol.topics import Channel, topic
from gateway.app.doctor.findings import Area, Finding
from gateway.app.doctor.reach import certificate, in_the_clear, unreachable
from gateway.app.links import link_options
from gateway.errors import TransientError
from gateway.mqtt.enquiry import Limits, RefusedError, enquiring
from gateway.mqtt.options import LinkOptions
from gateway.settings import Broker, Credential

AREA: Final = Area("broker")

_ALERT_S: Final = 0.5  # TLS 1.3 judges a client's certificate after the handshake
_FAILED_MIN: Final = 0x80
_HEADER_BYTES: Final = 512  # of a packet: topic and properties
_RECEIVE_MAX_MIN: Final = 10
_DEVICE: Final = "evalgate-doctor"  # no terminal hears what is sent to it
_LOGIN: Final = (  # the codec's enum has no hash
    ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD,
    ConnAckReasonCode.NOT_AUTHORIZED,
    ConnAckReasonCode.BAD_AUTHENTICATION_METHOD,
    ConnAckReasonCode.CLIENT_ID_NOT_VALID,
    ConnAckReasonCode.BANNED,
)


async def examine(broker: Broker) -> AsyncIterator[Finding]:
    """All findings; what cannot be tried is said, or left out after its cause."""
    where = f"{broker.host}:{broker.port}"
    try:
        yield await _reached(broker, where)
    except (OSError, ValueError) as error:
        yield unreachable(AREA, where, error)
        return
    for remark in in_the_clear(AREA, where, broker.host, tls=broker.tls):
        yield remark
    for visit in (_uplink, _downlink, _probe):
        async for finding in visit(broker):
            yield finding


async def _reached(broker: Broker, where: str) -> Finding:
    options = link_options(broker, broker.probe, 1, uplink=False)
    tls = options.tls.context() if options.tls else None
    async with asyncio.timeout(broker.connect_timeout_s):
        reader, writer = await asyncio.open_connection(
            broker.host, broker.port, ssl=tls
        )
    try:
        peer = writer.get_extra_info("ssl_object")
        if peer is None:
            return AREA.ok("reach", f"{where} listens")
        with suppress(TimeoutError):  # silence: it has nothing against our certificate
            await asyncio.wait_for(reader.read(1), _ALERT_S)
        return certificate(AREA, where, peer, time.time())
    finally:
        writer.close()
        with suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


async def _uplink(broker: Broker) -> AsyncIterator[Finding]:
    """Its account, the limits for a session as ours, and the right to read."""
    options = _as_doctor(broker, broker.uplink, uplink=True)
    try:
        async with enquiring(options) as (_, limits):
            yield AREA.ok("account.uplink", _let_in(broker.uplink, options))
            for finding in judged(limits, options.connect.session_expiry_s):
                yield finding
        # Once more without a session to keep: should we die here, nothing queues up.
        brief = replace(options, connect=options.connect._replace(session_expiry_s=0))
        async with enquiring(brief) as (enquiry, _):
            filters = [_without_retained(one) for one in options.filters]
            codes = await enquiry.subscribe(filters)
            yield readable([one.pattern for one in filters], codes)
    except RefusedError as error:
        yield refused(broker, broker.uplink, "uplink", error)
    except (OSError, TransientError) as error:
        yield unreachable(AREA, "uplink", error)


async def _downlink(broker: Broker) -> AsyncIterator[Finding]:
    """Its account, and the right to publish where receipts go."""
    options = _as_doctor(broker, broker.downlink, uplink=False)
    try:
        async with enquiring(options) as (enquiry, _):
            yield AREA.ok("account.downlink", _let_in(broker.downlink, options))
            name = topic(broker.root, _DEVICE, Channel.RECEIPT)
            yield writable(name, await enquiry.publish(name, b"{}"))
    except RefusedError as error:
        yield refused(broker, broker.downlink, "downlink", error)
    except (OSError, TransientError) as error:
        yield unreachable(AREA, "downlink", error)


async def _probe(broker: Broker) -> AsyncIterator[Finding]:
    """Its account; the gateway does not use this client id, so we may."""
    options = link_options(broker, broker.probe, 1, uplink=False)
    try:
        async with enquiring(options):
            yield AREA.ok("account.probe", _let_in(broker.probe, options))
    except RefusedError as error:
        yield AREA.fail("account.probe", f"{_who(broker.probe)}: {error}", _CORRECT)
    except (OSError, TransientError) as error:
        yield unreachable(AREA, "probe", error)


def judged(limits: Limits, session_expiry_s: int) -> Iterator[Finding]:
    """What CONNACK grants, against what the promise needs."""
    if limits.qos_max < 1:
        advice = "allow QoS 1: with QoS 0 messages are lost unseen"
        yield AREA.fail("limits.qos", "the broker allows QoS 0 only", advice)
    if not limits.retain:
        advice = "switch retained messages on: presence rests on them"
        yield AREA.fail("limits.retain", "retained messages are switched off", advice)
    if not limits.wildcards:
        advice = "allow them: the gateway subscribes with + for the device"
        yield AREA.fail("limits.wildcards", "wildcards are not allowed", advice)
    granted = limits.session_expiry_s
    if granted is not None and granted < session_expiry_s:
        detail = f"it keeps our session for {granted} s, not {session_expiry_s} s"
        advice = "raise it there, or lower session_expiry_days: longer absences lose"
        yield AREA.warn("limits.session", detail, advice)
    size, needed = limits.packet_bytes_max, PAYLOAD_BYTES_MAX + _HEADER_BYTES
    if size is not None and size < needed:
        detail = f"packets above {size} bytes are refused, terminals may send {needed}"
        advice = "set max_packet_size 65536 there"
        yield AREA.warn("limits.packet", detail, advice)
    if limits.receive_max < _RECEIVE_MAX_MIN:
        detail = f"only {limits.receive_max} receipts may be under way at a time"
        advice = "raise the broker's Receive Maximum (mosquitto: max_inflight_messages)"
        yield AREA.warn("limits.receive", detail, advice)
    yield AREA.ok("limits", _in_words(limits))


def readable(patterns: list[str], codes: list[int]) -> Finding:
    """Which of our subscriptions are granted, and with which QoS."""
    pairs = list(zip(patterns, codes, strict=True))
    if denied := [pattern for pattern, code in pairs if code >= _FAILED_MIN]:
        advice = "grant the account the right to subscribe (config/mosquitto/accounts)"
        return AREA.fail("subscribe", f"refused: {', '.join(denied)}", advice)
    if lossy := [pattern for pattern, code in pairs if code == 0]:
        advice = "let the broker grant QoS 1: with QoS 0 messages are lost unseen"
        return AREA.fail("subscribe", f"QoS 0 only: {', '.join(lossy)}", advice)
    return AREA.ok("subscribe", f"{len(pairs)} uplink channels granted with QoS 1")


def writable(name: str, code: int) -> Finding:
    """Whether the broker took a publish to `name`."""
    if code >= _FAILED_MIN:
        advice = "grant the account the right to publish (config/mosquitto/accounts)"
        return AREA.fail("publish", f"refused: {name} (0x{code:02X})", advice)
    return AREA.ok("publish", f"receipts may be published (tried {name})")


def refused(
    broker: Broker, credential: Credential, name: str, error: RefusedError
) -> Finding:
    """An account that is bound to its client id cannot be tried under another."""
    detail = f"{_who(credential)}: {error}"
    if error.code not in _LOGIN:
        advice = "the broker's log says why; it must speak MQTT 5"
        return AREA.fail(f"account.{name}", detail, advice)
    if broker.probe.username == broker.uplink.username:
        return AREA.fail(f"account.{name}", detail, _CORRECT)
    return AREA.warn(
        f"account.{name}",
        f"not tried: {_who(credential)} is refused under another client id than"
        f" {credential.client_id}, and that one may be in use",
        "start the gateway: `evalgate status` says whether it is let in and may read",
    )


_CORRECT: Final = "correct user name and password (…_file) here, or the account there"


def _as_doctor(broker: Broker, credential: Credential, *, uplink: bool) -> LinkOptions:
    """The gateway's own options under a client id that nobody else has."""
    options = link_options(broker, credential, 1, uplink=uplink)
    client_id = f"{credential.client_id}-doctor-{os.getpid()}"
    return replace(options, connect=options.connect._replace(client_id=client_id))


def _without_retained(one: TopicFilter) -> TopicFilter:
    return TopicFilter(
        one.pattern, max_qos=one.max_qos, retain_handling=RetainHandling.SEND_NEVER
    )


def _let_in(credential: Credential, options: LinkOptions) -> str:
    return f"{_who(credential)} is let in (as {options.connect.client_id})"


def _who(credential: Credential) -> str:
    return credential.username or "no user name"


def _in_words(limits: Limits) -> str:
    size = limits.packet_bytes_max
    expiry = limits.session_expiry_s
    return ", ".join(
        [
            f"QoS {limits.qos_max}",
            f"Receive Maximum {limits.receive_max}",
            f"packets up to {size} bytes" if size else "packets of any size",
            f"session kept {expiry} s"
            if expiry is not None
            else "session kept as asked",
            "retained messages" if limits.retain else "no retained messages",
        ]
    )
