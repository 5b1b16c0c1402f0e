"""What our channels send beside what the platforms' own clients send for the same: both go to the
same fake, which takes both and shows the same. DingTalk and Meta have no such client here."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import lark_oapi as lark
from lark_oapi.api.im.v1 import (
    CreateMessageRequest,
    CreateMessageRequestBody,
    GetMessageResourceRequest,
    PatchMessageRequest,
    PatchMessageRequestBody,
    ReplyMessageRequest,
    ReplyMessageRequestBody,
)
from linebot.v3.messaging import (
    ApiClient,
    Configuration,
    MessagingApi,
    MessagingApiBlob,
    PostbackAction,
    PushMessageRequest,
    QuickReply,
    QuickReplyItem,
    ShowLoadingAnimationRequest,
    TextMessage,
)
from linebot.v3.messaging import (
    ReplyMessageRequest as LineReply,
)
from slack_sdk import WebClient
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    ImageBlock,
    RichTextBlock,
    RichTextElementParts,
    RichTextSectionElement,
)
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram.constants import ChatAction, ParseMode
from telegram.request import BaseRequest, RequestData
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response as TwilioResponse
from twilio.rest import Client as TwilioClient
from wechatpy.client import WeChatClient
from wechatpy.enterprise import WeChatClient as WeComClient

from bot.channels.channel import Address, Channel, ChannelEvent
from bot.channels.http import Http
from bot.channels.platforms.line import LineSettings
from bot.channels.platforms.wecom import WeComSettings
from bot.messages import BotMessage, Button, CitationView
from tests.integration.channels import feishu, line, slack, telegram, twilio, wechat, wecom
from tests.integration.channels.platform import PICTURE, Asked, FakePlatform, Shown
from tests.integration.channels.test_behaviours import rich

WORDS = "外帐 3000 毫米 <b> & *dry*"
CHOICES = [Button(title="看看别的", payload="看看别的"), Button(title="Yes", payload="yes")]
PLAIN = BotMessage(text=WORDS, language="zh")
OFFER = BotMessage(text=WORDS, buttons=CHOICES, language="zh")
CITED = BotMessage(
    text="Yes.",
    citations=[
        CitationView(number=1, title="Fees", source="s", quote="q", url="https://shop.example/f")
    ],
)


async def ours(fake: FakePlatform, work: Callable[[Channel], Awaitable[object]]) -> None:
    """Let the channel of this platform work."""
    http = Http()
    try:
        await work(fake.channel(fake.settings(), http, public_url="https://shop.example"))
    finally:
        await http.close()


def sending(
    message: BotMessage, to: Address, *, key: str = "key", **how: Any
) -> Callable[[Channel], Awaitable[object]]:
    """A message that becomes one call."""

    async def work(channel: Channel) -> None:
        [call] = channel.reply([message], to, **how)
        await channel.send(call, key)

    return work


def told(asked: Sequence[Asked], fake: FakePlatform) -> list[tuple[object, ...]]:
    """The calls but for those that fetch a token: what both clients have to agree on."""
    return [
        (one.method, one.path, one.query, one.authorization, _read(one.content))
        for one in asked
        if one.path != fake.tokens
    ]


def _read(content: bytes) -> object:
    try:
        return _without_nothing(json.loads(content))
    except ValueError:
        return parse_qs(content.decode(), keep_blank_values=True)


def _without_nothing(value: object) -> object:
    """Clients name what is not set as null or "", or leave it out."""
    if isinstance(value, dict):
        return {k: _without_nothing(v) for k, v in value.items() if v not in (None, "")}
    return [_without_nothing(one) for one in value] if isinstance(value, list) else value


def shown(fake: FakePlatform) -> list[Shown]:
    return list(fake.shown.values())


def agree(
    fake: FakePlatform,
    ours_: Callable[[Channel], Awaitable[object]],
    theirs: Callable[[], object],
) -> None:
    with fake.serving():
        asyncio.run(ours(fake, ours_))
        mine, seen = told(fake.asked, fake), shown(fake)
        fake.forget()
        done = theirs()
        if asyncio.iscoroutine(done):
            asyncio.run(done)
        assert mine
        assert mine == told(fake.asked, fake)
        assert seen == shown(fake)
        assert fake.complaints == []


# Slack


def _rich(*parts: RichTextElementParts.Text | RichTextElementParts.Link) -> RichTextBlock:
    return RichTextBlock(elements=[RichTextSectionElement(elements=list(parts))])


def test_slack() -> None:
    fake = slack.FakeSlack()
    buttons = [
        ButtonElement(text=button.title, action_id=f"choice-{n}", value=button.payload)
        for n, button in enumerate(CHOICES)
    ]
    for button in buttons:
        button.text.emoji = None

    def theirs() -> None:
        client = WebClient(slack.TOKEN, base_url=f"{fake.url}/")
        how = {"unfurl_links": False, "unfurl_media": False}
        client.chat_postMessage(
            channel="C1",
            thread_ts="1.1",
            text="外帐 3000 毫米 &lt;b&gt; &amp; *dry*",
            blocks=[_rich(RichTextElementParts.Text(text=WORDS)), ActionsBlock(elements=buttons)],
            **how,
        )

    agree(fake, sending(OFFER, {"channel": "C1", "thread_ts": "1.1"}), theirs)


def test_slack_changes_a_message_and_shows_pictures_and_links() -> None:
    fake = slack.FakeSlack()

    async def work(channel: Channel) -> None:
        draft = await channel.show("Ye", {"channel": "D1"}, None)
        await sending(CITED, {"channel": "D1"}, draft=draft)(channel)
        product = rich("1", "a tent")[0].cards[0]
        pictured = product.model_copy(update={"image": "https://shop.example/tent.jpg"})
        await sending(BotMessage(text="", cards=[pictured]), {"channel": "D1"})(channel)

    def theirs() -> None:
        client = WebClient(slack.TOKEN, base_url=f"{fake.url}/")
        how = {"unfurl_links": False, "unfurl_media": False}
        words = RichTextElementParts
        posted = client.chat_postMessage(
            channel="D1", text="Ye", blocks=[_rich(words.Text(text="Ye"))], **how
        )
        cited = [
            words.Text(text="Yes."),
            *[words.Text(text="\n")] * 2,
            words.Text(text="[1] "),
            words.Link(url="https://shop.example/f", text="Fees"),
        ]
        client.chat_update(
            channel="D1",
            ts=posted["ts"],
            text="Yes.\n\n[1] Fees https://shop.example/f",
            blocks=[_rich(*cited)],
        )
        title = "Ridgeline <2> & *fly*"
        facts = ["¥899 (was ¥999)", "in stock"]
        bold = RichTextElementParts.TextStyle(bold=True)
        lines = [words.Link(url="https://shop.example/products/tent", text=title, style=bold)]
        for fact in facts:
            lines += [words.Text(text="\n"), words.Text(text=fact)]
        picture = ImageBlock(image_url="https://shop.example/tent.jpg", alt_text=title)
        client.chat_postMessage(
            channel="D1",
            text="Ridgeline &lt;2&gt; &amp; *fly*",
            blocks=[_rich(*lines), picture],
            **how,
        )

    agree(fake, work, theirs)


# Telegram


class Posted(BaseRequest):
    """What the Bot API takes as JSON too, in place of a form."""

    read_timeout = 10

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        parameters = request_data.parameters if request_data else {}
        async with httpx.AsyncClient() as http:
            answer = await http.request(method, url, json=parameters)
        return answer.status_code, answer.content


def test_telegram() -> None:
    fake = telegram.FakeTelegram()
    to = {"chat_id": -101, "message_thread_id": 7, "answers": 5}
    event = ChannelEvent("1", "1", "press", {"chat_id": 1, "query": "q1"})

    async def work(channel: Channel) -> None:
        await channel.notice(event)
        await sending(OFFER, to)(channel)
        draft = await channel.show("Ye", {"chat_id": 1}, None)
        await sending(CITED, {"chat_id": 1}, draft=draft)(channel)

    async def theirs() -> None:
        bot = Bot(telegram.TOKEN, base_url=f"{fake.url}/bot", request=Posted())
        await bot.answer_callback_query("q1")
        await bot.send_chat_action(1, ChatAction.TYPING)
        quiet = LinkPreviewOptions(is_disabled=True)
        rows = [
            [InlineKeyboardButton(button.title, callback_data=button.payload)] for button in CHOICES
        ]
        await bot.send_message(
            -101,
            "外帐 3000 毫米 &lt;b&gt; &amp; *dry*",
            message_thread_id=7,
            parse_mode=ParseMode.HTML,
            link_preview_options=quiet,
            reply_markup=InlineKeyboardMarkup(rows),
            reply_parameters=ReplyParameters(5, allow_sending_without_reply=True),
        )
        growing = await bot.send_message(1, "Ye")
        await bot.edit_message_text(
            'Yes.\n\n[1] <a href="https://shop.example/f">Fees</a>',
            chat_id=1,
            message_id=growing.message_id,
            parse_mode=ParseMode.HTML,
            link_preview_options=quiet,
        )

    agree(fake, work, theirs)


# LINE


def test_line() -> None:
    fake = line.FakeLine()
    retry_key = str(uuid.uuid5(uuid.NAMESPACE_URL, "key"))
    fake.reply_tokens["once"] = ("U1", time.time())

    async def work(channel: Channel) -> None:
        await channel.notice(ChannelEvent("1", "U1", "text", {"to": "U1"}))
        until = {"token": "once", "at": time.time()}
        await sending(OFFER, {"to": "U1", **until})(channel)
        await sending(PLAIN, {"to": "U1"})(channel)

    def theirs() -> None:
        with ApiClient(Configuration(host=fake.url, access_token=line.TOKEN)) as connection:
            api = MessagingApi(connection)
            api.show_loading_animation(ShowLoadingAnimationRequest(chatId="U1", loadingSeconds=20))
            items = [
                QuickReplyItem(
                    action=PostbackAction(
                        label=button.title, data=button.payload, displayText=button.title
                    )
                )
                for button in CHOICES
            ]
            offer = TextMessage(text=WORDS, quickReply=QuickReply(items=items))
            fake.reply_tokens["once"] = ("U1", time.time())
            loud = {"notificationDisabled": None}
            api.reply_message(LineReply(replyToken="once", messages=[offer], **loud))
            plain = PushMessageRequest(to="U1", messages=[TextMessage(text=WORDS)], **loud)
            api.push_message(plain, retry_key)

    agree(fake, work, theirs)


# Twilio


class Here(TwilioHttpClient):
    """The fake in place of every server of Twilio's."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def request(self, method: str, url: str, *args: Any, **named: Any) -> TwilioResponse:
        return super().request(method, f"{self.url}{urlsplit(url).path}", *args, **named)


