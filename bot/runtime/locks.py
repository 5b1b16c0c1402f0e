"""One turn at a time for each session, in all gateways together: by leases in the database, which
they share whatever becomes of Redis."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from weakref import WeakValueDictionary

import structlog
from sqlalchemy.exc import SQLAlchemyError

from data.errors import DataError
from data.leases import LEASE_S
from data.unit_of_work import UnitOfWork

log = structlog.get_logger("locks")

# Another gateway's turn takes some tens of milliseconds, or seconds where it generates.
_LOOK_AGAIN_S = (0.03, 0.25)


class SessionLocks:
    """A lease lasts `lease_s` and is moved on as long as it is held: after so long the lock of a
    gateway that died is free. Raises what the database raises when it cannot be asked."""

    lease_s = LEASE_S

    def __init__(self, unit_of_work: Callable[[], UnitOfWork]) -> None:
        self._unit_of_work = unit_of_work
        self._me = uuid.uuid4().hex
        self._here: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._held: set[str] = set()
        self._renewing: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        # First among ourselves, so that one of us asks the database for a name.
        async with self._here.setdefault(name, asyncio.Lock()):
            try:
                await self._take(name)
                self._held.add(name)
                if self._renewing is None:
                    self._renewing = asyncio.create_task(self._renew())
                yield
            finally:
                self._held.discard(name)
                if not self._held and self._renewing is not None:
                    self._renewing.cancel()
                    self._renewing = None
                with suppress(DataError, SQLAlchemyError):  # then it ends by itself
                    await asyncio.to_thread(self._ask_give_back, name)

    async def _take(self, name: str) -> None:
        pause, longest = _LOOK_AGAIN_S
        while not await asyncio.to_thread(self._ask_take, name):
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    async def _renew(self) -> None:
        """Three times in a lease, so that one slow moment of the database loses none."""
        while True:
            await asyncio.sleep(self.lease_s / 3)
            try:
                lost = await asyncio.to_thread(self._ask_renew, sorted(self._held))
            except (DataError, SQLAlchemyError) as error:
                log.warning("leases could not be renewed", cause=type(error).__name__)
                continue
            if lost & self._held:
                log.warning("leases were lost; their work may be done twice", count=len(lost))

    def _ask_take(self, name: str) -> bool:
        with self._unit_of_work() as uow:
            uow.leases.need_no_disk()
            taken = uow.leases.take(name, self._me, self.lease_s)
            uow.commit()
        return taken

    def _ask_renew(self, names: list[str]) -> set[str]:
        with self._unit_of_work() as uow:
            uow.leases.need_no_disk()
            lost = uow.leases.renew(names, self._me, self.lease_s)
            uow.commit()
        return lost

    def _ask_give_back(self, name: str) -> None:
        with self._unit_of_work() as uow:
            uow.leases.need_no_disk()
            uow.leases.give_back(name, self._me)
            uow.commit()
