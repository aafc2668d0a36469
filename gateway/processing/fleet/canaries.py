"""Hop 5 for canaries: a ghost's press becomes a point and an event, never a rating.

Which sites have a ghost follows from the terms in force and the registry. That a press
arrived at a sink is told by `deliver`, as the act `canaries_arrived`.
"""

from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec

from device_protocol.codec import reader_of
from device_protocol.errors import ProtocolError, Reason
from device_protocol.messages import Envelope, EventMessage, Mode, Rating
from device_protocol.topics import Channel, topic
from fleet.canary import SITES_MAX, Health, Terms, Way, arrive, ghost_of, look
from fleet.registry import ACCEPTING, is_reserved
from gateway.acts import CanaryArrival
from gateway.events import rfc3339
from gateway.events.addressing import BACKEND, INFLUXDB
from gateway.events.points import NS_PER_MS, tag
from gateway.events.registry import CANARY_RECORDED, GATEWAY
from gateway.ledger.canaries import CanaryBooks, End
from gateway.ledger.snapshot import gateway_of
from gateway.ports import HealthPoint
from gateway.processing.alerting.alerts import announce, raise_alert, resolve_alert
from gateway.processing.applying import CANARY
from gateway.processing.state import State
from gateway.processing.timed import Timed

LOOK: Final = "canary"
"""The kind of timer that asks whether something is missing."""

JOURNAL: Final = ""
"""The end that every press has, before any sink."""

_TOLD: Final = {BACKEND: CANARY_RECORDED, INFLUXDB: GATEWAY}
"""What a kind of sink is told of a press."""

_SITES_NAMED: Final = 5
_TROUBLES: Final = {
    Health.MISSING: "no canary of {sites} reaches {where}",
    Health.SLOW: "canaries of {sites} take longer than {slow} s to {where}",
}
_TERMS: Final = msgspec.json.Decoder(Terms)
_read_rating: Final = reader_of(Channel.RATING)


class Press(Envelope, frozen=True, gc=False):
    """A ghost's press: an event with an identity, and no rating."""


def read_press(device_id: str, payload: bytes) -> EventMessage:
    """What a ghost sends.

    Raises:
        ProtocolError: it is no single press in mode `test`.
    """
    rating = _read_rating(device_id, payload)
    if not isinstance(rating, Rating) or rating.mode != Mode.TEST:
        raise ProtocolError(Reason.REFUSED_DEVICE, "a canary presses in mode test")
    shared = {name: getattr(rating, name) for name in Envelope.__struct_fields__}
    return cast("EventMessage", Press(**shared))  # none of the protocol: ours alone


def read_terms(text: str | None) -> Terms:
    """The terms as the ledger keeps them; None: none were ever applied."""
    return _TERMS.decode(text) if text else Terms()


