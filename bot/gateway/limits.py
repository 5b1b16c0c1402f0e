"""Token buckets: how often one key (a session, an address, the shop) may do a thing.

They are kept in Redis when there is one, so that several gateways count together, and in memory
while it is away: a customer is never refused because Redis is.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from bot.runtime.redis_link import RedisLink, RedisUnavailable


class RateLimit:
    """At most `per_minute` in the long run, `burst` at once, for each key.

    Only the `keys` used last are remembered, so that a flood of new keys cannot fill the memory.
    """

    def __init__(
        self,
        per_minute: int,
        burst: int,
        *,
        keys: int = 50_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = per_minute / 60
        self._burst = burst
        self._keys = keys
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> int:
        """Take one; return 0 when allowed, else the whole seconds until the next one is."""
        now = self._clock()
        level, since = self._buckets.pop(key, (float(self._burst), now))
        level = min(self._burst, level + (now - since) * self._rate)
        allowed = level >= 1
        self._buckets[key] = (level - 1 if allowed else level, now)
        if len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - level) / self._rate))


@dataclass(frozen=True)
class Allowance:
    """`burst` at once, `per_minute` in the long run."""

    name: str
    per_minute: int
    burst: int


# The same bucket as `RateLimit.take`, by Redis's own clock. A bucket that is full again is gone.
_TAKE = """
local rate, burst = tonumber(ARGV[1]) / 60, tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'level', 'since')
local level, since = tonumber(kept[1]) or burst, tonumber(kept[2]) or now
level = math.min(burst, level + (now - since) * rate)
local wait = 0
if level >= 1 then
  level = level - 1
else
  wait = math.max(1, math.ceil((1 - level) / rate))
end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'since', tostring(now))
redis.call('EXPIRE', KEYS[1], math.ceil((burst - level) / rate) + 1)
return wait
"""


class Limits:
    """Every limit of the gateway, by its `Allowance`."""

    def __init__(
        self, redis_link: RedisLink | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis_link = redis_link
        self._clock = clock
        self._here: dict[Allowance, RateLimit] = {}

    async def take(self, allowance: Allowance, key: str) -> int:
        """Take one; return 0 when allowed, else the whole seconds until the next one is."""
        if self._redis_link is not None:
            name = f"shopguide:limit:{allowance.name}:{key}"
            amounts = (str(allowance.per_minute), str(allowance.burst))
            with suppress(RedisUnavailable):
                wait = await self._redis_link.ask(
                    lambda redis: redis.eval(_TAKE, 1, name, *amounts)
                )
                return cast("int", wait)
        if allowance not in self._here:
            self._here[allowance] = RateLimit(
                allowance.per_minute, allowance.burst, clock=self._clock
            )
        return self._here[allowance].take(key)


def address_key(host: str) -> str:
    """What counts as one address: of IPv6 the network of 64 bits that one customer has."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return str(ipaddress.ip_network((address, 64), strict=False))
