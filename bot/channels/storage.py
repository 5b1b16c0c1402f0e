"""Work in the database, in a thread, so that the event loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from data.unit_of_work import UnitOfWork

Result = TypeVar("Result")


class Storage:
    def __init__(self, unit_of_work: Callable[[], UnitOfWork]) -> None:
        self._unit_of_work = unit_of_work

    async def do(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """What `work` returns; it commits itself. Raises what it and the database raise."""

        def in_thread() -> Result:
            with self._unit_of_work() as uow:
                return work(uow)

        return await asyncio.to_thread(in_thread)

    async def change(self, change: Callable[[UnitOfWork], object]) -> None:
        """The same with a commit at its end."""

        def work(uow: UnitOfWork) -> None:
            change(uow)
            uow.commit()

        await self.do(work)
