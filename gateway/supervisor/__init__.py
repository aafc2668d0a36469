"""Keeps the roles of a gateway running, and the data directory to one gateway."""

from gateway.supervisor.decisions import Limits
from gateway.supervisor.lifeline import OrphanedError, tie_to_parent
from gateway.supervisor.loop import supervise
from gateway.supervisor.ownership import (
    directory_lock,
    pid_file,
    prepare,
    role_lock,
    wait_for_ingest,
)
from gateway.supervisor.roles import Role

__all__ = [
    "Limits",
    "OrphanedError",
    "Role",
    "directory_lock",
    "pid_file",
    "prepare",
    "role_lock",
    "supervise",
    "tie_to_parent",
    "wait_for_ingest",
]
