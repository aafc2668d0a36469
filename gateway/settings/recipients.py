"""[alerts] and [[recipients]]: who is told of alerts, when, and how."""

import ssl
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from fleet.escalation import (
    COOLDOWN_MINUTES,
    WEEK_MINUTES,
    Channel,
    Severity,
    read_quiet,
)
from fleet.hours import read_hours
from gateway.settings.fields import (
    ExistingFile,
    HttpUrl,
    Name,
    Network,
    Section,
    SigningSecret,
    TimeZone,
)

Email = Annotated[
    str, StringConstraints(pattern=r"^[!-;=?A-~]+@[A-Za-z0-9.-]+$", max_length=254)
]
Cause = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_*]+$", max_length=64)]


def _hours(text: str) -> str:
    if text:
        read_hours(text)
    return text


def _quiet(text: str) -> str:
    if text:
        read_quiet(text)
    return text


class Alerts(Section):
    cooldown_minutes: int = Field(COOLDOWN_MINUTES, ge=0, le=WEEK_MINUTES)


class Recipient(Section):
    """Somebody who is told of alerts, by e-mail or a signed webhook."""

    KIND: ClassVar = "recipients"
    SECRETS = ("secret", "password")

    name: Name
    channel: Channel
    sites: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = Field(("*",), min_length=1)
    severity_min: Severity = "info"
    after_minutes: int = Field(0, ge=0, le=WEEK_MINUTES)
    hours: Annotated[str, AfterValidator(_hours)] = ""
    quiet_hours: Annotated[str, AfterValidator(_quiet)] = ""
    time_zone: TimeZone | None = None
    digest_above: int = Field(5, ge=1, le=1_000)
    digest_minutes: int = Field(10, ge=1, le=1_440)
    all_clear: bool = True
    to: tuple[Email, ...] | None = Field(None, min_length=1)
    sender: Email | None = None
    smtp_host: str | None = Field(None, min_length=1)
    smtp_port: int | None = Field(None, ge=1, le=65_535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    password_file: str | None = None
    ca_file: ExistingFile | None = None
    url: HttpUrl | None = None
    secret: SigningSecret | None = None
    secret_file: str | None = None
    allow_private_addresses: bool = False
    allow_addresses: tuple[Network, ...] = ()
    request_timeout_s: float = Field(30.0, ge=0.1, le=120)
    retry_delay_s_max: float = Field(300.0, ge=0.1, le=3600)

    @property
    def kind(self) -> str:
        return self.channel

    @property
    def takes(self) -> tuple[str, ...]:
        """What is addressed to this one."""
        return (self.name,)

    @property
    def signing_secrets(self) -> tuple[SecretStr, ...]:
        """One secret, or two while rotating: both sign."""
        if self.secret is None:
            return ()
        return tuple(map(SecretStr, self.secret.get_secret_value().split()))

    @property
    def port(self) -> int:
        """The server's, or the usual one of this security."""
        usual = {"starttls": 587, "tls": 465, "none": 25}
        return self.smtp_port or usual[self.smtp_security]

    @property
    def tls(self) -> ssl.SSLContext | None:
        if self.smtp_security == "none":
            return None
        return ssl.create_default_context(cafile=self.ca_file)

    @model_validator(mode="after")
    def _channel_is_whole(self) -> Self:
        if self.channel == "webhook":
            if self.url is None:
                raise ValueError('channel = "webhook" needs url: name where it goes')
            if self.to or self.smtp_host:
                raise ValueError('to and smtp_host are for channel = "email"')
            return self
        if not (self.to and self.sender and self.smtp_host):
            raise ValueError(
                'channel = "email" needs to, sender and smtp_host: who writes to whom,'
                " through which server"
            )
        if self.url is not None:
            raise ValueError('url is for channel = "webhook"')
        try:
            self.tls  # noqa: B018 -- it is read when it is made
        except (ssl.SSLError, OSError) as error:
            raise ValueError(f"ca_file: no certificates in PEM: {error}") from None
        if self.username and self.smtp_security == "none":
            raise ValueError("a password is never sent in the clear: use starttls")
        return self
