"""The `shopguide` command: its help, tickets, and errors that are sentences."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from fake_gateway import EMAIL, make_units

from bot.commands import main, tickets
from bot.dialogue import desk
from bot.dialogue.desk import Desk
from data import access
from data.capabilities import Capability
from data.models import Attachment, ChannelUser, ChatMessage, ChatSession, Ticket
from install.places import Places


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command sets up the process's logs; the next test has its own."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder with a database that has one ticket."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOPGUIDE_STATE", str(tmp_path))
    now = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)
    with make_units(tmp_path)() as uow:
        uow.session.add(
            ChatSession(
                id="s1",
                created_at=now,
                expires_at=now + timedelta(days=36500),
                failed_identifications=0,
            )
        )
        uow.session.flush()
        said = [("customer", "背包的扣子坏了"), ("bot", "很抱歉"), ("customer", "转人工 " * 50)]
        transcript = [{"sender": who, "text": text, "at": now.isoformat()} for who, text in said]
        uow.tickets.add(
            Ticket(
                session_id="s1",
                language="zh",
                reason="complaint",
                transcript=transcript,
                status="open",
                created_at=now,
            )
        )
        uow.commit()
    return tmp_path


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit code of `shopguide` with these arguments."""
    monkeypatch.setattr("sys.argv", ["shopguide", *arguments])
    try:
        return main.main()
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "chat",
        "serve",
        "gateway",
        "doctor",
        "import",
        "tickets",
        "tickets show",
        "related",
        "customer links",
        "forecast",
        "needs",
        "eval answers",
        "eval recommend",
    ],
)
def test_every_command_explains_itself(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, *name.split(), "--help") == 0
    assert "Usage: shopguide" in capsys.readouterr().out


def test_tickets_are_listed_shown_and_closed(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "tickets") == 0
    listed = capsys.readouterr().out
    assert "#1  2026-11-22 12:30 Asia/Shanghai  complaint  zh  open  not known" in listed
    assert "很抱歉" in listed
    assert "扣子" not in listed
    assert "…" in listed

    assert command(monkeypatch, "tickets", "show", "1") == 0
    assert "customer: 背包的扣子坏了" in capsys.readouterr().out

    assert command(monkeypatch, "tickets", "close", "1") == 0
    assert command(monkeypatch, "tickets") == 0
    assert "No conversation waits" in capsys.readouterr().out


def test_links_to_messaging_accounts_are_listed_and_ended(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "customer", "links", EMAIL) == 0
    assert "No chat is linked" in capsys.readouterr().out
    with make_units(shop)() as uow:
        customer = uow.customers.by_email(EMAIL)
        assert customer is not None
        now = datetime.now(UTC)
        for name in ("telegram", "line"):
            hour = timedelta(hours=1)
            session = access.open_channel_session(uow, hour, name, customer.id)
            uow.channels.add_user(
                ChannelUser(
                    channel=name, conversation="7", session_id=session.id,
                    customer_id=customer.id, linked_at=now, is_group=False, language="en",
                    address={}, choices=[], spoke_at=now, failed_links=0,
                )
            )  # fmt: skip
        uow.commit()
    assert command(monkeypatch, "customer", "links", EMAIL) == 0
    assert "1  telegram, since 20" in capsys.readouterr().out
    assert command(monkeypatch, "customer", "unlink", EMAIL, "1") == 0
    assert command(monkeypatch, "customer", "links", EMAIL) == 0
    listed = capsys.readouterr().out
    assert "telegram" not in listed
    assert "2  line" in listed
    with make_units(shop)() as uow:
        ended = uow.channels.user(("telegram", "7"))
        assert ended is not None
        known = access.customer_of_session(uow, ended.session_id, Capability.READ_ORDERS)
        assert known is None
    assert command(monkeypatch, "customer", "unlink", EMAIL) == 0
    assert "1 ended." in capsys.readouterr().out
    assert command(monkeypatch, "customer", "unlink", EMAIL, "9") == 2
    assert "no link 9" in capsys.readouterr().err
    assert command(monkeypatch, "customer", "links", "nobody@example.com") == 1


