"""The `complaint` channel: a complaint or report about a service; never a rating."""

from device_protocol import wire
from device_protocol.fields import Fields
from device_protocol.json_text import Element
from device_protocol.messages import Complaint, Contact
from device_protocol.shapes import composed_comment, judge_event


def judge(device_id: str, element: Element) -> Complaint:
    """The complaint in one element.

    Raises:
        ProtocolError: with the first rule that it breaks.
    """
    head, sent = judge_event(device_id, element, wire.Complaint)
    contact = sent.contact
    return Complaint(
        *head,
        session_id=sent.session_id or None,
        employee_id=sent.employee_id or None,
        # A complaint must not be lost for want of a category.
        category=sent.category or "other",
        comment=composed_comment(Fields(element), sent.comment),
        contact=Contact(contact.kind, contact.value) if contact else None,
    )
