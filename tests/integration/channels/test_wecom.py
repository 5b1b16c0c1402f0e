"""What only WeCom does: setting its address, news and cards with buttons, its access tokens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.channels.errors import TryAgain, Undeliverable
from bot.channels.http import Http
from bot.channels.platforms.tencent import Envelope
from bot.channels.platforms.wecom import WeCom, WeComSettings
from bot.messages import BotMessage, Button, OrderCard, ProductCard
from tests.integration.channels.platform import Shop, hidden, shop
from tests.integration.channels.wecom import AES_KEY, CORP, TOKEN, FakeWeCom

PRODUCT = ProductCard(
    product_id="tent",
    title="岭线双人三季帐" * 10,
    summary="",
    price=Decimal(899),
    currency="CNY",
    in_stock=True,
    stock_text="有货",
    url="/products/tent",
)
ORDER = OrderCard(
    number="SP61840357",
    status="shipped",
    status_text="已发货",
    placed_on="11月21日",
    items=["启程 38 升徒步包"],
    total=Decimal(699),
    currency="CNY",
)


@pytest.fixture
def fake() -> Iterator[FakeWeCom]:
    platform = FakeWeCom()
    platform.public_url = "https://shop.example"
    with platform.serving():
        yield platform


@pytest.fixture
def running(fake: FakeWeCom, tmp_path: Path) -> Iterator[Shop]:
    with shop(fake, tmp_path) as started:
        yield started


def test_the_address_is_proven_when_it_is_set(running: Shop) -> None:
    envelope = Envelope(TOKEN, AES_KEY, CORP)
    sealed, timestamp = envelope.seal(b"1616140317555161061"), str(int(time.time()))
    query = {"timestamp": timestamp, "nonce": "1", "echostr": sealed}
    signed = envelope.sign(sealed, timestamp, "1")
    url = f"{running.url}/channels/wecom"
    answer = running.http.get(url, params={**query, "msg_signature": signed})
    assert answer.text == "1616140317555161061"
    assert running.http.get(url, params={**query, "msg_signature": "0"}).status_code == 401


def test_products_are_articles_orders_are_texts_and_buttons_a_card(
    fake: FakeWeCom, running: Shop
) -> None:
    button = Button(title="看看别的", payload="看看别的")
    message = BotMessage(text="为您找到：", cards=[PRODUCT, ORDER], buttons=[button], language="zh")
    running.gateway.fake.play = lambda session_id, text: [message]
    text, news, order, choice = running.say("想买个帐篷")
    assert text.text == "为您找到："
    assert news.cards[0].split("\n")[1:] == ["¥899", "有货"]
    assert "SP61840357" in order.text
    assert choice.buttons == [("看看别的", "看看别的")]
    assert choice.text == "请选择，也可以直接说："


def test_short_words_stand_in_the_card_with_their_buttons(running: Shop) -> None:
    button = Button(title="Yes", payload="Yes")
    message = BotMessage(text="Shall I?", buttons=[button], language="en")
    running.gateway.fake.play = lambda session_id, text: [message]
    [shown] = running.say("cancel it")
    assert (shown.text, shown.buttons) == ("Shall I?", [("Yes", "Yes")])


@pytest.mark.parametrize(
    ("event", "what"),
    [
        ({"Event": "enter_agent", "EventKey": ""}, []),
        ({"Event": "LOCATION", "Latitude": "23.104"}, []),
        ({"Event": "subscribe"}, ["你好"]),
        ({"Event": "click", "EventKey": "退货怎么办"}, ["退货怎么办"]),
    ],
)
def test_events(fake: FakeWeCom, running: Shop, event: dict[str, str], what: list[str]) -> None:
    running.after(fake.message("1", "event", **event))
    assert [text for _, text, _ in running.gateway.fake.asked] == what


def test_a_token_is_fetched_once_and_anew_when_it_is_refused(fake: FakeWeCom) -> None:
    async def run() -> None:
        http = Http()
        channel = WeCom(fake.settings(), http)
        [call] = channel.reply([BotMessage(text="您好")], {"user": "user1"})
        await asyncio.gather(*(channel.send(call, str(n)) for n in range(20)))
        assert fake.given == {"token-1"}
        fake.given = set()
        with pytest.raises(TryAgain):
            await channel.send(call, "key")
        await channel.send(call, "key")
        fake.refusing = True
        with pytest.raises(Undeliverable):
            await channel.send(call, "key")
        await http.close()

    asyncio.run(run())
    assert fake.given == {"token-2"}
    assert fake.texts("user1") == ["您好"] * 21


@pytest.mark.parametrize("key", ["", "short", "?" * 43, AES_KEY + "="])
def test_a_key_that_cannot_be_is_named(key: str) -> None:
    settings = {"corp_id": CORP, "agent_id": 1, "secret": hidden("s"), "token": hidden("t")}
    with pytest.raises(ValidationError, match="43 letters"):
        WeComSettings(_env_file=None, aes_key=hidden(key), **settings)
