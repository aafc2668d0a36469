"""What a page asks before an act: whether to do it, and why."""

from collections.abc import Callable, Mapping

from nicegui import ui

from gateway.console.pages.visit import Visit

REASON_MAX = 200


async def confirmed(visit: Visit, question: str, **values: str) -> bool:
    """Ask before what cannot be taken back; `values` are shown as they are."""
    answer = await asked(visit, question, values=values)
    return answer is not None


async def asked(
    visit: Visit,
    question: str,
    *,
    reason: bool = False,
    choices: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
) -> dict[str, str] | None:
    """What somebody answers; None when they turn back.

    `reason` asks for a text, `choices` for one of them: the answers `reason` and
    `choice`.
    """
    told: dict[str, Callable[[], str]] = {}
    with ui.dialog() as dialog, ui.card().classes("console-dialog"):
        ui.label(question).classes("console-heading").props("role=heading aria-level=2")
        for name, value in (values or {}).items():
            named = visit.words("telling", name=name, told=value)
            ui.label(named if name else value)
        if choices:
            first = next(iter(choices))
            select = ui.select(dict(choices), value=first, label=visit.words("choice"))
            select.props("outlined dense").classes("console-whole")
            told["choice"] = lambda: str(select.value)
        if reason:
            field = ui.input(visit.words("reason"))
            field.props(f"outlined dense autofocus maxlength={REASON_MAX}")
            field.classes("console-whole")
            told["reason"] = lambda: _text(field)

        def answer() -> None:
            dialog.submit({name: value() for name, value in told.items()})

        with ui.element("div").classes("console-choices"):
            ui.button(visit.words("cancel"), on_click=dialog.close).props(
                "flat no-caps"
            )
            ui.button(visit.words("ok"), on_click=answer).props("no-caps")
    try:
        given: dict[str, str] | None = await dialog
    finally:
        dialog.delete()
    return given


def _text(field: ui.input) -> str:
    return str(field.value or "").strip()
