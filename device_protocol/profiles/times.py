"""A terminal's own way to write times, brought into a form of the protocol."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from device_protocol.profiles.model import TimeFormat
from device_protocol.timestamps import parse_local

DIRECTIVES: Final = frozenset("YymdHMSfz%")
_NEEDED: Final = ("m", "d", "H", "M")
_LOCAL: Final = re.compile(r"[0-9]{14}")
_PLAIN: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_PARSED_MAX: Final = 1024  # a message asks twice, and neighbours have the same second
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def check_format(pattern: str) -> None:
    """Judge a pattern before terminals depend on it.

    Raises:
        ValueError: it says what the pattern lacks or may not have.
    """
    found = re.findall(r"%(.?)", pattern)
    for directive in found:
        if directive not in DIRECTIVES or not directive:
            known = " ".join(f"%{name}" for name in sorted(DIRECTIVES))
            raise ValueError(f"%{directive} is not known here; known are {known}")
    for directive in _NEEDED:
        if directive not in found:
            raise ValueError(f"a time without %{directive} is no time: add it")
    if not {"Y", "y"} & set(found):
        raise ValueError("a time without %Y is no time: add it")


def as_written(raw: object, form: TimeFormat) -> object:
    """A time as the protocol would have it; what no format fits stays as it is.

    An instant becomes RFC 3339, a time without an offset fourteen local digits: this
    is what the content hash covers.
    """
    moment = _moment(raw, form)
    if moment is None:
        return raw
    return _digits(moment) if moment.tzinfo is None else _rfc3339(moment)


def as_meant(raw: object, form: TimeFormat) -> object:
    """As `as_written`, but with the zone that the profile gives to local times."""
    if form.offset_min is None:
        return as_written(raw, form)
    moment = _moment(raw, form)
    if moment is None:
        moment = _own_digits(raw)
    if moment is None:
        return raw
    if moment.tzinfo is None:
        zone = timezone(timedelta(minutes=form.offset_min))
        moment = moment.replace(tzinfo=zone)
    return _rfc3339(moment)


def _moment(raw: object, form: TimeFormat) -> datetime | None:
    """What a format of the profile makes of a value; None: none fits."""
    if form.epoch is not None and (since := _number(raw)) is not None:
        return _instant(since, form.epoch)
    return _parsed(raw.strip(), form.formats) if isinstance(raw, str) else None


@lru_cache(_PARSED_MAX)
def _parsed(text: str, patterns: tuple[str, ...]) -> datetime | None:
    for pattern in patterns:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 -- local by definition
        except ValueError:
            continue
    return None


def _number(raw: object) -> int | float | None:
    # Fourteen digits are a local time, whatever numbers are.
    if isinstance(raw, bool) or _LOCAL.fullmatch(str(raw)):
        return None
    if isinstance(raw, str) and _PLAIN.fullmatch(raw):
        return float(raw) if "." in raw else int(raw)
    return raw if isinstance(raw, int | float) else None


def _instant(since: float, unit: str) -> datetime | None:
    try:
        if unit == "s":
            return _EPOCH + timedelta(seconds=since)
        return _EPOCH + timedelta(milliseconds=since)
    except OverflowError:
        return None


def _own_digits(raw: object) -> datetime | None:
    text = str(raw) if isinstance(raw, str | int) else ""
    if not _LOCAL.fullmatch(text):
        return None
    try:
        return parse_local(text)
    except ValueError:
        return None


def _digits(moment: datetime) -> str:
    return f"{moment.year:04d}{moment:%m%d%H%M%S}"


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds" if moment.microsecond else "auto")
