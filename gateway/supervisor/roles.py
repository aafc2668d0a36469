"""The processes that a gateway consists of, along the data path."""

from enum import StrEnum


class Role(StrEnum):
    INGEST = "ingest"
    PROCESS = "process"
    DELIVER = "deliver"
    CONSOLE = "console"
