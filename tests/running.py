"""A whole assistant for tests and benchmarks: real Rasa, real index, real generator, a copy of the
demo shop's database, on free ports."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.client import Client, ClientError
from bot.gateway.tokens import mint_identity
from bot.processes import free_port
from bot.settings import ROOT, Settings

_READY_S = 240


@dataclass
class Answer:
    """All that one turn brought."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    deltas: list[str] = field(default_factory=list)
    trace: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(message["text"] for message in self.messages)

    @property
    def language(self) -> str:
        return str(self.messages[0]["language"])

    @property
    def sources(self) -> list[str]:
        return [c["source"] for message in self.messages for c in message["citations"]]

    @property
    def cards(self) -> list[dict[str, Any]]:
        return [card for message in self.messages for card in message["cards"]]

    @property
    def all_words(self) -> str:
        """Everything a customer could read, but for the citations' quotes."""
        parts = [self.text]
        for message in self.messages:
            parts += [" | ".join(row) for row in (message["table"] or {}).get("rows", [])]
        parts += [" | ".join(str(v) for v in card.values()) for card in self.cards]
        return "\n".join(parts)


@dataclass
class System:
    """A running assistant."""

    url: str
    settings: Settings
    process: subprocess.Popen[bytes]
    rasa_port: int
    ready_s: float

    def client(self, email: str | None = None) -> Client:
        """A conversation, of a visitor or of a signed-in demo customer."""
        client = Client(self.url)
        client.open_session(self.identity(email) if email else None)
        return client

    def identity(self, email: str) -> str:
        return mint_identity(email, datetime.now(UTC), self.settings.identity_key)

    def log(self, name: str) -> str:
        return (self.settings.state / "log" / name).read_text("utf-8", errors="replace")


def ask(client: Client, text: str, **options: Any) -> Answer:
    answer = Answer()
    for event in client.say(text, **options):
        if event.name == "delta":
            answer.deltas.append(event.data["text"])
        elif event.name == "message":
            answer.messages.append(event.data)
        elif event.name == "trace":
            answer.trace = event.data
    return answer


@contextmanager
def running(folder: Path, **settings: object) -> Iterator[System]:
    """Start everything with a state folder of its own in `folder`; stop it by its process."""
    state = folder / "state"
    _copy_state(state)
    port, actions, rasa = (free_port("127.0.0.1", 0) for _ in range(3))
    chosen = {
        "state": state,
        "port": port,
        "actions_port": actions,
        "rasa_port": rasa,
        "messages_per_minute": 6000,
        "sessions_per_minute": 6000,
        **settings,
    }
    env = os.environ | {f"SHOPGUIDE_{name.upper()}": str(v) for name, v in chosen.items()}
    log = (folder / "serve.log").open("wb")
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "serve", "--traced"],
        cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        wait_ready(url, process, folder / "serve.log")
        made = Settings.model_validate(
            {**json.loads(json.dumps(chosen, default=str)), "database_url": ""}
        )
        yield System(url, made, process, rasa, time.monotonic() - started)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def wait_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY_S
    with Client(url) as client:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            try:
                if all(client.readiness().values()):
                    return
            except ClientError:
                pass
            time.sleep(0.3)
    raise AssertionError(f"the assistant did not get ready:\n{log.read_text()[-3000:]}")


def _copy_state(state: Path) -> None:
    """The index and Rasa's model are only read: links do. The database is written to: a copy."""
    made = ROOT / "var"
    if not (made / "shop.db").exists():
        raise AssertionError("There is no demo shop yet; run `make setup`.")
    (state / "rasa").mkdir(parents=True)
    (state / "index").symlink_to(made / "index")
    for name in ("model.tar.gz", "model.sha256"):
        (state / "rasa" / name).symlink_to(made / "rasa" / name)
    if (made / "lookups.json").exists():
        (state / "lookups.json").symlink_to(made / "lookups.json")
    for suffix in ("", "-wal"):
        if (source := made / f"shop.db{suffix}").exists():
            shutil.copy(source, state / source.name)