def test_twilio() -> None:
    fake = twilio.FakeTwilio()

    def theirs() -> None:
        client = TwilioClient(twilio.ACCOUNT, twilio.TOKEN, http_client=Here(fake.url))
        client.messages.create(to="+14158670001", from_=twilio.SHOP, body=WORDS)

    agree(fake, sending(PLAIN, {"to": "+14158670001", "from": twilio.SHOP}), theirs)


# WeChat and WeCom


def test_wechat() -> None:
    fake = wechat.FakeWeChat()
    product = rich("1", "a tent")[0].cards[0].model_copy(update={"image": "https://i.example/1"})

    async def work(channel: Channel) -> None:
        to = {"user": "o1", "at": time.time()}
        for message in (PLAIN, BotMessage(text="", cards=[product]), menu):
            await sending(message, to)(channel)

    menu = BotMessage(text=WORDS, buttons=CHOICES[:1], language="zh")

    def theirs() -> None:
        [token] = fake.given
        client = WeChatClient(wechat.APP, wechat.SECRET, access_token=token)
        client.API_BASE_URL = f"{fake.url}/cgi-bin/"
        client.expires_at = time.time() + 7200
        client.message.send_text("o1", WORDS)
        article = {
            "title": "Ridgeline <2> & *fly*",
            "description": "¥899 (was ¥999)\nin stock",
            "url": "https://shop.example/products/tent",
            "image": "https://i.example/1",
        }
        client.message.send_articles("o1", [article])
        choices = [{"id": "1", "content": "看看别的"}]
        shown = {"head_content": WORDS, "list": choices, "tail_content": ""}
        client.message.send_msg_menu("o1", shown)

    agree(fake, work, theirs)


