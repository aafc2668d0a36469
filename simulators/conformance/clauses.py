"""What the device protocol asks of a terminal, clause by clause, level by level."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class Level(StrEnum):
    """C: best effort. B: keeps until PUBACK. A: keeps until the receipt."""

    C = "C"
    B = "B"
    A = "A"


LEVELS: Final = (Level.C, Level.B, Level.A)  # each asks all that the earlier ask


class Clause(NamedTuple):
    """`asks` completes "the protocol asks: …".

    A clause that `must_be_seen` is open until the terminal has shown it; another
    holds until the terminal breaks it.
    """

    level: Level
    asks: str
    must_be_seen: bool = False


CLAUSES: Final = MappingProxyType(
    {
        "topic": Clause(
            Level.C,
            "publish to {root}/v1/{device_id}/{channel} with an uplink channel "
            "and always the same device_id",
        ),
        "payload": Clause(
            Level.C,
            "UTF-8 JSON, v 1, the fields and bounds of its channel",
            must_be_seen=True,
        ),
        "limits": Clause(
            Level.C,
            "16 KiB an object, 60 KiB a payload, 500 elements, nesting 16",
        ),
        "level": Clause(
            Level.C, "a level of 1 to 5, its string or a label of the scale, or a key"
        ),
        "event_id": Clause(
            Level.C,
            "one event_id for one event: made at the press, unique, resent unchanged",
        ),
        "seq": Clause(
            Level.C, "seq, when it is sent, goes up by one for each event message"
        ),
        "not_retained": Clause(Level.C, "RETAIN on presence only: it says 'not new'"),
        "qos": Clause(Level.B, "QoS 1 for everything but heartbeats"),
        "will": Clause(
            Level.B,
            "a last will on presence: offline, QoS 1, retained",
            must_be_seen=True,
        ),
        "birth": Clause(
            Level.B, "presence online after each CONNECT", must_be_seen=True
        ),
        "presence_retained": Clause(Level.B, "presence is retained"),
        "conn_id": Clause(
            Level.B, "a conn_id new for each CONNECT, the same in will and birth"
        ),
        "unanswered_resent": Clause(
            Level.B,
            "a publish without PUBACK is sent again after reconnecting",
            must_be_seen=True,
        ),
        "not_taken_resent": Clause(
            Level.B,
            "PUBACK 0x97 means not taken: keep the event and send it again",
            must_be_seen=True,
        ),
        "goodbye": Clause(
            Level.B, "a clean end publishes presence offline, then DISCONNECT"
        ),
        "receipts": Clause(
            Level.A,
            "capabilities.receipts true, and a subscription of the receipt topic "
            "with QoS 1",
            must_be_seen=True,
        ),
        "receipt_resend": Clause(
            Level.A,
            "no receipt: send again after 30 s, whatever PUBACK said",
            must_be_seen=True,
        ),
        "backoff": Clause(
            Level.A,
            "the wait doubles with each resend, up to 10 min",
            must_be_seen=True,
        ),
        "receipt_final": Clause(
            Level.A, "what was receipted is not sent again", must_be_seen=True
        ),
        "rejected_final": Clause(
            Level.A, "what was rejected is not sent again", must_be_seen=True
        ),
        "in_flight": Clause(Level.A, "at most 32 events without a receipt under way"),
    }
)
