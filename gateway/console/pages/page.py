"""What makes a page: where it is, what it is called, who may see it, what builds it."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from gateway.console.pages.visit import Visit

Builder = Callable[[Visit], Awaitable[None]]


class Page(NamedTuple):
    """`name` is its table of words, and `page_NAME` in the shell's its title.

    `path` may have parameters, as `/devices/{device_id}`. Without an `icon` it does not
    stand in the menu; `under` names the page that is then marked there.
    """

    name: str
    path: str
    build: Builder
    icon: str = ""
    scope: str = "read"
    under: str = ""
