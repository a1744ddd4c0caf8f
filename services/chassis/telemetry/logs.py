"""Structured logs, one line an event, with ids. Log once, at the border; never log and raise."""

import logging
import sys

import structlog


def configure(service: str, level: str = "INFO") -> None:
    """Set up structlog and the standard library's logging for this process."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    logging.basicConfig(
        format=f"%(levelname)-8s [{service}] %(name)s: %(message)s", level=logging.WARNING
    )
    renderer = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), pad_event_to=28)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def get(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(room=name)
    return logger


def bind(**ids: str) -> None:
    """Ids that every line of this process carries from now on."""
    structlog.contextvars.bind_contextvars(**ids)
