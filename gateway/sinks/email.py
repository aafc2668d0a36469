"""E-mail: each notice of alerts as a letter through a mail server."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.ports import Answer, Event, Unit, Verdict
from gateway.sinks.answers import failed
from gateway.sinks.letters import letter
from gateway.sinks.smtp import Conversation, Mailbox, SmtpRefusedError, SmtpReply

_TRANSIENT: Final = 4
_CLASS: Final = 100
_WORLD: Final = (OSError, EOFError, ValueError, asyncio.LimitOverrunError)


@dataclass(frozen=True)
class EmailOptions:
    """Who writes to whom, through which server."""

    mailbox: Mailbox
    sender: str
    to: tuple[str, ...]
    gateway_id: str
    timeout_s: float = 30.0


class EmailSink:
    """Hands over one letter a request, on a connection of its own."""

    def __init__(self, options: EmailOptions) -> None:
        self._options = options

    async def send(self, units: Sequence[Unit]) -> Answer:
        unit = units[0]
        assert isinstance(unit, Event), "only notices are addressed to people"
        options = self._options
        body = letter(unit, options.gateway_id, options.sender, options.to)
        conversation = Conversation(options.mailbox)
        try:
            async with asyncio.timeout(options.timeout_s):
                await conversation.open()
                reply = await conversation.hand_over(options.sender, options.to, body)
        except SmtpRefusedError as error:
            return _refused(error)
        except ssl.SSLCertVerificationError as error:
            return Answer(Verdict.OPERATOR, 1, detail=f"TLS: {error.verify_message}")
        except _WORLD as error:
            return failed(error, 1)
        finally:
            conversation.close()
        return Answer(_verdict(reply), 1, reply.code, reply.text)

    async def close(self) -> None:
        """Nothing is held between letters."""


def _refused(error: SmtpRefusedError) -> Answer:
    """Refused before the letter: about us or its readers, never about this letter."""
    again = error.reply.code // _CLASS == _TRANSIENT
    verdict = Verdict.RETRY if again else Verdict.OPERATOR
    return Answer(verdict, 1, error.reply.code, f"{error.step}: {error.reply.text}")


def _verdict(reply: SmtpReply) -> Verdict:
    if reply.good:
        return Verdict.DELIVERED
    again = reply.code // _CLASS == _TRANSIENT
    return Verdict.RETRY if again else Verdict.REFUSED
