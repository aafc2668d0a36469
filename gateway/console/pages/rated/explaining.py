"""Why a rating or a session stands as it does, in the words of whoever reads.

The API's sentences are English; who reads another language gets the same from its
fields, and the sentences beside.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nicegui import ui

from gateway.console.pages.names import TABLES
from gateway.console.pages.visit import Visit
from gateway.console.wording import Words

_TABLE: Final = "explaining"
_RECORDED: Final = "en"
"""The language of the API's sentences."""

_PLACES: Final = {
    "in_window": "window",
    "in_department": "department",
    "of_employee": "employee_id",
}


def explanation(visit: Visit, found: Mapping[str, Any]) -> None:
    """Sentences, each of the API's with the section of the rules it follows."""
    words = Words(_TABLE, visit.words.language)
    if words.language == _RECORDED:
        _recorded(visit, found)
    else:
        with ui.element("ol").classes("console-reasons"):
            for text in _told(visit, words, found):
                with ui.element("li"):
                    ui.label(text)
        with ui.element("details").classes("console-more"):
            with ui.element("summary"):
                ui.label(words("original"))
            with ui.element("div").props("lang=en"):
                _recorded(visit, found)
    revision = visit.words("by_rules", revision=found["rules_revision"])
    ui.label(revision).classes("console-quiet")


def evidence(visit: Visit, given: Mapping[str, int | str]) -> str:
    """What a flag rests on."""
    words = Words(_TABLE, visit.words.language)
    told = []
    for name, value in given.items():
        text = str(value)
        if name.endswith("_ms"):
            text = words("milliseconds", value=value)
        elif name.endswith("_at"):
            text = visit.time(text)
        known = words.all_of("evidence").get(name)
        told.append(known.format(value=text) if known else f"{name} {text}")
    return words("list_joint").join(told)


def _recorded(visit: Visit, found: Mapping[str, Any]) -> None:
    with ui.element("ol").classes("console-reasons"):
        for line in found["lines"]:
            with ui.element("li"):
                ui.label(line["text"])
                rule = visit.words("by_rule", rule=line["rule"])
                if line["key"] is not None:
                    rule += f" · {line['key']} = {line['value']}"
                ui.label(rule).classes("console-quiet")


def _told(visit: Visit, words: Words, found: Mapping[str, Any]) -> Iterator[str]:
    session = found["session"]
    if session is None:
        yield words("alone")
    else:
        yield from _session(visit, words, session)
    for one in found["ratings"]:
        yield from _rating(visit, words, one)


def _session(visit: Visit, words: Words, session: Mapping[str, Any]) -> Iterator[str]:
    state = words.known("session", session["state"])
    yield words("stands", state=state, date=session["business_date"])
    if session["eligible"] is False:
        why = words.known("why", session["unrated_reason"] or "unknown")
        yield words("not_eligible", why=why)
    places = [
        words(key, name=visit.names.of(TABLES[field], session[field]))
        for key, field in _PLACES.items()
        if session[field]
    ]
    if places:
        yield words("belongs", places=words("list_joint").join(places))
    if session["provisional"]:
        yield words("provisional")


def _rating(visit: Visit, words: Words, one: Mapping[str, Any]) -> Iterator[str]:
    if one["default"]:
        yield words("by_default", level=one["level"])
    else:
        yield words(
            "in_effect" if one["effective"] else "no_effect",
            rating=one["rating_id"],
            level=one["level"],
            version=one["version"],
        )
    replaced = (one["replaced"] or "").removeprefix("rating.")
    if replaced == "voided":
        yield words("replaced_voided")
    elif one["by"]:
        key = "replaced_amended" if replaced == "amended" else "replaced_superseded"
        yield words(key, by=one["by"])
    for flag in one["flags"]:
        name = words.known("flag", flag["flag"])
        key = "flag_excludes" if flag["excludes"] else "flag_informs"
        why = evidence(visit, flag["evidence"])
        yield words(key, flag=name) + (f" {why}" if why else "")
