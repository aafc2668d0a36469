"""What one client says and is answered, faults on command included."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple, Protocol, TypeVar

from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    Packet,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PubAckReasonCode,
    PubCompPacket,
    PubCompReasonCode,
    PublishPacket,
    PubRecPacket,
    PubRecReasonCode,
    PubRelPacket,
    PubRelReasonCode,
    QoS,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    UnsubAckPacket,
    UnsubscribePacket,
)

from simulators.pretend.broker import topics
from simulators.pretend.broker.core import Broker
from simulators.pretend.broker.sessions import Link, Session, Subscription
from simulators.pretend.broker.stream import Codec, StreamError
from simulators.pretend.faults import Conduct, Fault, FaultPlan

# Conducts under which the message is taken, whatever its sender hears.
_TAKEN: Final = {Conduct.ANSWER, Conduct.NO_ANSWER, Conduct.RESET_AFTER}
_FAILED_MIN: Final = 0x80  # reason codes from here on mean failure


Code = TypeVar("Code")


class Line(Link, Protocol):
    """The connection under a dialogue."""

    silent_ms_max: int
    ended: bool

    def close(self) -> None: ...

    def abort(self) -> None: ...

    def go_deaf(self) -> None: ...

    def babble(self) -> None: ...


def _nothing() -> None:
    """What follows most answers."""


class _Wish(NamedTuple):
    """A packet that wants an answer: what grants it, refuses it, and comes after."""

    grant: Callable[[], Packet]
    refuse: Callable[[int], Packet]
    then: Callable[[], None] = _nothing


class Dialogue:
    """Answers the packets of one connection."""

    def __init__(
        self, broker: Broker, faults: FaultPlan, line: Line, codec: Codec
    ) -> None:
        self._broker = broker
        self._faults = faults
        self._line = line
        self._codec = codec
        self._session: Session | None = None
        self._aliases: dict[int, str] = {}
        self._unanswered: set[int] = set()  # publishes that we owe an answer

    @property
    def client_id(self) -> str:
        """Empty until CONNECT was accepted, and after the end."""
        return self._session.client_id if self._session else ""

    def resume(self) -> None:
        """The client reads again."""
        if self._session is not None:
            self._session.pump(self._broker.clock_ms())

    def hand_over(self) -> None:
        """Another connection has the session; it is no longer ours to leave."""
        self._session = None

    def leave(self, *, with_will: bool) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._broker.leave(session, with_will=with_will)

    def take(self, packet: Packet) -> None:
        """Do what one packet asks.

        Raises:
            StreamError: it breaks the protocol; the connection must end.

        """
        session = self._session
        if isinstance(packet, ConnectPacket):
            if session is not None:
                raise _broken("a second CONNECT")
            self._connect(packet)
            return
        if session is None:
            raise _broken("a packet without a session")
        self._handle(session, packet)

    def _handle(self, session: Session, packet: Packet) -> None:
        if isinstance(packet, PublishPacket):
            packet = self._named(packet)
        if self._broker.witness is not None:
            self._broker.witness.heard(session.client_id, packet)
        match packet:
            case PublishPacket():
                self._publish(session, packet)
            case PubAckPacket():
                session.acknowledged(packet.packet_id, self._broker.clock_ms())
            case PubRecPacket() | PubRelPacket() | PubCompPacket():
                self._exactly_once(session, packet)
            case SubscribePacket():
                self._subscribe(session, packet)
            case UnsubscribePacket():
                codes = [
                    self._broker.unsubscribe(session, it) for it in packet.patterns
                ]
                self._line.send(UnsubAckPacket(packet.packet_id, codes))
            case PingReqPacket():
                self._line.send(PingRespPacket())
            case DisconnectPacket():
                self._disconnect(session, packet)
            case _:
                raise _broken(type(packet).__name__)

    # ----- CONNECT, DISCONNECT

    def _connect(self, packet: ConnectPacket) -> None:
        fault = self._faults.take([f"connect {packet.client_id}"])
        wish = _Wish(
            lambda: self._enter(packet),
            lambda code: ConnAckPacket(reason_code=_coded(ConnAckReasonCode, code)),
            self._entered,
        )
        self._answer(wish, fault)

    def _enter(self, packet: ConnectPacket) -> ConnAckPacket:
        self._session, answer = self._broker.connect(
            self._line, packet, version=self._codec.version
        )
        witness, session = self._broker.witness, self._session
        if witness is not None and session is not None:
            witness.entered(session.client_id, packet, self._codec.version)
        shortened_s = answer.server_keep_alive
        keep_alive_s = packet.keep_alive if shortened_s is None else shortened_s
        self._line.silent_ms_max = keep_alive_s * 1500
        return answer

    def _entered(self) -> None:
        if self._session is None:
            self._line.close()
        else:
            self._session.resume(self._broker.clock_ms())

    def _disconnect(self, session: Session, packet: DisconnectPacket) -> None:
        expiry_s = packet.session_expiry_interval
        if expiry_s is not None:
            if expiry_s and not session.expiry_ms:
                raise _broken("a session expiry that CONNECT had not asked for")
            longest_s = self._broker.limits.session_expiry_s_max
            session.expiry_ms = min(expiry_s, longest_s) * 1000
        code = packet.reason_code
        self.leave(with_will=code != DisconnectReasonCode.NORMAL_DISCONNECTION)
        self._line.close()

    # ----- PUBLISH

    def _publish(self, session: Session, packet: PublishPacket) -> None:
        if not topics.is_name(packet.topic):
            raise StreamError(DisconnectReasonCode.TOPIC_NAME_INVALID, packet.topic)
        if int(packet.qos) > self._broker.limits.qos_max:
            raise StreamError(DisconnectReasonCode.QOS_NOT_SUPPORTED, "QoS")
        if packet.packet_id is None:
            self._publish_unanswered(session, packet)
            return
        number, again = packet.packet_id, packet.packet_id in session.incoming
        self._unanswered.add(number)
        awaited = len(self._unanswered | session.incoming)
        if awaited > self._broker.limits.receive_max:
            code = DisconnectReasonCode.RECEIVE_MAX_EXCEEDED
            raise StreamError(code, "too many unanswered publishes")
        if packet.qos == QoS.EXACTLY_ONCE:
            wish = _Wish(
                lambda: self._received(session, packet, number, again=again),
                lambda code: PubRecPacket(
                    number, reason_code=_coded(PubRecReasonCode, code)
                ),
                lambda: self._unanswered.discard(number),
            )
        else:
            wish = _Wish(
                lambda: self._acknowledged(session, packet, number),
                lambda code: PubAckPacket(
                    number, reason_code=_coded(PubAckReasonCode, code)
                ),
                lambda: self._unanswered.discard(number),
            )
        self._answer(wish, self._faults.take([_subject(session, packet)]))

    def _publish_unanswered(self, session: Session, packet: PublishPacket) -> None:
        """QoS 0: a refusal and a late answer are both unheard of."""
        fault = self._faults.take([_subject(session, packet)])
        if fault is None or (fault.status is None and fault.conduct in _TAKEN):
            self._broker.publish(session, packet)
        if fault is not None:
            self._broker.counts["faults"] += 1
            self._break(fault.conduct)

    def _named(self, packet: PublishPacket) -> PublishPacket:
        """The packet with its topic in full."""
        alias = packet.topic_alias
        if alias is None:
            return packet
        if not 0 < alias <= self._broker.limits.topic_aliases_max:
            raise StreamError(DisconnectReasonCode.TOPIC_ALIAS_INVALID, str(alias))
        if packet.topic:
            self._aliases[alias] = packet.topic
            return packet
        if alias not in self._aliases:
            raise _broken("an unknown topic alias")
        return _renamed(packet, self._aliases[alias])

    def _acknowledged(
        self, session: Session, packet: PublishPacket, number: int
    ) -> PubAckPacket:
        if self._broker.publish(session, packet):
            return PubAckPacket(number)
        code = PubAckReasonCode.NO_MATCHING_SUBSCRIBERS
        return PubAckPacket(number, reason_code=code)

    def _received(
        self, session: Session, packet: PublishPacket, number: int, *, again: bool
    ) -> PubRecPacket:
        session.incoming.add(number)
        if again or self._broker.publish(session, packet):
            return PubRecPacket(number)
        code = PubRecReasonCode.NO_MATCHING_SUBSCRIBERS
        return PubRecPacket(number, reason_code=code)

    def _exactly_once(
        self, session: Session, packet: PubRecPacket | PubRelPacket | PubCompPacket
    ) -> None:
        """The later steps of QoS 2, in both directions."""
        number, now_ms = packet.packet_id, self._broker.clock_ms()
        match packet:
            case PubRecPacket() if int(packet.reason_code) >= _FAILED_MIN:
                session.acknowledged(number, now_ms)
            case PubRecPacket():
                known = session.received(number)
                lost = PubRelReasonCode.PACKET_ID_NOT_FOUND
                code = PubRelReasonCode.SUCCESS if known else lost
                self._line.send(PubRelPacket(number, reason_code=code))
            case PubRelPacket():
                known = number in session.incoming
                session.incoming.discard(number)
                missing = PubCompReasonCode.PACKET_ID_NOT_FOUND
                done = PubCompReasonCode.SUCCESS if known else missing
                self._line.send(PubCompPacket(number, reason_code=done))
            case PubCompPacket():
                session.acknowledged(number, now_ms)

    # ----- SUBSCRIBE

    def _subscribe(self, session: Session, packet: SubscribePacket) -> None:
        subjects = [
            f"subscribe {session.client_id} {it.pattern}" for it in packet.topic_filters
        ]
        owed: list[Subscription] = []

        def grant() -> SubAckPacket:
            codes, fresh = self._broker.subscribe(session, packet)
            owed.extend(fresh)
            return SubAckPacket(packet.packet_id, codes)

        def refuse(code: int) -> SubAckPacket:
            codes = [_coded(SubAckReasonCode, code)] * len(packet.topic_filters)
            return SubAckPacket(packet.packet_id, codes)

        then = partial(self._broker.send_retained, session, owed)
        wish = _Wish(grant, refuse, then)
        self._answer(wish, self._faults.take(subjects))

    # ----- answers

    def _answer(self, wish: _Wish, fault: Fault | None) -> None:
        if fault is None:
            self._line.send(wish.grant())
            wish.then()
            return
        self._broker.counts["faults"] += 1
        match fault.conduct:
            case Conduct.ANSWER if fault.delay_ms:
                loop = asyncio.get_running_loop()
                loop.call_later(fault.delay_ms / 1000, self._say, wish, fault)
            case Conduct.ANSWER:
                self._say(wish, fault)
            case conduct:
                if conduct in _TAKEN:
                    wish.grant()
                self._break(conduct)

    def _break(self, conduct: Conduct) -> None:
        """What a conduct does to the connection."""
        match conduct:
            case Conduct.BLACK_HOLE:
                self._line.go_deaf()
            case Conduct.RESET_BEFORE | Conduct.RESET_AFTER:
                self._line.abort()
            case Conduct.NONSENSE:
                self._line.babble()
            case _:
                pass  # the connection stays

    def _say(self, wish: _Wish, fault: Fault) -> None:
        if self._line.ended:
            return
        granted = fault.status is None
        self._line.send(wish.grant() if granted else wish.refuse(fault.status or 0))
        wish.then()


def _coded(kind: Callable[[int], Code], code: int) -> Code:
    """The reason code, or the unspecified error where this packet has no such code."""
    try:
        return kind(code)
    except ValueError:
        return kind(_FAILED_MIN)


def _subject(session: Session, packet: PublishPacket) -> str:
    return f"publish {session.client_id} {packet.topic}"


def _renamed(packet: PublishPacket, topic: str) -> PublishPacket:
    return PublishPacket(
        topic,
        packet.payload,
        qos=packet.qos,
        retain=packet.retain,
        packet_id=packet.packet_id,
        duplicate=packet.duplicate,
        payload_format_indicator=packet.payload_format_indicator,
        message_expiry_interval=packet.message_expiry_interval,
        content_type=packet.content_type,
        response_topic=packet.response_topic,
        correlation_data=packet.correlation_data,
        user_properties=packet.user_properties,
    )


def _broken(detail: str) -> StreamError:
    return StreamError(DisconnectReasonCode.PROTOCOL_ERROR, detail)
