"""What the gateway's requests share: settings, conversations, turns, limits, readiness."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bot.gateway.conversations import Conversations
from bot.gateway.limits import RateLimit
from bot.gateway.rasa import Rasa
from bot.gateway.turns import Turns
from bot.settings import Settings
from bot.streams import TurnStreams

Check = Callable[[], bool]


class Door:
    """`checks` name the parts, beside Rasa, that must answer before customers are let in; each may
    block, and is asked in a thread of its own."""

    def __init__(
        self,
        settings: Settings,
        conversations: Conversations,
        streams: TurnStreams,
        checks: dict[str, Check],
        *,
        traced: bool = False,
        rasa: Rasa | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.conversations = conversations
        self.rasa = rasa or Rasa(settings.rasa, timeout_s=settings.turn_timeout_s)
        self.turns = Turns(
            conversations,
            self.rasa,
            streams,
            timeout_s=settings.turn_timeout_s,
            log_texts=settings.log_texts,
            traced=traced,
        )
        self.message_rate = RateLimit(
            settings.messages_per_minute,
            max(1, settings.messages_per_minute // 3),
            clock=clock,
        )
        self.session_rate = RateLimit(
            settings.sessions_per_minute, settings.sessions_per_minute, clock=clock
        )
        self._checks = checks

    async def readiness(self) -> dict[str, bool]:
        names = list(self._checks)
        asked = [_ask(self._checks[name]) for name in names]
        rasa, *rest = await asyncio.gather(self.rasa.ready(), *asked)
        return {"rasa": rasa, **dict(zip(names, rest, strict=True))}

    async def close(self) -> None:
        await self.turns.drain()
        await self.rasa.close()


async def _ask(check: Check) -> bool:
    try:
        async with asyncio.timeout(3):
            return await asyncio.to_thread(check)
    except Exception:  # whatever is wrong with a part, it is not ready
        return False
