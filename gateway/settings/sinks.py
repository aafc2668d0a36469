"""[[influxdb]] and [[backend]]: where events go."""

from difflib import get_close_matches
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from gateway.settings.fields import HttpUrl, Name, Network, Section, SigningSecret

_EVERY: Final = "*"


def _names_an_event(pattern: str) -> str:
    if pattern == _EVERY:
        return pattern
    from gateway.events.addressing import selected  # noqa: PLC0415 -- all schemas, for who chooses
    from gateway.events.registry import EVENTS  # noqa: PLC0415 -- as above

    if not selected([pattern]):
        families = sorted({f"{name.partition('.')[0]}.*" for name in EVENTS})
        near = get_close_matches(pattern, [*EVENTS, *families], n=1, cutoff=0.5)
        hint = (
            f"did you mean {near[0]}?" if near else f"there are {', '.join(families)}"
        )
        raise ValueError(f"{pattern!r} names no event; {hint}")
    return pattern


EventFilter = Annotated[
    str, StringConstraints(max_length=80), AfterValidator(_names_an_event)
]


class Influxdb(Section):
    KIND: ClassVar[str] = "influxdb"
    SECRETS = ("token", "password")

    name: Name = "influxdb"
    url: HttpUrl = "http://127.0.0.1:8086"
    api: Literal["v2", "v1"] = "v2"
    org: str = ""
    bucket: str = ""
    token: SecretStr | None = None
    token_file: str | None = None
    database: str = ""
    username: str | None = None
    password: SecretStr | None = None
    password_file: str | None = None
    employee_tag: bool = True
    batch_points_max: int = Field(5000, ge=1, le=50_000)
    batch_bytes_max: int = Field(1_048_576, ge=1024, le=16_777_216)
    batch_delay_ms_max: int = Field(200, ge=0, le=60_000)
    request_timeout_s: float = Field(10.0, ge=0.1, le=120)
    retry_delay_s_max: float = Field(30.0, ge=0.1, le=3600)

    @property
    def kind(self) -> str:
        return self.KIND

    @property
    def takes(self) -> tuple[str, ...]:
        """Which events, by name: those that have points."""
        return ("rating.*", "device_health", "gateway")

    @model_validator(mode="after")
    def _place_is_named(self) -> Self:
        if self.api == "v2" and not self.bucket:
            raise ValueError('api = "v2" needs bucket (and org): name where points go')
        if self.api == "v1" and not self.database:
            raise ValueError('api = "v1" needs database: name where points go')
        return self


class Backend(Section):
    KIND: ClassVar[str] = "backend"
    SECRETS = ("secret",)

    name: Name = "backend"
    url: HttpUrl
    secret: SigningSecret | None = None
    secret_file: str | None = None
    events: tuple[EventFilter, ...] = Field(("*",), min_length=1)
    mode: Literal["batch", "single"] = "batch"
    batch_events_max: int = Field(500, ge=1, le=10_000)
    batch_bytes_max: int = Field(1_048_576, ge=1024, le=1_048_576)
    batch_delay_ms_max: int = Field(50, ge=0, le=60_000)
    request_timeout_s: float = Field(10.0, ge=0.1, le=120)
    retry_delay_s_max: float = Field(30.0, ge=0.1, le=3600)
    allow_private_addresses: bool = False
    allow_addresses: tuple[Network, ...] = ()

    @property
    def kind(self) -> str:
        return self.KIND

    @property
    def takes(self) -> tuple[str, ...]:
        """Which events, by name: those that the operator chose."""
        return tuple(self.events)

    @property
    def signing_secrets(self) -> tuple[SecretStr, ...]:
        """One secret, or two while rotating: both sign."""
        if self.secret is None:
            return ()
        return tuple(map(SecretStr, self.secret.get_secret_value().split()))
