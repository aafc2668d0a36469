"""The `selftest` channel: what a terminal found when it tested itself."""

from device_protocol import wire
from device_protocol.json_text import Element
from device_protocol.messages import Check, SelfTest
from device_protocol.shapes import judge_event


def judge(device_id: str, element: Element) -> SelfTest:
    """The self-test in one element.

    Raises:
        ProtocolError: with the first rule that it breaks.
    """
    head, sent = judge_event(device_id, element, wire.SelfTest)
    return SelfTest(
        *head,
        trigger=sent.trigger,
        items=tuple(
            Check(one.code, one.result, one.value, one.unit or None)
            for one in sent.items or ()
        ),
        keys_pressed=sent.keys_pressed or (),
    )
