"""WeChat's callbacks in the safe and the plain mode, and its interface, as far as a shop's
assistant uses them."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.platforms.tencent import Envelope, signature, write
from bot.channels.platforms.wechat import WeChat, WeChatSettings
from tests.integration.channels.platform import FakePlatform, Shown, Webhook, hidden
from tests.integration.channels.wecom import (
    AES_KEY,
    SECRET,
    TOKEN,
    altered_query,
    with_other_seal,
    without_links,
    wrong_articles,
)

APP = "wx0123456789abcdef"
ACCOUNT = "gh_0123456789ab"


class FakeWeChat(FakePlatform):
    channel = WeChat
    groups = False
    tokens = "/cgi-bin/stable_token"
    aes_key: ClassVar[str] = AES_KEY
    passive: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.given: set[str] = set()  # access tokens that it takes
        self.typing: list[str] = []
        self._numbers = itertools.count(1)

    def settings(self) -> WeChatSettings:
        return WeChatSettings(
            _env_file=None,
            app_id=APP,
            secret=hidden(SECRET),
            token=hidden(TOKEN),
            aes_key=hidden(self.aes_key),
            passive=self.passive,
            api=self.url,
        )

    def signed(self, message: str, user: str, at: float | None = None) -> Webhook:
        timestamp, nonce = str(int(at or time.time())), "1372623149"
        query = {
            "signature": signature(TOKEN, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": user,
        }
        if self.aes_key:
            envelope = Envelope(TOKEN, self.aes_key, APP)
            sealed = envelope.seal(message.encode())
            query["encrypt_type"] = "aes"
            query["msg_signature"] = envelope.sign(sealed, timestamp, nonce)
            message = write(ToUserName=ACCOUNT, Encrypt=sealed)
        return Webhook(message.encode(), {"content-type": "text/xml"}, query=query)

    def message(self, user: str, kind: str, at: float | None = None, **what: str | int) -> Webhook:
        person = f"o{user}"
        head = {"ToUserName": ACCOUNT, "FromUserName": person, "CreateTime": 1348831860}
        return self.signed(write(**head, MsgType=kind, **what), person, at)

    def says(self, text: str, *, user: str = "1", group: bool = False, n: int = 0) -> Webhook:
        return self.message(user, "text", Content=text, MsgId=1000 + n)

    def presses(self, shown: Shown, payload: str, *, user: str = "1", n: int = 0) -> Webhook:
        number = [title for title, _ in shown.buttons].index(payload) + 1
        return self.message(user, "text", Content=payload, MsgId=1000 + n, bizmsgmenuid=str(number))

    def sends_picture(self, *, user: str = "1", n: int = 0) -> Webhook:
        return self.message(user, "image", PicUrl="http://p/1", MediaId="m", MsgId=1000 + n)

    def forgeries(self, webhook: Webhook) -> list[Webhook]:
        signed = "msg_signature" if self.aes_key else "signature"
        forged = [altered_query(webhook, name) for name in (signed, "timestamp", "nonce")]
        query = {name: value for name, value in webhook.query.items() if name != signed}
        forged.append(replace(webhook, query=query))
        return [*forged, *with_other_seal(webhook)] if self.aes_key else forged

    def expired(self, text: str) -> Webhook:
        return self.message("1", "text", time.time() - 600, Content=text, MsgId=1)

    def chat_of(self, user: str, *, group: bool = False) -> str:
        return f"o{user}"

    def refusal(self) -> Response:
        return _said(45015, "response out of time limit or subscription is canceled")

    async def take(self, path: str, request: Request) -> Response:
        if path == "/cgi-bin/media/get" and request.method == "GET":
            if request.query_params.get("access_token") not in self.given:
                return _said(40001, "invalid credential, access_token is invalid or not latest")
            if request.query_params.get("media_id") != "m":
                return self._bad(40007, "invalid media_id")
            return self.gives_picture()
        raw = await request.body()
        body = await request.json()
        if path == self.tokens:
            return self._new_token(body)
        if request.query_params.get("access_token") not in self.given:
            return _said(40001, "invalid credential, access_token is invalid or not latest")
        if b"\\u" in raw:
            return self._bad(40033, "customers would read the escapes")
        if not body["touser"].startswith("o"):
            return self._bad(40003, "invalid openid")
        if path == "/cgi-bin/message/custom/typing":
            if body != {"touser": body["touser"], "command": "Typing"}:
                return self._bad(45072, "command is wrong")
            self.typing.append(body["touser"])
            return _said(0, "ok")
        if path != "/cgi-bin/message/custom/send":
            return self.complain(f"nothing at {path}", Response(status_code=404))
        return self._message(body)

    def _message(self, body: dict[str, object]) -> Response:
        kind = str(body["msgtype"])
        if set(body) != {"touser", "msgtype", kind}:
            return self._bad(40035, f"parameters {sorted(body)}")
        what = body[kind]
        assert isinstance(what, dict)
        chat = str(body["touser"])
        match kind:
            case "text":
                if not what["content"] or len(what["content"].encode()) > 2048:
                    return self._bad(45002, "content size out of limit")
                self.show(Shown(chat, without_links(what["content"])))
            case "news":
                if wrong := wrong_articles(what["articles"], 1, 64, 512):
                    return self._bad(45008, wrong)
                [one] = what["articles"]
                self.show(Shown(chat, "", cards=[f"{one['title']}\n{one['description']}"]))
            case "msgmenu":
                titles = [choice["content"] for choice in what["list"]]
                whole = what["head_content"] + "".join(titles) + what["tail_content"]
                if not titles or not what["head_content"] or len(whole.encode()) > 2048:
                    return self._bad(40035, "no menu")
                self.show(Shown(chat, what["head_content"], [(title, title) for title in titles]))
            case _:
                return self._bad(40008, "invalid message type")
        return _said(0, "ok")

    def _new_token(self, body: dict[str, str]) -> Response:
        if body != {"grant_type": "client_credential", "appid": APP, "secret": SECRET}:
            return self._bad(40125, "invalid appsecret")
        token = f"token-{next(self._numbers)}"
        self.given = {token}
        return JSONResponse({"access_token": token, "expires_in": 7200})

    def _bad(self, code: int, what: str) -> Response:
        return self.complain(what, _said(code, what))


class FakePlainWeChat(FakeWeChat):
    aes_key = ""


class FakePassiveWeChat(FakeWeChat):
    """An account that only answers WeChat's own calls."""

    passive = True


def _said(code: int, what: str) -> Response:
    return JSONResponse({"errcode": code, "errmsg": what})
