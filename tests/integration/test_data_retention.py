"""What is forgotten of conversations that ended long ago, and what is not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from data_rows import NOW, fill

from bot.commands import main
from data import migrations
from data.database import create_engine, session_factory
from data.models import (
    Attachment,
    BehaviourEvent,
    ChannelUser,
    ChatMessage,
    ChatSession,
    EventKind,
    Feedback,
    SavedProduct,
    Ticket,
)
from data.retention import Cutoffs, Forgotten, forget
from data.unit_of_work import UnitOfWork

BEFORE = NOW - timedelta(days=180)
AGES = Cutoffs(now=NOW, conversations=BEFORE, open_tickets=BEFORE - timedelta(days=30),
               visits=BEFORE - timedelta(days=7), history=BEFORE - timedelta(days=99),
               traces=BEFORE)  # fmt: skip
OLD, NEW = BEFORE - timedelta(days=1), BEFORE + timedelta(days=1)


def conversation(uow: UnitOfWork, name: str, ended: datetime, ticket: str = "") -> None:
    uow.session.add(ChatSession(id=name, created_at=ended, expires_at=ended))
    uow.session.flush()
    body = {"text": f"my street is Elm Road, {name}"}
    line = {"session_id": name, "body": body, "created_at": ended}
    uow.messages.add(ChatMessage(message_id="m1", sender="customer", **line))
    uow.messages.add(ChatMessage(message_id="m1.1", sender="bot", reply_to="m1", **line))
    file = {"channel": "telegram", "conversation": "7", "kind": "picture", "state": "kept"}
    uow.session.add(
        Attachment(key=f"{name}.1", session_id=name, content=f"Elm Road, {name}".encode(),
                   due_at=ended, created_at=ended, **file)
    )  # fmt: skip
    uow.feedbacks.add(Feedback(session_id=name, stars=5, comment="Elm Road", created_at=ended))
    if ticket:
        uow.tickets.add(
            Ticket(
                session_id=name, language="en", reason="asked", transcript=[], status=ticket,
                created_at=ended,
            )
        )  # fmt: skip


def left(uow: UnitOfWork, name: str) -> tuple[bool, int, int, int]:
    """Whether the row of the conversation is there, its messages, its feedback, its files."""
    return (
        uow.sessions.get(name) is not None,
        len(uow.messages.of_session(name)),
        len(uow.feedbacks.of_session(name)),
        len(uow.attachments.of_session(name)),
    )


def test_words_go_and_what_was_left_behind_stays(new_uow: Callable[[], UnitOfWork]) -> None:
    with new_uow() as uow:
        fill(uow)
        uow.session.flush()
        conversation(uow, "recent", NEW)
        conversation(uow, "old", OLD)
        conversation(uow, "closed", OLD, ticket="closed")
        conversation(uow, "open", OLD, ticket="open")
        for name in ("saved", "clicked", "linked"):
            conversation(uow, name, OLD)
        product = uow.products.catalogue()[0].id
        customer = uow.customers.by_email("lin@example.com")
        assert customer is not None
        uow.session.add(
            SavedProduct(session_id="saved", customer_id=customer.id, product_id=product, at=OLD)
        )
        uow.session.add(
            BehaviourEvent(
                origin="s", event_id="e", session_id="clicked", kind=EventKind.VIEW,
                product_id=product, at=OLD,
            )
        )  # fmt: skip
        uow.session.add(
            ChannelUser(
                channel="telegram", conversation="7", session_id="linked", is_group=False,
                language="en", address={}, choices=[], spoke_at=OLD,
            )
        )  # fmt: skip
        uow.commit()

    with new_uow() as uow:
        assert forget(uow, AGES) == Forgotten(
            conversations=3, messages=10, tickets=1, attachments=5, events=0, undelivered=0
        )
        uow.commit()
    with new_uow() as uow:
        assert left(uow, "recent") == left(uow, "open") == (True, 2, 1, 1)
        assert left(uow, "old") == left(uow, "closed") == (False, 0, 0, 0)
        assert left(uow, "linked") == (False, 0, 0, 0)  # of nobody who is known
        for name in ("saved", "clicked"):
            assert left(uow, name) == (True, 0, 0, 0)
        assert uow.saved.listed(customer.id, "other") == [product]
        assert len(uow.behaviour.everybodys()) == 1
        assert len(uow.orders.of_customer(customer.id)) == 3
        assert forget(uow, AGES) == Forgotten(0, 0, 0, 0, 0, 0)


def test_a_ticket_that_nobody_closed_keeps_its_conversation_for_its_own_age(
    new_uow: Callable[[], UnitOfWork],
) -> None:
    with new_uow() as uow:
        fill(uow)
        conversation(uow, "asked long ago", AGES.open_tickets - timedelta(days=1), ticket="open")
        conversation(uow, "touched since", AGES.open_tickets - timedelta(days=1), ticket="open")
        uow.session.flush()
        touched = uow.tickets.newest_of_session("touched since")
        assert touched is not None
        touched.changed_at = OLD
        uow.session.flush()
        assert forget(uow, AGES).tickets == 1
        assert left(uow, "asked long ago") == (False, 0, 0, 0)
        assert left(uow, "touched since") == (True, 2, 1, 1)


def test_what_visitors_did_goes_before_what_customers_did(
    new_uow: Callable[[], UnitOfWork],
) -> None:
    with new_uow() as uow:
        fill(uow)
        lin = uow.customers.by_email("lin@example.com")
        assert lin is not None
        uow.session.add(ChatSession(id="hers", customer_id=lin.id, created_at=NEW, expires_at=NEW))
        uow.session.add(ChatSession(id="a visitor's", created_at=NEW, expires_at=NEW))
        uow.session.flush()
        old = AGES.visits - timedelta(days=1)
        for owner, session in ((lin.id, None), (None, "hers"), (None, "a visitor's"), (None, None)):
            event = {"customer_id": owner, "session_id": session, "kind": EventKind.SEARCH}
            uow.session.add(
                BehaviourEvent(origin=str(session), event_id=str(owner), query="x", at=old, **event)
            )
        uow.session.flush()
        assert forget(uow, AGES).events == 2
        assert len(uow.behaviour.of_customer(lin.id)) == 2


def test_the_command_leaves_no_word_in_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOPGUIDE_STATE", str(tmp_path))
    monkeypatch.setenv("SHOPGUIDE_KEEP_DAYS", "30")
    monkeypatch.delenv("SHOPGUIDE_DATABASE_URL", raising=False)
    now = datetime.now(UTC)
    ended = now - timedelta(days=31)
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    migrations.upgrade(engine)
    with UnitOfWork(session_factory(engine)) as uow:
        conversation(uow, "old", ended)
        uow.commit()
    engine.dispose()
    (tmp_path / "rasa").mkdir()
    tracker = tmp_path / "rasa" / "tracker.db"
    with closing(sqlite3.connect(tracker)) as rasa, rasa:  # as Rasa 3.6 makes it
        rasa.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id, type_name, "
                     "timestamp FLOAT, intent_name, action_name, data TEXT)")  # fmt: skip
        rows = [("old", ended), ("old", ended), ("goes on", ended), ("goes on", now)]
        for sender, at in rows:
            rasa.execute(
                "INSERT INTO events (sender_id, timestamp, data) VALUES (?, ?, ?)",
                (sender, at.timestamp(), f"Elm Road {sender}"),
            )
    assert b"Elm Road, old" in (tmp_path / "shop.db").read_bytes()

    monkeypatch.setattr("sys.argv", ["shopguide", "purge"])
    with pytest.raises(SystemExit, match=r"^0$"):
        main.main()
    said = capsys.readouterr().out
    assert "1 conversations, 2 messages, 0 tickets, 1 files" in said
    for file in tmp_path.rglob("*.db*"):
        assert b"Elm Road, old" not in file.read_bytes()
        assert b"Elm Road old" not in file.read_bytes()
    with closing(sqlite3.connect(tracker)) as rasa:
        assert rasa.execute("SELECT sender_id FROM events").fetchall() == [("goes on",)] * 2


def test_before_rasas_first_start_there_is_nothing_of_it_to_forget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOPGUIDE_STATE", str(tmp_path))
    monkeypatch.delenv("SHOPGUIDE_DATABASE_URL", raising=False)
    migrations.upgrade(create_engine(f"sqlite:///{tmp_path / 'shop.db'}"))
    monkeypatch.setattr("sys.argv", ["shopguide", "purge", "--days", "7"])
    with pytest.raises(SystemExit, match=r"^0$"):
        main.main()
    assert "0 conversations" in capsys.readouterr().out
