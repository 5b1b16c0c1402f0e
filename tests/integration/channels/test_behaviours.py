"""What every platform does alike, over real HTTP against a fake of its servers.

A new platform joins by its fake in PLATFORMS (platforms.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer
from starlette.responses import Response

from bot.dialogue.desk import Desk
from bot.gateway.tokens import mint_identity, mint_session
from bot.messages import BotMessage, Button, CitationView, OrderCard, ProductCard, Table
from bot.wording.phrases import phrase
from data import access
from data.attempts import Guard
from data.capabilities import Capability
from data.models import Attachment, ChatMessage, Ticket
from data.unit_of_work import UnitOfWork
from tests.integration.channels.platform import (
    PICTURE,
    FakePlatform,
    Shop,
    Shown,
    number_of,
    said,
    shop,
    wait_until,
)
from tests.integration.channels.platforms import PLATFORMS
from tests.unit.fake_gateway import EMAIL, IDENTITY_KEY

_APOLOGIES = {phrase("apology", "en"), phrase("apology", "zh")}


@pytest.fixture(params=PLATFORMS, ids=lambda kind: kind.channel.name)
def platform(request: pytest.FixtureRequest) -> Iterator[FakePlatform]:
    fake: FakePlatform = request.param()
    with fake.serving():
        yield fake


@pytest.fixture
def running(platform: FakePlatform, tmp_path: Path) -> Iterator[Shop]:
    with shop(platform, tmp_path) as started:
        yield started


def texts(shown: list[Shown]) -> list[str]:
    return [message.text for message in shown]


# A conversation


def rich(session_id: str, text: str) -> list[BotMessage]:
    if text in ("看看别的", "Show me others"):
        return [BotMessage(text=f"picked: {text}", language="zh" if "看" in text else "en")]
    language = "zh" if "帐篷" in text else "en"
    product = ProductCard(
        product_id="tent",
        title="岭线双人三季帐" if language == "zh" else "Ridgeline <2> & *fly*",
        summary="",
        price=Decimal(899),
        list_price=Decimal(999),
        currency="CNY",
        in_stock=True,
        stock_text="有货" if language == "zh" else "in stock",
        url="/products/tent",
    )
    order = OrderCard(
        number="SP61840357",
        status="shipped",
        status_text="已发货",
        placed_on="11月21日",
        items=["启程 38 升徒步包"],
        total=Decimal(699),
        currency="CNY",
        tracking="SF 1234",
        events=["11-21 19:54 杭州"],
    )
    cited = CitationView(number=1, title="运费说明", source="s", quote="q", url="/help/fees")
    return [
        BotMessage(
            text="为您找到这几款帐篷：" if language == "zh" else "1 < 2 & _under_ *two* kilograms",
            cards=[product, product.model_copy(update={"title": "B"}), order],
            citations=[cited],
            table=Table(header=["", "重量"], rows=[["A", "1 kg"], ["B", "2 kg"]]),
            buttons=[
                Button(title="便宜一点的", payload="便宜一点的"),
                Button(
                    title="看看别的" if language == "zh" else "Show me others",
                    payload="看看别的" if language == "zh" else "Show me others",
                ),
            ],
            language=language,
        )
    ]


@pytest.mark.parametrize(
    ("question", "words", "button"),
    [
        ("想买个帐篷", ["为您找到这几款帐篷：", "¥899（原价¥999）", "有货"], "看看别的"),
        (
            "a tent under two kilograms",
            ["1 < 2 & _under_ *two* kilograms", "Ridgeline <2> & *fly*", "¥899 (was ¥999)"],
            "Show me others",
        ),
    ],
)
def test_a_conversation(running: Shop, question: str, words: list[str], button: str) -> None:
    running.gateway.fake.play = rich
    answer = running.say(question)
    told = said(answer) + "\n".join(card for shown in answer for card in shown.cards)
    for word in [*words, "SP61840357", "SF 1234", "[1] ", "运费说明", "2 kg"]:
        assert word in told
    offering = [shown for shown in answer if shown.buttons]
    if offering:  # the platform's own buttons
        assert [title for title, _ in offering[-1].buttons][-1] == button
        payload = dict(offering[-1].buttons)[button]
        assert texts(running.press(offering[-1], payload)) == [f"picked: {button}"]
    else:
        number = number_of(button, told)
        assert texts(running.say(number)) == [f"picked: {button}"]
    assert running.gateway.fake.asked[0][1] == question
    assert len({session for session, _, _ in running.gateway.fake.asked}) == 1


def test_each_person_has_a_conversation_of_their_own(running: Shop) -> None:
    for user in ("1", "2"):
        assert texts(running.say(f"I am {user}", user=user)) == [f"You said: I am {user}"]
    chats = {running.platform.chat_of(user) for user in ("1", "2")}
    assert len({session for session, _, _ in running.gateway.fake.asked}) == len(chats) == 2


def test_emoji_and_right_to_left_pass_unharmed(running: Shop) -> None:
    words = "שלום 👨‍👩‍👧‍👦 🏳️‍🌈 👍🏽 مرحبا – <b>&amp;</b> *a* _b_ `c` ~d~ [e](http://f)"
    assert texts(running.say(words)) == [f"You said: {words}"]


def test_a_hundred_kilobytes_are_answered_with_a_sentence(running: Shop) -> None:
    answer = running.say("how much is it? " * 6250)
    assert len(answer) == 1
    assert "too long" in answer[0].text
    assert running.gateway.fake.asked == []


def test_a_long_answer_comes_in_pieces_under_the_limit(running: Shop) -> None:
    sentence = "外帐三千毫米，帐底五千毫米。It is dry & <warm>! "
    running.gateway.fake.play = lambda session_id, text: [BotMessage(text=sentence * 300)]
    answer = running.say("everything about it")
    assert len(answer) > 2
    assert "".join("".join(texts(answer)).split()) == "".join((sentence * 300).split())
    assert all(text.rstrip()[-1] in "。!" for text in texts(answer))


def test_a_picture_is_answered_kindly_and_stored_nowhere(running: Shop) -> None:
    answer = running.after(running.platform.sends_picture(n=1))
    assert texts(answer) in said_in_both("channel.media")
    assert running.gateway.fake.asked == []
    assert attachments(running) == []
    platform = running.platform
    assert [
        one for one in platform.asked if one.method == "GET" and one.path != platform.tokens
    ] == []


def test_growing_text_is_shown_where_messages_can_be_edited(running: Shop) -> None:
    running.gateway.fake.deltas = ["Free", "Free delivery"]
    running.gateway.fake.play = lambda session_id, text: [
        BotMessage(text="Free delivery from ¥99.")
    ]
    answer = running.say("is delivery free?")
    assert texts(answer) == ["Free delivery from ¥99."]
    if running.platform.channel.capabilities.edit_every_s is not None:
        assert len(answer[0].states) > 1


# Pictures and files that the shop wants kept


def said_in_both(key: str, **facts: Any) -> list[list[str]]:
    return [[phrase(key, "en", **facts)], [phrase(key, "zh", **facts)]]


def attachments(running: Shop) -> list[Attachment]:
    with running.gateway.unit_of_work() as uow:
        found = select(Attachment).options(undefer(Attachment.content)).order_by(Attachment.id)
        return list(uow.session.scalars(found))


def test_a_picture_is_kept_where_the_shop_wants_it(platform: FakePlatform, tmp_path: Path) -> None:
    with shop(platform, tmp_path, keep_files="picture") as running:
        webhook = platform.sends_picture(n=1)
        assert texts(running.after(webhook)) in said_in_both("channel.media_kept")
        assert running.after(platform.redelivered(webhook)) == []
        [picture] = attachments(running)
        assert (picture.kind, picture.state) == ("picture", "kept")
        assert (picture.content, picture.media_type) == (PICTURE, "image/jpeg")
        assert (picture.size, picture.place) == (len(PICTURE), None)
        assert running.gateway.fake.asked == []


def test_only_what_the_shop_named_is_kept(platform: FakePlatform, tmp_path: Path) -> None:
    with shop(platform, tmp_path, keep_files="voice,file") as running:
        answer = running.after(platform.sends_picture(n=1))
        assert texts(answer) in said_in_both("channel.media")
        assert attachments(running) == []


def test_who_sent_too_large_a_picture_is_told(platform: FakePlatform, tmp_path: Path) -> None:
    platform.picture = PICTURE * 60_000
    with shop(platform, tmp_path, keep_files="picture", keep_file_mb=1) as running:
        first, second = texts(running.after(platform.sends_picture(n=1)))
        assert [first] in said_in_both("channel.media_kept")
        assert [second] in said_in_both("channel.media_lost", megabytes=1)
        [picture] = attachments(running)
        assert (picture.state, picture.content) == ("lost", None)
        assert "larger" in str(picture.error)


def test_a_picture_is_fetched_when_the_platform_is_back(
    platform: FakePlatform, tmp_path: Path
) -> None:
    platform.down = True
    with shop(platform, tmp_path, keep_files="picture") as first:
        assert first.call(platform.sends_picture(n=1)).is_success
        wait_until(lambda: [one.attempts > 0 for one in attachments(first)] == [True])
    platform.down = False
    with shop(platform, tmp_path, keep_files="picture") as back:
        back.settle()
        assert [one.content for one in attachments(back)] == [PICTURE]
    assert texts(list(platform.shown.values())) in said_in_both("channel.media_kept")


def test_an_agent_gets_what_was_sent_to_them(platform: FakePlatform, tmp_path: Path) -> None:
    with shop(platform, tmp_path, keep_files="picture") as running:
        number = handed_over(running)
        assert texts(running.after(platform.sends_picture(n=1001))) in (
            said_in_both("channel.media_queued")
        )
        desk = Desk(running.gateway.unit_of_work, None)
        desk.take(number, "小李")
        assert running.after(platform.sends_picture(n=1002)) == []  # the agent is there
        assert [one.size for one in desk.files(number)] == [len(PICTURE)] * 2
        folder = tmp_path / "from the customer"
        saved = desk.save_files(number, folder)
        assert [file.suffix for file in saved] == [".jpg", ".jpg"]
        assert {file.read_bytes() for file in saved} == {PICTURE}


# Once each


def test_what_comes_again_is_answered_once(running: Shop) -> None:
    webhook = running.platform.says("hello?", n=1)
    again = running.platform.redelivered(webhook)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(running.call, [webhook, again] * 8))
    assert {answer.status_code for answer in answers} == {200}
    running.settle()
    running.after(running.platform.redelivered(webhook))  # late, after the answer
    assert texts(list(running.platform.shown.values())) == ["You said: hello?"]
    assert len(running.gateway.fake.asked) == 1


def test_what_was_taken_before_a_crash_is_answered_once_after_it(
    platform: FakePlatform, tmp_path: Path
) -> None:
    with shop(platform, tmp_path, works=False) as dying:
        for n in (1, 2):
            assert dying.call(platform.says(f"question {n}", n=n)).is_success
    assert platform.shown == {}
    with shop(platform, tmp_path) as back:
        back.after(platform.redelivered(platform.says("question 1", n=1)))
        assert texts(list(platform.shown.values())) == [
            "You said: question 1",
            "You said: question 2",
        ]


def test_what_was_not_delivered_before_a_restart_is_delivered_after_it(
    platform: FakePlatform, tmp_path: Path
) -> None:
    platform.down = True
    with shop(platform, tmp_path) as first:
        assert first.call(platform.says("hello?", n=1)).is_success
        wait_until(lambda: first.gateway.fake.asked != [])
        wait_until(lambda: _waiting(first) == 1)
    platform.down = False
    with shop(platform, tmp_path) as back:
        back.settle()
        assert back.gateway.fake.asked == []
    assert texts(list(platform.shown.values())) == ["You said: hello?"]


def _waiting(running: Shop) -> int:
    with running.gateway.unit_of_work() as uow:
        return uow.channels.counts().get(running.platform.channel.name, {}).get("waiting", 0)


def test_who_cannot_be_answered_is_told_so_and_holds_up_nothing(running: Shop) -> None:
    answering = running.channels._answers
    respond = answering._respond

    async def broken(answer: Any) -> list[BotMessage]:
        if answer.event.text == "first":
            raise ZeroDivisionError
        return await respond(answer)

    answering._respond = broken  # type: ignore[method-assign]  # a fault of ours, whatever it is
    for n, text in enumerate(("first", "second"), 1):
        assert running.call(running.platform.says(text, n=n)).is_success
    running.settle()
    shown = texts(list(running.platform.shown.values()))
    assert len(shown) == 2
    assert shown[0] in _APOLOGIES
    assert shown[1] == "You said: second"


def test_late_and_out_of_order_each_event_is_answered_once(running: Shop) -> None:
    first, second, third = (running.platform.says(f"question {n}", n=n) for n in (1, 2, 3))
    again = running.platform.redelivered
    for webhook in (third, first, again(third), second, again(first), again(third)):
        assert running.call(webhook).is_success
    running.settle()
    for webhook in (again(second), again(first)):
        assert running.after(webhook) == []
    assert texts(list(running.platform.shown.values())) == [
        f"You said: question {n}" for n in (3, 1, 2)
    ]


def test_a_call_is_acknowledged_before_its_answer_is_there(running: Shop) -> None:
    running.hold()
    assert running.call(running.platform.says("hello?", n=1)).is_success
    wait_until(lambda: running.gateway.fake.asked != [])
    assert running.platform.shown == {}
    running.release()
    running.settle()
    assert texts(list(running.platform.shown.values())) == ["You said: hello?"]


def test_what_cannot_be_told_holds_up_nothing(running: Shop) -> None:
    [channel] = running.channels.channels.values()
    reply = channel.reply

    def broken(messages: Any, to: Any, **how: Any) -> Any:
        if "first" in messages[0].text or messages[0].text in _APOLOGIES:
            raise ZeroDivisionError
        return reply(messages, to, **how)

    channel.reply = broken  # type: ignore[method-assign]
    for n, text in enumerate(("first", "second"), 1):
        assert running.call(running.platform.says(text, n=n)).is_success
    running.settle()
    assert texts(list(running.platform.shown.values())) == ["You said: second"]


# Who calls


def test_a_forged_call_is_refused(running: Shop) -> None:
    webhook = running.platform.says("where is my order?", n=1)
    forgeries = running.platform.forgeries(webhook)
    assert forgeries
    for forged in forgeries:
        assert running.call(forged).status_code == 401
    running.settle()
    assert running.platform.shown == {}
    assert texts(running.after(webhook)) == ["You said: where is my order?"]


def test_a_call_of_long_ago_is_refused(running: Shop) -> None:
    expired = running.platform.expired("where is my order?")
    if expired is None:
        pytest.skip(f"{running.platform.channel.title} signs no time")
    assert running.call(expired).status_code == 401
    running.settle()
    assert running.platform.shown == {}


def test_nothing_answers_for_a_platform_that_is_off(running: Shop) -> None:
    webhook = running.platform.says("hello?", n=1)
    answer = running.http.post(f"{running.url}/channels/nowhere", content=webhook.content)
    assert answer.status_code == 404


# When the platform fails


def test_nothing_is_lost_or_twice_while_the_platform_is_down(running: Shop) -> None:
    platform = running.platform
    platform.down = True
    for n in range(1, 6):
        assert running.call(platform.says(f"question {n}", n=n)).is_success
    wait_until(lambda: _waiting(running) == 5)
    wait_until(lambda: len(platform.asked) > 3)
    platform.down = False
    running.settle()
    assert platform.texts(platform.chat_of("1")) == [f"You said: question {n}" for n in range(1, 6)]


def test_a_busy_platform_is_left_alone_as_long_as_it_says(running: Shop) -> None:
    running.platform.faults = [Response(status_code=429, headers={"Retry-After": "1"})] * 2
    began = time.monotonic()
    assert texts(running.say("hello?")) == ["You said: hello?"]
    assert time.monotonic() - began > 0.9


def test_what_the_platform_will_not_have_is_kept_until_somebody_retries(running: Shop) -> None:
    platform = running.platform
    platform.refusing = True
    assert running.call(platform.says("hello?", n=100)).is_success

    def dead() -> int:
        with running.gateway.unit_of_work() as uow:
            return len(uow.channels.dead())

    wait_until(lambda: dead() == 1)
    platform.refusing = False
    assert texts(running.say("and now?")) == ["You said: and now?"]
    with running.gateway.unit_of_work() as uow:
        [letter] = uow.channels.dead()
        assert letter.error
        assert uow.channels.revive(platform.channel.name, letter.due_at) == 1
        uow.commit()
    running.gateway.loop.call_soon_threadsafe(
        running.channels.delivery.workers.wake, (letter.channel, letter.conversation)
    )
    running.settle()
    assert sorted(platform.texts(platform.chat_of("1"))) == [
        "You said: and now?",
        "You said: hello?",
    ]


# Many at once


def test_a_rush_is_taken_at_once_and_answered_in_order(running: Shop) -> None:
    people, each = 15, 4
    webhooks = [
        (user, n, running.platform.says(f"{user}.{n}", user=str(user), n=user * each + n))
        for n in range(each)
        for user in range(1, people + 1)
    ]
    with ThreadPoolExecutor(each * 8) as pool:
        for n in range(each):
            calls = [webhook for _, m, webhook in webhooks if m == n]
            assert {answer.status_code for answer in pool.map(running.call, calls)} == {200}
    running.settle(60)
    for user in range(1, people + 1):
        chat = running.platform.chat_of(str(user))
        assert running.platform.texts(chat) == [f"You said: {user}.{n}" for n in range(each)]


def test_who_writes_too_fast_is_told_once(platform: FakePlatform, tmp_path: Path) -> None:
    with shop(platform, tmp_path, messages_per_minute=6) as running:
        for n in range(1, 25):
            assert running.call(platform.says(f"question {n}", n=n)).is_success
        told = {phrase("channel.too_fast", language) for language in ("zh", "en")}
        wait_until(lambda: any(text in told for text in texts(list(platform.shown.values()))))
        assert sum(text in told for text in texts(list(platform.shown.values()))) == 1


# Who it is


def knows(running: Shop) -> None:
    """Let the bot tell whether it knows who speaks."""

    def play(session_id: str, text: str) -> list[BotMessage]:
        with running.gateway.unit_of_work() as uow:
            customer = access.customer_of_session(uow, session_id, Capability.READ_ORDERS)
            if text.startswith("proof"):
                claim = access.Claim(EMAIL, postcode="310000")
                found = access.identify(uow, session_id, claim, Guard(b"key"))
                return [BotMessage(text=phrase(f"identify.{found.value}", "en"), asks="identity")]
        if customer is None and "order" in text:
            return [BotMessage(text="Tell me your e-mail address.", asks="identity")]
        return [BotMessage(text=f"Hello {customer.name if customer else 'stranger'}")]

    running.gateway.fake.play = play


def code_of(running: Shop) -> str:
    """A code for the shop's customer, as the page of the shop asks for it."""
    api = f"{running.url}/api/v1"
    identity = mint_identity(EMAIL, datetime.now(UTC), IDENTITY_KEY)
    token = running.http.post(f"{api}/sessions", json={"identity": identity}).json()["token"]
    answer = running.http.post(f"{api}/link-code", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


def test_a_code_is_only_for_a_signed_in_customer(running: Shop) -> None:
    api = f"{running.url}/api/v1"
    assert running.http.post(f"{api}/link-code").status_code == 401
    token = running.http.post(f"{api}/sessions", json={}).json()["token"]
    answer = running.http.post(f"{api}/link-code", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "no_customer"


def test_facts_that_others_may_know_make_no_link(running: Shop) -> None:
    api = f"{running.url}/api/v1"
    opened = running.http.post(f"{api}/sessions", json={}).json()
    with running.gateway.unit_of_work() as uow:
        customer = uow.customers.by_email(EMAIL)
        assert customer is not None
        assert uow.sessions.bind(opened["session_id"], customer.id, "email_postcode")
        token = bound(running, uow, opened["session_id"])
        uow.commit()
    for method, path in (("POST", "link-code"), ("GET", "links"), ("DELETE", "links/1")):
        answer = running.http.request(method, f"{api}/{path}", headers=token)
        assert answer.status_code == 403, path


def bound(running: Shop, uow: UnitOfWork, session_id: str) -> dict[str, str]:
    """The key of a session as it stands in the database."""
    session = uow.sessions.get(session_id)
    assert session is not None
    key = running.gateway.settings.session_key
    token = mint_session(session.id, session.epoch, session.expires_at, key)
    return {"Authorization": f"Bearer {token}"}


def test_links_are_told_of_shown_and_ended(running: Shop) -> None:
    knows(running)
    running.say(f"link {code_of(running)}")
    running.say(f"link {code_of(running)}", user="2")
    title = phrase(f"platform.{running.platform.channel.name}", "en")
    notice = phrase("channel.linked_elsewhere", "en", channel=title)
    if running.channels.channels[running.platform.channel.name].passive_s:
        running.say("anything new?")  # it cannot be told by itself
    wait_until(lambda: notice in texts(list(running.platform.shown.values())))
    api = f"{running.url}/api/v1"
    identity = mint_identity(EMAIL, datetime.now(UTC), IDENTITY_KEY)
    token = running.http.post(f"{api}/sessions", json={"identity": identity}).json()["token"]
    key = {"Authorization": f"Bearer {token}"}
    links = running.http.get(f"{api}/links", headers=key).json()["links"]
    assert [link["platform"] for link in links] == [running.platform.channel.name] * 2
    assert all(link["linked_at"] for link in links)
    ended = running.http.delete(f"{api}/links/{links[0]['id']}", headers=key)
    assert ended.status_code == 204
    again = running.http.delete(f"{api}/links/{links[0]['id']}", headers=key)
    assert again.status_code == 404
    assert phrase("channel.link_first", "en") in texts(running.say("my orders"))
    assert texts(running.say("my orders", user="2")) == ["Hello 林悦"]


def test_a_code_makes_somebody_known_until_they_undo_it(running: Shop) -> None:
    knows(running)
    assert texts(running.say("my orders")) == [phrase("channel.link_first", "en")]
    assert texts(running.say("proof by e-mail")) == [phrase("channel.link_first", "en")]
    code = code_of(running)
    linked = texts(running.say(f"link {code.lower()}"))
    assert linked == [phrase("channel.linked", "en", name="林悦")]
    assert texts(running.say("my orders")) == ["Hello 林悦"]
    assert texts(running.say("my orders", user="2")) == [phrase("channel.link_first", "en")]
    assert texts(running.say("unlink")) == [phrase("channel.unlinked", "en")]
    assert texts(running.say("my orders")) == [phrase("channel.link_first", "en")]


def test_a_code_works_once(running: Shop) -> None:
    code = code_of(running)
    assert "林悦" in said(running.say(f"绑定 {code}"))
    again = texts(running.say(f"绑定 {code}", user="2"))
    assert again == [phrase("channel.link_wrong", "zh", minutes=15)]


def test_codes_cannot_be_guessed(running: Shop) -> None:
    for _ in range(5):
        assert said(running.say("link AAAA-2222")) == phrase("channel.link_wrong", "en", minutes=15)
    right = running.say(f"link {code_of(running)}")
    assert texts(right) == [phrase("channel.link_refused", "en")]


def test_a_group_gets_nothing_personal(running: Shop) -> None:
    if not running.platform.groups:
        pytest.skip(f"{running.platform.channel.title} has no groups")
    knows(running)
    assert "林悦" in said(running.say(f"link {code_of(running)}"))
    code = code_of(running)
    assert texts(running.say("my orders", group=True)) == [phrase("channel.link_privately", "en")]
    assert texts(running.say(f"link {code}", group=True)) == [
        phrase("channel.link_privately", "en")
    ]
    assert texts(running.say("hello", group=True)) == ["Hello stranger"]


# A person behind the assistant


def handed_over(running: Shop) -> int:
    """The number of the ticket of a conversation that waits for a person."""
    running.say("I want to speak to a person")
    session_id = running.gateway.fake.asked[0][0]
    with running.gateway.unit_of_work() as uow:
        line = uow.session.query(ChatMessage).first()
        ticket = Ticket(
            session_id=session_id,
            language="en",
            reason="asked",
            transcript=[],
            status="open",
            created_at=line.created_at,
        )
        uow.tickets.add(ticket)
        uow.commit()
        return ticket.id


def test_what_an_agent_writes_arrives_once(running: Shop) -> None:
    number = handed_over(running)
    desk = Desk(running.gateway.unit_of_work, None)
    desk.take(number, "小李")
    desk.say(number, "您好 <b>")
    wait_until(lambda: "小李: 您好 <b>" in texts(list(running.platform.shown.values())))
    notice = running.say("are you there?")
    assert texts(notice) == [phrase("handoff.with_agent", "en", agent="小李")]
    desk.close(number)
    wait_until(
        lambda: (
            phrase("handoff.ended", "en", agent="小李")
            in texts(list(running.platform.shown.values()))
        )
    )
    time.sleep(1.2)  # the desk is looked at every second
    assert texts(list(running.platform.shown.values())).count("小李: 您好 <b>") == 1


def test_who_is_asked_to_link_by_an_agent_stays_with_the_agent(running: Shop) -> None:
    number = handed_over(running)
    desk = Desk(running.gateway.unit_of_work, None)
    desk.take(number, "小李")
    assert "林悦" in said(running.say(f"link {code_of(running)}"))
    desk.say(number, "Thank you, I see your order.")
    wait_until(
        lambda: "小李: Thank you, I see your order." in texts(list(running.platform.shown.values()))
    )
    assert texts(running.say("great")) == [phrase("handoff.with_agent", "en", agent="小李")]