def test_wecom() -> None:
    fake = wecom.FakeWeCom()
    product = rich("1", "a tent")[0].cards[0].model_copy(update={"image": "https://i.example/1"})

    async def work(channel: Channel) -> None:
        for message in (PLAIN, BotMessage(text="", cards=[product])):
            await sending(message, {"user": "user1"})(channel)

    def theirs() -> None:
        [token] = fake.given
        client = WeComClient(wecom.CORP, wecom.SECRET, access_token=token)
        client.API_BASE_URL = f"{fake.url}/cgi-bin/"
        client.expires_at = time.time() + 7200
        text = {"msgtype": "text", "text": {"content": WORDS}}
        client.message.send(wecom.AGENT, "user1", msg=text)
        article = {
            "title": "Ridgeline <2> & *fly*",
            "description": "¥899 (was ¥999)\nin stock",
            "url": "https://shop.example/products/tent",
            "image": "https://i.example/1",
        }
        client.message.send_articles(wecom.AGENT, "user1", [article])

    agree(fake, work, theirs)


# Feishu


MARKED = "外帐 3000 毫米 &#60;b&#62; &#38; &#42;dry&#42;"
KEY, SECOND = (hashlib.sha256(key).hexdigest()[:32] for key in (b"key", b"second"))


def test_feishu() -> None:
    fake = feishu.FakeFeishu()

    async def work(channel: Channel) -> None:
        await sending(PLAIN, {"chat": "oc_1"})(channel)
        await sending(PLAIN, {"chat": "oc_group", "answers": "om_9"}, key="second")(channel)
        draft = await channel.show("外帐", {"chat": "oc_1"}, None)
        await sending(PLAIN, {"chat": "oc_1"}, draft=draft)(channel)

    def theirs() -> None:
        client = (
            lark.Client.builder()
            .app_id(feishu.APP)
            .app_secret(feishu.SECRET)
            .domain(fake.url)
            .log_level(lark.LogLevel.ERROR)
            .build()
        )
        content = json.dumps(
            {
                "config": {"wide_screen_mode": True, "update_multi": True},
                "elements": [{"tag": "markdown", "content": MARKED}],
            },
            ensure_ascii=False,
        )
        messages = client.im.v1.message
        kept: list[Any] = []

        def create(content: str, key: str) -> None:
            body = CreateMessageRequestBody.builder().receive_id("oc_1").msg_type("interactive")
            body = body.content(content).uuid(key) if key else body.content(content)
            asked = CreateMessageRequest.builder().receive_id_type("chat_id")
            kept.append(messages.create(asked.request_body(body.build()).build()))

        create(content, KEY)
        reply = ReplyMessageRequestBody.builder().msg_type("interactive").content(content)
        reply = reply.uuid(SECOND)
        asked = ReplyMessageRequest.builder().message_id("om_9").request_body(reply.build())
        kept.append(messages.reply(asked.build()))
        create(content.replace(MARKED, "外帐"), "")
        patch = PatchMessageRequestBody.builder().content(content).build()
        changed = PatchMessageRequest.builder().message_id(kept[-1].data.message_id)
        kept.append(messages.patch(changed.request_body(patch).build()))
        assert all(one.success() for one in kept), [one.msg for one in kept]

    agree(fake, work, theirs)


