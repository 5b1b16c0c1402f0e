"""The files beside the databases that can hold something of a customer: copies that a migration
made, logs, and what was typed in the shell chat. data/inventory.py lists them.

A log that a running process appends to is shortened in its place; what the process writes in that
same moment may be lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from bot.settings import Settings

# The moment at the head of a line of Sanic's and of the shell's history, or in one of JSON.
_MOMENT = re.compile(r"^(?:\[|# )(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")


def copies(settings: Settings) -> list[Path]:
    """Of an SQLite database as it was before its tables changed, also of one that gave way to a
    server."""
    files = {settings.state / "shop.db"}
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        files.add(Path(url.database))
    return sorted(copy for file in files for copy in file.parent.glob(f"{file.name}.version-*"))


def logs(settings: Settings) -> list[Path]:
    """With what was typed in the shell chat."""
    history = settings.state / "shell_history"
    found = sorted((settings.state / "log").glob("*.log"))
    return [*found, history] if history.exists() else found


def forget(settings: Settings, before: datetime) -> int:
    """Delete copies and lines of logs from before that moment; returns how many copies went."""
    old = [copy for copy in copies(settings) if _changed(copy) < before]
    for copy in old:
        copy.unlink()
    for log in logs(settings):
        if _changed(log) < before:
            log.unlink()
        else:
            _rewrite(log, lambda lines: _since(lines, before))
    return len(old)


def erase(settings: Settings, words: Collection[str]) -> int:
    """Delete every copy, since each holds the whole customer, and the lines of logs in which one
    of the words stands; returns how many copies went."""
    all_copies = copies(settings)
    for copy in all_copies:
        copy.unlink()
    spelt = {spelling for word in words for spelling in (word, json.dumps(word)[1:-1])}
    told = re.compile("|".join(re.escape(word) for word in sorted(spelt)), re.I)
    for log in logs(settings) if words else ():
        _rewrite(log, lambda lines: (line for line in lines if not told.search(line)))
    return len(all_copies)


def _rewrite(path: Path, kept: Callable[[list[str]], Iterator[str]]) -> None:
    """In its place: a process that has it open goes on appending to it."""
    with path.open("r+", encoding="utf-8", errors="surrogateescape", newline="") as file:
        lines = file.readlines()
        left = list(kept(lines))
        if len(left) < len(lines):
            file.seek(0)
            file.writelines(left)
            file.truncate()


def _since(lines: list[str], before: datetime) -> Iterator[str]:
    """From the first line on that tells a later moment; all where none tells any."""
    for number, line in enumerate(lines):
        moment = _moment(line)
        if moment is not None and moment >= before:
            return iter(lines[number:])
    return iter(lines)


def _moment(line: str) -> datetime | None:
    """When the line was written, as far as it says so."""
    if line.startswith("{"):
        try:
            said = str(json.loads(line).get("timestamp", ""))
        except ValueError:
            return None
    else:
        found = _MOMENT.match(line)
        said = found[1] if found else ""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
