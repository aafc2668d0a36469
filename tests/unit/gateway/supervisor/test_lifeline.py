"""A role ends with its supervisor."""

import os

import pytest

from gateway.supervisor.lifeline import OrphanedError, tie_to_parent


def test_a_role_whose_supervisor_is_gone_already_is_told_so() -> None:
    with pytest.raises(OrphanedError, match="is gone"):
        tie_to_parent(os.getpid())