# What customers sent


def fetching(place: dict[str, str]) -> Callable[[Channel], Awaitable[object]]:
    async def work(channel: Channel) -> None:
        assert (await channel.fetch(place, 1000)).body == PICTURE

    return work


def test_telegram_gives_out_a_picture() -> None:
    fake = telegram.FakeTelegram()

    async def theirs() -> None:
        urls = {"base_url": f"{fake.url}/bot", "base_file_url": f"{fake.url}/file/bot"}
        bot = Bot(telegram.TOKEN, request=Posted(), **urls)
        file = await bot.get_file("F")
        assert await file.download_as_bytearray() == PICTURE

    agree(fake, fetching({"file": "F"}), theirs)


def test_line_gives_out_a_picture() -> None:
    fake = line.FakeLine()

    class OneHost(ApiClient):  # type: ignore[misc]  # LINE's
        def call_api(self, *args: Any, **named: Any) -> Any:
            assert named["_host"] == LineSettings.model_fields["data_api"].default
            return super().call_api(*args, **{**named, "_host": fake.url})

    def theirs() -> None:
        with OneHost(Configuration(access_token=line.TOKEN)) as connection:
            assert MessagingApiBlob(connection).get_message_content("354718") == PICTURE

    agree(fake, fetching({"message": "354718"}), theirs)


def test_wechat_gives_out_a_picture() -> None:
    fake = wechat.FakeWeChat()

    def theirs() -> None:
        [token] = fake.given
        client = WeChatClient(wechat.APP, wechat.SECRET, access_token=token)
        client.API_BASE_URL = f"{fake.url}/cgi-bin/"
        client.expires_at = time.time() + 7200
        assert client.media.download("m").content == PICTURE

    agree(fake, fetching({"media": "m"}), theirs)


def test_wecom_gives_out_a_picture() -> None:
    fake = wecom.FakeWeCom()

    def theirs() -> None:
        [token] = fake.given
        client = WeComClient(wecom.CORP, wecom.SECRET, access_token=token)
        client.API_BASE_URL = f"{fake.url}/cgi-bin/"
        address = client.media.get_url("m")
        api = str(WeComSettings.model_fields["api"].default)
        assert address.startswith(api)
        assert httpx.get(fake.url + address.removeprefix(api)).content == PICTURE

    agree(fake, fetching({"media": "m"}), theirs)


def test_feishu_gives_out_a_picture() -> None:
    fake = feishu.FakeFeishu()

    def theirs() -> None:
        client = lark.Client.builder().app_id(feishu.APP).app_secret(feishu.SECRET)
        client = client.domain(fake.url).log_level(lark.LogLevel.ERROR).build()
        asked = GetMessageResourceRequest.builder().message_id("om_1").file_key("img_1")
        answer = client.im.v1.message_resource.get(asked.type("image").build())
        assert answer.file.read() == PICTURE

    agree(fake, fetching({"message": "om_1", "key": "img_1", "type": "image"}), theirs)
