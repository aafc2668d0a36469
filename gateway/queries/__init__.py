"""Where readers meet the stores.

Every call is one short read transaction with a deadline of its own, on a connection
that cannot write: a reader never delays the process that owns the store. Each may
raise `QueryDeadlineError` or `StoreAbsentError`, lists also `CursorError`; lists are
newest first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # who asks for one kind of rows does not load all of them
    from fleet.inspections.plans import Plan
    from gateway.ports import OutboxRow, SinkSince
    from gateway.queries.asking import (
        AlertFilter,
        DeadLetterFilter,
        DeviceFilter,
        Page,
        QuarantineFilter,
        RatingFilter,
        SessionFilter,
        Slice,
        WindowFilter,
    )
    from gateway.queries.audit import AuditFilter, AuditRow
    from gateway.queries.availability import AvailabilityFilter, AvailabilityFound
    from gateway.queries.canaries import CanaryRow
    from gateway.queries.commands import (
        CapabilitiesRow,
        CommandFilter,
        CommandRow,
        SettingsRow,
    )
    from gateway.queries.comments import CommentFilter, CommentRow
    from gateway.queries.counts import CountFilter, Groups, Sites, Some, Terms
    from gateway.queries.devices import DeviceHistory, DevicePeriod
    from gateway.queries.duties import DutyFilter, DutyRow, TakenEvent
    from gateway.queries.inspections import (
        InspectionFilter,
        InspectionRow,
        PressTestRow,
        RecordRow,
        SiteWork,
    )
    from gateway.queries.maintenance import MaintenanceDetail, MaintenanceRow
    from gateway.queries.needs import SiteNeed, WindowCover
    from gateway.queries.reconciliations import ReconciliationFilter, ReconciliationRow
    from gateway.queries.rows import (
        ActRow,
        AlertDetail,
        AlertRow,
        DeadLetterDetail,
        DeadLetterRow,
        DeviceRow,
        FateCounts,
        OwedEvents,
        PresenceChange,
        QuarantineRow,
        RatingDetail,
        RatingRow,
        RegisteredDevice,
        SessionDetail,
        SinkCursor,
        SinkRow,
        WindowRow,
    )
    from gateway.queries.samples import Candidates, SampleDetail, SampleRow
    from gateway.queries.statements import ChangeRow, StatementDetail, StatementRow
    from gateway.queries.targets import Miss
    from gateway.queries.visits import SpotCheckRow, VisitFilter, Visits


class LedgerQueries(Protocol):
    """What the ledger tells."""

    def fates(self) -> FateCounts: ...

    def sinks(self) -> list[SinkSince]:
        """The sinks now in force, each since it first was."""

    def owed(self, cursors: Sequence[SinkCursor]) -> list[OwedEvents]:
        """One answer for each cursor, in their order."""

    def ratings(self, wanted: RatingFilter, part: Slice) -> Page[RatingRow]: ...

    def rating(self, device_id: str, event_id: str) -> RatingDetail | None: ...

    def rating_devices(self, event_id: str, subtree: str | None) -> list[str]:
        """The devices, two at most, that gave out this event id below `subtree`."""

    def sessions(self, wanted: SessionFilter, part: Slice) -> Page[SessionDetail]: ...

    def session(self, session_key: str) -> SessionDetail | None: ...

    def session_keys(self, session_id: str, subtree: str | None) -> list[str]:
        """The keys, two at most, of the sessions below that had this number."""

    def comments(self, wanted: CommentFilter, part: Slice) -> Page[CommentRow]: ...

    def unredacted(self, subject: str) -> int:
        """How many records the journal still holds of what was erased with this."""

    def counted_between(self) -> tuple[int, int]:
        """From when to when, in ms, anything counts, by whatever clocks."""

    def candidates(self, wanted: CountFilter) -> Candidates:
        """Who may be drawn for inspection."""

    def samples(self, part: Slice) -> Page[SampleRow]: ...

    def sample(self, sample_id: str) -> SampleDetail | None: ...

    def statements(self, part: Slice) -> Page[StatementRow]:
        """Sealed months, the newest first."""

    def compared_statements(self, part: Slice) -> Page[StatementDetail]:
        """As `statements`, each with what has changed since."""

    def statement(self, site: str, month: str) -> StatementDetail | None:
        """One sealed month of a site ("": of all), and what has changed since."""

    def statement_changes(
        self, site: str, month: str, part: Slice
    ) -> Page[ChangeRow] | None:
        """The ratings and sessions that changed it; None: it was not sealed."""

    def reconciliations(
        self, wanted: ReconciliationFilter, part: Slice
    ) -> Page[ReconciliationRow]: ...

    def missed_targets(self, part: Slice) -> Page[Miss]: ...

    def terms(self) -> Terms:
        """The rules by which figures are shown."""

    def sites_of(self, wanted: CountFilter) -> Sites:
        """The sites of each group, whenever it counted."""

    def counts(self, wanted: Sequence[CountFilter]) -> list[Groups]:
        """Counts of several stretches of time, as of one moment."""

    def some_counts(self, wanted: Sequence[CountFilter], some: Some) -> list[Groups]:
        """As `counts`, of the groups after one, perhaps some before it."""

    def duties(self, wanted: DutyFilter, part: Slice) -> Page[DutyRow]: ...

    def duty(self, kind: str, subject: str) -> DutyRow | None: ...

    def taken_event(self, device_id: str, event_id: str) -> TakenEvent | None:
        """The session event that holds this identity."""

    def devices(self, wanted: DeviceFilter, part: Slice) -> Page[DeviceRow]: ...

    def device(self, device_id: str) -> DeviceRow | None: ...

    def device_history(self, device_id: str, wanted: DevicePeriod) -> DeviceHistory: ...

    def usual_ratings(self, device_id: str, at_ms: Sequence[int]) -> list[float | None]:
        """How many a device gives in these hours of the week; None: not yet learnt."""

    def heard_ms(self, device_id: str) -> int | None:
        """When anything of a device came last."""

    def counted_within(self, places: Sequence[int], subtree: str) -> frozenset[int]:
        """The messages, by place, of which a rating counts below `subtree`."""

    def vacant(self, site: str) -> list[str]:
        """The windows of a site at which no device stands that may serve."""

    def registered(self, subtree: str | None) -> list[RegisteredDevice]:
        """Every device that was approved once or waits for it, by device id."""

    def presences(self, since_ms: int, limit: int) -> list[PresenceChange]:
        """Devices whose presence was told at `since_ms` or later, earliest first."""

    def inspections(self, wanted: InspectionFilter, part: Slice) -> Page[InspectionRow]:
        """The open period of each device under a plan."""

    def inspections_by_site(self, subtree: str | None) -> list[SiteWork]:
        """Sites by how much of their routine work is overdue, due, due soon."""

    def inspection_records(
        self, wanted: InspectionFilter, part: Slice
    ) -> Page[RecordRow]: ...

    def inspection_plans(self, part: Slice, subtree: str | None) -> Page[Plan]:
        """The plans that people wrote, by their ids."""

    def inspection_plan(self, plan_id: str) -> Plan | None: ...

    def availability(self, wanted: AvailabilityFilter) -> AvailabilityFound:
        """Sums of the days that are over."""

    def visits(self, wanted: VisitFilter) -> Visits: ...

    def spot_checks(self, part: Slice) -> Page[SpotCheckRow]: ...

    def maintenance_statements(self) -> list[MaintenanceRow]:
        """Sealed months, the newest first."""

    def maintenance_statement(self, site: str, month: str) -> MaintenanceDetail | None:
        """One sealed month of a site ("": of all), and what has changed since."""

    def canaries(self) -> list[CanaryRow]:
        """How presses of ghosts arrive, by site."""

    def commands(self, wanted: CommandFilter, part: Slice) -> Page[CommandRow]: ...

    def command(self, command_id: str) -> CommandRow | None: ...

    def settings_of(self, device_id: str) -> SettingsRow | None:
        """What is wanted of a device; None: there is none."""

    def capabilities(self, device_id: str) -> CapabilitiesRow | None:
        """What a device can do; None: there is none."""

    def press_test(self, device_id: str) -> PressTestRow | None:
        """The last one of a device."""

    def registry(
        self,
        table: str,
        part: Slice,
        subtree: str | None,
        keys: Sequence[str] | None = None,
    ) -> Page[dict[str, str | None]]:
        """Rows of one table of the registry, by key; `keys`: of these alone."""

    def revision(self, table: str, subtree: str | None) -> int:
        """Of a table of the registry, or of `inspection_plans`; its rows of a site."""

    def registry_row(self, table: str, key: str) -> dict[str, str | None] | None: ...

    def is_known(self, table: str, key: str, subtree: str | None) -> bool:
        """Whether a table, or a device, a window or a rating, names such a one.

        `table` is one of the organisation, or `devices`; `subtree` as in `registry`.
        """

    def within(self, site: str | None, subtree: str) -> bool:
        """Whether a site is `subtree` or below it; no site is never."""

    def window_sites(self, windows: Collection[str]) -> dict[str, frozenset[str]]:
        """Where each is: by its row, else where terminals stand at it; if known."""

    def sites_below(self, subtree: str) -> frozenset[str]:
        """`subtree` and every site below it."""

    def ranking(self, subtree: str | None) -> list[SiteNeed]:
        """Sites by their need of hands, the neediest first."""

    def uncovered(self, subtree: str | None) -> list[WindowCover]:
        """Windows without a device that is there and has not failed."""

    def alert(self, number: int) -> AlertRow | None: ...

    def alerts(self, wanted: AlertFilter, part: Slice) -> Page[AlertRow]: ...

    def alert_detail(self, number: int) -> AlertDetail | None: ...

    def maintenance_windows(
        self, wanted: WindowFilter, part: Slice
    ) -> Page[WindowRow]: ...

    def maintenance_window(self, number: int) -> WindowRow | None: ...

    def quarantine(
        self, wanted: QuarantineFilter, part: Slice
    ) -> Page[QuarantineRow]: ...

    def quarantined(self, number: int) -> QuarantineRow | None: ...

    def outbox(self, after: int, limit: int) -> list[OutboxRow]:
        """Rows of blocks above `after`, in order."""

    def setting(self, name: str) -> str | None:
        """What is in force under this name, as JSON."""

    def setting_place(self, name: str) -> int | None:
        """Where it was put in force; None: it never was."""

    def act(self, place: int) -> ActRow | None: ...

    def audit(self, wanted: AuditFilter, part: Slice) -> Page[AuditRow]: ...

    def act_of_key(self, author: str, key: str) -> ActRow | None: ...


class DeliveryQueries(Protocol):
    """What the delivery store tells."""

    def sinks(self) -> list[SinkRow]: ...

    def dead_letters(
        self, wanted: DeadLetterFilter, part: Slice
    ) -> Page[DeadLetterRow]: ...

    def dead_letter(self, number: int) -> DeadLetterDetail | None: ...
