"""Controls of the outbox as what an operator asks for."""

from gateway.acts import ActName, DeadLettersAct, SinkAct
from gateway.delivery.controls import wishes
from gateway.delivery.store import LettersChange
from gateway.ports import Control


def test_each_control_says_what_is_asked() -> None:
    replay = DeadLettersAct(author="a", ids=[1, 2])
    purge = DeadLettersAct(author="a", sink="business")
    enable = SinkAct(author="a", sink="business")
    assert wishes(
        [
            Control(ActName.DEADLETTERS_REPLAYED, replay.payload()),
            Control(ActName.DEADLETTERS_PURGED, purge.payload()),
            Control(ActName.SINK_ENABLED, enable.payload()),
            Control("of a later version", b"?"),
        ]
    ) == [
        LettersChange(purge=False, ids=[1, 2], sink=None),
        LettersChange(purge=True, ids=None, sink="business"),
        enable,
    ]
