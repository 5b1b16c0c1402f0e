"""Ports, child processes and their logs: what the system and the shell both need of them."""

from __future__ import annotations

import json
import os
import random
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from bot.errors import ShopguideError

_LOG_BYTES = 5_000_000  # small enough to open in an editor and to send by mail
_TAIL_BYTES = 20_000  # longer than any traceback
# Runs a program that the kernel ends (SIGTERM) when its parent dies, however that happens: a
# Rasa left behind would hold its port. Set before the program itself starts, since code that runs
# between fork and exec can hang in a process that has threads.
_LEASH = """\
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 15)
os.execv(sys.argv[1], sys.argv[1:])
"""


class SystemFailed(ShopguideError):
    """The assistant cannot start or go on; the text says why and what to do."""


def bound(host: str, port: int, setting: str) -> socket.socket:
    """A socket that holds the address but does not listen yet.

    Raises `SystemFailed` with a sentence that names `setting`, which chooses the port.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        held = socket.socket(family, kind, protocol)
        try:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(address)
        except OSError:
            held.close()
            raise
    except OSError as error:
        raise SystemFailed(
            f"Port {port} on {host} cannot be used ({error.strerror or error}). "
            f"Stop what uses it, or choose another one by {setting}."
        ) from None
    return held


_BELOW_CONNECTIONS = range(20_000, 32_000)


def free_port(host: str, wanted: int) -> int:
    """`wanted` if nobody uses it, else another: one below those that the system gives to
    connections, so that none of them takes it before it is opened."""
    others = random.sample(_BELOW_CONNECTIONS, 20)
    for port in filter(None, (wanted, *others)):
        with suppress(SystemFailed), bound(host, port, "") as held:
            return int(held.getsockname()[1])
    raise SystemFailed(f"No port can be opened on {host}. Check the address.")


def leashed(command: list[str]) -> list[str]:
    """The command, so that the program ends when the process that started it does (on Linux)."""
    if not sys.platform.startswith("linux"):
        return command
    return [sys.executable, "-I", "-S", "-c", _LEASH, *command]


def environment(**more: object) -> dict[str, str]:
    """This process's environment for a program of ours, without what belongs to this Python."""
    ours = {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, **{name: str(value) for name, value in more.items()}}


def open_log(path: Path) -> BinaryIO:
    """The log opened to append to; a long one is put aside first (one of them is kept)."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".old.log"))
        return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))
    except OSError as error:
        raise SystemFailed(
            f"The log {path} cannot be written ({error.strerror}). "
            "Set SHOPGUIDE_STATE to a folder that you may write to."
        ) from None


def last_words(path: Path, since: int = 0) -> str:
    """The last line that says something to a person, of what was logged from byte `since` on."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(since, size - _TAIL_BYTES))
            lines = log.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((said for line in reversed(lines) if (said := _readable(line))), "")


def _readable(line: str) -> str:
    """A line of plain text as it is, of a JSON line its event and cause."""
    line = line.strip()
    if not line.startswith("{"):
        return line
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    said = [str(entry[key]) for key in ("event", "cause", "error") if entry.get(key)]
    return ": ".join(said)
