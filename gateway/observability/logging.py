"""Logs: one JSON object a line on standard error, coloured lines on a terminal.

An event is one unit of work, named `noun_past_participle`. Payloads, comments,
contacts and secrets never enter an event; as a last fence the fields that would hold
them are struck out.
"""

import logging
import sys
from types import TracebackType
from typing import Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

Level = Literal["debug", "info", "warning", "error"]

_STRUCK = "[struck out]"
_PRIVATE = frozenset(
    {"comment", "contact", "phone", "password", "payload", "secret", "token"}
)


def configure_logging(level: Level, role: str, stream: TextIO | None = None) -> None:
    """Set up logging of this process; `role` stands in every line."""
    out = stream or sys.stderr
    _process["role"] = role  # loggers that remember their processors learn it, too
    structlog.configure(
        processors=[*_PROCESSORS, *_rendering(pretty=out.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        # A stream that somebody put in for a while is not remembered.
        cache_logger_on_first_use=out is sys.__stderr__,
    )
    # Libraries log by the standard module: their warnings join ours as plain events.
    logging.basicConfig(
        level=max(_number(level), logging.WARNING), handlers=[_Forward()], force=True
    )
    sys.excepthook = log_crash


def strike_out_private(
    _logger: WrappedLogger, _method: str, event: EventDict
) -> EventDict:
    """Replace the values of fields that could hold personal data or secrets."""
    for key in _PRIVATE & event.keys():
        event[key] = _STRUCK
    return event


def log_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Write what ends this process as an event, as `sys.excepthook`."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("process_crashed", exc_info=(kind, error, trace))


class _Forward(logging.Handler):
    """Hands a library's record to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger()
        logger.log(
            record.levelno,
            "library_message_logged",
            library=record.name,
            text=record.getMessage(),
            exc_info=record.exc_info,
        )


_process = {"role": ""}


def _with_role(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.setdefault("role", _process["role"])
    return event


_PROCESSORS: tuple[Processor, ...] = (
    _with_role,
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    strike_out_private,
)


def _rendering(*, pretty: bool) -> tuple[Processor, ...]:
    if pretty:
        plain = structlog.dev.plain_traceback  # the rich one prints local variables
        renderer = structlog.dev.ConsoleRenderer(
            timestamp_key="at", exception_formatter=plain
        )
        return (renderer,)
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return (
        structlog.processors.ExceptionRenderer(frames),
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    )


def _number(level: Level) -> int:
    return logging.getLevelNamesMapping()[level.upper()]
