"""What is kept is in the inventory; a purge and an erasure leave nothing of what they delete in any
table or file, and an export has all of it."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from data_rows import fill
from everywhere import conversation_of, held_open, holding, row, tables, tracker
from sqlalchemy import Engine

from bot.commands import main
from bot.settings import ROOT
from data import inventory
from data.campaigns.tables import Campaign
from data.inventory import FILES, TABLES, Goes
from data.models import Base, ChatMessage, ChatSession, Customer, Order
from data.unit_of_work import UnitOfWork

WORD = "Qwzxjv"
STAYS = "Kvbmtp"
NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=800)


# Hang on a customer and on no conversation: what a purge leaves of them is tested elsewhere.
OF_CUSTOMERS = {"campaign_members", "coupons"}


@pytest.fixture(autouse=True)
def _at_the_beginning_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes live ten minutes, a run of all tests longer."""
    monkeypatch.setattr(sys.modules[__name__], "NOW", datetime.now(UTC))


@pytest.fixture
def state(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command looks; the SQLite file of `database` lies in it."""
    monkeypatch.setenv("SHOPGUIDE_STATE", str(tmp_path))
    monkeypatch.setenv("SHOPGUIDE_DATABASE_URL", database)
    monkeypatch.delenv("SHOPGUIDE_RASA_TRACKER", raising=False)
    (tmp_path / "log").mkdir()
    return tmp_path


@pytest.fixture
def running(state: Path, database: str) -> Iterator[None]:
    """Somebody else has the databases open, as a gateway and Rasa have."""
    files = [state / "shop.db"] if database.startswith("sqlite") else []
    with ExitStack() as stack:
        for connection in held_open(*files):
            stack.enter_context(closing(connection))
        yield


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["shopguide", *arguments])
    with pytest.raises(SystemExit, match=r"^0$"):
        main.main()


def place(state: Path, word: str, at: datetime) -> None:
    """A word in each file beside the databases."""
    stamp = f"{at:%Y-%m-%d %H:%M:%S}"
    (state / "log" / "serve.log").open("a").write(
        json.dumps({"event": word, "timestamp": at.isoformat()}) + "\n"
    )
    (state / "log" / "rasa.log").open("a").write(f"[{stamp} +0000] [7] [ERROR] {word}\n")
    (state / "shell_history").open("a").write(f"\n# {stamp}.123456\n+{word}\n")
    copy = state / "shop.db.version-0008"
    copy.write_text(word)
    os.utime(copy, (at.timestamp(), at.timestamp()))


def campaign_of(uow: UnitOfWork, at: datetime) -> int:
    """The id of a campaign, which names nobody."""
    campaign = Campaign(
        name="any", state="running", plan={}, currency="CNY", budget=Decimal(9),
        reserved=Decimal(0), created_at=at,
    )  # fmt: skip
    uow.session.add(campaign)
    uow.session.flush()
    return campaign.id


def everything(uow: UnitOfWork, word: str, at: datetime, customer: Customer | None) -> None:
    """A row of each table that a purge (of a visitor) or an erasure (of a customer) reaches."""
    name = f"{word}-talk"
    owner = customer.id if customer else None
    conversation_of(uow, name, at, owner)
    catalogue = {"products": "ridge-tent", "variants": "RIDGE-1", "impressions": None}
    known: dict[str, Any] = {"chat_sessions": name, "customers": owner, **catalogue}
    skipped = {"chat_sessions", "customers", "orders", "addresses", "link_codes"}
    if customer is None:
        skipped |= OF_CUSTOMERS
    else:
        known["campaigns"] = campaign_of(uow, at)
    for table in tables(Goes.ERASE if customer else Goes.PURGE):
        if table.__tablename__ in skipped:
            continue
        if customer:
            order = uow.orders.of_customer(customer.id)[0]
            known |= {"orders": order.number, "shipments": 1}
        own = {"channel": "telegram", "conversation": word, "done_at": None}
        if table.__tablename__ == "channel_outbox":
            own["state"] = "dead"
        if table.__tablename__ == "email_codes":
            own["expires_at"] = at + timedelta(minutes=10)
        uow.session.add(row(table, word, at, {**known, **own}))
        uow.session.flush()


def test_every_table_and_column_is_in_the_inventory() -> None:
    for table in Base.metadata.sorted_tables:
        entries = [each for each in TABLES if each.place == table.name]
        assert entries, f"data/inventory.py does not say how long {table.name} is kept"
        if len(entries) > 1 or entries[0].columns:
            named = sorted(column for each in entries for column in each.columns)
            assert named == sorted(column.name for column in table.columns)
    assert {each.place for each in TABLES} == {each.name for each in Base.metadata.sorted_tables}


def test_the_document_shows_the_inventory() -> None:
    shown = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    assert inventory.as_markdown() in shown


def test_an_erasure_knows_every_table_that_an_inventory_calls_personal() -> None:
    from data.personal import OWNED

    personal = {each.place for each in TABLES if each.personal}
    assert personal <= {table.__tablename__ for table in OWNED}


def test_a_purge_leaves_nothing_in_any_table_or_file(
    state: Path, engine: Engine, running: None, new_uow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_uow() as uow:
        fill(uow)
        everything(uow, WORD, LONG_AGO, None)
        everything(uow, STAYS, NOW, None)
        uow.commit()
    place(state, WORD, LONG_AGO)
    place(state, STAYS, NOW)
    (state / "shop.db.version-0007").write_text(WORD)
    os.utime(state / "shop.db.version-0007", (LONG_AGO.timestamp(),) * 2)
    tracker(state, [(f"{WORD}-talk", LONG_AGO, WORD), (f"{STAYS}-talk", NOW, STAYS)])
    before = holding(engine, state, WORD)
    reached = {table.__tablename__ for table in tables(Goes.PURGE)}
    assert reached - {"link_codes"} - OF_CUSTOMERS <= before
    assert {"serve.log", "rasa.log", "shell_history", "shop.db.version-0007"} <= before
    stayed = holding(engine, state, STAYS) - {"leases"}  # these processes have never lived

    with closing(sqlite3.connect(state / "rasa" / "tracker.db")) as rasa:
        rasa.execute("SELECT count(*) FROM events").fetchone()
        call(monkeypatch, "purge")

    assert holding(engine, state, WORD) == set()
    # What SQLite had in its log is in the file now.
    logs = {"shop.db-wal", "tracker.db-wal", "shop.db", "tracker.db"}
    assert holding(engine, state, STAYS) - logs == stayed - logs


def test_an_erasure_leaves_nothing_in_any_table_or_file(
    state: Path, engine: Engine, running: None, new_uow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_uow() as uow:
        fill(uow)
        lin = uow.customers.by_email("lin@example.com")
        name_them(lin)
        everything(uow, WORD, NOW, lin)
        conversation_of(uow, "nobody", NOW, None)  # who wrote the address, and was not proven
        wrote(uow, "nobody", f"it is {lin.email}")
        orders = len(uow.orders.of_customer(lin.id))
        owner = lin.id
        uow.commit()
    place(state, WORD, NOW)
    place(state, STAYS, NOW)
    (state / "shop.db.version-0008").write_text(WORD)
    tracker(state, [(f"{WORD}-talk", NOW, WORD), ("nobody", NOW, WORD.lower()), ("x", NOW, STAYS)])
    before = holding(engine, state, WORD)
    personal = {each.place for each in TABLES if each.personal}
    assert personal - {"orders", "tracking_events", "link_codes"} <= before

    call(monkeypatch, "customer", "erase", f"{WORD}@example.org", "--yes")

    for word in (WORD, WORD.lower(), "13800138000", "文三路 77 号"):
        assert holding(engine, state, word) == set()
    left = {"serve.log", "rasa.log", "shell_history"}
    assert holding(engine, state, STAYS) - {"tracker.db", "tracker.db-wal"} == left
    with new_uow() as uow:
        stays = uow.session.query(Order).filter(Order.customer_id == owner).count()
        assert stays == orders == 3
        assert owner not in {each.customer_id for each in uow.orders.purchases()}
        assert uow.customers.by_email("chen@example.com") is not None
        assert uow.session.get(ChatSession, "nobody") is None


def test_a_customer_without_orders_goes_wholly(
    state: Path, new_uow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_uow() as uow:
        uow.session.add(Customer(name="Ann", email="ann@example.org", language="en"))
        uow.commit()
    call(monkeypatch, "customer", "erase", "ann@example.org", "--yes")
    with new_uow() as uow:
        assert uow.session.query(Customer).count() == 0


def test_nobody_is_erased_without_being_asked_for(
    state: Path, new_uow: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with new_uow() as uow:
        fill(uow)
    monkeypatch.setattr("sys.argv", ["shopguide", "customer", "erase", "nobody@example.org"])
    assert main.main() == 1
    assert "No customer has the address" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["shopguide", "customer", "erase", "lin@example.com"])
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(SystemExit, match=r"^1$"):
        main.main()
    with new_uow() as uow:
        assert uow.customers.by_email("lin@example.com") is not None


def test_an_export_has_all_of_the_customer_and_nothing_of_others(
    state: Path, new_uow: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_uow() as uow:
        fill(uow)
        lin = uow.customers.by_email("lin@example.com")
        name_them(lin)
        everything(uow, WORD, NOW, lin)
        conversation_of(uow, "nobody", NOW, None)  # a stranger who knows the address
        wrote(uow, "nobody", f"{lin.email} {STAYS}")
        uow.commit()
    tracker(state, [(f"{WORD}-talk", NOW, WORD), ("nobody", NOW, STAYS)])
    file = tmp_path / "lin.zip"
    call(monkeypatch, "customer", "export", f"{WORD}@example.org", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as archive:
        data = json.loads(archive.read("data.json"))
        page = archive.read("overview.html").decode()
        sent = [name for name in archive.namelist() if name.startswith("files/")]
        assert [archive.read(name) for name in sent] == [WORD.encode()]
    given = {table for table, rows in data["customer"].items() if rows}
    assert {each.place for each in TABLES if each.personal} - {"link_codes"} <= given
    assert [event["text"] for event in data["dialogue"][f"{WORD}-talk"]] == [WORD]
    assert WORD in page
    assert "SP10000002" in page
    for foreign in ("chen@example.com", "SP20000001", STAYS):
        assert foreign not in json.dumps(data, ensure_ascii=False) + page


def wrote(uow: UnitOfWork, session_id: str, text: str) -> None:
    line = {"session_id": session_id, "body": {"text": text}, "created_at": NOW}
    uow.session.add(ChatMessage(message_id="1", sender="customer", **line))


def name_them(customer: Customer) -> None:
    customer.name = WORD
    customer.email = f"{WORD}@example.org".lower()
    customer.phone = "+8613800138000"
    customer.addresses[0].recipient = WORD
    customer.addresses[0].line = "文三路 77 号"


def test_files_of_a_state_are_in_the_inventory(state: Path) -> None:
    from fnmatch import fnmatch

    for name in ("shop.db", "shop.db-wal", "shop.db.version-0008", "rasa/tracker.db-shm",
                 "rasa/model.tar.gz", "log/serve.old.log", "index/build-1/vectors.faiss",
                 "index/CURRENT", "secrets.json", "shell_history", "setup/shop"):  # fmt: skip
        assert any(fnmatch(name, each.place) for each in FILES), name
