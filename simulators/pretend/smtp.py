"""A pretend mail server: keeps what it took, and misbehaves on command."""

import asyncio
import base64
import ssl
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Final, NamedTuple, Self

LETTER_BYTES_MAX: Final = 1_048_576
_END: Final = b"\r\n.\r\n"
_SOME_BYTES: Final = 20


class Taken(NamedTuple):
    """A letter with its envelope; `tls` and `user` as the client came."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    tls: bool
    user: str | None


class PretendSmtp:
    """Listens on the loopback; use it with `async with`.

    `refusals` gives the reply to a step (`MAIL`, `RCPT`, `DATA`, `.`, `AUTH`, `EHLO`,
    `CONNECT`) instead of the true one; to a recipient's address its own. With `silent`
    the letter is taken, and the answer never comes. Of so many letters to come,
    `breaks_off` ends the connection in the middle, `loses_answers` ends it after the
    letter was taken, `stalls` reads no further, which `stalled` tells of.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        *,
        at_once: bool = False,
        accounts: Mapping[str, str] | None = None,
    ) -> None:
        self._tls = tls
        self._at_once = at_once
        self._accounts = accounts or {}
        self._server: asyncio.Server | None = None
        self.refusals: dict[str, str] = {}
        self.silent = False
        self.breaks_off = self.loses_answers = self.stalls = 0
        self.stalled = asyncio.Event()
        self.taken: list[Taken] = []
        self.connections = 0

    @property
    def port(self) -> int:
        assert self._server is not None, "not entered"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        context = self._tls if self._at_once else None
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=context
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        try:
            await _Session(self, self._tls, self._accounts).run(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            writer.close()


class _Session:
    """One connection."""

    def __init__(
        self,
        server: PretendSmtp,
        tls: ssl.SSLContext | None,
        accounts: Mapping[str, str],
    ) -> None:
        self._server = server
        self._tls = tls
        self._accounts = accounts
        self._user: str | None = None
        self._sender = ""
        self._recipients: list[str] = []

    async def run(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        refusals = self._server.refusals
        writer.write(f"{refusals.get('CONNECT', '220 pretend')}\r\n".encode())
        while line := (await reader.readline()).decode().strip():
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            if verb == "QUIT":
                return
            if verb == "STARTTLS" and self._tls is not None:
                writer.write(b"220 go\r\n")
                await writer.drain()
                await writer.start_tls(self._tls)
                continue
            secure = writer.get_extra_info("ssl_object") is not None
            reply = self._reply(verb, rest, secure=secure)
            writer.write(f"{refusals.get(verb, reply)}\r\n".encode())
            if verb == "DATA" and verb not in refusals:
                if not await self._go_on(reader):
                    return
                raw = await reader.readuntil(_END)
                answer = self._keep(raw[: -len(_END)], secure=secure)
                if self._server.loses_answers:
                    self._server.loses_answers -= 1
                    return
                if self._server.silent:
                    await reader.read()
                    return
                writer.write(f"{answer}\r\n".encode())

    async def _go_on(self, reader: asyncio.StreamReader) -> bool:
        """Whether a letter that begins to come is read to its end."""
        server = self._server
        if server.stalls:
            server.stalls -= 1
            server.stalled.set()
            await reader.read()
            return False
        if server.breaks_off:
            server.breaks_off -= 1
            await reader.readexactly(_SOME_BYTES)
            return False
        return True

    def _reply(self, verb: str, rest: str, *, secure: bool) -> str:
        match verb:
            case "EHLO":
                offers = ["pretend", "AUTH PLAIN"]
                if self._tls is not None and not secure:
                    offers.insert(1, "STARTTLS")
                return "\r\n".join([*(f"250-{it}" for it in offers), "250 8BITMIME"])
            case "AUTH":
                return self._log_in(rest.partition(" ")[2])
            case "MAIL" | "RCPT":
                return self._name(verb, rest[rest.index("<") + 1 : rest.index(">")])
            case "DATA":
                return "354 go on"
            case _:
                return "502 no"

    def _log_in(self, secret: str) -> str:
        _, user, password = base64.b64decode(secret).decode().split("\0")
        if self._accounts.get(user) != password:
            return "535 wrong password"
        self._user = user
        return "235 welcome"

    def _name(self, verb: str, address: str) -> str:
        if verb == "MAIL":
            self._sender, self._recipients = address, []
            if self._accounts and self._user is None:
                return "530 log in first"
            return "250 ok"
        refused = self._server.refusals.get(address)
        if refused is None:
            self._recipients.append(address)
        return refused or "250 ok"

    def _keep(self, raw: bytes, *, secure: bool) -> str:
        refused = self._server.refusals.get(".")
        if refused is not None:
            return refused
        text = raw.replace(b"\r\n..", b"\r\n.")
        message = message_from_bytes(text, policy=policy.default)
        self._server.taken.append(
            Taken(
                self._sender,
                tuple(self._recipients),
                message,
                secure,
                self._user,
            )
        )
        return "250 taken"
