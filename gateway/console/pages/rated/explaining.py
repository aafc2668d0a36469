"""Why a rating or a session stands as it does, in the words of whoever reads.

The API's sentences are English; who reads another language gets each in that one, and
the API's own on hover.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from nicegui import ui

from gateway.console.pages.names import TABLES
from gateway.console.pages.sentences import INSTANTS, RECORDED, Sentences, Told
from gateway.console.pages.visit import Visit
from gateway.console.wording import Words

_TABLE: Final = "explaining"


def explanation(visit: Visit, found: Mapping[str, Any]) -> None:
    """Each sentence with the section of the rules it follows."""
    sentences = Sentences(_TABLE, visit.words.language, _names(visit))
    with ui.element("ol").classes("console-reasons"):
        for line in found["lines"]:
            with ui.element("li"):
                _line(visit, sentences, line)
    revision = visit.words("by_rules", revision=found["rules_revision"])
    ui.label(revision).classes("console-quiet")


def _line(visit: Visit, sentences: Sentences, line: Mapping[str, Any]) -> None:
    text, told = line["text"], sentences.told(line["text"])
    if told is None:
        ui.label(text).props(f"lang={RECORDED}")
    else:
        ui.label(told).props["title"] = text
    section = sentences.told(line["rule"]) or line["rule"]
    rule = visit.words("by_rule", rule=section)
    if line["key"] is not None:
        rule += f" · {line['key']} = {line['value']}"
    ui.label(rule).classes("console-quiet")


def _names(visit: Visit) -> Mapping[str, Told]:
    """What ids of the organisation are called, and instants in the reader's zone."""
    names = {field: partial(visit.names.of, table) for field, table in TABLES.items()}
    return names | dict.fromkeys(INSTANTS, visit.time)


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
