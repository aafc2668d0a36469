"""One conversation with a mail server: connect, secure, log in, hand over a letter."""

import asyncio
import base64
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

REPLY_LINES_MAX: Final = 100
_DIGITS: Final = 3
_CLASS: Final = 100
_BARE_DOT: Final = re.compile(rb"(?m)^\.")

READY, CLOSING, GO_ON, LOGGED_IN = 220, 221, 354, 235


class SmtpReply(NamedTuple):
    code: int
    text: str

    @property
    def good(self) -> bool:
        return self.code // _CLASS in {2, 3}


class SmtpRefusedError(Exception):
    """The server said no; `step` is what it said no to."""

    def __init__(self, step: str, reply: SmtpReply) -> None:
        super().__init__(f"{step}: {reply.code} {reply.text}")
        self.step = step
        self.reply = reply


@dataclass(frozen=True)
class Mailbox:
    """A mail server and how it is spoken to; `tls` is for any security but `none`."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    tls: ssl.SSLContext | None
    username: str | None = None
    password: str | None = None


class Conversation:
    """Speaks SMTP (RFC 5321) on one connection; whoever holds it sets the deadline."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._offers: frozenset[str] = frozenset()

    async def open(self) -> None:
        """Connect, secure and log in.

        Raises:
            SmtpRefusedError: the server refuses us.
            OSError, EOFError, ValueError: there is no server, or nonsense.
        """
        mailbox = self._mailbox
        at_once = mailbox.tls if mailbox.security == "tls" else None
        self._reader, self._writer = await asyncio.open_connection(
            mailbox.host, mailbox.port, ssl=at_once
        )
        _expect("connect", await self._reply())
        await self._greet()
        if mailbox.security == "starttls":
            if "STARTTLS" not in self._offers:
                raise SmtpRefusedError("STARTTLS", SmtpReply(502, "is not offered"))
            _expect("STARTTLS", await self._ask("STARTTLS"))
            await self._writer.start_tls(
                mailbox.tls or ssl.create_default_context(),
                server_hostname=mailbox.host,
            )
            await self._greet()
        if mailbox.username is not None:
            await self._log_in(mailbox.username, mailbox.password or "")

    async def hand_over(
        self, sender: str, recipients: Sequence[str], letter: bytes
    ) -> SmtpReply:
        """The reply to the letter, for those recipients that the server takes.

        Raises:
            SmtpRefusedError: it takes nobody, or not this sender.
        """
        replies = await self.address(sender, recipients)
        if not any(reply.good for reply in replies):
            # One that asks to come back later weighs more than a refusal.
            raise SmtpRefusedError("RCPT TO", min(replies, key=lambda it: it.code))
        _expect("DATA", await self._ask("DATA"))
        self._writer.write(_BARE_DOT.sub(b"..", letter))
        return await self._ask(".")

    async def address(self, sender: str, recipients: Sequence[str]) -> list[SmtpReply]:
        """The reply to each recipient of a letter, which need not follow.

        Raises:
            SmtpRefusedError: it takes nothing from this sender.
        """
        _expect("MAIL FROM", await self._ask(f"MAIL FROM:<{sender}>"))
        return [await self._ask(f"RCPT TO:<{one}>") for one in recipients]

    def close(self) -> None:
        """Part without waiting for the answer."""
        writer = getattr(self, "_writer", None)
        if writer is not None:
            if not writer.is_closing():
                writer.write(b"QUIT\r\n")
            writer.close()

    async def _greet(self) -> None:
        reply = await self._ask("EHLO evalgate")
        _expect("EHLO", reply)
        self._offers = frozenset(
            line.split()[0].upper() for line in reply.text.splitlines()[1:] if line
        )

    async def _log_in(self, username: str, password: str) -> None:
        secret = base64.b64encode(f"\0{username}\0{password}".encode()).decode()
        reply = await self._ask(f"AUTH PLAIN {secret}")
        if reply.code != LOGGED_IN:
            raise SmtpRefusedError("AUTH", reply)

    async def _ask(self, line: str) -> SmtpReply:
        self._writer.write(line.encode() + b"\r\n")
        await self._writer.drain()
        return await self._reply()

    async def _reply(self) -> SmtpReply:
        lines: list[str] = []
        for _ in range(REPLY_LINES_MAX):
            line = (await self._reader.readuntil(b"\n")).decode("utf-8", "replace")
            code, mark, text = line[:_DIGITS], line[_DIGITS : _DIGITS + 1], line[4:]
            if not (code.isascii() and code.isdecimal()):
                raise ValueError(f"this is no mail server: {line.strip()[:80]!r}")
            lines.append(text.strip())
            if mark != "-":
                return SmtpReply(int(code), "\n".join(lines))
        raise ValueError("a reply without end")


def _expect(step: str, reply: SmtpReply) -> None:
    if not reply.good:
        raise SmtpRefusedError(step, reply)
