"""A turn: what streams, in which order, once per message id, and always with an answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fake_gateway import FakeGateway, calling, echo, make_gateway, texts
from sqlalchemy import text as sql

from bot.dialogue.notes import Notes
from bot.gateway.rasa import read_reply
from bot.gateway.turns import IncomingMessage
from bot.messages import BotMessage, Button
from bot.wording.phrases import phrase
from data.models import Feedback

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_deltas_come_before_messages_and_done_is_last(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    gateway.fake.deltas = ["It", "It is", "It is free"]
    async with calling(gateway) as caller:
        events = await caller.say("is it free?")
    names = [event.name for event in events]
    assert names == ["delta"] * (len(names) - 2) + ["message", "done"]
    sequence = [event.data["seq"] for event in events if event.name == "delta"]
    assert sequence
    assert sequence == sorted(set(sequence))
    assert events[-3].data["text"] == "It is free"
    assert BotMessage.model_validate(events[-2].data).text == "You said: is it free?"


async def test_several_messages_of_a_turn_keep_their_order_and_parts(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    second = BotMessage(text="二", buttons=[Button(title="好", payload="好")], language="zh")
    gateway.fake.play = lambda session_id, text: [BotMessage(text="一"), second]
    async with calling(gateway) as caller:
        events = await caller.say("hello")
        assert texts(events) == ["一", "二"]
        assert BotMessage.model_validate(events[1].data) == second
        assert [line["text"] for line in await caller.history()] == ["hello", "一", "二"]


async def test_the_wanted_language_reaches_rasa(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    async with calling(gateway) as caller:
        await caller.say("hello", "m1", language="zh")
        await caller.say("hello", "m2")
    assert [language for _, _, language in gateway.fake.asked] == ["zh", None]


async def test_a_repeated_message_id_replays_the_answer(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    async with calling(gateway) as caller:
        first = await caller.say("hello", "m1")
        gateway.fake.play = lambda session_id, text: [BotMessage(text="something else")]
        again = await caller.say("hello", "m1")
        assert texts(again) == texts(first) == ["You said: hello"]
        assert len(await caller.history()) == 2
        await caller.open()
        assert texts(await caller.say("hello", "m1")) == ["something else"]
    assert len(gateway.fake.asked) == 2


async def test_a_message_id_that_comes_again_with_other_words_is_refused(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path, open_streams=1)
    async with calling(gateway) as caller:
        gateway.fake.play = _fail
        await caller.say("can I return the jacket?", "m1")
        assert (await caller.post("my parcel never came", "m1")).status_code == 409
        gateway.fake.play = echo
        gateway.fake.gate = asyncio.Event()
        running = asyncio.create_task(caller.say("hello", "m2"))
        await _until(lambda: len(gateway.fake.asked) == 2)
        refused = await caller.post("other", "m2")
        assert refused.json()["error"]["code"] == "already_said"
        gateway.fake.gate.set()
        await running
        said = [line["text"] for line in await caller.history() if line["sender"] == "customer"]
    assert said == ["can I return the jacket?", "hello"]


async def test_a_turn_is_followed_by_so_many_at_once(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path, sockets_per_session=3)
    gateway.fake.gate = asyncio.Event()
    async with calling(gateway) as caller:
        first = [asyncio.create_task(caller.say("hello", "m1")) for _ in range(3)]
        await _until(lambda: _followers(gateway) == 3)
        refused = await caller.post("hello", "m1")
        assert refused.status_code == 429
        gateway.fake.gate.set()
        assert {texts(said)[0] for said in await asyncio.gather(*first)} == {"You said: hello"}


async def test_a_message_id_under_way_is_joined(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path, open_streams=1)
    gateway.fake.gate = asyncio.Event()
    async with calling(gateway) as caller:
        both = [asyncio.create_task(caller.say("hello", "m1")) for _ in range(2)]
        await _until(lambda: len(gateway.fake.asked) == 1)
        await asyncio.sleep(0.05)
        gateway.fake.gate.set()
        first, second = await asyncio.gather(*both)
    assert texts(first) == texts(second) == ["You said: hello"]
    assert len(gateway.fake.asked) == 1


async def test_the_turns_of_a_session_run_one_after_the_other(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    gateway.fake.gate = asyncio.Event()
    async with calling(gateway) as caller:
        turns = [asyncio.create_task(caller.say(name, name)) for name in ("a", "b")]
        await _until(lambda: len(gateway.fake.asked) == 1)
        await asyncio.sleep(0.05)
        assert len(gateway.fake.asked) == 1
        gateway.fake.gate.set()
        answers = await asyncio.gather(*turns)
    assert [texts(answer) for answer in answers] == [["You said: a"], ["You said: b"]]


async def test_a_turn_goes_on_when_nobody_follows_it(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    async with calling(gateway) as caller:
        session_id = (await caller.open())["session_id"]
        gateway.turns.start(IncomingMessage(session_id, "m1", "hello"))
        await gateway.turns.drain()
        assert [line["sender"] for line in await caller.history()] == ["customer", "bot"]


@pytest.mark.parametrize(("text", "language"), [("满多少包邮？", "zh"), ("free delivery?", "en")])
async def test_rasa_down_is_an_apology_and_the_next_turn_works(
    tmp_path: Path, text: str, language: str
) -> None:
    gateway = make_gateway(tmp_path)
    gateway.fake.down = True
    async with calling(gateway) as caller:
        assert texts(await caller.say(text, "m1")) == [phrase("apology", language)]
        [line] = await caller.history()
        assert (line["text"], line["unanswered"]) == (text, True)
        gateway.fake.down = False
        assert texts(await caller.say(text, "m1")) == [f"You said: {text}"]


async def test_an_answer_that_comes_too_late_is_an_apology(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path, turn_timeout_s=0.05)
    gateway.fake.gate = asyncio.Event()
    async with calling(gateway) as caller:
        events = await caller.say("hello")
        assert texts(events) == [phrase("apology", "en")]
        assert events[-1].name == "done"


async def test_an_empty_or_broken_answer_is_an_apology(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    async with calling(gateway) as caller:
        gateway.fake.play = lambda session_id, text: []
        assert texts(await caller.say("hello", "m1")) == [phrase("apology", "en")]
        gateway.fake.play = _fail
        assert texts(await caller.say("hello", "m2")) == [phrase("apology", "en")]


def _fail(session_id: str, text: str) -> list[BotMessage]:
    raise RuntimeError(text)


async def test_a_database_that_stops_in_a_turn_is_an_apology(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)

    def lose_the_table(session_id: str, text: str) -> list[BotMessage]:
        with gateway.unit_of_work() as uow:
            uow.session.execute(sql("DROP TABLE chat_messages"))
            uow.commit()
        return [BotMessage(text="never stored")]

    gateway.fake.play = lose_the_table
    async with calling(gateway) as caller:
        assert texts(await caller.say("hello")) == [phrase("apology", "en")]


async def test_a_trace_comes_only_from_a_traced_system(tmp_path: Path) -> None:
    (tmp_path / "traced").mkdir()
    async with calling(make_gateway(tmp_path)) as caller:
        assert [event.name for event in await caller.say("hello")] == ["message", "done"]
    gateway = make_gateway(tmp_path / "traced", traced=True)
    async with calling(gateway) as caller:
        events = await caller.say("hello")
    assert [event.name for event in events] == ["message", "trace", "done"]
    trace = events[1].data
    assert trace["intent"] == "policy_question"
    assert trace["entities"] == [["price", "99"]]
    assert trace["slots"] == {"language": "en"}
    assert {"action", "rasa", "turn"} <= set(trace["timings_ms"])


async def test_an_answer_is_kept_when_the_trace_fails(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path, traced=True)

    def answer_and_die(session_id: str, text: str) -> list[BotMessage]:
        gateway.fake.down = True
        return [BotMessage(text="the answer")]

    gateway.fake.play = answer_and_die
    async with calling(gateway) as caller:
        events = await caller.say("hello")
    assert texts(events) == ["the answer"]
    assert events[1].data["kind"] == "answer"


async def test_history_is_the_conversation_oldest_first(tmp_path: Path) -> None:
    async with calling(make_gateway(tmp_path)) as caller:
        await caller.say("one", "m1")
        await caller.say("two", "m2")
        lines = await caller.history()
    assert [(line["message_id"], line["sender"], line["text"]) for line in lines] == [
        ("m1", "customer", "one"),
        ("m1.1", "bot", "You said: one"),
        ("m2", "customer", "two"),
        ("m2.1", "bot", "You said: two"),
    ]
    assert lines[1]["language"] == "en"


async def test_feedback_is_kept_for_a_message_or_the_conversation(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    async with calling(gateway) as caller:
        for body in ({"rating": 1}, {"rating": -1, "message_id": "m1", "comment": " 不对\x00 "}):
            answer = await caller.http.post("/api/v1/feedback", json=body, headers=caller.key)
            assert answer.status_code == 204
        for body in ({"rating": 0}, {"rating": 1, "message_id": "no spaces"}, {}):
            answer = await caller.http.post("/api/v1/feedback", json=body, headers=caller.key)
            assert answer.status_code == 422
    with gateway.unit_of_work() as uow:
        kept = uow.session.query(Feedback).order_by(Feedback.id).all()
    assert [(row.rating, row.message_id, row.comment) for row in kept] == [
        (1, None, None),
        (-1, "m1", "不对"),
    ]


async def test_a_line_has_one_thumb_which_can_be_taken_back(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)

    async def rate(line: str, rating: int, **more: str) -> list[tuple[str | None, int | None]]:
        body = {"rating": rating, "message_id": line, **more}
        answer = await caller.http.post("/api/v1/feedback", json=body, headers=caller.key)
        assert answer.status_code == 204
        with gateway.unit_of_work() as uow:
            kept = uow.session.query(Feedback).order_by(Feedback.id).all()
        return [(row.message_id, row.rating) for row in kept]

    async with calling(gateway) as caller, calling(gateway) as other:
        assert await rate("m1", -1, reason="slow") == [("m1", -1)]
        assert await rate("m1", 1) == [("m1", 1)]
        assert await rate("m2", -1) == [("m1", 1), ("m2", -1)]
        body = {"rating": 0, "message_id": "m1"}  # of a conversation of one's own alone
        await other.http.post("/api/v1/feedback", json=body, headers=other.key)
        assert await rate("m2", 0) == [("m1", 1)]
        assert await rate("m1", 0) == []


def test_the_pieces_of_the_rest_channel_become_messages() -> None:
    whole = BotMessage(text="a\n\nb", buttons=[Button(title="t", payload="p")], language="zh")
    reply = read_reply(
        [
            {"text": "a"},
            {"text": "b"},
            {"custom": {"message": whole.model_dump(mode="json"), "notes": {"kind": "answer"}}},
            {"text": "您好"},
            {"text": "请说"},
        ]
    )
    assert reply.messages == [whole, BotMessage(text="您好\n\n请说", language="zh")]
    assert reply.notes == Notes(kind="answer")
    with pytest.raises(ValueError, match="shape"):
        read_reply([{"custom": {"message": {"cards": 3}}}])


def _followers(gateway: FakeGateway) -> int:
    return sum(turn.followers for turn in gateway.turns._running.values())


async def _until(happened: object) -> None:
    for _ in range(500):
        if happened():  # type: ignore[operator]
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


async def test_a_rasa_that_dies_in_mid_turn_is_asked_again_when_it_is_back(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    gateway.fake.breaks = 2
    async with calling(gateway) as caller:
        assert texts(await caller.say("hello")) == ["You said: hello"]
        assert [line["text"] for line in await caller.history()] == ["hello", "You said: hello"]
    assert len(gateway.fake.asked) == 3


async def test_a_rasa_that_stays_away_is_waited_for_no_longer_than_a_turn(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path, turn_timeout_s=0.5)
    async with calling(gateway) as caller:
        gateway.fake.breaks = 1
        gateway.fake.away = True
        events = await caller.say("hello", "m1")
        assert texts(events) == [phrase("apology", "en")]
        assert events[-1].data == {"unanswered": True}
        assert len(gateway.fake.asked) == 1
        gateway.fake.away = False
        answered = await caller.say("hello", "m1")
        assert texts(answered) == ["You said: hello"]
        assert answered[-1].data == {}
        [line, reply] = await caller.history()
        assert "unanswered" not in line
        assert reply["reply_to"] == "m1"
