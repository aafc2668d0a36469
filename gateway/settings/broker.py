"""[broker]: where the terminals' messages come from."""

from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from gateway.settings.fields import (
    ClientId,
    ExistingFile,
    Section,
    TopicRoot,
    split_url,
)

_PORTS = {"mqtt": 1883, "mqtts": 8883}


class Credential(NamedTuple):
    """How one of our connections presents itself to the broker."""

    client_id: str
    username: str | None
    password: SecretStr | None


def _broker_url(url: str) -> str:
    parts = split_url(url, tuple(_PORTS))
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(
            "must end after the port: the topic's root has a key of its own"
        )
    return url


class Broker(Section):
    SECRETS = ("password", "downlink_password", "probe_password")

    url: Annotated[str, AfterValidator(_broker_url)]
    client_id: ClientId = "evalgate"
    root: TopicRoot = "evaluators"
    username: str | None = None
    password: SecretStr | None = None
    password_file: str | None = None
    ca_file: ExistingFile | None = None
    cert_file: ExistingFile | None = None
    key_file: ExistingFile | None = None
    downlink_client_id: ClientId | None = None
    downlink_username: str | None = None
    downlink_password: SecretStr | None = None
    downlink_password_file: str | None = None
    probe_client_id: ClientId | None = None
    probe_username: str | None = None
    probe_password: SecretStr | None = None
    probe_password_file: str | None = None
    keepalive_s: int = Field(30, ge=5, le=3600)
    session_expiry_days: int = Field(7, ge=1, le=365)
    connect_timeout_s: float = Field(10.0, ge=0.5, le=120)
    reconnect_delay_s_max: float = Field(30.0, ge=0.1, le=300)

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together: give both")
        if self.ca_file or self.cert_file:
            self._need_tls()
        return self

    @model_validator(mode="after")
    def _connections_differ(self) -> Self:
        ids = [self.uplink.client_id, self.downlink.client_id, self.probe.client_id]
        if len(set(ids)) < len(ids):
            raise ValueError(
                "client_id, downlink_client_id, probe_client_id must differ"
            )
        return self

    def _need_tls(self) -> None:
        if not self.tls:
            raise ValueError("ca_file and cert_file need a url with mqtts://")

    @property
    def tls(self) -> bool:
        return self.url.startswith("mqtts:")

    @property
    def host(self) -> str:
        return split_url(self.url, tuple(_PORTS)).hostname or ""

    @property
    def port(self) -> int:
        parts = split_url(self.url, tuple(_PORTS))
        return parts.port or _PORTS[parts.scheme]

    @property
    def uplink(self) -> Credential:
        return Credential(self.client_id, self.username, self.password)

    @property
    def downlink(self) -> Credential:
        return Credential(
            self.downlink_client_id or f"{self.client_id}-down",
            self.downlink_username or self.username,
            self.downlink_password or self.password,
        )

    @property
    def probe(self) -> Credential:
        return Credential(
            self.probe_client_id or f"{self.client_id}-probe",
            self.probe_username or self.username,
            self.probe_password or self.password,
        )
