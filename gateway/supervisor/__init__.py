"""Keeps the roles of a gateway running, and the data directory to one gateway."""

from gateway.supervisor.decisions import Limits
from gateway.supervisor.lifeline import OrphanedError, tie_to_parent
from gateway.supervisor.loop import supervise
from gateway.supervisor.ownership import (
    directory_lock,
    pid_file,
    prepare,
    ready_file,
    role_lock,
)
from gateway.supervisor.roles import Role

__all__ = [
    "Limits",
    "OrphanedError",
    "Role",
    "directory_lock",
    "pid_file",
    "prepare",
    "ready_file",
    "role_lock",
    "supervise",
    "tie_to_parent",
]
