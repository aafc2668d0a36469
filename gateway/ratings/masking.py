"""What customers wrote, without what tells who they are."""

import re
from typing import Final

MASK: Final = "***"
_MAIL: Final = re.compile(r"[^\s@<>,;:]+[@\uff20][^\s@<>,;:]+")
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# Telephones, cards and numbers of identity, with what people put between digits.
_NUMBER: Final = re.compile(r"[+(]?\d(?:[\s().\-/\u00b7\u2010-\u2015]{0,2}[\dXx]){4,}")


def masked(text: str, contact: str | None = None) -> str:
    """A text with addresses, links and long numbers left out, and a contact by name.

    Digits of any script count: full-width ones are what Chinese keyboards make.
    """
    if contact and len(contact) > 1:
        text = text.replace(contact, MASK)
    for pattern in (_MAIL, _LINK, _NUMBER):
        text = pattern.sub(MASK, text)
    return text
