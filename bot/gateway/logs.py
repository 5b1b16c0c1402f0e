"""Structured logs: one JSON object a line, without message text or personal data by default."""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog


def configure(level: str, stream: TextIO = sys.stderr) -> None:
    least = logging.getLevelNamesMapping()[level.upper()]
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)

    def traceback(exc_info: Any) -> list[dict[str, Any]]:
        """Where it happened. An error's own text may repeat what people wrote, as the values of
        local variables do, so both stay out; only at level debug the text is shown."""
        chain = frames(exc_info)
        if least > logging.DEBUG:
            for link in chain:
                link.pop("exc_value", None)
                link.pop("exc_notes", None)
        return chain

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(traceback),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    logging.basicConfig(level=max(least, logging.WARNING), stream=stream, format="%(message)s")
    # These two log whole URLs and request bodies when told to speak up.
    for chatty in ("httpx", "rasa_sdk"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
