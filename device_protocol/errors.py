"""Why a message cannot be accepted: the reason codes of the protocol."""

from enum import StrEnum


class Reason(StrEnum):
    """Why a message lies in quarantine (device protocol v1, "Quarantine")."""

    BAD_TOPIC = "bad_topic"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    SCHEMA = "schema"
    UNSUPPORTED_VERSION = "unsupported_version"
    IDENTITY_MISMATCH = "identity_mismatch"
    UNKNOWN_DEVICE = "unknown_device"
    REFUSED_DEVICE = "refused_device"
    RETIRED_DEVICE = "retired_device"
    UNKNOWN_LEVEL = "unknown_level"
    ID_CONFLICT = "id_conflict"
    BEYOND_HORIZON = "beyond_horizon"
    RETAINED = "retained"
    RATE_LIMITED = "rate_limited"


class ProtocolError(ValueError):
    """A message that breaks the protocol: always the sender's fault.

    `event_id` is the identity claimed by the guilty element when it could be
    read, so that a receipt can name it; `seq` is its number, which has come.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str,
        event_id: str | None = None,
        seq: int | None = None,
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.event_id = event_id
        self.seq = seq
