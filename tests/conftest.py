"""What holds for every test: services around a gateway, dice, what is measured."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from tests.support.services import influx1, influxd, mosquitto, victoria

__all__ = ["influx1", "influxd", "mosquitto", "victoria"]

# An example that waits for a busy machine is no fault. Under CI=true hypothesis takes
# the same examples at every run by itself; elsewhere new ones.
settings.register_profile("no deadline", settings(), deadline=None)
settings.load_profile("no deadline")

# The test processes share a seed of hashes (see ./dev); what they start does not.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.pop("PYTHONHASHSEED", None)

# Whatever a test starts, a gateway or a verb, reads what was compiled before.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

UNMEASURED = {"properties", "scenarios"}
"""They pass the same lines a thousand times, at twice the time when each is counted."""


@pytest.fixture(autouse=True)
def _logs_restored() -> Iterator[None]:
    """A test that sets up logging leaves nothing that writes to its closed output."""
    yield
    if structlog.is_configured():
        structlog.reset_defaults()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in UNMEASURED:
            item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """All tests' modules stay: a collection of garbage need not walk them again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Tests of whole gateways wait as long as they work: one more than cores."""
    return (os.cpu_count() or 1) + 1
