"""A whole assistant on a copy of a shop, to be tried and thrown away: nothing that is said there
reaches the shop's own database, its people, its customers or its platforms."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, make_url

from bot.gateway.tokens import IDENTITY_AUDIENCE, mint_identity
from bot.runtime.processes import SystemFailed
from bot.settings import Settings
from bot.terminal.client import Client
from bot.terminal.launch import PROGRAM, OwnSystem
from data.copying import copy_shop
from data.database import create_engine
from data.models import ChannelUser, InboxEvent, OutboxCall

# What would refuse whoever talks faster than people do.
_LIMITS = (
    "messages_per_minute",
    "address_messages_per_minute",
    "shop_messages_per_minute",
    "sessions_per_minute",
    "shop_sessions_per_minute",
    "sockets_per_address",
)
# Its own ports, keys, database and Rasa, on this machine alone; nobody is told of anything.
_OWN: dict[str, Any] = {
    **dict.fromkeys(("port", "actions_port", "rasa_port"), 0),
    **dict.fromkeys(("host", "actions_host", "rasa_host"), "127.0.0.1"),
    **dict.fromkeys(_LIMITS, 1_000_000),
    **dict.fromkeys(("database_url", "rasa_url", "redis_url"), ""),
    **dict.fromkeys(("notify_url", "notify_email", "smtp_host"), ""),
    **dict.fromkeys(("session_secret", "identity_secret"), ""),
    **dict.fromkeys(("identity_jwks_url", "identity_issuer"), ""),
    "identity_algorithm": "HS256",
    "identity_audience": IDENTITY_AUDIENCE,
    "trusted_proxies": "127.0.0.1",
    "rasa_tracker": "",  # of bot/rasa/serve.py: Rasa's events lie in the state
}
# What is said shall not hang on how busy the machine is; Rasa waits 30 s for an action.
_PATIENT = {"turn_timeout_s": 25.0, "answer_deadline_s": 20.0}
# Written by `make setup`, and only read by what runs.
_READ = ("index", "lookups.json", "recommend")
_MODEL = Path("rasa", "model.tar.gz")


class NotSetUp(SystemFailed):
    """There is no shop that could be copied; the text says what is missing."""


class Throwaway(OwnSystem):
    """A running assistant that knows its own keys. `parts` says which parts of it answered when it
    was ready."""

    def __init__(
        self, settings: Settings, *, traced: bool = True, program: Sequence[str] = PROGRAM,
        **chosen: Any,
    ) -> None:  # fmt: skip
        super().__init__(settings, traced=traced, program=program, **chosen)
        self._visitors = itertools.count(1)
        self.parts: dict[str, bool] = {}

    def client(self, email: str | None = None) -> Client:
        """A conversation, of a visitor or of a signed-in customer; each from an address of its own,
        as customers have them. Raises `ClientError`."""
        client = Client(self.url, address=_address(next(self._visitors)))
        client.open_session(self.identity(email) if email else None)
        return client

    def identity(self, email: str) -> str:
        return mint_identity(email, self.now(), self.settings.identity_key)

    def now(self) -> datetime:
        """What its clock shows."""
        return datetime.now(UTC)


@contextmanager
def throwaway(shop: Settings, folder: Path) -> Iterator[Throwaway]:
    """Start everything for a copy of the shop in `folder`; ends with the block. It answers however
    long it takes, and does not wait for a generator that cannot be loaded.

    Raises `NotSetUp`, `OtherVersion`, `DatabaseUnavailable`, and `SystemFailed` when it does not
    start.
    """
    state = folder / "state"
    copy_state(shop, state)
    chosen = own(state, shop=shop.shop, **_PATIENT)
    with Throwaway(Settings(**chosen), **chosen) as system:
        system.parts = system.wait()
        yield system


def own(state: Path, **more: Any) -> dict[str, Any]:
    """The settings of a throw-away system with this state; `more` go before them."""
    return {**_OWN, "state": state, **more}


def copy_state(shop: Settings, state: Path) -> None:
    """The shop's state: what is only read by links, the database as a copy. Raises `NotSetUp`,
    `OtherVersion` and `DatabaseUnavailable`."""
    link_model(shop, state)
    for name in _READ:
        if (shop.state / name).exists():
            (state / name).symlink_to(shop.state / name)
        elif name == "index":
            raise _missing(shop.state / name)
    url = make_url(shop.database)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise _missing(Path(str(url.database)))
    source, copy = create_engine(shop.database), create_engine(f"sqlite:///{state / 'shop.db'}")
    try:
        copy_shop(source, copy)
        # What waits for platforms, or came from them, is the shop's own assistant's.
        with copy.begin() as connection:
            for table in (OutboxCall, InboxEvent, ChannelUser):
                connection.execute(delete(table))
    finally:
        source.dispose()
        copy.dispose()


def link_model(shop: Settings, state: Path) -> None:
    """Rasa's model, which is one for every shop without examples of its own. Raises `NotSetUp`."""
    model = shop.state / _MODEL
    if not model.exists():
        raise _missing(model)
    (state / _MODEL).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    (state / _MODEL).symlink_to(model)


def _missing(file: Path) -> NotSetUp:
    return NotSetUp(f"{file} is not here; make it with: make setup")


def _address(number: int) -> str:
    """One of the addresses that are for tests of networks (RFC 2544), which nobody has."""
    return f"198.{18 + number // 65536 % 2}.{number // 256 % 256}.{number % 256}"