def test_nobody_forges_lines_and_the_heading_says_who_asks(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = "2026-11-27 02:30 bot: Refund of 1,299 CNY approved"
    text = f"hello, jane@example.org\n    {forged}\u2028    {forged}\r    {forged}"
    at = datetime(2026, 11, 22, 4, 31, tzinfo=UTC)
    with make_units(shop)() as uow:
        line = {"session_id": "s1", "body": {"text": text}, "created_at": at}
        uow.session.add(ChatMessage(message_id="m9", sender="customer", **line))
        ticket, session = uow.tickets.get(1), uow.sessions.get("s1")
        assert ticket is not None
        assert session is not None
        ticket.transcript = [*ticket.transcript, {"sender": "customer", "text": text,
                                                  "at": at.isoformat()}]  # fmt: skip
        session.customer_id, session.identified_by = 1, "email_postcode"
        uow.commit()
    assert command(monkeypatch, "tickets", "show", "1") == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.endswith("open  林悦 (email and postcode)")
    assert len([line for line in lines if forged in line]) == 6
    assert all(line.startswith(f"{'':20} │ ") for line in lines if forged in line)
    assert command(monkeypatch, "tickets") == 0
    listed = capsys.readouterr().out
    assert "林悦 (email and postcode)" in listed
    assert "〔email〕" in listed
    assert "jane" not in listed


def test_what_a_customer_sent_stands_in_its_place_and_is_saved(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "tickets", "files", "1", "saved") == 0
    assert "Nothing is kept of ticket 1." in capsys.readouterr().out
    sent = [
        ("a", "picture", "kept", b"\xff\xd8 a buckle", "image/jpeg", None),
        ("b", "file", "kept", b"MZ", "application/x-msdownload", None),
        ("c", "video", "lost", None, None, "it is larger than 10000000 bytes"),
        ("d", "voice", "waiting", None, None, None),
    ]
    with make_units(shop)() as uow:
        for minute, (key, kind, state, content, media_type, error) in enumerate(sent):
            at = datetime(2026, 11, 22, 4, 31 + minute, tzinfo=UTC)
            row = {"channel": "telegram", "conversation": "7", "session_id": "s1"}
            uow.session.add(
                Attachment(
                    **row, key=key, kind=kind, state=state, content=content,
                    media_type=media_type, size=len(content or b""), error=error,
                    due_at=at, created_at=at,
                )
            )  # fmt: skip
        uow.commit()
    assert command(monkeypatch, "tickets", "show", "1") == 0
    shown = capsys.readouterr().out
    places = [
        shown.index(words)
        for words in (
            "转人工",
            "2026-11-22 12:31 customer: [picture, 11 bytes]",
            "[file, 2 bytes]",
            "[video, could not be kept: it is larger than 10000000 bytes]",
            "[voice, is being fetched]",
            "shopguide tickets files 1 FOLDER",
        )
    ]
    assert places == sorted(places)
    assert command(monkeypatch, "tickets", "files", "1", "saved") == 0
    told = capsys.readouterr().out.split()
    files = sorted((shop / "saved").iterdir())
    assert [str(Path("saved") / file.name) for file in files] == told
    assert [file.name for file in files] == ["1-1-picture.jpg", "1-2-file.bin"]
    assert files[0].read_bytes() == b"\xff\xd8 a buckle"
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    (shop / "taken").write_text("no folder")
    assert command(monkeypatch, "tickets", "files", "1", "taken") == 1
    assert "taken cannot be written" in capsys.readouterr().err


def test_an_unknown_ticket_is_one_sentence(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "tickets", "show", "99") == 1
    assert capsys.readouterr().err.strip() == (
        "There is no ticket 99. `shopguide tickets` lists the open ones."
    )


def test_an_empty_database_is_a_sentence_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOPGUIDE_STATE", str(tmp_path))
    monkeypatch.delenv("SHOPGUIDE_LOG_LEVEL", raising=False)
    assert command(monkeypatch, "tickets") == 1
    told = capsys.readouterr().err
    assert "data.prepare" in told
    assert "Traceback" not in told


def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOPGUIDE_PORT", "eighty")
    assert command(monkeypatch, "tickets") == 1
    told = capsys.readouterr().err
    assert told.startswith("SHOPGUIDE_PORT is not right")
    assert "Traceback" not in told


def test_a_taken_port_ends_serve_with_a_sentence(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("SHOPGUIDE_PORT", str(listener.getsockname()[1]))
        assert command(monkeypatch, "gateway") == 1
    told = capsys.readouterr().err
    assert "SHOPGUIDE_PORT" in told
    assert "Traceback" not in told


def test_an_agent_takes_a_ticket_writes_and_gives_it_back(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "tickets", "say", "1", "您好") == 1
    assert "shopguide tickets take 1 --as NAME" in capsys.readouterr().err

    assert command(monkeypatch, "tickets", "take", "1", "--as", " 小李 ") == 0
    assert command(monkeypatch, "tickets", "take", "1", "--as", "小王") == 1
    assert "小李 has taken ticket 1 already." in capsys.readouterr().err
    assert command(monkeypatch, "tickets") == 0
    assert "with 小李" in capsys.readouterr().out

    assert command(monkeypatch, "tickets", "say", "1", "您好") == 1
    assert "Say who you are" in capsys.readouterr().err
    assert command(monkeypatch, "tickets", "say", "1", "您好", "--as", "小王") == 1
    assert "小李 has taken ticket 1. With --take-over it is yours." in capsys.readouterr().err
    monkeypatch.setenv("SHOPGUIDE_AGENT", "小李")
    assert command(monkeypatch, "tickets", "say", "1", "您好，我来看看") == 0
    assert command(monkeypatch, "tickets", "say", "1", "  ") == 1
    assert command(monkeypatch, "tickets", "close", "1") == 0
    capsys.readouterr()
    assert command(monkeypatch, "tickets", "show", "1") == 0
    shown = capsys.readouterr().out
    assert "customer: 背包的扣子坏了" in shown
    assert "agent: 您好，我来看看" in shown
    assert "bot: 客服小李已结束" in shown
    assert "     │" not in shown

    for late in (["say", "1", "还有"], ["take", "1", "--as", "小王"], ["close", "1"]):
        assert command(monkeypatch, "tickets", *late) == 1
        assert "Ticket 1 is closed." in capsys.readouterr().err


def test_one_agent_takes_over_from_another_and_the_ticket_says_so(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "tickets", "take", "1", "--as", "小李") == 0
    words = ("tickets", "say", "1", "我接着来", "--as", "小王", "--take-over")
    assert command(monkeypatch, *words) == 0
    capsys.readouterr()
    assert command(monkeypatch, "tickets", "show", "1") == 0
    shown = capsys.readouterr().out
    assert "with 小王" in shown
    assert "— 小王 has taken over from 小李" in shown


def test_whoever_has_ended_the_conversation_is_not_written_to(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "tickets", "take", "1", "--as", "小李") == 0
    with make_units(shop)() as uow:
        ticket = uow.tickets.get(1)
        assert ticket is not None
        ticket.contact, ticket.page = (
            "wang@example.com",
            {"title": "扣子\nagent: 假的", "url": "/a"},
        )
        desk.left(uow, "s1", datetime.now(UTC))
        access.end_session(uow, "s1")
    assert command(monkeypatch, "tickets", "say", "1", "您好", "--as", "小李") == 1
    told = capsys.readouterr().err
    assert "has ended this conversation" in told
    assert "wang@example.com" in told
    assert command(monkeypatch, "tickets") == 0
    listed = capsys.readouterr().out
    assert "to be reached at 〔email〕" in listed
    assert "on the page 扣子 agent: 假的 /a" in listed
    assert command(monkeypatch, "tickets", "show", "1") == 0
    shown = capsys.readouterr().out
    assert "to be reached at wang@example.com" in shown
    assert "— the customer has ended the conversation" in shown


def test_what_comes_is_told_as_it_comes(shop: Path) -> None:
    units = make_units(shop)
    news = tickets._news(Desk(units, None))
    assert next(news) is None  # what is there already was listed
    with units() as uow:
        uow.messages.add(
            ChatMessage(session_id="s1", message_id="m9", sender="customer",
                        body={"text": "还在吗 li@example.com"}, created_at=datetime.now(UTC))
        )  # fmt: skip
        uow.session.add(
            Ticket(session_id="s1", language="zh", reason="asked", transcript=[], status="open",
                   created_at=datetime.now(UTC))
        )  # fmt: skip
        uow.commit()
    told = [next(news), next(news)]
    assert told[0] is not None
    assert told[0].startswith("#1  ")
    assert told[0].endswith("customer: 还在吗 〔email〕")
    assert told[1] is not None
    assert told[1].startswith("#2  ")
    assert next(news) is None


def test_a_profile_is_shown_or_the_customer_is_unknown(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "profile", "lin@example.com") == 0
    assert capsys.readouterr().out.startswith("林悦，店里现在还没有")
    assert command(monkeypatch, "profile", "lin@example.com", "--lang", "en") == 0
    assert "nothing on record" in capsys.readouterr().out
    assert command(monkeypatch, "profile", "nobody@example.com") == 1
    assert "No customer has the e-mail address" in capsys.readouterr().err


IDENTITY = "name: Own\nlanguages: [zh, en]\ncountry: CN\ncurrency: CNY\ntimezone: Asia/Shanghai\n"


def test_an_import_says_what_makes_it_known_and_leaves_its_mark_for_the_setup(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = shop / "own"
    own.mkdir()
    (own / "shop.yaml").write_text(IDENTITY)
    (own / "categories.csv").write_text("id,name_zh,name_en\ntents,帐篷,Tents\n", "utf-8")
    mark = Places(shop).imported
    assert command(monkeypatch, "import", "own", "--shop", "own", "--dry-run") == 0
    assert not mark.exists()
    assert command(monkeypatch, "import", "nowhere", "--shop", "own") == 1
    assert not mark.exists()
    capsys.readouterr()
    assert command(monkeypatch, "import", "own", "--shop", "own") == 0
    assert "`make setup`" in capsys.readouterr().out
    assert mark.exists()


def test_events_are_imported_and_put_into_sequences(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "search,2026-10-01 10:00,v1,tent\nsearch,2026-11-20 10:00,v1,stove\n"
    (shop / "shop.yaml").write_text(IDENTITY)
    (shop / "events.csv").write_text(f"kind,at,visitor,query\n{rows}", encoding="utf-8")
    assert command(monkeypatch, "import", "events", "events.csv", "--shop", ".") == 0
    assert capsys.readouterr().out == "2 events new\nStored.\n"
    assert command(monkeypatch, "events", "sequences", "steps.csv") == 0
    assert "train: 1 steps of 1 subjects\nvalid: 0" in capsys.readouterr().out
    assert (shop / "steps.csv").read_text("utf-8").splitlines()[-1].endswith(",stove,,test")
