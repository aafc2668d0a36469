"""Who is told of alerts: the answer of the webhook, or of the mail server.

No letter is sent: sender and readers are named, and the conversation ends there.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Final

from gateway.app.doctor import backend
from gateway.app.doctor.findings import Area, Finding
from gateway.app.doctor.reach import in_the_clear, unreachable
from gateway.settings.recipients import Recipient
from gateway.sinks.smtp import SmtpRefusedError, SmtpReply

_LATER: Final = 4
_CLASS: Final = 100
_PORTS: Final = "is it the right smtp_port? usual are 587 for starttls, 465 for tls"
_ADVICE: Final = {
    "connect": "does it let this machine in? ask who runs it",
    "EHLO": "does it let this machine in? ask who runs it",
    "STARTTLS": 'take another port, or smtp_security = "tls" where it has that (465)',
    "AUTH": "correct username and password_file",
    "MAIL FROM": "let it take the sender from us, or log in with a username",
}


async def examine(recipient: Recipient, gateway_id: str) -> AsyncIterator[Finding]:
    """Findings of the area `recipient NAME`."""
    if recipient.channel == "webhook":
        async for finding in backend.examine(recipient, gateway_id, "recipient"):
            yield finding
        return
    async for finding in _mail(Area(f"recipient {recipient.name}"), recipient):
        yield finding


async def _mail(area: Area, recipient: Recipient) -> AsyncIterator[Finding]:
    where = f"{recipient.smtp_host}:{recipient.port}"
    try:
        replies = await _replies(recipient)
    except SmtpRefusedError as error:
        yield _refused(area, where, error)
    except OSError as error:  # before ValueError, which a bad certificate is, too
        found = unreachable(area, where, error)
        if found.name == "reach":
            found = found._replace(
                advice="correct smtp_host and smtp_port, or start it"
            )
        yield found
    except (ValueError, EOFError, asyncio.LimitOverrunError) as error:
        hung_up = isinstance(error, EOFError)
        words = "it hangs up" if hung_up else " ".join(str(error).split())
        yield area.fail("reach", f"{where}: {words}", _PORTS)
    else:
        clear = recipient.smtp_security != "none"
        for remark in in_the_clear(area, where, recipient.smtp_host or "", tls=clear):
            yield remark._replace(advice='take smtp_security = "starttls" or "tls"')
        for finding in _taken(area, where, recipient, replies):
            yield finding


async def _replies(recipient: Recipient) -> list[SmtpReply]:
    from gateway.app.mailing import mailbox  # noqa: PLC0415 -- 2 MB for who needs it
    from gateway.sinks.smtp import Conversation  # noqa: PLC0415 -- with it

    assert recipient.sender, "checked with the settings"
    conversation = Conversation(mailbox(recipient))
    try:
        async with asyncio.timeout(recipient.request_timeout_s):
            await conversation.open()
            return await conversation.address(recipient.sender, recipient.to or ())
    finally:
        conversation.close()


def _refused(area: Area, where: str, error: SmtpRefusedError) -> Finding:
    detail = " ".join(f"{where}: {error}".split())
    if error.reply.code // _CLASS == _LATER:
        return area.warn("mail", detail, "it asks to come back later: so notices do")
    return area.fail("mail", detail, _ADVICE[error.step])


def _taken(
    area: Area, where: str, recipient: Recipient, replies: list[SmtpReply]
) -> Iterator[Finding]:
    good = [reply.good for reply in replies]
    for reader, reply in zip(recipient.to or (), replies, strict=True):
        if not reply.good:
            detail = f"{where}: {reader}: {reply.code} {' '.join(reply.text.split())}"
            advice = "correct it in `to`, or let the server take mail for it"
            make = area.warn if any(good) else area.fail
            yield make("reader", detail, advice)
    if all(good):
        said = f"takes {recipient.sender} and {len(good)} readers; no letter was sent"
        yield area.ok("mail", f"{where} {said}")
