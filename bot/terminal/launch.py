"""A system of one's own: `shopguide serve` as a child process that ends with its parent. The shell
chats with one, tests and benchmarks try one."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from bot.runtime.processes import (
    SystemFailed,
    environment,
    free_port,
    last_words,
    leashed,
    open_log,
)
from bot.settings import ROOT, Settings
from bot.terminal.client import Client, Unreachable

_START_S = 300  # weights and Rasa load from a cold disk on a slow machine
_STOP_S = 30  # running turns and Rasa have their own limits below that
# What must answer before one can chat. Without the generator, answers are quotes.
_NEEDED = ("database", "index", "rasa")
# What runs our own command, `-m …`.
PROGRAM = ("-m", "bot.commands.main")

Status = Callable[[str, int], None]


class OwnSystem:
    """`with OwnSystem(Settings()) as own:` … `own.wait(…)`, then `own.url` answers.

    The settings' ports are used where they are free; `own.settings` has those that are. `chosen`
    are settings that the environment does not hold. What it writes goes to STATE/log/serve.log.
    `program` is what Python runs with the command's arguments behind it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        traced: bool = True,
        program: Sequence[str] = PROGRAM,
        **chosen: object,
    ) -> None:
        ports = {
            "port": free_port(settings.host, settings.port),
            "actions_port": free_port(settings.actions_host, settings.actions_port),
            "rasa_port": free_port(settings.rasa_host, settings.rasa_port),
        }
        self.settings = settings.model_copy(update=ports)
        self._chosen = {**chosen, **ports}
        self._command = [sys.executable, *program, "serve", *(["--traced"] if traced else [])]
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(  # noqa: S104  # compared, not bound
            settings.host, settings.host
        )
        self.url = f"http://{host}:{self.settings.port}"
        self.log_file = settings.state / "log" / "serve.log"

    def __enter__(self) -> Self:
        with open_log(self.log_file) as log:
            self._since = log.tell()
            self.process = subprocess.Popen(  # noqa: S603  # our own command
                leashed(self._command),
                env=environment(
                    PYTHONPATH=ROOT,
                    PYTHONSAFEPATH=1,
                    **{f"SHOPGUIDE_{name.upper()}": value for name, value in self._chosen.items()},
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C interrupts an answer, not the system
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait(
        self, status: Status = lambda _missing, _seconds: None, needed: Sequence[str] = _NEEDED
    ) -> dict[str, bool]:
        """Until what is needed answers; returns all parts with whether they do. Calls `status` with
        what is being waited for and for how many seconds. Raises `SystemFailed`."""
        started = time.monotonic()
        with Client(self.url) as client:
            while True:
                seconds = int(time.monotonic() - started)
                if self.process.poll() is not None:
                    raise self._failed("The assistant could not start")
                if seconds > _START_S:
                    raise self._failed(f"The assistant was not ready after {seconds} s")
                parts: dict[str, bool] = {}
                with suppress(Unreachable):
                    parts = client.readiness()
                missing = [name for name in needed if not parts.get(name)]
                if not missing:
                    return parts
                status(", ".join(missing), seconds)
                time.sleep(0.2)

    def _failed(self, what: str) -> SystemFailed:
        said = last_words(self.log_file, self._since)
        return SystemFailed(f"{what}{f': {said}' if said else '.'}\nIts log: {self.log_file}")
