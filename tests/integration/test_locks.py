"""One turn at a time in all gateways: leases in the database, whatever becomes of Redis, of
processes and of clocks. On SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.runtime.locks import SessionLocks
from data.errors import DatabaseUnavailable
from data.models import Effect, Lease
from data.unit_of_work import UnitOfWork

pytestmark = pytest.mark.anyio
Units = Callable[[], UnitOfWork]
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_one_turn_at_a_time_in_all_gateways(new_uow: Units) -> None:
    inside = most = 0

    async def turn(locks: SessionLocks, session: str) -> None:
        nonlocal inside, most
        async with locks.hold(session):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.02)
            inside -= 1

    gateways = [SessionLocks(new_uow) for _ in range(3)]
    await asyncio.gather(*(turn(locks, "s") for locks in gateways for _ in range(3)))
    assert most == 1
    with new_uow() as uow:
        assert uow.session.scalars(select(Lease)).all() == []


async def test_a_gateway_s_own_turns_wait_in_the_order_in_which_they_came(new_uow: Units) -> None:
    locks = SessionLocks(new_uow)
    order: list[int] = []

    async def turn(n: int) -> None:
        async with locks.hold("s"):
            await asyncio.sleep(0)
            order.append(n)

    await asyncio.gather(*(turn(n) for n in range(20)))
    assert order == list(range(20))


async def test_what_takes_longer_than_a_lease_keeps_it(new_uow: Units) -> None:
    one, two = SessionLocks(new_uow), SessionLocks(new_uow)
    one.lease_s = two.lease_s = 0.6
    got = asyncio.Event()

    async def other() -> None:
        async with two.hold("s"):
            got.set()

    async with one.hold("s"):
        waiting = asyncio.create_task(other())
        await asyncio.sleep(1.8)
        assert not got.is_set()
    async with asyncio.timeout(2):
        await waiting


async def test_the_lease_of_a_gateway_that_died_is_free_after_its_end(new_uow: Units) -> None:
    with new_uow() as uow:
        assert uow.leases.take("s", "gone", 0.3)
        uow.commit()
    with new_uow() as uow:
        assert not uow.leases.take("s", "me", 0.3)
    async with asyncio.timeout(3), SessionLocks(new_uow).hold("s"):
        pass


async def test_a_clock_that_was_set_back_locks_nobody_out(new_uow: Units) -> None:
    """What was leased at a time that is still to come is no lease of anybody who lives."""
    with new_uow() as uow:
        assert uow.leases.take("s", "before the jump")
        uow.session.execute(update(Lease).values(until=Lease.until + 86_400))
        uow.commit()
    async with asyncio.timeout(1), SessionLocks(new_uow).hold("s"):
        pass


async def test_a_cancelled_turn_leaves_no_lease(new_uow: Units) -> None:
    holder = SessionLocks(new_uow)

    async def hold() -> None:
        async with holder.hold("s"):
            await asyncio.sleep(60)

    task = asyncio.create_task(hold())
    await asyncio.sleep(0.2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(1), SessionLocks(new_uow).hold("s"):
        pass


async def test_a_database_that_is_away_is_told_and_held_for_nobody(new_uow: Units) -> None:
    away = False

    def units() -> UnitOfWork:
        if away:
            raise DatabaseUnavailable("away")
        return new_uow()

    locks = SessionLocks(units)
    async with locks.hold("kept"):
        away = True  # giving it back fails, and it ends by itself
    with pytest.raises(DatabaseUnavailable):
        async with locks.hold("s"):
            raise AssertionError("held by nobody")


def test_an_effect_is_the_first_once_and_goes_with_its_transaction(new_uow: Units) -> None:
    with new_uow() as uow:
        assert uow.effects.first("session:message:feedback", AT)
    with new_uow() as uow:  # nothing of it was committed
        assert uow.effects.first("session:message:feedback", AT)
        uow.commit()
    with new_uow() as uow:
        assert not uow.effects.first("session:message:feedback", AT + timedelta(days=1))
        assert uow.effects.first("session:message:code", AT)
        assert uow.effects.first("", AT)
        assert uow.effects.first("", AT)
        assert "session" not in repr([row.key for row in uow.session.scalars(select(Effect))])


def test_what_crashes_left_behind_is_forgotten(new_uow: Units) -> None:
    with new_uow() as uow:
        uow.leases.take("dead", "gone", -1.0)
        uow.leases.take("alive", "here")
        uow.leases.forget()
        assert not uow.leases.take("alive", "other")
        assert len(uow.session.scalars(select(Lease)).all()) == 1
