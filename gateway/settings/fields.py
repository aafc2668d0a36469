"""Field types of the configuration: paths, names, secrets, URLs."""

import base64
import binascii
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ClassVar, get_args
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

WEBHOOK_SECRET_PREFIX = "whsec_"  # noqa: S105 -- the standard's marker, no secret
_SECRET_FILE_BYTES_MAX = 4096


class Section(BaseModel):
    """A table of the configuration: frozen, unknown keys refused.

    Each of `SECRETS` may be given as a file instead: `token` by `token_file`.
    """

    SECRETS: ClassVar[tuple[str, ...]] = ()

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, data: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 -- raw input of any shape
        if not isinstance(data, Mapping):
            return data
        values = dict(data)
        for name in cls.SECRETS:
            file = values.get(f"{name}_file")
            if not file:
                continue
            if values.get(name):
                msg = f"{name} and {name}_file are both given: keep one"
                raise ValueError(msg)
            values[name] = _secret_in(base_of(info) / str(file), f"{name}_file")
        return values

    @model_validator(mode="before")
    @classmethod
    def _no_truth_for_numbers(cls, data: Any) -> Any:  # noqa: ANN401 -- as above
        """Pydantic takes true for 1."""
        for name, value in data.items() if isinstance(data, Mapping) else ():
            field = cls.model_fields.get(name)
            kind: object = None if field is None else field.annotation
            kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
            if isinstance(value, bool) and not {int, float}.isdisjoint(kinds):
                raise ValueError(f"{name} must be a number, not true or false")
        return data


def base_of(info: ValidationInfo) -> Path:
    """The folder of the configuration file, to which its paths are relative."""
    context = info.context
    return context["base"] if isinstance(context, dict) else Path.cwd()


def _secret_in(path: Path, key: str) -> SecretStr:
    try:
        with path.open("rb") as file:
            raw = file.read(_SECRET_FILE_BYTES_MAX + 1)
        text = raw.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{key}: cannot read {path}: {_cause(error)}"
        raise ValueError(msg) from error
    if not text or len(raw) > _SECRET_FILE_BYTES_MAX:
        msg = (
            f"{key}: {path} must hold one secret of 1 to {_SECRET_FILE_BYTES_MAX} bytes"
        )
        raise ValueError(msg)
    return SecretStr(text)


def _cause(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "not UTF-8"


def _resolve(path: Path, info: ValidationInfo) -> Path:
    return base_of(info) / path.expanduser()


def _existing(path: Path) -> Path:
    if not path.is_file():
        msg = f"{path} does not exist: give the path of a file, relative to this one"
        raise ValueError(msg)
    return path


def _network(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return ip_network(value)
    except ValueError as error:
        raise ValueError(f"write a network like 10.1.0.0/16: {error}") from None


def _no_wildcards(root: str) -> str:
    if any(not level for level in root.split("/")) or set("+#$\0") & set(root):
        raise ValueError("must be topic levels like 'evaluators' or 'city/evaluators'")
    return root


def known_zone(name: str) -> str:
    """The name, unless there is no such zone: then ValueError."""
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        msg = f"{name!r} is no IANA time zone: write one like 'Asia/Shanghai'"
        raise ValueError(msg) from None
    return name


def _signing_secret(secret: SecretStr) -> SecretStr:
    for line in secret.get_secret_value().split():
        encoded = line.removeprefix(WEBHOOK_SECRET_PREFIX)
        if encoded == line:
            continue
        try:
            base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError("after 'whsec_' there must be Base64") from None
    return secret


def split_url(url: str, schemes: tuple[str, ...]) -> SplitResult:
    """The parts of `url`. Raises ValueError unless it names a host by a scheme."""
    parts = urlsplit(url)
    if parts.scheme not in schemes or not parts.hostname or parts.port == 0:
        wanted = " or ".join(f"{scheme}://HOST[:PORT]" for scheme in schemes)
        raise ValueError(f"must look like {wanted}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("credentials have keys of their own: take them out of the URL")
    return parts


def _http_url(url: str) -> str:
    parts = split_url(url, ("http", "https"))
    if parts.fragment:
        raise ValueError("take the part after # out of the URL")
    return url


ConfigPath = Annotated[Path, AfterValidator(_resolve)]
ExistingFile = Annotated[Path, AfterValidator(_resolve), AfterValidator(_existing)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
ClientId = Annotated[str, StringConstraints(min_length=1, max_length=128)]
TopicRoot = Annotated[
    str, StringConstraints(min_length=1, max_length=256), AfterValidator(_no_wildcards)
]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
TimeZone = Annotated[str, AfterValidator(known_zone)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]
