"""Figures of a running gateway, from its API and nothing else."""

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from gateway.cli.api import Api
from gateway.cli.live.figures import Intake, Pipeline, Process
from gateway.cli.output import printable
from gateway.errors import PermanentError, TransientError

Shape = TypeVar("Shape")

TIMEOUT_S = 1.5
"""A picture is drawn each second: who does not answer by then is shown as silent."""

_ROLES = ("ingest", "process", "deliver", "console")


class Reading(NamedTuple):
    """One look; `trouble` is why a part is absent."""

    ready: bool = False
    trouble: str | None = None
    intake: Intake | None = None
    pipeline: Pipeline | None = None
    processes: tuple[Process, ...] = ()


def read(api: Api) -> Reading:
    """Look at the gateway once; never raises for what it says or does not say."""
    try:
        health = api.health()
        intake, processes = parse_metrics(api.metrics())
    except (PermanentError, TransientError) as error:
        return Reading(trouble=printable(str(error)))
    failed = [check["detail"] for check in health["checks"].values() if not check["ok"]]
    try:
        pipeline = shaped(api.get("/api/v1/pipeline"), Pipeline)
    except (PermanentError, TransientError) as error:
        pipeline, failed = None, [*failed, str(error)]
    return Reading(
        ready=health["status"] == "ready",
        trouble=printable("; ".join(failed)) or None,
        intake=intake,
        pipeline=pipeline,
        processes=processes,
    )


def shaped(body: Any, shape: type[Shape]) -> Shape:  # noqa: ANN401 -- JSON of any shape
    """`body` as `shape`; raises PermanentError when the API has another one."""
    try:
        return msgspec.convert(body, shape)
    except msgspec.ValidationError as error:
        raise PermanentError(
            f"this gateway's API is of another version: {error}"
        ) from error


def parse_metrics(text: str) -> tuple[Intake | None, tuple[Process, ...]]:
    """What ingest says, and the four roles, down ones included."""
    families = text_string_to_metric_families(text)
    samples = [sample for family in families for sample in family.samples]
    plain = {sample.name: sample.value for sample in samples if not sample.labels}
    by_role = {
        (sample.name, sample.labels["role"]): sample.value
        for sample in samples
        if "role" in sample.labels
    }
    return _intake(plain), tuple(_processes(by_role))


def _intake(plain: dict[str, float]) -> Intake | None:
    if "evalgate_received_total" not in plain:
        return None
    return Intake(
        received=int(plain["evalgate_received_total"]),
        unacknowledged=int(plain.get("evalgate_unacknowledged_messages", 0)),
        link_up=bool(plain.get("evalgate_link_up", 0)),
    )


def _processes(by_role: dict[tuple[str, str], float]) -> Iterable[Process]:
    for role in ("supervisor", *_ROLES):
        pid = by_role.get(("evalgate_role_pid", role))
        if pid is None:
            yield Process(role, None)
            continue
        yield Process(
            role,
            int(pid),
            int(by_role.get(("evalgate_role_resident_bytes", role), 0)),
            by_role.get(("evalgate_role_cpu_seconds_total", role), 0.0),
        )
