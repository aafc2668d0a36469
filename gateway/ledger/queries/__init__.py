"""The ledger as readers see it: `gateway.queries.LedgerQueries` on SQLite."""

from collections.abc import Collection, Sequence

import apsw

from fleet.inspections.plans import Plan
from gateway.ledger.owed import Owed, in_force
from gateway.ledger.packing import unpack
from gateway.ledger.queries import (
    alerts,
    audit,
    availability,
    books,
    canaries,
    commands,
    comments,
    counts,
    duties,
    fleet,
    histories,
    inspections,
    maintenance,
    needs,
    organisation,
    ratings,
    reconciliations,
    revisions,
    samples,
    sessions,
    sources,
    statements,
    targets,
    visits,
    zones,
)
from gateway.ports import OutboxRow, SinkSince
from gateway.queries.asking import (
    AlertFilter,
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
    WindowRow,
)
from gateway.queries.samples import Candidates, SampleDetail, SampleRow
from gateway.queries.statements import ChangeRow, StatementDetail, StatementRow
from gateway.queries.targets import Miss
from gateway.queries.visits import SpotCheckRow, VisitFilter, Visits
from gateway.reading import Reading

_TO_TELL_AMBIGUOUS = 2


class SqliteLedgerQueries:
    """One question, one read transaction of `reader`."""

    def __init__(self, reader: Reading) -> None:
        self._read = reader.read
        self._owed = Owed()

    def fates(self) -> FateCounts:
        return self._read(books.fates)

    def sinks(self) -> list[SinkSince]:
        return self._read(in_force)

    def owed(self, cursors: Sequence[SinkCursor]) -> list[OwedEvents]:
        return self._read(lambda c: self._owed.count(c, cursors))

    def ratings(self, wanted: RatingFilter, part: Slice) -> Page[RatingRow]:
        return self._read(lambda c: ratings.listed(c, wanted, part))

    def rating(self, device_id: str, event_id: str) -> RatingDetail | None:
        return self._read(lambda c: self._rating(c, device_id, event_id))

    def rating_devices(self, event_id: str, subtree: str | None) -> list[str]:
        limit = _TO_TELL_AMBIGUOUS
        return self._read(lambda c: ratings.devices_of(c, event_id, subtree, limit))

    def sessions(self, wanted: SessionFilter, part: Slice) -> Page[SessionDetail]:
        return self._read(lambda c: sessions.listed(c, wanted, part))

    def session(self, session_key: str) -> SessionDetail | None:
        return self._read(lambda c: sessions.detail(c, session_key))

    def session_keys(self, session_id: str, subtree: str | None) -> list[str]:
        limit = _TO_TELL_AMBIGUOUS
        return self._read(lambda c: sessions.keys(c, session_id, subtree, limit))

    def comments(self, wanted: CommentFilter, part: Slice) -> Page[CommentRow]:
        return self._read(lambda c: comments.listed(c, wanted, part))

    def unredacted(self, subject: str) -> int:
        return self._read(lambda c: comments.unredacted(c, subject))

    def counted_between(self) -> tuple[int, int]:
        return self._read(sources.counted_between)

    def candidates(self, wanted: CountFilter) -> Candidates:
        return self._read(lambda c: samples.candidates(c, wanted))

    def samples(self, part: Slice) -> Page[SampleRow]:
        return self._read(lambda c: samples.listed(c, part))

    def sample(self, sample_id: str) -> SampleDetail | None:
        return self._read(lambda c: samples.detail(c, sample_id))

    def statements(self, part: Slice) -> Page[StatementRow]:
        return self._read(lambda c: statements.listed(c, part))

    def compared_statements(self, part: Slice) -> Page[StatementDetail]:
        return self._read(lambda c: statements.compared(c, part))

    def statement(self, site: str, month: str) -> StatementDetail | None:
        return self._read(lambda c: statements.detail(c, site, month))

    def statement_changes(
        self, site: str, month: str, part: Slice
    ) -> Page[ChangeRow] | None:
        return self._read(lambda c: statements.later(c, site, month, part))

    def reconciliations(
        self, wanted: ReconciliationFilter, part: Slice
    ) -> Page[ReconciliationRow]:
        return self._read(lambda c: reconciliations.listed(c, wanted, part))

    def missed_targets(self, part: Slice) -> Page[Miss]:
        return self._read(lambda c: targets.misses(c, part))

    def terms(self) -> Terms:
        return self._read(zones.terms)

    def sites_of(self, wanted: CountFilter) -> Sites:
        return self._read(lambda c: counts.sites_of(c, wanted))

    def counts(self, wanted: Sequence[CountFilter]) -> list[Groups]:
        return self._read(lambda c: counts.counts(c, wanted))

    def some_counts(self, wanted: Sequence[CountFilter], some: Some) -> list[Groups]:
        return self._read(lambda c: counts.some_counts(c, wanted, some))

    def duties(self, wanted: DutyFilter, part: Slice) -> Page[DutyRow]:
        return self._read(lambda c: duties.listed(c, wanted, part))

    def duty(self, kind: str, subject: str) -> DutyRow | None:
        return self._read(lambda c: duties.one(c, kind, subject))

    def taken_event(self, device_id: str, event_id: str) -> TakenEvent | None:
        return self._read(lambda c: _taken_event(c, device_id, event_id))

    def devices(self, wanted: DeviceFilter, part: Slice) -> Page[DeviceRow]:
        return self._read(lambda c: fleet.devices(c, wanted, part))

    def device(self, device_id: str) -> DeviceRow | None:
        return self._read(lambda c: fleet.device(c, device_id))

    def device_history(self, device_id: str, wanted: DevicePeriod) -> DeviceHistory:
        return self._read(lambda c: histories.history(c, device_id, wanted))

    def usual_ratings(self, device_id: str, at_ms: Sequence[int]) -> list[float | None]:
        return self._read(lambda c: histories.usual(c, device_id, at_ms))

    def heard_ms(self, device_id: str) -> int | None:
        return self._read(lambda c: histories.heard_ms(c, device_id))

    def counted_within(self, places: Sequence[int], subtree: str) -> frozenset[int]:
        return self._read(lambda c: histories.counted_within(c, places, subtree))

    def vacant(self, site: str) -> list[str]:
        return self._read(lambda c: needs.vacant(c, site))

    def registered(self, subtree: str | None) -> list[RegisteredDevice]:
        return self._read(lambda c: fleet.registered(c, subtree))

    def presences(self, since_ms: int, limit: int) -> list[PresenceChange]:
        return self._read(lambda c: fleet.presences(c, since_ms, limit))

    def inspections(self, wanted: InspectionFilter, part: Slice) -> Page[InspectionRow]:
        return self._read(lambda c: inspections.listed(c, wanted, part))

    def inspections_by_site(self, subtree: str | None) -> list[SiteWork]:
        return self._read(lambda c: inspections.by_site(c, subtree))

    def inspection_records(
        self, wanted: InspectionFilter, part: Slice
    ) -> Page[RecordRow]:
        return self._read(lambda c: inspections.records(c, wanted, part))

    def inspection_plans(self, part: Slice, subtree: str | None) -> Page[Plan]:
        return self._read(lambda c: inspections.plans(c, part, subtree))

    def inspection_plan(self, plan_id: str) -> Plan | None:
        return self._read(lambda c: inspections.plan(c, plan_id))

    def availability(self, wanted: AvailabilityFilter) -> AvailabilityFound:
        return self._read(lambda c: availability.found(c, wanted))

    def visits(self, wanted: VisitFilter) -> Visits:
        return self._read(lambda c: visits.planned(c, wanted))

    def spot_checks(self, part: Slice) -> Page[SpotCheckRow]:
        return self._read(lambda c: visits.draws(c, part))

    def maintenance_statements(self) -> list[MaintenanceRow]:
        return self._read(maintenance.listed)

    def maintenance_statement(self, site: str, month: str) -> MaintenanceDetail | None:
        return self._read(lambda c: maintenance.detail(c, site, month))

    def canaries(self) -> list[CanaryRow]:
        return self._read(canaries.listed)

    def commands(self, wanted: CommandFilter, part: Slice) -> Page[CommandRow]:
        return self._read(lambda c: commands.listed(c, wanted, part))

    def command(self, command_id: str) -> CommandRow | None:
        return self._read(lambda c: commands.one(c, command_id))

    def settings_of(self, device_id: str) -> SettingsRow | None:
        return self._read(lambda c: commands.settings(c, device_id))

    def capabilities(self, device_id: str) -> CapabilitiesRow | None:
        return self._read(lambda c: commands.capabilities(c, device_id))

    def press_test(self, device_id: str) -> PressTestRow | None:
        return self._read(lambda c: inspections.press_test(c, device_id))

    def registry(
        self,
        table: str,
        part: Slice,
        subtree: str | None,
        keys: Sequence[str] | None = None,
    ) -> Page[dict[str, str | None]]:
        return self._read(
            lambda c: organisation.registry(c, table, part, subtree, keys)
        )

    def revision(self, table: str, subtree: str | None) -> int:
        return self._read(lambda c: revisions.revision(c, table, subtree))

    def registry_row(self, table: str, key: str) -> dict[str, str | None] | None:
        return self._read(lambda c: organisation.registry_row(c, table, key))

    def is_known(self, table: str, key: str, subtree: str | None) -> bool:
        return self._read(lambda c: organisation.is_known(c, table, key, subtree))

    def within(self, site: str | None, subtree: str) -> bool:
        return self._read(lambda c: organisation.within(c, site, subtree))

    def window_sites(self, windows: Collection[str]) -> dict[str, frozenset[str]]:
        return self._read(lambda c: organisation.window_sites(c, windows))

    def sites_below(self, subtree: str) -> frozenset[str]:
        return self._read(lambda c: organisation.below(c, subtree))

    def ranking(self, subtree: str | None) -> list[SiteNeed]:
        return self._read(lambda c: needs.ranking(c, subtree))

    def uncovered(self, subtree: str | None) -> list[WindowCover]:
        return self._read(lambda c: needs.uncovered(c, subtree))

    def alert(self, number: int) -> AlertRow | None:
        return self._read(lambda c: alerts.alert(c, number))

    def alerts(self, wanted: AlertFilter, part: Slice) -> Page[AlertRow]:
        return self._read(lambda c: alerts.alerts(c, wanted, part))

    def alert_detail(self, number: int) -> AlertDetail | None:
        return self._read(lambda c: alerts.detail(c, number))

    def maintenance_windows(self, wanted: WindowFilter, part: Slice) -> Page[WindowRow]:
        return self._read(lambda c: alerts.windows(c, wanted, part))

    def maintenance_window(self, number: int) -> WindowRow | None:
        return self._read(lambda c: alerts.window(c, number))

    def quarantine(self, wanted: QuarantineFilter, part: Slice) -> Page[QuarantineRow]:
        return self._read(lambda c: books.quarantine(c, wanted, part))

    def quarantined(self, number: int) -> QuarantineRow | None:
        return self._read(lambda c: books.quarantined(c, number))

    def outbox(self, after: int, limit: int) -> list[OutboxRow]:
        return self._read(lambda c: _outbox(c, after, limit))

    def setting(self, name: str) -> str | None:
        return self._read(lambda c: books.setting(c, name))

    def setting_place(self, name: str) -> int | None:
        return self._read(lambda c: books.setting_place(c, name))

    def act(self, place: int) -> ActRow | None:
        return self._read(lambda c: books.act(c, place))

    def audit(self, wanted: AuditFilter, part: Slice) -> Page[AuditRow]:
        return self._read(lambda c: audit.audited(c, wanted, part))

    def act_of_key(self, author: str, key: str) -> ActRow | None:
        return self._read(lambda c: books.act_of_key(c, author, key))

    def _rating(
        self, connection: apsw.Connection, device_id: str, event_id: str
    ) -> RatingDetail | None:
        place = ratings.place_of(connection, device_id, event_id)
        found = [] if place is None else ratings.at(connection, [place])
        if not found:
            return None
        rating = found[0]
        block = ratings.block_of(connection, rating)
        return RatingDetail(
            rating=rating,
            history=ratings.of_same_session(connection, rating),
            point=ratings.point_of(connection, rating),
            events=self._owed.positions(connection, rating.rating_id, block),
            evidence=ratings.evidence_of(connection, rating),
            dispute=ratings.dispute_of(connection, rating.rating_id),
        )


def _taken_event(
    connection: apsw.Connection, device_id: str, event_id: str
) -> TakenEvent | None:
    place = ratings.place_of(connection, device_id, event_id)
    return None if place is None else duties.taken_event(connection, place)


def _outbox(connection: apsw.Connection, after: int, limit: int) -> list[OutboxRow]:
    rows = connection.execute(
        "SELECT body FROM outbox WHERE block > ? ORDER BY block LIMIT ?", (after, limit)
    )
    return [unpack(body) for (body,) in rows]
