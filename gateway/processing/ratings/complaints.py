"""Complaints about a service: each is a duty to reply, whatever became of ratings."""

from typing import Final, cast

from device_protocol.identity import rating_id as identity
from device_protocol.messages import Complaint
from gateway.events.cloudevents import rfc3339
from gateway.ports import Record
from gateway.processing.alerting.alerts import announce
from gateway.processing.ratings.bindings import binding_of
from gateway.processing.ratings.personal import seal
from gateway.processing.state import State
from gateway.processing.timed import Timed
from gateway.ratings.clocks import REPLY, complaint_duty
from gateway.ratings.facts import Complaint as ComplaintFact
from gateway.ratings.facts import Step
from gateway.ratings.news import COMPLAINT_OVERDUE, COMPLAINT_RAISED

COMPLAINT_TIMER: Final = "complaint"


class Complaints:
    """Keeps complaints and starts the clock of the reply."""

    def __init__(self, state: State) -> None:
        self._state = state

    def take(self, timed: Timed) -> str | None:
        """Keep it; a complaint of a test, or of a training, changes nothing."""
        place, device, message, record, occurred_ms, _ = timed
        told, state = cast("Complaint", message), self._state
        if told.mode != "live":
            return None
        complaint_id = identity(device.device_id, told.event_id)
        binding = binding_of(state, device, record, occurred_ms)
        books = state.session_books
        books.add_complaint(
            (
                place,
                complaint_id,
                binding.site or "",
                told.session_id,
                device.no,
                binding.no,
                told.employee_id,
                told.category,
                occurred_ms,
                record.received_ms,
            )
        )
        fact = ComplaintFact(complaint_id, occurred_ms, told.category)
        ruling = state.rulings[binding.site]
        duty = complaint_duty(
            fact,
            (),
            ruling.session,
            lambda _, since_ms, days: ruling.deadline(since_ms, days),
        )
        due_ms = duty.clock(REPLY).due_ms
        row = (place, complaint_id, "complaint", occurred_ms, due_ms)
        books.save_duties([(*row, None, None, None, None, False)])
        personal = self._personal(place, record, complaint_id, told)
        data = self._about(complaint_id, due_ms)
        data |= {"category": told.category, "session_id": told.session_id}
        data |= {"site": binding.site, "employee_id": told.employee_id}
        announce(
            state,
            COMPLAINT_RAISED,
            complaint_id,
            data,
            self._partition(place, complaint_id),
            personal,
            occurred_ms,
        )
        if due_ms <= state.now_ms:
            self.fall_due(complaint_id)
        else:
            state.set_timer(due_ms, COMPLAINT_TIMER, complaint_id)
        return None

    def _partition(self, place: int, complaint_id: str) -> str:
        """What its events are kept in order by: its session, else its terminal."""
        books = self._state.session_books
        site, session_id, occurred_ms = books.complained_of(place)
        if session_id is None:
            return complaint_id.partition(":")[0]
        near = books.near((site, session_id, 0), occurred_ms)
        begun = [one.key for one in near if one.began_ms <= occurred_ms]
        implied = [one.key for one in near[:1]]
        return (begun or implied or [session_id])[-1]

    def _personal(
        self, place: int, record: Record, own: str, told: Complaint
    ) -> int | None:
        if told.comment is None and told.contact is None:
            return None
        row = seal(self._state, place, record, own, told)
        self._state.ratings.add_personal([row])
        return place

    @staticmethod
    def _about(complaint_id: str, due_ms: int) -> dict[str, object]:
        return {"complaint_id": complaint_id, "due_at": rfc3339(due_ms)}

    def fall_due(self, complaint_id: str) -> None:
        """The reply was due: if nobody has replied, it is overdue."""
        state = self._state
        place = state.session_books.complaint(complaint_id)
        duty = None if place is None else state.session_books.duty(place)
        if duty is None or duty.closed or duty.due_ms > state.now_ms:
            return
        assert place is not None
        data = self._about(complaint_id, duty.due_ms)
        partition = self._partition(place, complaint_id)
        announce(state, COMPLAINT_OVERDUE, complaint_id, data, partition)

    def take_step(self, place: int, step: Step, note: str | None) -> bool:
        """Note what was done about a complaint; False: there is no such complaint."""
        books = self._state.session_books
        complaint = books.complaint(step.subject)
        duty = None if complaint is None else books.duty(complaint)
        if duty is None:
            return False
        books.add_step(place, step, note)
        taken = {
            "contacted": duty.contacted_ms,
            "fixed": duty.fixed_ms,
            "confirmed": duty.confirmed_ms,
        }
        taken[step.name] = taken[step.name] or step.at_ms
        books.save_duties([(*duty[:6], *taken.values(), True)])
        return True
