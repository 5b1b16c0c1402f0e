"""What only WeChat does: accounts that may only answer its calls, the window of 48 hours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.channels.channel import ChannelEvent
from bot.channels.errors import TryAgain, Undeliverable
from bot.channels.http import Http
from bot.channels.platforms.tencent import Envelope, read
from bot.channels.platforms.wechat import WeChat
from bot.messages import BotMessage, Button
from tests.integration.channels.platform import Shop, shop
from tests.integration.channels.test_wecom import PRODUCT
from tests.integration.channels.wechat import (
    ACCOUNT,
    AES_KEY,
    APP,
    TOKEN,
    FakePassiveWeChat,
    FakePlainWeChat,
    FakeWeChat,
)


@pytest.fixture
def passive(tmp_path: Path) -> Iterator[Shop]:
    platform = FakePassiveWeChat()
    with platform.serving(), shop(platform, tmp_path) as started:
        yield started
        assert platform.asked == []  # it may call nothing


@pytest.fixture
def fake() -> Iterator[FakeWeChat]:
    platform = FakeWeChat()
    platform.public_url = "https://shop.example"
    with platform.serving():
        yield platform


def opened(answer: httpx.Response) -> dict[str, str]:
    """The answer as WeChat reads it."""
    assert answer.status_code == 200
    sealed = read(answer.content)
    message = Envelope(TOKEN, AES_KEY, APP).open(
        sealed["Encrypt"], sealed["MsgSignature"], sealed["TimeStamp"], sealed["Nonce"]
    )
    return read(message)


def test_wechats_own_call_carries_the_answer(passive: Shop) -> None:
    webhook = passive.platform.says("帐篷 <a> ]]> \x0b?", n=1)
    reply = opened(passive.call(webhook))
    assert abs(time.time() - int(reply.pop("CreateTime"))) < 5
    assert reply == {
        "ToUserName": "o1",
        "FromUserName": ACCOUNT,
        "MsgType": "text",
        "Content": "You said: 帐篷 ＜a> ]]> ?",
    }
    assert passive.call(webhook).text == "success"  # repeated: it has been told


def test_a_passive_answer_is_one_text_with_numbers(passive: Shop) -> None:
    buttons = [Button(title=title, payload=title) for title in ("便宜一点的", "看看别的")]
    long = "外帐三千毫米，帐底五千毫米。" * 100

    def play(session_id: str, text: str) -> list[BotMessage]:
        if text == "都要":
            return [BotMessage(text=long), BotMessage(text=long)]
        return [BotMessage(text=f"您要{text}："), BotMessage(text="请选", buttons=buttons)]

    passive.gateway.fake.play = play
    content = opened(passive.call(passive.platform.says("帐篷", n=1)))["Content"]
    assert content.startswith("您要帐篷：\n\n请选\n\n")
    assert content.endswith("(1) 便宜一点的\n(2) 看看别的")
    content = opened(passive.call(passive.platform.says("2", n=2)))["Content"]
    assert content.startswith("您要看看别的：")
    content = opened(passive.call(passive.platform.says("都要", n=3)))["Content"]
    assert 1900 < len(content.encode()) <= 2048
    assert content.endswith("。…")


def test_one_number_means_one_thing(passive: Shop) -> None:
    buttons = [Button(title=title, payload=title) for title in ("便宜一点的", "看看别的")]

    def play(session_id: str, text: str) -> list[BotMessage]:
        cards = [PRODUCT, PRODUCT.model_copy(update={"title": "岭线三人帐"})]
        found = BotMessage(text="为您找到：", cards=cards, buttons=buttons, language="zh")
        return [found if text == "帐篷" else BotMessage(text=f"您要{text}：")]

    passive.gateway.fake.play = play
    for n, (number, meant) in enumerate((("2", "岭线三人帐"), ("3", "便宜一点的"))):
        content = opened(passive.call(passive.platform.says("帐篷", n=10 * n)))["Content"]
        assert "2. 岭线三人帐" in content
        assert content.endswith("(3) 便宜一点的\n(4) 看看别的")
        content = opened(passive.call(passive.platform.says(number, n=10 * n + 1)))["Content"]
        assert content.startswith(f"您要{meant}：")


def test_the_plain_mode(tmp_path: Path) -> None:
    platform = FakePlainWeChat()
    with platform.serving(), shop(platform, tmp_path) as running:
        webhook = platform.says("帐篷", n=1)
        for forged in platform.forgeries(webhook):
            assert running.call(forged).status_code == 401
        assert [shown.text for shown in running.after(webhook)] == ["You said: 帐篷"]
        echo = {**webhook.query, "echostr": "5427"}
        url = f"{running.url}/channels/wechat"
        assert running.http.get(url, params=echo).text == "5427"
        assert running.http.get(url, params={**echo, "signature": "0"}).status_code == 401


def test_one_product_is_an_article_several_are_a_list(fake: FakeWeChat, tmp_path: Path) -> None:
    def play(session_id: str, text: str) -> list[BotMessage]:
        cards = [PRODUCT] if text == "一款" else [PRODUCT, PRODUCT]
        buttons = [Button(title="好", payload="好")]
        return [BotMessage(text="为您找到：", cards=cards, buttons=buttons, language="zh")]

    with shop(fake, tmp_path) as running:
        running.gateway.fake.play = play
        text, news, menu = running.say("一款")
        assert (text.text, menu.buttons) == ("为您找到：", [("好", "好")])
        assert news.cards[0].endswith("\n¥899\n有货")
        words, menu = running.say("两款")
        assert words.text.count("¥899") == 2
        assert "2. 岭线双人三季帐" in words.text
        assert (menu.text, menu.buttons) == ("请选择，也可以直接说：", [("好", "好")])


def calls(fake: FakeWeChat, *times: float) -> list[object]:
    """What becomes of messages to customers who last wrote so many seconds ago."""

    async def run() -> list[object]:
        http = Http()
        channel = WeChat(fake.settings(), http)
        message = BotMessage(text="您好")
        made = [
            channel.reply([message], {"user": "o1", "at": time.time() - seconds})[0]
            for seconds in times
        ]
        sent = (channel.send(call, "key") for call in made)
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
        await channel.notice(ChannelEvent("1", "o1", "text", {"user": "o1"}))
        await http.close()
        return list(outcomes)

    return asyncio.run(run())


def test_after_48_hours_nothing_is_sent(fake: FakeWeChat) -> None:
    in_time, late = calls(fake, 47 * 3600, 49 * 3600)
    assert in_time is None
    assert isinstance(late, Undeliverable)
    assert fake.texts("o1") == ["您好"]
    assert fake.typing == ["o1"]


def test_a_token_is_fetched_once_and_anew_when_it_is_refused(fake: FakeWeChat) -> None:
    assert calls(fake, *[0.0] * 20) == [None] * 20
    assert fake.given == {"token-1"}

    async def run() -> None:
        http = Http()
        channel = WeChat(fake.settings(), http)
        [call] = channel.reply([BotMessage(text="您好")], {"user": "o1", "at": time.time()})
        await channel.send(call, "key")
        fake.given = set()  # another one has asked for a token
        with pytest.raises(TryAgain):
            await channel.send(call, "key")
        await channel.send(call, "key")
        await http.close()

    asyncio.run(run())
    assert fake.given == {"token-3"}
