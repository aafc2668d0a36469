"""Wait until the gateway is quiet, ask every store, judge each."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from simulators.reconcile import (
    HeldPoint,
    dumped_points,
    influx1_points,
    logged_events,
    millis,
)
from simulators.reconciliation.judge import (
    Checked,
    Scope,
    judge_counts,
    judge_events,
    judge_ledger,
    judge_points,
    judge_receipts,
)
from simulators.reconciliation.stores import Api, HeldRating

FATES: Final = (
    "accepted",
    "duplicate",
    "conflict",
    "quarantined",
    "ignored",
    "deferred",
)
_POLL_S: Final = 1.0
_QUIET_POLLS: Final = 3
_BEHIND_MAX: Final = 1  # a tick may just have been appended


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Where to look; what is not named is not compared.

    `dump` is a pretend InfluxDB, `backend_log` the raw log of a pretend backend.
    """

    api: str = ""
    token_file: Path | None = None
    influx1: str = ""
    database: str = "evalgate"
    dump: str = ""
    backend_log: Path | None = None
    settle_s: float = 120.0


@dataclass
class Reconciliation:
    """Findings by store; `notes` say what was not compared, and why."""

    stores: dict[str, Checked] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def damaged(self) -> bool:
        return any(found.damaged for found in self.stores.values())


def baseline(stores: Stores) -> Counter[str] | None:
    """The gateway's counts before the run; None when it cannot be asked."""
    try:
        return _counts(Api(stores.api, stores.token_file).pipeline())
    except OSError:
        return None


def reconcile(
    stores: Stores,
    scope: Scope,
    before: Counter[str] | None,
    say: Callable[[str], None],
) -> Reconciliation:
    """Compare every store that is named.

    Raises:
        OSError: a store that was named does not answer.

    """
    done = Reconciliation()
    if stores.api:
        api = Api(stores.api, stores.token_file)
        accepted_min = scope.book.fates()["accepted"].low
        accepted_min += before["accepted"] if before is not None else 0
        settle(api, stores.settle_s, accepted_min, done, say)
        _judge_gateway(api, scope, before, done)
    else:
        done.notes.append("ledger not compared: name the gateway with --api URL")
    points = _points(stores)
    if points is not None:
        done.stores["influxdb"] = judge_points(scope, points())
    else:
        done.notes.append("InfluxDB not compared: --influx1 URL or --dump URL")
    if stores.backend_log is not None:
        events = logged_events(stores.backend_log)
        done.stores["backend"] = judge_events(scope, events)
    else:
        done.notes.append("backend not compared: give its raw log, --backend-log FILE")
    return done


def settle(
    api: Api,
    settle_s: float,
    accepted_min: int,
    done: Reconciliation,
    say: Callable[[str], None],
) -> None:
    """Wait until nothing more is received and no sink is owed anything.

    While less is accepted than must be, the broker may still hold the rest: a gateway
    that lost its connection can take a minute to come back.
    """
    end_s = time.monotonic() + settle_s
    previous, quiet = -1, 0
    while quiet < _QUIET_POLLS:
        if time.monotonic() > end_s:
            done.notes.append(
                f"the gateway was not quiet within {settle_s:.0f} s: what is missing "
                "may still come (--settle S waits longer)"
            )
            return
        time.sleep(_POLL_S)
        try:
            pipeline = api.pipeline()
        except OSError as error:  # it may just be starting again
            say(f"waiting for the gateway: {error}")
            quiet = 0
            continue
        received = int(pipeline["received"])
        owed = sum(int(sink["owed"]) for sink in pipeline["sinks"])
        behind = int(pipeline["journal"]["block"]) - int(pipeline["processed_block"])
        busy = owed or int(pipeline["deferred"]) or behind > _BEHIND_MAX
        short = int(pipeline["accepted"]) < accepted_min
        still = received == previous and not busy and not short
        quiet = quiet + 1 if still else 0
        previous = received
        say(f"waiting: received {received:,}, owed {owed:,}, {behind} blocks behind")


def _judge_gateway(
    api: Api, scope: Scope, before: Counter[str] | None, done: Reconciliation
) -> None:
    held: list[str] = []

    def noted(rating: HeldRating) -> HeldRating:
        held.append(rating.rating_id)
        return rating

    done.stores["ledger"] = judge_ledger(scope, map(noted, api.ratings()))
    done.stores["receipts"] = judge_receipts(scope, held)
    if before is None:
        done.notes.append("fates not compared: the gateway did not answer at the start")
    else:
        counted = _counts(api.pipeline())
        counted.subtract(before)
        done.stores["fates"] = judge_counts(scope.book.fates(), counted)
    reasons = _reasons(api, scope.book.began_ms)
    done.stores["quarantine"] = judge_counts(scope.book.reasons(), reasons)


def _counts(pipeline: dict[str, Any]) -> Counter[str]:
    return Counter({name: int(pipeline[name]) for name in FATES})


def _reasons(api: Api, since_ms: int) -> Counter[str]:
    """Elements in quarantine by reason, since the run began."""
    found: Counter[str] = Counter()
    for item in api.quarantine():
        if millis(item["received_at"]) >= since_ms:
            found[item["reason"]] += int(item["count"])
    return found


def _points(stores: Stores) -> Callable[[], Iterable[HeldPoint]] | None:
    if stores.influx1:
        return lambda: influx1_points(stores.influx1, stores.database)
    if stores.dump:
        return lambda: dumped_points(stores.dump)
    return None
