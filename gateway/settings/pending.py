"""Keys that are accepted, because they are a contract, and do nothing yet."""

from collections.abc import Iterator

from gateway.settings.model import Settings


def without_effect(settings: Settings) -> Iterator[str]:
    """A line for each key of the file that promises more than is built."""
    if "rating_days" in settings.retention.model_fields_set:
        yield "retention.rating_days: ratings are kept without end yet"
