"""What the gateway's requests and sockets share: who may do what, and how often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from bot.bus import Bus
from bot.gateway.conversations import Conversations, Opened
from bot.gateway.errors import Refusal
from bot.gateway.handoffs import Handoffs
from bot.gateway.identity import Identities, Keys, KeysUnavailable, PublishedKeys, Secret
from bot.gateway.limits import Allowance, Limits
from bot.gateway.locks import SessionLocks
from bot.gateway.rasa import Rasa
from bot.gateway.seats import Seats
from bot.gateway.shapes import Event, EventsTaken, NewMessage
from bot.gateway.text import clean
from bot.gateway.tokens import TokenRefused, read_session
from bot.gateway.turns import RunningTurn, Said, Turns
from bot.settings import Settings
from bot.shared import Shared
from bot.streams import TurnStreams

Check = Callable[[], bool]

_LEASE_MARGIN_S = 5


class Door:
    """`checks` name the parts, beside Rasa, that must answer before customers are let in; each may
    block, and is asked in a thread of its own. `shared` is what several gateways have in common."""

    def __init__(
        self,
        settings: Settings,
        conversations: Conversations,
        streams: TurnStreams,
        checks: dict[str, Check],
        *,
        traced: bool = False,
        rasa: Rasa | None = None,
        shared: Shared | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.conversations = conversations
        self.bus: Bus = streams.bus
        self.rasa = rasa or Rasa(settings.rasa, timeout_s=settings.turn_timeout_s)
        self.turns = Turns(
            conversations,
            self.rasa,
            streams,
            SessionLocks(shared, lease_s=settings.turn_timeout_s + _LEASE_MARGIN_S),
            timeout_s=settings.turn_timeout_s,
            log_texts=settings.log_texts,
            traced=traced,
        )
        self.seats = Seats(settings)
        self.limits = Limits(shared, clock=clock)
        self.identities = Identities(
            _keys(settings),
            settings.identity_algorithm,
            audience=settings.identity_audience,
            issuer=settings.identity_issuer,
        )
        self.closing = False
        self._handoffs = Handoffs(conversations, self.bus, told_of_changes=shared is not None)
        self._shared = shared
        self._checks = checks
        self._watching: asyncio.Task[None] | None = None
        said, opened = settings.messages_per_minute, settings.sessions_per_minute
        everyone, of_address = (
            settings.shop_messages_per_minute,
            settings.address_messages_per_minute,
        )
        self._session_messages = Allowance("message", said, _burst(said))
        self._address_messages = Allowance("messages", of_address, _burst(of_address))
        self._shop_messages = Allowance("all-messages", everyone, _burst(everyone))
        # Batches of events: as often as people may write, since a page sends some with each step.
        self._session_events = Allowance("event", said, _burst(said))
        self._address_events = Allowance("events", of_address, _burst(of_address))
        self._shop_events = Allowance("all-events", everyone, _burst(everyone))
        self._address_sessions = Allowance("sessions", opened, opened)
        self._address_sockets = Allowance("sockets", 4 * opened, 4 * opened)
        everyone = settings.shop_sessions_per_minute
        self._shop_sessions = Allowance("all-sessions", everyone, everyone)

    # Who somebody is

    def session_of(self, token: str) -> str:
        """The session that the token opens; its id alone opens nothing. Raises `Refusal`."""
        try:
            return read_session(token, self.settings.session_key)
        except TokenRefused:
            raise Refusal(401, "unauthorized", headers={"WWW-Authenticate": "Bearer"}) from None

    async def open_session(self, identity: str | None, address: str) -> Opened:
        """Raises `Refusal`."""
        await self._limit((self._address_sessions, address), (self._shop_sessions, ""))
        email = await self._email(identity) if identity else None
        session = await self.conversations.open(email)
        if email and session.customer is None:
            raise Refusal(401, "identity_refused")
        return session

    async def identify(self, session_id: str, identity: str) -> str:
        """Bind the session to whom the shop names; returns the customer's name. Raises
        `Refusal`, also when it belongs to somebody else."""
        await self._limit((self._session_messages, session_id))
        name = await self.conversations.sign_in(session_id, await self._email(identity))
        if name is None:
            raise Refusal(401, "identity_refused")
        return name

    async def _email(self, identity: str) -> str:
        try:
            return await self.identities.email(identity)
        except TokenRefused:
            raise Refusal(401, "identity_refused") from None
        except KeysUnavailable:
            raise Refusal(503, "unavailable", headers={"Retry-After": "60"}) from None

    # What they may do

    async def say(
        self, session_id: str, address: str, message: NewMessage, *, origin: str = ""
    ) -> RunningTurn:
        """Begin or join the turn of a message. Raises `Refusal`."""
        settings = self.settings
        if len(message.text) > settings.message_chars:
            raise Refusal(413, "too_long", limit=settings.message_chars)
        text = clean(message.text)
        if not text:
            raise Refusal(422, "empty")
        said = Said(session_id, message.message_id, text, message.language, origin)
        if self.turns.is_open(session_id, message.message_id):
            return self.turns.start(said)
        if self.closing:
            raise Refusal(503, "closing", headers={"Retry-After": "2"})
        await self._limit(
            (self._session_messages, session_id),
            (self._address_messages, address),
            (self._shop_messages, ""),
        )
        if not await self.conversations.is_open(session_id):
            raise Refusal(401, "unauthorized", headers={"WWW-Authenticate": "Bearer"})
        # Nothing is awaited from here to the start, so that requests at once are counted right.
        joins = self.turns.is_open(session_id, message.message_id)
        if not joins and self.turns.open_for(session_id) >= settings.open_streams:
            raise Refusal(429, "too_many_streams", headers={"Retry-After": "2"})
        return self.turns.start(said)

    async def may_link(self, session_id: str) -> None:
        """Raises `Refusal`, also for a session that is over."""
        await self._limit((self._session_messages, session_id))
        if not await self.conversations.is_open(session_id):
            raise Refusal(401, "unauthorized", headers={"WWW-Authenticate": "Bearer"})

    async def take_events(
        self, session_id: str, address: str, sent: Sequence[Event]
    ) -> EventsTaken:
        """Keep what a page tells of its visitor. Raises `Refusal`."""
        await self._limit(
            (self._session_events, session_id),
            (self._address_events, address),
            (self._shop_events, ""),
        )
        taken = await self.conversations.take_events(session_id, sent)
        if taken is None:
            raise Refusal(401, "unauthorized", headers={"WWW-Authenticate": "Bearer"})
        return taken

    async def may_rate(self, session_id: str) -> None:
        """Raises `Refusal`."""
        await self._limit((self._session_messages, session_id))

    async def may_connect(self, address: str) -> None:
        """Raises `Refusal`."""
        await self._limit((self._address_sockets, address))

    async def _limit(self, *wanted: tuple[Allowance, str]) -> None:
        for allowance, key in wanted:
            seconds = await self.limits.take(allowance, key)
            if seconds:
                headers = {"Retry-After": str(seconds)}
                raise Refusal(429, "too_many", headers=headers, seconds=seconds)

    # From the start to the end

    def open(self) -> None:
        """Begin to listen to other gateways and to agents."""
        self.bus.open()
        self._watching = asyncio.create_task(self._handoffs.run())

    async def readiness(self) -> dict[str, bool]:
        names = list(self._checks)
        asked = [_ask(self._checks[name]) for name in names]
        rasa, *rest = await asyncio.gather(self.rasa.ready(), *asked)
        parts = {"rasa": rasa, **dict(zip(names, rest, strict=True))}
        return {**parts, "door": False} if self.closing else parts

    async def retire(self) -> None:
        """Take no more turns, let those that run end, then send every socket away."""
        self.closing = True
        self.seats.announce_closing()
        await self.turns.drain()
        await self.seats.clear()

    async def close(self) -> None:
        await self.turns.drain()
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        await self.bus.close()
        await self.rasa.close()
        if self._shared is not None:
            await self._shared.close()


def _keys(settings: Settings) -> Keys:
    algorithm = settings.identity_algorithm
    if algorithm == "HS256":
        return Secret(settings.identity_key)
    return PublishedKeys(settings.identity_jwks_url, algorithm)


def _burst(per_minute: int) -> int:
    return max(1, per_minute // 3)


async def _ask(check: Check) -> bool:
    try:
        async with asyncio.timeout(3):
            return await asyncio.to_thread(check)
    except Exception:  # whatever is wrong with a part, it is not ready
        return False
