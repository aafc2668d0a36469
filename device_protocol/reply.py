"""The `reply` channel: a terminal's answer to a command."""

from device_protocol import wire
from device_protocol.json_text import Element
from device_protocol.messages import Reply
from device_protocol.shapes import judge_event


def judge(device_id: str, element: Element) -> Reply:
    """The reply in one element.

    Raises:
        ProtocolError: with the first rule that it breaks.
    """
    head, sent = judge_event(device_id, element, wire.Reply)
    return Reply(
        *head,
        command_id=sent.command_id,
        status=sent.status,
        result=sent.result,
        error=sent.error or None,
    )
