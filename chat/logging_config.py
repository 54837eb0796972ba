"""Logs: one line a thing on standard error, JSON unless a person is looking."""

import logging
import sys

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError
from structlog.typing import Processor

# What our own lines and the libraries' have in common.
COMMON: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)


def in_one_line(record: logging.LogRecord) -> bool:
    """What reached the port and was no HTTP is no error of ours; its traceback quotes what came, links too."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError | RequestPayloadError):
        record.exc_info, record.levelno, record.levelname = None, logging.INFO, "INFO"
    return True


def to_standard_error(level: int = logging.INFO) -> None:
    """Every logger of this process writes there from now on; standard output stays for what was asked for."""
    for_people = sys.stderr.isatty()
    last = structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer()
    writer = logging.StreamHandler(sys.stderr)
    writer.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=COMMON, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    logging.getLogger("aiohttp.server").addFilter(in_one_line)
    logging.basicConfig(level=level, handlers=[writer], force=True)
    # It tells at each start which dialect it speaks.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*COMMON, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
