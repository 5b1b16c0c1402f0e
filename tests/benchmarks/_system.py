"""The real assistant for a benchmark: its own ports, a copy of the shop's state, no rate limits."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from bot.client import Client, Unreachable
from bot.gateway.tokens import mint_identity
from bot.processes import environment, free_port, last_words, leashed, open_log
from bot.settings import Settings
from tests.benchmarks._bench import Missing

_START_S = 300
_STOP_S = 30
_UNLIMITED = "1000000"


@dataclass(frozen=True)
class System:
    """A running assistant. `ready_s` is from the start of the process to readiness."""

    url: str
    process: psutil.Process
    settings: Settings
    ready_s: float

    def identity(self, email: str) -> str:
        return mint_identity(email, datetime.now(UTC), self.settings.identity_key)


@contextmanager
def running(**more: str) -> Iterator[System]:
    """`shopguide serve` until the block ends; `more` are further settings, in capitals.

    Raises `Missing` when the shop was not set up, RuntimeError when the assistant cannot start.
    """
    shop = Settings()
    with tempfile.TemporaryDirectory(prefix="shopguide-bench-") as folder:
        state = Path(folder)
        copy_state(shop, state)
        ports = {name: str(free_port("127.0.0.1", 0)) for name in ("", "ACTIONS_", "RASA_")}
        env = environment(
            SHOPGUIDE_STATE=state,
            SHOPGUIDE_DATABASE_URL="",
            SHOPGUIDE_MESSAGES_PER_MINUTE=_UNLIMITED,
            SHOPGUIDE_SESSIONS_PER_MINUTE=_UNLIMITED,
            **{f"SHOPGUIDE_{name}PORT": port for name, port in ports.items()},
            **{f"SHOPGUIDE_{name}": value for name, value in more.items()},
        )
        log = state / "log" / "bench.log"
        with open_log(log) as output:
            started = time.perf_counter()
            process = subprocess.Popen(
                leashed([sys.executable, "-m", "bot.cli", "serve"]),
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        url = f"http://127.0.0.1:{ports['']}"
        try:
            _wait(url, process, log)
            ready_s = round(time.perf_counter() - started, 1)
            settings = shop.model_copy(update={"state": state})
            yield System(url, psutil.Process(process.pid), settings, ready_s)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def copy_state(shop: Settings, state: Path) -> None:
    """What the assistant reads, so that the shop's own state stays as it is."""
    if not shop.database.startswith("sqlite"):
        raise Missing("it copies the shop's database, which it can only do with SQLite.")
    for needed in ("shop.db", "index", "rasa/model.tar.gz"):
        if not (shop.state / needed).exists():
            raise Missing(f"{shop.state / needed} is not here; make it with: make setup")
    with (
        closing(sqlite3.connect(f"file:{shop.state / 'shop.db'}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(state / "shop.db")) as target,
    ):
        source.backup(target)
    shutil.copytree(shop.state / "index", state / "index")
    (state / "rasa").mkdir()
    for file in ("rasa/model.tar.gz", "lookups.json"):
        if (shop.state / file).exists():
            shutil.copy(shop.state / file, state / file)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    started = time.monotonic()
    with Client(url) as client:
        while time.monotonic() - started < _START_S:
            if process.poll() is not None:
                break
            with suppress(Unreachable):
                if all(client.readiness().values()):
                    return
            time.sleep(0.1)
    raise RuntimeError(f"The assistant did not become ready: {last_words(log)}")
