"""The log: one event per line on stderr, for people in development and for machines else.

An event is named `room.past_tense`; its keys are column names; no sentences, no personal data.
"""

import logging
import sys
from collections.abc import Sequence
from enum import StrEnum

import structlog
from structlog.typing import Processor


class LogStyle(StrEnum):
    """How a line is written."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """The least serious lines to write."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def set_up_log(*, style: LogStyle, level: LogLevel) -> None:
    """Send our events and the libraries' lines (uvicorn, alembic) through one renderer.

    Called once by a root (`hub.cli`), before anything is logged. stdout stays free for results.
    """
    number = logging.getLevelNamesMapping()[level.name]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(style),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)


def _renderers(style: LogStyle) -> Sequence[Processor]:
    """Write a traceback without the values of variables: there are secrets and people in them."""
    if style is LogStyle.JSON:
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [
            structlog.processors.ExceptionRenderer(tracebacks),
            structlog.processors.JSONRenderer(),
        ]
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]
