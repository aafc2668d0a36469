"""What several pages are made of: a heading, a figure, a text, a choice of ways."""

from collections.abc import Mapping

from nicegui import ui

from gateway.console.naming import Named
from gateway.console.pages.numbers import NOTHING
from gateway.console.pages.visit import Visit


def heading(text: str) -> None:
    ui.label(text).classes("console-heading").props("role=heading aria-level=2")


def figure(label: str) -> ui.label:
    """A card with a name; the label in it is set to the figure when it is known."""
    with ui.element("div").classes("console-card"):
        ui.label(label).classes("console-quiet")
        return ui.label(NOTHING).classes("console-figure")


def named(one: Named) -> ui.label:
    """A name, its id on hover."""
    label = ui.label(one.name)
    if one.name != one.id:
        label.props["title"] = one.id
    return label


def precise(label: ui.label, text: str, whole: object) -> None:
    """Show a figure; what was left out of it on hover."""
    if isinstance(whole, str) and whole not in text:
        label.props["title"] = whole
    else:
        label.props.pop("title", None)
    label.set_text(text)
    label.update()


def blame(label: ui.label, visit: Visit, error: str | None) -> None:
    """What went wrong, in the reader's words; as it was written on hover."""
    label.props["title"] = error or ""
    label.set_text(visit.sentences.told(error) or error or "")


def text_block(text: str, label: str) -> None:
    """Text as it is, line by line; `label` tells what it is to who does not see it."""
    with ui.element("pre").classes("console-bytes").props("tabindex=0") as block:
        block.props["aria-label"] = label
        ui.label(text)


def ways(label: str, targets: Mapping[str, str], here: str) -> ui.element:
    """Links of which one is where one is: `targets` by their text, `here` a target."""
    with ui.element("div").classes("console-ways").props("role=navigation") as place:
        place.props["aria-label"] = label
        for text, target in targets.items():
            link = ui.link(text, target)
            if target == here:
                link.props("aria-current=page").classes("console-here")
    return place
