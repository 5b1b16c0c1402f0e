"""What Rasa's process logs: where something happened and of which kind it was, never what people
wrote.

Rasa puts texts, senders and whole events into its messages and errors, at every level and in
every failure. So a log entry is made of an allow-list, whichever logger and handler it goes
through: time, level, logger, place in the code, the event's fixed name, and the kinds of errors
with their places. Only the project's own loggers write sentences. Standard library only.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

_OURS = ("bot", "retrieval")
# "rest.message.received.timeout": dots, and nothing that could be a word of a customer.
_FIXED_NAME = re.compile(r"[a-z_]{2,40}(?:\.[a-z_]{2,40}){1,8}")
_MOST_FRAMES = 20


def keep_texts_out() -> None:
    """From now on all log entries of this process are reduced so, those of libraries too."""
    make = logging.getLogRecordFactory()

    def reduced(*arguments: Any, **more: Any) -> logging.LogRecord:
        record = make(*arguments, **more)
        record.msg = json.dumps(_allowed(record), ensure_ascii=False)
        record.args, record.exc_info, record.exc_text, record.stack_info = (), None, None, None
        return record

    logging.setLogRecordFactory(reduced)
    logging.basicConfig(force=True, level=logging.getLogger().level, format="%(message)s")


def _allowed(record: logging.LogRecord) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "timestamp": logging.Formatter().formatTime(record, "%Y-%m-%dT%H:%M:%S"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "at": f"{Path(record.pathname).name}:{record.lineno}",
    }
    if record.name.split(".")[0] in _OURS:
        entry["event"] = record.getMessage()
    elif event := _fixed_name(record.msg):
        entry["event"] = event
    if record.exc_info and record.exc_info[1] is not None:
        entry["errors"] = list(_kinds(record.exc_info[1]))
    return entry


def _fixed_name(message: object) -> str | None:
    """The event's name of an entry of structlog, which arrives as JSON; None for anything else."""
    try:
        found = json.loads(str(message))
    except ValueError:
        return None
    name = found.get("event") if isinstance(found, dict) else None
    return name if isinstance(name, str) and _FIXED_NAME.fullmatch(name) else None


def _kinds(error: BaseException | None) -> Iterator[dict[str, Any]]:
    """The error and those that led to it: their classes and places, without their words."""
    known: set[int] = set()
    while error is not None and id(error) not in known:
        known.add(id(error))
        yield {"kind": type(error).__name__, "at": _places(error.__traceback__)}
        error = error.__cause__ or error.__context__


def _places(found: TracebackType | None) -> list[str]:
    frames = list(traceback.walk_tb(found))[-_MOST_FRAMES:]
    return [f"{Path(f.f_code.co_filename).name}:{line} {f.f_code.co_name}" for f, line in frames]
