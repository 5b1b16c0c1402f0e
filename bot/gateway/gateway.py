"""What the gateway's requests and sockets share: who may do what, and how often."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog

from bot.dialogue import desk
from bot.gateway import files
from bot.gateway.connections import ConnectionRegistry
from bot.gateway.conversations import Conversations, Epoch, Opened
from bot.gateway.errors import Refusal
from bot.gateway.handoffs import Handoffs
from bot.gateway.identity import Identities, Keys, KeysUnavailable, PublishedKeys, Secret
from bot.gateway.limits import Allowance, Limits
from bot.gateway.rasa import Rasa
from bot.gateway.shapes import EventsTaken, KeptFile, NewMessage, Notice, PageEvent
from bot.gateway.tokens import SessionClaim, TokenRefused, mint_session, read_session
from bot.gateway.turns import IncomingMessage, RunningTurn, Turns, renewal, stop_channel
from bot.runtime.bus import Bus
from bot.runtime.clean import clean
from bot.runtime.locks import SessionLocks
from bot.runtime.redis_link import RedisLink
from bot.runtime.streams import TurnStreams
from bot.settings import Settings
from data.attachments import KINDS, MOST_A_DAY

log = structlog.get_logger("gateway")

Check = Callable[[], bool]

# Every part is asked for readiness, Rasa with a message: more often would slow customers' turns.
_READY_S = 1.0
# A page reads a conversation when it is opened and when its line was cut.
_READS_PER_MESSAGE = 2
# Whoever has sent a day's files is told to wait so long, though it may take the rest of the day.
_FILES_LATER_S = 3600
# Pictures that are painted anew: each takes a core and some 200 MB for up to a second.
_PAINTED_AT_ONCE = 2


class Gateway:
    """`checks` name the parts, beside Rasa, that must answer before customers are let in; each may
    block, and is asked in a thread of its own. Several gateways meet at `redis_link`."""

    def __init__(
        self,
        settings: Settings,
        conversations: Conversations,
        streams: TurnStreams,
        checks: dict[str, Check],
        *,
        traced: bool = False,
        rasa: Rasa | None = None,
        redis_link: RedisLink | None = None,
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
            SessionLocks(conversations.unit_of_work),
            timeout_s=settings.turn_timeout_s,
            log_texts=settings.log_texts,
            traced=traced,
        )
        self.connections = ConnectionRegistry(settings)
        self.limits = Limits(redis_link, clock=clock)
        self._clock = clock
        self.identities = Identities(
            _keys(settings),
            settings.identity_algorithm,
            audience=settings.identity_audience,
            issuer=settings.identity_issuer,
        )
        self.closing = False
        self._handoffs = Handoffs(conversations, self.bus, told_of_changes=redis_link is not None)
        self._redis_link = redis_link
        self._checks = checks
        self._watching: asyncio.Task[None] | None = None
        self._asking = asyncio.Lock()
        self._asked_at = -math.inf
        self._painting = asyncio.Semaphore(_PAINTED_AT_ONCE)
        self._found_ready: dict[str, bool] = {}
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
        read = _READS_PER_MESSAGE * said
        self._session_reads = Allowance("read", read, _burst(read))
        read = _READS_PER_MESSAGE * of_address
        self._address_reads = Allowance("reads", read, _burst(read))
        self._address_sessions = Allowance("sessions", opened, opened)
        self._address_sockets = Allowance("sockets", 4 * opened, 4 * opened)
        everyone = settings.shop_sessions_per_minute
        self._shop_sessions = Allowance("all-sessions", everyone, everyone)

    @property
    def notice(self) -> Notice:
        return Notice(
            keep_days=self.settings.keep_days,
            privacy_url=self.conversations.privacy_page,
            email=self.conversations.address,
            files=[kind for kind in KINDS if kind in self.settings.kept_files],
            file_mb=self.settings.keep_file_mb,
            picture_hosts=self.conversations.picture_hosts,
            shop=self.conversations.shop,
        )

    # Who somebody is

    async def claim_of(self, token: str) -> SessionClaim:
        """The session that the token opens; its id alone opens nothing, nor does a token from
        before the customer was proven. Raises `Refusal`."""
        try:
            claim = read_session(token, self.settings.session_key)
        except TokenRefused:
            raise _unauthorized() from None
        epoch = await self.conversations.epoch(claim.session_id)
        if epoch is None or epoch.number != claim.epoch:
            raise _unauthorized()
        return claim

    def token_of(self, session_id: str, epoch: Epoch) -> dict[str, str]:
        """A token of the session for whoever proved whose it is: {token, expires_at}."""
        key = self.settings.session_key
        token = mint_session(session_id, epoch.number, epoch.expires_at, key)
        return {"token": token, "expires_at": epoch.expires_at.isoformat()}

    async def open_session(self, identity: str | None, address: str) -> Opened:
        """Raises `Refusal`."""
        await self._limit((self._address_sessions, address), (self._shop_sessions, ""))
        email = await self._email(identity) if identity else None
        client = self.settings.guard.keyed("client", address)
        opened = await self.conversations.open(email, client)
        if email and opened.customer is None:
            raise Refusal(401, "identity_refused")
        return opened

    async def identify(
        self, session_id: str, identity: str, *, origin: str = ""
    ) -> tuple[str, Epoch]:
        """Bind the session to whom the shop names; the customer's name, and of which epoch tokens
        are from now on: sockets with older ones are closed, but for `origin`. Raises `Refusal`,
        also when it belongs to somebody else."""
        await self._limit((self._session_messages, session_id))
        signed_in = await self.conversations.sign_in(session_id, await self._email(identity))
        if signed_in is None:
            raise Refusal(401, "identity_refused")
        event = {**renewal(signed_in[1]), "origin": origin}
        self.bus.publish(f"session:{session_id}", event)
        return signed_in

    async def end_session(self, session_id: str) -> None:
        """Its tokens open nothing any more, and its sockets are closed."""
        await self.conversations.end(session_id)
        self.bus.publish(f"session:{session_id}", {"type": "ended"})

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
        if len(text) > settings.message_chars:  # composed, some characters become three
            raise Refusal(413, "too_long", limit=settings.message_chars)
        if not text and not message.files:
            raise Refusal(422, "empty")
        client = settings.guard.keyed("client", address)
        page = message.page.model_dump(exclude_none=True) if message.page else None
        said = IncomingMessage(
            session_id,
            message.message_id,
            text,
            message.language,
            origin,
            client,
            page,
            tuple(dict.fromkeys(message.files)),
        )
        if self.turns.is_open(session_id, message.message_id):
            return self._join(said)
        if self.closing:
            raise Refusal(503, "closing", headers={"Retry-After": "2"})
        await self._limit(
            (self._session_messages, session_id),
            (self._address_messages, address),
            (self._shop_messages, ""),
        )
        if not await self.conversations.is_open(session_id):
            raise _unauthorized()
        before = await self.conversations.said(session_id, message.message_id)
        if before not in (None, text):
            raise Refusal(409, "already_said")
        # Nothing is awaited from here to the start, so that requests at once are counted right.
        if self.turns.is_open(session_id, message.message_id):
            return self._join(said)
        if self.turns.open_for(session_id) >= settings.open_streams:
            raise Refusal(429, "too_many_streams", headers={"Retry-After": "2"})
        return self.turns.start(said)

    def _join(self, said: IncomingMessage) -> RunningTurn:
        turn = self.turns.running(said.session_id, said.message_id)
        if turn and turn.text != said.text:
            raise Refusal(409, "already_said")
        return self.turns.start(said)

    def check_followers(self, turn: RunningTurn) -> None:
        """For a request that is to follow it. Raises `Refusal`."""
        if turn.followers >= self.settings.sockets_per_session:
            raise Refusal(429, "too_many_streams", headers={"Retry-After": "2"})

    async def check_links(self, session_id: str) -> None:
        """Raises `Refusal`."""
        await self._limit((self._session_messages, session_id))

    async def take_events(
        self, session_id: str, address: str, sent: Sequence[PageEvent]
    ) -> EventsTaken:
        """Keep what a page tells of its visitor. Raises `Refusal`."""
        await self._limit(
            (self._session_events, session_id),
            (self._address_events, address),
            (self._shop_events, ""),
        )
        taken = await self.conversations.take_events(session_id, sent)
        if taken is None:
            raise _unauthorized()
        return taken

    def stop(self, session_id: str, message_id: str) -> None:
        """End the growing answer to a message, in whatever gateway it grows."""
        self.bus.publish(stop_channel(session_id, message_id), {"type": "stop"})

    async def withdraw(self, session_id: str) -> None:
        """Take the ticket back. Raises `Refusal`."""
        await self._limit((self._session_messages, session_id))
        if not await self.conversations.withdraw(session_id):
            raise Refusal(404, "no_ticket")
        self.bus.publish(desk.CHANNEL, {})

    async def leave_contact(self, session_id: str, contact: str) -> None:
        """Where the customer can be reached. Raises `Refusal`."""
        await self._limit((self._session_messages, session_id))
        if not await self.conversations.leave_contact(session_id, contact):
            raise Refusal(404, "no_ticket")
        self.bus.publish(desk.CHANNEL, {})

    async def check_file(self, session_id: str, address: str) -> None:
        """Before any of a file is read. Raises `Refusal`."""
        if not self.settings.kept_files:
            raise Refusal(403, "not_kept")
        await self._limit((self._session_messages, session_id), (self._address_messages, address))
        since = datetime.now(UTC) - timedelta(days=1)
        if await self.conversations.files_since(session_id, since) >= MOST_A_DAY:
            headers = {"Retry-After": str(_FILES_LATER_S)}
            raise Refusal(429, "too_many", headers=headers, seconds=_FILES_LATER_S)

    async def keep_file(self, session_id: str, body: bytes, declared: str, name: str) -> KeptFile:
        """Look at a file and keep it. Raises `Refusal`."""
        found = files.recognise(body, declared)
        if found is None:
            picture = declared.strip().lower().startswith("image/")
            raise Refusal(415, "not_a_picture" if picture else "wrong_kind")
        media_type, kind = found
        if kind not in self.settings.kept_files:
            raise Refusal(403, "not_kept")
        try:
            if not await files.passes(self.settings.scan_command, body):
                raise Refusal(415, "wrong_kind")
            if kind == "picture":
                async with self._painting:
                    body = await asyncio.to_thread(files.painted, body, media_type)
        except files.NoPicture:
            raise Refusal(415, "not_a_picture") from None
        except files.Unscanned as error:
            log.error("a file could not be scanned; it is not kept", cause=str(error))
            raise Refusal(503, "unavailable", headers={"Retry-After": "60"}) from None
        return await self.conversations.keep_file(
            session_id, files.File(kind, media_type, body), name
        )

    async def check_feedback(self, session_id: str) -> None:
        """Raises `Refusal`."""
        await self._limit((self._session_messages, session_id))

    async def check_read(self, session_id: str, address: str) -> None:
        """Raises `Refusal`."""
        await self._limit((self._session_reads, session_id), (self._address_reads, address))

    async def check_connection(self, address: str) -> None:
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
        """Which parts answer; whoever asks in the second after an answer gets the same one."""
        async with self._asking:
            if self._clock() - self._asked_at >= _READY_S:
                self._found_ready = await self._ask_parts()
                self._asked_at = self._clock()
        return {**self._found_ready, "gateway": False} if self.closing else self._found_ready

    async def _ask_parts(self) -> dict[str, bool]:
        names = list(self._checks)
        asked = [_ask(self._checks[name]) for name in names]
        rasa, *rest = await asyncio.gather(self.rasa.ready(), *asked)
        return {"rasa": rasa, **dict(zip(names, rest, strict=True))}

    async def retire(self) -> None:
        """Take no more turns, let those that run end, then send every socket away."""
        self.closing = True
        self.connections.announce_closing()
        await self.turns.drain()
        await self.connections.clear()

    async def close(self) -> None:
        await self.turns.drain()
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        await self.bus.close()
        await self.rasa.close()
        if self._redis_link is not None:
            await self._redis_link.close()


def _keys(settings: Settings) -> Keys:
    algorithm = settings.identity_algorithm
    if algorithm == "HS256":
        return Secret(settings.identity_key)
    return PublishedKeys(settings.identity_jwks_url, algorithm)


def _unauthorized() -> Refusal:
    return Refusal(401, "unauthorized", headers={"WWW-Authenticate": "Bearer"})


def _burst(per_minute: int) -> int:
    return max(1, per_minute // 3)


async def _ask(check: Check) -> bool:
    try:
        async with asyncio.timeout(3):
            return await asyncio.to_thread(check)
    except Exception:  # whatever is wrong with a part, it is not ready
        return False
