"""Hops 4 and 5: which elements are new, and what each rating becomes."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import cast

from device_protocol.errors import ProtocolError, Reason
from device_protocol.identity import rating_id
from device_protocol.messages import EventMessage, Rating
from device_protocol.timestamps import FUTURE_TOLERANCE_MS, local_ms, resolve
from gateway.ledger.devices import Device
from gateway.ledger.identities import Claim, Holder
from gateway.processing.admission import Element
from gateway.processing.alerting.alerts import raise_alert
from gateway.processing.fleet.canaries import Canaries
from gateway.processing.memory.daybook import DUPLICATE
from gateway.processing.quarantine import Quarantine
from gateway.processing.ratings.neighbours import Neighbours
from gateway.processing.ratings.points import Timed as TimedRating
from gateway.processing.ratings.recording import Recording
from gateway.processing.ratings.sessions import Sessions
from gateway.processing.state import State
from gateway.processing.taking import Taking
from gateway.processing.timed import Timed

Known = tuple[int, Timed, Holder]
"""Its position among the claims of the run, the element, and who holds its identity."""


class Judging:
    """Judges the elements of a run, set-wise where the ledger is asked."""

    def __init__(
        self, state: State, quarantine: Quarantine, canaries: Canaries
    ) -> None:
        self._state = state
        self._quarantine = quarantine
        sessions = Sessions(state)
        self.changing = sessions.changing
        self.neighbours = Neighbours(state, self.changing)
        self._recording = Recording(state, sessions, self.neighbours)
        self._taking = Taking(state, self.changing, self.neighbours, canaries)
        self._only_ratings = True  # of this run
        self._late: list[tuple[int, Timed, ProtocolError]] = []

    def judge(self, elements: Sequence[Element]) -> None:
        """Give each element its fate, its rows and its events."""
        timed, claims = self._time(elements)
        held = self._state.store.identities.claim(claims) if claims else {}
        known = [(index, timed[index], holder) for index, holder in held.items()]
        if self._late:
            known = self._late_ones(claims) + known
        start = 0
        for index, one, holder in sorted(known, key=itemgetter(0)):
            if holder.content_hash != one[2].content_hash:
                # A conflict tells of itself: after what came before it.
                self._fold_new(timed, held, start, index)
                start = index
            self._known(one, holder)
        self._fold_new(timed, held, start, len(timed))

    def _fold_new(
        self, timed: Sequence[Timed], held: Mapping[int, Holder], low: int, high: int
    ) -> None:
        """Fold those of a stretch of the run whose identity nobody held."""
        new = timed[low:high]
        if held:
            new = [one for index, one in enumerate(new, start=low) if index not in held]
        if new:
            self._fold(new)

    def _fold(self, timed: Sequence[Timed]) -> None:
        """Ratings set-wise, other events one by one, all in their order."""
        if self._only_ratings:
            self._recording.record(cast("Sequence[TimedRating]", timed))
            return
        for is_rating, some in groupby(timed, _is_rating):
            if is_rating:
                self._recording.record(cast("list[TimedRating]", list(some)))
                continue
            for one in some:
                self._taking.take(one)

    def _time(self, elements: Sequence[Element]) -> tuple[list[Timed], list[Claim]]:
        horizon_ms = self._state.horizon_ms
        self._only_ratings = True
        timed: list[Timed] = []
        claims: list[Claim] = []
        for place, device, rating, record in elements:
            received_ms = record.received_ms
            claim_ms = rating.claimed_ms
            if (
                claim_ms is not None
                and not device.adjusted
                and received_ms - horizon_ms
                <= claim_ms
                <= received_ms + FUTURE_TOLERANCE_MS
            ):
                occurred_ms, quality = claim_ms, "device"
            else:
                try:
                    occurred_ms, quality = self._resolve(
                        device, place, rating, received_ms
                    )
                except ProtocolError as error:
                    late = (place, device, rating, record, 0, "")
                    self._late.append((len(claims), late, error))
                    continue
            if not isinstance(rating, Rating):
                self._only_ratings = False
            elif (
                rating.level is None
                and rating.comment_for is None
                and not self._map_key(device, rating, occurred_ms)
            ):
                unmapped = ProtocolError(
                    Reason.UNKNOWN_LEVEL,
                    f"key {rating.key}: {self._no_level(device)}",
                    rating.event_id,
                    rating.seq,
                )
                self._quarantine.refuse(record, place, device.device_id, unmapped)
                continue
            timed.append((place, device, rating, record, occurred_ms, quality))
            claims.append((rating.event_id, device.no, place, rating.content_hash))
        return timed, claims

    def _map_key(self, device: Device, rating: Rating, occurred_ms: int) -> bool:
        """Give a key the level it had at the event, if its profile knows one."""
        if rating.key is not None:
            profiles = self._state.profiles
            rating.level = profiles.level_of(device.profile, rating.key, occurred_ms)
        return rating.level is not None

    def _no_level(self, device: Device) -> str:
        if device.profile is None:
            return "the device has no profile, and so no key map"
        return f"no level in the profile {device.profile!r} at that time"

    def _resolve(
        self, device: Device, place: int, rating: EventMessage, received_ms: int
    ) -> tuple[int, str]:
        claim_ms = rating.claimed_ms
        if rating.claimed_local is not None:
            zone = self._state.rulings[device.site].zone
            claim_ms = local_ms(rating.claimed_local, zone)
            if isinstance(rating, Rating):
                rating.claimed_ms = claim_ms
        age_ms = None
        if rating.uptime_ms is not None and rating.sent_uptime_ms is not None:
            age_ms = rating.sent_uptime_ms - rating.uptime_ms
        try:
            occurred_ms, quality = resolve(
                claim_ms,
                received_ms,
                self._state.horizon_ms,
                device.correction_at(place),
                age_ms,
            )
        except ProtocolError as error:
            own = rating.event_id, rating.seq
            raise ProtocolError(error.reason, error.detail, *own) from None
        return occurred_ms, quality.value

    def _late_ones(self, claims: Sequence[Claim]) -> list[Known]:
        """Too old to be counted blindly; but what was known by then is known."""
        find = self._state.store.identities.find
        known: list[Known] = []
        for position, late, error in self._late:
            place, device, rating, record, _, _ = late
            holder = find(rating.event_id, device.no)
            later = {claim[2] for claim in claims[position:]}
            if holder is None or holder.place in later:
                self._quarantine.refuse(record, place, device.device_id, error)
            else:
                known.append((position, late, holder))
        self._late.clear()
        return known

    def _known(self, timed: Timed, holder: Holder) -> None:
        """An identity seen before: a duplicate, or a conflict."""
        place, device, rating, record, _, _ = timed
        if holder.content_hash == rating.content_hash:
            self._state.fates["duplicate", ""] += 1
            self._state.daybook.count(device, DUPLICATE, record.received_ms)
            own = rating_id(device.device_id, rating.event_id)
            self._state.copies.repeated(place, own, rating)
            if device.receipts:
                self._state.emission.keep(device.device_id, rating.event_id)
            return
        error = ProtocolError(
            Reason.ID_CONFLICT,
            "another content holds this event_id",
            rating.event_id,
            rating.seq,
        )
        self._quarantine.refuse(record, place, device.device_id, error)
        raise_alert(
            self._state,
            "id_conflict",
            device.device_id,
            "critical",
            f"{device.device_id} sent another content under event_id {rating.event_id}",
            device,
        )


def _is_rating(timed: Timed) -> bool:
    return isinstance(timed[2], Rating)
