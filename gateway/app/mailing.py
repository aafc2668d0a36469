"""Mail to people who are told of alerts, put together."""

from gateway.settings.recipients import Recipient
from gateway.sinks.email import EmailOptions, EmailSink
from gateway.sinks.smtp import Mailbox


def mail_sink(recipient: Recipient, gateway_id: str) -> EmailSink:
    """A recipient of alerts who reads mail."""
    assert recipient.sender, "checked with the settings"
    timeout_s = recipient.request_timeout_s
    options = EmailOptions(
        mailbox(recipient),
        recipient.sender,
        recipient.to or (),
        gateway_id,
        timeout_s,
    )
    return EmailSink(options)


def mailbox(recipient: Recipient) -> Mailbox:
    """The server that takes mail for a recipient."""
    assert recipient.smtp_host, "checked with the settings"
    password = recipient.password
    return Mailbox(
        recipient.smtp_host,
        recipient.port,
        recipient.smtp_security,
        recipient.tls,
        recipient.username,
        None if password is None else password.get_secret_value(),
    )
