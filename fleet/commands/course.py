"""The life of a command: one table says what follows from what.

Each command ends in exactly one of `OUTCOMES`; what is heard after that is told in its
history and changes nothing. A terminal does a command once, by its id, however often it
comes; so one may be sent again as long as nothing was heard of it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

REPLY_MS: Final = 60_000
"""So long after its deadline, and what it takes, a reply is waited for."""
EXPIRES_S: Final = 300
EXPIRES_S_MAX: Final = 86_400
OPEN_MAX: Final = 16
"""Commands of one terminal that have no outcome yet."""
KEPT_MAX: Final = 50
"""Commands of one terminal with their outcome that are kept, the newest."""
ATTEMPTS_MAX: Final = 20
HISTORY_MAX: Final = 40
_AGAIN_MS: Final = 2_000
_AGAIN_MS_MAX: Final = 300_000

State = Literal[
    "asked",
    "sent",
    "accepted",
    "done",
    "failed",
    "refused",
    "expired",
    "unknown_outcome",
]
Happening = Literal[
    "sent",
    "unheard",
    "accepted",
    "done",
    "failed",
    "rejected",
    "expired",
    "deadline",
    "withdrawn",
]
"""`sent`: it is about to be published. `unheard`: the broker had nobody to give it to.

`accepted` to `expired` are a terminal's words; `deadline` is ours, and `withdrawn`:
its terminal is out of service, and nobody has heard it.
"""

OUTCOMES: Final[frozenset[State]] = frozenset(
    {"done", "failed", "refused", "expired", "unknown_outcome"}
)
_REPLIED: Final[Mapping[Happening, State]] = {
    "done": "done",
    "failed": "failed",
    "rejected": "refused",
    "expired": "expired",
}
TRANSITIONS: Final[Mapping[State, Mapping[Happening, State]]] = MappingProxyType(
    {
        "asked": {
            "sent": "sent",
            "accepted": "accepted",
            "deadline": "expired",
            "withdrawn": "expired",
            **_REPLIED,
        },
        "sent": {
            "sent": "sent",
            "unheard": "asked",
            "accepted": "accepted",
            "deadline": "unknown_outcome",
            **_REPLIED,
        },
        "accepted": {
            "sent": "accepted",
            "unheard": "accepted",
            "accepted": "accepted",
            "deadline": "unknown_outcome",
            **_REPLIED,
        },
        **{outcome: {} for outcome in sorted(OUTCOMES)},
    }
)


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """What happened to a command; `late`: after its outcome, which stays."""

    at_ms: int
    what: str
    state: State
    by: str | None = None
    detail: str | None = None
    late: bool = False


class Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command as it stands. After `expires_ms` no terminal begins it.

    `orders` counts how often it was handed to the downlink, `sent` how often that was
    about to publish it, `unheard` after how many of those nobody was there to hear.
    """

    command_id: str
    device_id: str
    name: str
    args: dict[str, Any]
    author: str | None
    asked_ms: int
    expires_ms: int
    reply_by_ms: int
    state: State = "asked"
    settled_ms: int | None = None
    result: Any = None
    error: str | None = None
    orders: int = 1
    sent: int = 0
    unheard: int = 0
    test_id: str | None = None
    history: tuple[Step, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state not in OUTCOMES


def ask(command: Command) -> Command:
    """A new command, as its history begins."""
    first = Step(command.asked_ms, "asked", command.state, by=command.author)
    return msgspec.structs.replace(command, history=(first,))


def step(
    command: Command,
    what: Happening,
    at_ms: int,
    *,
    result: object = None,
    error: str | None = None,
) -> Command:
    """The command after something happened to it."""
    command = _counted(command, what)
    state = TRANSITIONS[command.state].get(what)
    late = not command.is_open
    if what == "unheard" and command.unheard < command.sent:
        state = command.state if command.is_open else None  # one may have been heard
    if state is None:
        return _noted(command, what, at_ms, error) if late else command
    changed = msgspec.structs.replace(command, state=state)
    if state in OUTCOMES:
        changed = msgspec.structs.replace(
            changed, settled_ms=at_ms, result=result, error=error
        )
    return _remembered(changed, Step(at_ms, what, state, detail=error))


def _counted(command: Command, what: Happening) -> Command:
    if what == "sent":
        return msgspec.structs.replace(command, sent=command.sent + 1)
    if what == "unheard":
        unheard = min(command.unheard + 1, command.sent)
        return msgspec.structs.replace(command, unheard=unheard)
    return command


def _noted(command: Command, what: Happening, at_ms: int, error: str | None) -> Command:
    """Heard after the outcome; the same word again tells nothing."""
    if any(one.what == what for one in command.history) or what == "deadline":
        return command
    note = Step(at_ms, what, command.state, detail=error, late=True)
    return _remembered(command, note)


def _remembered(command: Command, new: Step) -> Command:
    """With one step more; of too many the oldest go, but never how it began."""
    steps = (*command.history, new)
    if len(steps) > HISTORY_MAX:
        steps = (*steps[:1], *steps[2:])
    return msgspec.structs.replace(command, history=steps)


def may_go_again(command: Command, now_ms: int) -> bool:
    """Whether it may be handed to the downlink once more: nothing was heard of it.

    Not while it is on its way there, nor for ever.
    """
    return (
        command.state in {"asked", "sent"}
        and command.orders <= command.sent
        and command.orders < ATTEMPTS_MAX
        and now_ms < command.expires_ms
    )


def handed_over(command: Command) -> Command:
    """The command once it was handed to the downlink again."""
    return msgspec.structs.replace(command, orders=command.orders + 1)


def again_ms(command: Command, now_ms: int) -> int:
    """When to try again what nobody was there to hear: later each time."""
    delay_ms = _AGAIN_MS << min(max(command.orders - 1, 0), 16)
    return now_ms + min(delay_ms, _AGAIN_MS_MAX)


def deadline_ms(command: Command) -> int:
    """When it ends if nothing more happens.

    What was never handed to the broker cannot be done after its deadline; of what was
    handed to it, a reply may still come.
    """
    return command.expires_ms if command.state == "asked" else command.reply_by_ms
