"""What an operator's signals ask of a role."""

import asyncio


class Signals:
    """`stop` once and for all; `reload` each time the settings may have changed."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.reload = asyncio.Event()
