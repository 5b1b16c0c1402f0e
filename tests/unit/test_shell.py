"""The shell's two forms, against the real gateway with a Rasa that plays."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar, TextIO

import httpx
import pytest
from fake_gateway import EMAIL, IDENTITY_KEY, FakeGateway, listening, make_gateway
from rich.console import Console

from bot.gateway.errors import SENTENCES
from bot.messages import BotMessage, Button, CitationView, OrderCard, ProductCard, Table
from bot.runtime.processes import free_port
from bot.terminal.client import AnswerEvent, Client, Refused, Unreachable, read_events
from bot.terminal.screens import Piped, Terminal, plain, rendered
from bot.terminal.shell import Shell, read_lines, sentence, utf8_lines
from data.models import ChatSession, Customer

TENT = ProductCard(
    product_id="ridgeline-2-tent",
    title="松岭 2 人帐篷",
    summary="两人三季，1.85 kg",
    price=Decimal("1299"),
    list_price=Decimal("1499"),
    currency="CNY",
    in_stock=True,
    stock_text="有货",
    reason="您去年买过防潮垫",
    url="/products/ridgeline-2-tent",
)
ORDER = OrderCard(
    number="SP12345678",
    status="shipped",
    status_text="Shipped",
    placed_on="20 November",
    items=["Tent × 1", "Peg × 8"],
    total=Decimal("98.50"),
    currency="CNY",
    tracking="SF 123",
    events=["11-20 09:12 Hangzhou: left", "11-19: packed"],
)
SHORT = "Returns take 7 days [1]\nand are free."
FULL = BotMessage(
    text=SHORT,
    cards=[TENT, ORDER],
    table=Table(header=["", "A"], rows=[["weight", "1 kg"]]),
    citations=[
        CitationView(number=1, title="Returns", source="s", quote="seven\ndays", url="/r"),
    ],
    buttons=[Button(title="More", payload="show me more"), Button(title="Why?", payload="why")],
)


@pytest.fixture
def gateway(tmp_path: Path) -> FakeGateway:
    return make_gateway(tmp_path, traced=True)


@pytest.fixture
def client(gateway: FakeGateway) -> Iterator[Client]:
    with listening(gateway) as url, Client(url) as client:
        yield client


def shell_on(client: Client, output: TextIO, **options: object) -> Shell:
    shell = Shell(client, Piped(output), lambda: IDENTITY_KEY, **options)  # type: ignore[arg-type]
    shell.start()
    return shell


def talk(client: Client, *lines: str) -> list[str]:
    """The lines that a script gets back for its lines."""
    output = io.StringIO()
    assert read_lines(shell_on(client, output, patient=True), lines) == 0
    return output.getvalue().splitlines()


def on_terminal(message: BotMessage, *, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=100,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
    )
    console.print(rendered(message))
    printed: str = console.file.getvalue()  # type: ignore[attr-defined]
    return printed


# How messages look


def test_a_terminal_shows_every_part_of_a_message() -> None:
    printed = on_terminal(FULL)
    for part in (
        *("bot> Returns take 7 days [1]", "     and are free."),
        *("松岭 2 人帐篷", "两人三季", "¥1,299", "¥1,499", "有货", "您去年买过防潮垫"),
        *("SP12345678", "Shipped", "20 November", "Tent × 1; Peg × 8", "¥98.50", "SF 123"),
        *("11-20 09:12 Hangzhou: left", "weight", "1 kg", "[1] Returns  seven days"),
        *("1 More", "2 Why?"),
    ):
        assert part in printed, part
    assert "\x1b" not in printed


def test_prices_before_a_reduction_are_struck() -> None:
    assert "\x1b[2;9m¥1,499" in on_terminal(FULL, colour=True)


def test_chinese_messages_have_chinese_headings() -> None:
    printed = on_terminal(FULL.model_copy(update={"language": "zh"}))
    assert "价格" in printed
    assert "下单日期" in printed
    assert "Price" not in printed


def test_a_pipe_has_one_block_a_message() -> None:
    assert plain(FULL) == [
        "bot> Returns take 7 days [1]",
        "     and are free.",
        "     1. 松岭 2 人帐篷 · ¥1,299 (was ¥1,499) · 有货 · 您去年买过防潮垫",
        "     Order: SP12345678",
        "     Status: Shipped",
        "     Placed: 20 November",
        "     Items: Tent × 1; Peg × 8",
        "     Total: ¥98.50",
        "     Tracking: SF 123",
        "     Latest: 11-20 09:12 Hangzhou: left",
        "     Latest: 11-19: packed",
        "      | A",
        "     weight | 1 kg",
        "     [1] Returns: seven days",
        "     (1) More",
        "     (2) Why?",
    ]


def test_markup_and_escapes_in_texts_are_only_text() -> None:
    message = BotMessage(text="[red]x[/red] \x1b[2J\x1b]0;title\x07 <b>")
    printed = on_terminal(message)
    assert "[red]x[/red]" in printed
    assert "\x1b" not in printed
    output = io.StringIO()
    Piped(output).answer([AnswerEvent("message", message.model_dump(mode="json"))])
    assert "\x1b" not in output.getvalue()


def test_text_that_grows_is_replaced_by_the_message() -> None:
    console = Console(file=io.StringIO(), width=60)
    events = [
        AnswerEvent("delta", {"seq": 1, "text": "It"}),
        AnswerEvent("message", BotMessage(text="It is free.").model_dump(mode="json")),
        AnswerEvent("done", {}),
    ]
    answered = Terminal(console).answer(events)
    assert [message.text for message in answered.messages] == ["It is free."]
    assert console.file.getvalue().count("It is free.") == 1  # type: ignore[attr-defined]


# The piped form


def test_each_line_is_a_message_and_empty_lines_are_skipped(client: Client) -> None:
    assert talk(client, "你好\n", "\n", "   \n", "hello\n") == [
        "bot> You said: 你好",
        "bot> You said: hello",
    ]


def test_several_messages_of_a_turn_begin_alike(gateway: FakeGateway, client: Client) -> None:
    gateway.fake.play = lambda session, text: [BotMessage(text=SHORT), BotMessage(text="b")]
    assert talk(client, "hello") == [
        "bot> Returns take 7 days [1]",
        "     and are free.",
        "bot> b",
    ]


def test_a_refusal_is_a_reply_in_the_language_of_the_message(client: Client) -> None:
    zh, en = SENTENCES["too_long"]
    assert talk(client, "一" * 2001, "x" * 2001, "汉" * 100_000, "still here?") == [
        "bot> " + zh.format(limit=2000),
        "bot> " + en.format(limit=2000),
        "bot> " + SENTENCES["too_large"][0],
        "bot> You said: still here?",
    ]


def test_a_script_that_is_too_fast_waits_and_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    now = [0.0]

    def clock() -> float:
        now[0] += 0.2  # of a second at each question, so that refills come quickly
        return now[0]

    gateway = make_gateway(tmp_path / "own", messages_per_minute=60, clock=clock)
    with listening(gateway) as url, Client(url) as client:
        replies = talk(client, *(f"question {number}" for number in range(27)))
    assert replies == [f"bot> You said: question {number}" for number in range(27)]


def test_buttons_are_picked_by_number(gateway: FakeGateway, client: Client) -> None:
    gateway.fake.play = lambda session, text: [FULL.model_copy(update={"text": text, "cards": []})]
    replies = talk(client, "hello", "1", "3")
    assert [line for line in replies if line.startswith("bot>")] == [
        "bot> hello",
        "bot> show me more",
        "bot> 3",
    ]


def test_invalid_utf8_and_byte_order_marks_do_no_harm(client: Client) -> None:
    source = io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfhello\r\n\xff\xfe\n"), encoding="ascii")
    assert talk(client, *utf8_lines(source)) == [
        "bot> You said: hello",
        "bot> You said: \ufffd\ufffd",
    ]


def test_an_end_of_reading_is_a_quiet_end(client: Client) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    output = Closed()
    shell = shell_on(client, output)
    with pytest.raises(BrokenPipeError):
        shell.take("hello")


# Commands


def test_signing_in_binds_the_conversation_or_begins_a_new_one(
    gateway: FakeGateway, client: Client
) -> None:
    replies = talk(
        client,
        "/login nobody@example.com",
        f"/login {EMAIL}",
        "/reset",
        "/history",
        "/logout",
        "/login",
    )
    assert replies == [
        "bot> " + sentence("no_customer", "en", email="nobody@example.com"),
        "bot> " + sentence("signed_in", "en", name="林悦"),
        "bot> " + sentence("reset", "en"),
        "bot> " + sentence("no_history", "en"),
        "bot> " + sentence("signed_out", "en"),
        "bot> " + sentence("usage", "en", usage="/login EMAIL"),
    ]


def test_a_conversation_of_somebody_else_is_left_for_a_new_one(
    gateway: FakeGateway, client: Client
) -> None:
    with gateway.unit_of_work() as uow:
        uow.session.add(
            Customer(
                email="emma@example.com", name="Emma", language="en", joined_at=datetime.now(UTC)
            )
        )
        uow.commit()
    replies = talk(client, f"/login {EMAIL}", "hello", "/login emma@example.com", "/history")
    assert replies[2] == "bot> " + sentence("signed_in_anew", "en", name="Emma")
    assert replies[3] == "bot> " + sentence("no_history", "en")


def test_the_language_can_be_chosen(gateway: FakeGateway, client: Client) -> None:
    replies = talk(client, "/lang zh", "hello", "/lang auto", "hello", "/lang fr")
    assert [language for _, _, language in gateway.fake.asked] == ["zh", None]
    assert replies[0] == "bot> " + sentence("language", "zh")
    assert replies[-1].startswith("bot> Usage: /lang")


def test_a_trace_shows_what_was_understood(gateway: FakeGateway, client: Client) -> None:
    gateway.fake.notes = {
        "kind": "answer",
        "passages": [["returns#2", "Returns", 0.8712]],
        "wording": {"origin": "quote", "reason": "deadline"},
    }
    replies = talk(client, "/trace", "hello", "/trace")
    assert replies[0] == "bot> " + sentence("no_trace", "en")
    shown = "\n".join(replies[2:])
    for part in (
        *("intent: policy_question (0.988)", "entity: price = 99", "slot: language = en"),
        *("passage: 0.871  Returns  (returns#2)", "wording: quote: deadline", "time: rasa"),
    ):
        assert part in shown, part


def test_history_and_feedback(gateway: FakeGateway, client: Client) -> None:
    gateway.fake.play = lambda session, text: [BotMessage(text="a\nb")]
    replies = talk(
        client, "/feedback up", "hello", "/feedback down not it", "/feedback", "/history"
    )
    assert replies == [
        "bot> " + sentence("nothing_to_rate", "en"),
        "bot> a",
        "     b",
        "bot> " + sentence("rated", "en"),
        "bot> " + sentence("usage", "en", usage="/feedback up|down [COMMENT]"),
        "     you> hello",
        "     bot> a",
        "          b",
    ]


def test_quit_ends_and_unknown_commands_are_told(client: Client) -> None:
    assert talk(client, "/frobnicate", "/quit", "never said") == [
        "bot> " + sentence("unknown", "en", command="/frobnicate")
    ]


def test_help_names_every_command(client: Client) -> None:
    told = "\n".join(talk(client, "/help"))
    for name in ("/login EMAIL", "/logout", "/lang", "/trace", "/history", "/feedback", "/quit"):
        assert name in told


def test_an_expired_conversation_is_renewed(gateway: FakeGateway, client: Client) -> None:
    output = io.StringIO()
    shell = shell_on(client, output)
    assert client.session is not None
    with gateway.unit_of_work() as uow:
        uow.session.get_one(ChatSession, client.session.id).expires_at = datetime.now(UTC)
        uow.commit()
    shell.take("hello")
    assert output.getvalue().splitlines() == [
        "bot> " + sentence("renewed", "en"),
        "bot> You said: hello",
    ]


# The client


def test_nobody_at_the_address_is_a_sentence(client: Client) -> None:
    with Client(f"http://127.0.0.1:{free_port('127.0.0.1', 0)}") as lonely:
        with pytest.raises(Unreachable, match="Check the address"):
            lonely.open_session()
        lonely.session = client.open_session()
        with pytest.raises(Unreachable, match="Check the address"):
            list(lonely.say("hello"))


def test_a_refusal_speaks_the_wanted_language(client: Client) -> None:
    client.language = "zh"
    client.open_session()
    with pytest.raises(Refused, match="您还没有写内容") as refused:
        list(client.say(""))
    assert refused.value.code == "empty"
    assert refused.value.status == 422


def test_a_dropped_connection_is_tried_again_under_the_same_id() -> None:
    class Dropping(Client):
        bodies: ClassVar[list[dict[str, object]]] = []

        def _answer(self, body: dict[str, object]) -> Iterator[AnswerEvent]:
            self.bodies.append(body)
            yield AnswerEvent("delta", {"seq": 1, "text": "It"})
            if len(self.bodies) == 1:
                raise Unreachable("dropped")
            yield AnswerEvent("done", {})

    with Dropping("http://127.0.0.1:9") as client:
        assert [event.name for event in client.say("hello")] == ["delta", "delta", "done"]
    assert client.bodies[0] == client.bodies[1]


def test_events_are_read_whatever_the_chunks() -> None:
    wire = (
        'event: delta\ndata: {"text": "a\u2028b 汉"}\n\n: a comment\n\nevent: done\ndata: {}\n\n'
    ).encode()
    whole = [AnswerEvent("delta", {"text": "a\u2028b 汉"}), AnswerEvent("done", {})]

    def read(*chunks: bytes) -> list[AnswerEvent]:
        headers = {"Content-Type": "text/event-stream; charset=utf-8"}
        return list(read_events(httpx.Response(200, headers=headers, content=iter(chunks))))

    assert read(wire) == whole
    assert read(*(bytes([byte]) for byte in wire)) == whole
    assert read(wire.replace(b"\n", b"\r\n")) == whole
