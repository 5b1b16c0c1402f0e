"""DingTalk's robot callbacks, sessions and interface, as far as a shop's assistant uses them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import re
import time
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.platforms.dingtalk import DingTalk, DingTalkSettings
from tests.integration.channels.platform import (
    FakePlatform,
    Shown,
    Webhook,
    altered,
    hidden,
    without,
)

KEY = "ding0123456789abcdef"
SECRET = "the-secret-of-the-app"
TOKEN = "123456"
AES_KEY = "4g5j64qlyl3zvetqxz5jiocdr586fn2zvjpa8zls3ij"


class FakeDingTalk(FakePlatform):
    channel = DingTalk
    tokens = "/v1.0/oauth2/accessToken"

    def __init__(self) -> None:
        super().__init__()
        self.given: set[str] = set()  # access tokens that it takes
        self.sessions: dict[str, str] = {}  # chats by sessions
        self.session_s = 5400.0  # how long a session lives
        self.by_robot = 0  # messages that came by its own interface
        self._numbers = itertools.count(1)

    def settings(self) -> DingTalkSettings:
        return DingTalkSettings(
            _env_file=None,
            app_key=KEY,
            app_secret=hidden(SECRET),
            token=hidden(TOKEN),
            aes_key=hidden(AES_KEY),
            api=self.url,
            sessions=f"{self.url}/robot/sendBySession",
        )

    def message(
        self,
        what: dict[str, Any],
        *,
        user: str = "1",
        group: bool = False,
        n: int = 0,
        at: float | None = None,
    ) -> Webhook:
        timestamp = str(int((at or time.time()) * 1000))
        signed = f"{timestamp}\n{SECRET}".encode()
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
        chat = self.chat_of(user, group=group)
        self.sessions[f"s-{chat}"] = chat
        body = {
            "conversationId": chat,
            "conversationType": "2" if group else "1",
            "chatbotCorpId": "ding-corp",
            "chatbotUserId": "$:LWCP_v1:$robot",
            "robotCode": KEY,
            "msgId": f"msg{n}",
            "senderNick": "李雷",
            "senderStaffId": f"staff{user}",
            "senderId": f"$:LWCP_v1:${user}",
            "isInAtList": group,
            "createAt": 1613630252678,
            "sessionWebhook": f"{self.url}/robot/sendBySession?session=s-{chat}",
            "sessionWebhookExpiredTime": int((time.time() + self.session_s) * 1000),
            **what,
        }
        content = json.dumps(body, ensure_ascii=False).encode()
        sign = base64.b64encode(digest).decode()
        return Webhook(
            content, {"content-type": "application/json", "timestamp": timestamp, "sign": sign}
        )

    def says(self, text: str, *, user: str = "1", group: bool = False, n: int = 0) -> Webhook:
        what = {"msgtype": "text", "text": {"content": f" {text}"}}
        return self.message(what, user=user, group=group, n=n)

    def presses(self, shown: Shown, payload: str, *, user: str = "1", n: int = 0) -> Webhook:
        assert payload in dict(shown.buttons).values()
        return self.says(payload, user=user, n=n)  # the link writes for the customer

    def sends_picture(self, *, user: str = "1", n: int = 0) -> Webhook:
        what = {"msgtype": "picture", "content": {"downloadCode": "d"}}
        return self.message(what, user=user, n=n)

    def forgeries(self, webhook: Webhook) -> list[Webhook]:
        names = ("sign", "timestamp")
        return [change(webhook, name) for name in names for change in (altered, without)]

    def expired(self, text: str) -> Webhook:
        what = {"msgtype": "text", "text": {"content": text}}
        return self.message(what, at=time.time() - 600)

    def chat_of(self, user: str, *, group: bool = False) -> str:
        return "cid-group" if group else f"cid-{user}"

    def refusal(self) -> Response:
        return JSONResponse({"errcode": 300001, "code": "robot.notExist", "errmsg": "gone"})

    async def take(self, path: str, request: Request) -> Response:
        if path == "/oss/tent.jpg" and request.method == "GET":
            if "x-acs-dingtalk-access-token" in request.headers:
                return self._bad("the token is shown where it is not asked for")
            return self.gives_picture()
        body = await request.json()
        if path == self.tokens:
            return self._new_token(body)
        if path == "/robot/sendBySession":
            chat = self.sessions.get(request.query_params.get("session", ""))
            if chat is None:
                return JSONResponse({"errcode": 300005, "errmsg": "token is not exist"})
            kind = body["msgtype"]
            return self._message(chat, kind, body[kind], 20_000)
        if request.headers.get("x-acs-dingtalk-access-token") not in self.given:
            return _refused(401, "InvalidAuthentication")
        if path == "/v1.0/robot/messageFiles/download":
            if body != {"downloadCode": "d", "robotCode": KEY}:
                return self._bad("no such file")
            return JSONResponse({"downloadUrl": f"{self.url}/oss/tent.jpg"})
        if body["robotCode"] != KEY or len(body["msgParam"].encode()) > 15_000:
            return self._bad("no such robot, or too long a message")
        match path.removeprefix("/v1.0/robot/"):
            case "oToMessages/batchSend":
                [staff] = body["userIds"]
                chat = self.chat_of(staff.removeprefix("staff"))
            case "groupMessages/send":
                chat = body["openConversationId"]
            case _:
                return self.complain(f"nothing at {path}", _refused(404, "notFound"))
        kind = {"sampleText": "text", "sampleMarkdown": "markdown"}[body["msgKey"]]
        self.by_robot += 1
        return self._message(chat, kind, json.loads(body["msgParam"]), 15_000)

    def _message(self, chat: str, kind: str, what: dict[str, str], most: int) -> Response:
        if len(json.dumps(what, ensure_ascii=False).encode()) > most:
            return self._bad("too long a message")
        if kind == "text" and set(what) == {"content"} and what["content"]:
            self.show(Shown(chat, what["content"]))
        elif kind == "markdown" and set(what) == {"title", "text"} and what["title"]:
            text, buttons = _read(what["text"])
            if text.startswith("\0"):
                return self._bad(f"raw marks: {text[1:60]}")
            self.show(Shown(chat, text, buttons))
        else:
            return self._bad(f"no message of {kind}")
        return JSONResponse({"errcode": 0, "errmsg": "ok", "processQueryKey": "q"})

    def _new_token(self, body: dict[str, str]) -> Response:
        if body != {"appKey": KEY, "appSecret": SECRET}:
            return self.complain("a wrong secret", _refused(400, "invalidClientIdOrSecret"))
        token = f"token-{next(self._numbers)}"
        self.given = {token}
        return JSONResponse({"accessToken": token, "expireIn": 7200})

    def _bad(self, what: str) -> Response:
        return self.complain(what, _refused(400, "param.error"))


_LINK = re.compile(r"\[((?:\\.|[^\[\]\\])*)\]\(([^()\s]*)\)")
_SAYS = "dtmd://dingtalkclient/sendMessage?content="


def _read(markdown: str) -> tuple[str, list[tuple[str, str]]]:
    """What the customer reads, and what the links that write for them write; behind a zero, what
    is left of marks that we do not write."""
    buttons = [
        (_plain(title), unquote(address.removeprefix(_SAYS)))
        for title, address in _LINK.findall(markdown)
        if address.startswith(_SAYS)
    ]
    text = _LINK.sub(lambda found: "" if found[2].startswith(_SAYS) else found[1], markdown)
    text = re.sub(r"\*\*((?:\\.|[^*\\])+)\*\*", r"\1", text)
    left = re.sub(r"\\.", "", text)
    if re.search(r"[`*_\[\]<>#]", left) or "dtmd" in left:
        return "\0" + left, []
    return _plain(text.replace("  \n  ", "\n")).strip(), buttons


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _refused(status: int, code: str) -> Response:
    return JSONResponse({"code": code, "requestid": "r", "message": code}, status)
