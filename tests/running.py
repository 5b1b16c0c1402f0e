"""A whole assistant for tests and benchmarks: real Rasa, real index, real generator, a copy of the
demo shop's database, on free ports."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.client import Client
from bot.gateway.tokens import mint_identity
from bot.launch import OwnSystem
from bot.processes import SystemFailed
from bot.settings import Settings

# What would refuse a test that talks faster than people do.
_LIMITS = (
    "messages_per_minute",
    "address_messages_per_minute",
    "shop_messages_per_minute",
    "sessions_per_minute",
    "shop_sessions_per_minute",
    "sockets_per_address",
)


class NotSetUp(SystemFailed):
    """There is no demo shop to try; the text says what is missing."""


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


class System(OwnSystem):
    """A running assistant."""

    ready_s: float
    """From the start of the process to readiness."""

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
def running(folder: Path, *, traced: bool = True, **settings: object) -> Iterator[System]:
    """Start everything with a state folder of its own in `folder`; stop it by its process.

    Raises `NotSetUp`, and `SystemFailed` when it does not start.
    """
    state = folder / "state"
    _copy_state(Settings(), state)
    chosen = {
        "state": state,
        "database_url": "",
        **dict.fromkeys(("port", "actions_port", "rasa_port"), 0),
        **dict.fromkeys(_LIMITS, 1_000_000),
        **settings,
    }
    started = time.monotonic()
    with System(Settings(**chosen), traced=traced, **chosen) as system:
        system.wait(needed=("database", "index", "rasa", "generator"))
        system.ready_s = round(time.monotonic() - started, 1)
        yield system


def _copy_state(shop: Settings, state: Path) -> None:
    """The index and Rasa's model are only read: links do. The database is written to: a copy."""
    if not shop.database.startswith("sqlite"):
        raise NotSetUp("The demo shop is copied, which can only be done with SQLite.")
    for needed in ("shop.db", "index", "rasa/model.tar.gz"):
        if not (shop.state / needed).exists():
            raise NotSetUp(f"{shop.state / needed} is not here; make it with: make setup")
    (state / "rasa").mkdir(parents=True)
    for read in ("index", "lookups.json", "rasa/model.tar.gz"):
        if (shop.state / read).exists():
            (state / read).symlink_to(shop.state / read)
    with (
        closing(sqlite3.connect(f"file:{shop.state / 'shop.db'}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(state / "shop.db")) as target,
    ):
        source.backup(target)