class Canaries:
    """Follows the presses of ghosts to their ends."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._books = CanaryBooks(state.store)
        self._terms = read_terms(state.books.setting(CANARY))
        self._ways = self._books.ways() if self._terms.every_s else {}
        self._ghosts = {ghost_of(site): site for site, _ in self._ways}

    @property
    def ghosts(self) -> Mapping[str, str]:
        """The site of each ghost, by its device id."""
        return self._ghosts

    def apply(self, terms: Terms) -> int:
        """Put terms in force; answers how many sites have a ghost."""
        self._terms = terms
        self._state.books.drop_timers(LOOK, "")
        self._expect()
        if terms.every_s:
            self.look("")
        return len(self._ghosts)

    def take(self, timed: Timed) -> str | None:
        """A press was appended; answers the rule that ignores it, if any."""
        _, device, message, record, pressed_ms, _ = timed
        state, ghost = self._state, device.device_id
        site = self._ghosts.get(ghost)
        if site is None:
            return "canary_gone"
        delay_ms = max(0, state.now_ms - pressed_ms)
        data = {
            "site": site,
            "device_id": ghost,
            "event_id": message.event_id,
            "occurred_at": rfc3339(pressed_ms),
            "received_at": rfc3339(record.received_ms),
            "delay_ms": delay_ms,
        }
        if state.sinks.take(GATEWAY):
            self._plot(site, ghost, f"canary=1i,{_delay(delay_ms)}", pressed_ms)
            state.emission.watch_for()
        announce(state, CANARY_RECORDED, site, data, ghost, at_ms=pressed_ms)
        state.emission.watch_for()
        self._arrive([(site, JOURNAL, pressed_ms, state.now_ms)])
        return None

    def arrived(self, arrivals: Sequence[CanaryArrival]) -> None:
        """Presses were delivered to sinks."""
        known = [
            (self._ghosts[one.device_id], one.sink, one.pressed_ms, one.arrived_ms)
            for one in arrivals
            if one.device_id in self._ghosts
        ]
        self._arrive(known)
        if self._state.sinks.take(GATEWAY):
            for site, sink, pressed_ms, arrived_ms in known:
                fields = _delay(max(0, arrived_ms - pressed_ms))
                self._plot(site, GATEWAY, fields, self._state.now_ms, sink)

    def look(self, _subject: str) -> None:
        """Ask whether something is missing, while we hear what is sent."""
        state, terms = self._state, self._terms
        if not terms.every_s:
            return
        self._expect()
        if not (state.inattentive or state.suspect):
            now_ms, heard_ms = state.now_ms, state.attentive_ms
            ways = self._ways.items()
            self._follow({end: look(way, now_ms, heard_ms, terms) for end, way in ways})
        state.set_timer(state.now_ms + terms.look_ms, LOOK, "")

    def _arrive(self, arrivals: Sequence[tuple[str, str, int, int]]) -> None:
        after: dict[End, Way] = {}
        for site, sink, pressed_ms, arrived_ms in arrivals:
            end = (site, sink)
            if end in self._ways:
                way = after.get(end, self._ways[end])
                after[end] = arrive(way, pressed_ms, arrived_ms, self._terms)
        self._follow(after)

    def _follow(self, after: Mapping[End, Way]) -> None:
        """Keep what changed, and tell of sinks of which a way stands otherwise now."""
        turned = set()
        for end, way in after.items():
            before = self._ways[end]
            if way != before:
                self._ways[end] = way
                self._books.save(end, way)
            if way.health is not before.health:
                turned.add(end[1])
        for sink in sorted(turned):
            self._tell(sink)

    def _expect(self) -> None:
        """Bring the ways in line with terms, registry and sinks as they are now."""
        sites = self._sites()
        sinks = (JOURNAL, *self._state.sinks.takers(_TOLD))
        wanted = {(site, sink): None for site in sites for sink in sinks}
        gone = [end for end in self._ways if end not in wanted]
        self._books.remove(gone)
        for end in gone:
            del self._ways[end]
        for end in wanted:
            if end not in self._ways:
                self._ways[end] = Way(self._state.now_ms)
                self._books.save(end, self._ways[end])
        ghosts = {ghost_of(site): site for site in sites}
        for device_id in self._ghosts.keys() - ghosts.keys():
            name = topic(self._state.rules.root, device_id, Channel.RATING)
            self._state.entries.pop(name, None)
        self._ghosts = ghosts
        for sink in sorted({sink for _, sink in gone}):
            self._tell(sink)

    def _sites(self) -> Sequence[str]:
        """Those named, else those where a terminal is in service."""
        if not self._terms.every_s:
            return ()
        named = self._terms.sites or {
            device.site
            for device in self._state.by_no.values()
            if device.site
            and device.lifecycle in ACCEPTING
            and not is_reserved(device.device_id)
        }
        return sorted(named)[:SITES_MAX]

    def _tell(self, sink: str) -> None:
        """One alert an end: of all sites whose presses do not arrive there, or late."""
        state = self._state
        subject = sink or "the journal"
        troubles = (self._trouble(health, sink) for health in _TROUBLES)
        texts = [text for text in troubles if text]
        if texts:
            raise_alert(state, CANARY, subject, _severity(sink), "; ".join(texts))
        else:
            resolve_alert(state, CANARY, subject, "canaries arrive in time again")

    def _trouble(self, health: Health, sink: str) -> str | None:
        """What to say of the sites whose way to a sink stands so; None: nothing."""
        ways = sorted(self._ways.items())
        sites = [site for (site, to), way in ways if (to, way.health) == (sink, health)]
        if not sites:
            return None
        more = f" and {len(sites) - _SITES_NAMED} more" * (len(sites) > _SITES_NAMED)
        return _TROUBLES[health].format(
            sites=", ".join(sites[:_SITES_NAMED]) + more,
            where=f"sink {sink}" if sink else "the journal",
            slow=f"{self._terms.slow_s:g}",
        )

    def _plot(
        self, site: str, device_id: str, fields: str, at_ms: int, sink: str = ""
    ) -> None:
        state = self._state
        gateway = gateway_of(state.books.setting("gateway"))
        tags = f"{tag('gateway', gateway)}{tag('site', site)}{tag('sink', sink)}"[1:]
        ns = at_ms * NS_PER_MS
        point = HealthPoint(state.ordinal, device_id, tags, fields, ns, GATEWAY)
        state.emission.plot(point)


def _delay(delay_ms: int) -> str:
    return f"canary_delay_ms={delay_ms}i"


def _severity(sink: str) -> str:
    """What does not reach the journal reaches nobody."""
    return "warning" if sink else "critical"
