"""WeCom's callbacks and interface, as far as a shop's assistant uses them."""

from __future__ import annotations

import itertools
import re
import time
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.platforms.tencent import Envelope, write
from bot.channels.platforms.wecom import WeCom, WeComSettings
from tests.integration.channels.platform import FakePlatform, Shown, Webhook, hidden, is_picture

CORP = "ww0123456789abcdef"
AGENT = 1000002
SECRET = "the-secret-of-the-app"
TOKEN = "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


class FakeWeCom(FakePlatform):
    channel = WeCom
    groups = False
    tokens = "/cgi-bin/gettoken"

    def __init__(self) -> None:
        super().__init__()
        self.given: set[str] = set()  # access tokens that it takes
        self.tasks: set[str] = set()
        self._numbers = itertools.count(1)

    def settings(self) -> WeComSettings:
        return WeComSettings(
            _env_file=None,
            corp_id=CORP,
            agent_id=AGENT,
            secret=hidden(SECRET),
            token=hidden(TOKEN),
            aes_key=hidden(AES_KEY),
            api=self.url,
        )

    def sealed(self, message: str, at: float | None = None) -> Webhook:
        envelope = Envelope(TOKEN, AES_KEY, CORP)
        sealed = envelope.seal(message.encode())
        timestamp, nonce = str(int(at or time.time())), "1372623149"
        query = {
            "msg_signature": envelope.sign(sealed, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        body = write(ToUserName=CORP, Encrypt=sealed, AgentID=str(AGENT))
        return Webhook(body.encode(), {"content-type": "text/xml"}, query=query)

    def message(self, user: str, kind: str, at: float | None = None, **what: str | int) -> Webhook:
        head = {"ToUserName": CORP, "FromUserName": f"user{user}", "CreateTime": 1348831860}
        return self.sealed(write(**head, MsgType=kind, **what, AgentID=AGENT), at)

    def says(self, text: str, *, user: str = "1", group: bool = False, n: int = 0) -> Webhook:
        return self.message(user, "text", Content=text, MsgId=1000 + n)

    def presses(self, shown: Shown, payload: str, *, user: str = "1", n: int = 0) -> Webhook:
        return self.message(
            user,
            "event",
            Event="template_card_event",
            EventKey=payload,
            TaskId=f"task{n}",
            CardType="button_interaction",
            ResponseCode="code",
        )

    def sends_picture(self, *, user: str = "1", n: int = 0) -> Webhook:
        return self.message(user, "image", PicUrl="http://p/1", MediaId="m", MsgId=1000 + n)

    def forgeries(self, webhook: Webhook) -> list[Webhook]:
        forged = [altered_query(webhook, name) for name in webhook.query]
        forged.append(replace(webhook, query={"timestamp": webhook.query["timestamp"]}))
        return [*forged, *with_other_seal(webhook)]

    def expired(self, text: str) -> Webhook:
        return self.message("1", "text", time.time() - 600, Content=text, MsgId=1)

    def chat_of(self, user: str, *, group: bool = False) -> str:
        return f"user{user}"

    def refusal(self) -> Response:
        return JSONResponse({"errcode": 81013, "errmsg": "user & party & tag all invalid"})

    async def take(self, path: str, request: Request) -> Response:
        if path == self.tokens and request.method == "GET":
            return self.new_token(request)
        if path == "/cgi-bin/media/get" and request.method == "GET":
            if request.query_params.get("access_token") not in self.given:
                return _said(40014, "invalid access_token")
            if request.query_params.get("media_id") != "m":
                return self._bad(40007, "invalid media_id")
            return self.gives_picture()
        if path != "/cgi-bin/message/send" or request.method != "POST":
            return self.complain(f"nothing at {path}", Response(status_code=404))
        if request.query_params.get("access_token") not in self.given:
            return _said(40014, "invalid access_token")
        body = await request.json()
        if body["agentid"] != AGENT or not body["touser"].startswith("user"):
            return self._bad(40003, "no such person")
        kind = body["msgtype"]
        others = {"toparty": "", "totag": ""}  # clients name whom they do not write to
        if set(body) - {*others} != {"touser", "agentid", "msgtype", kind} or any(
            body.get(name) for name in others
        ):
            return self._bad(40035, f"parameters {sorted(body)}")
        what = body[kind]
        match kind:
            case "text":
                text = what["content"]
                if not text or len(text.encode()) > 2048:
                    return self._bad(45002, "the text would be cut")
                shown = Shown(body["touser"], without_links(text))
            case "news":
                if wrong := wrong_articles(what["articles"], 8, 128, 512):
                    return self._bad(45008, wrong)
                cards = [f"{one['title']}\n{one['description']}" for one in what["articles"]]
                shown = Shown(body["touser"], "", cards=cards)
            case "template_card":
                if wrong := self._wrong_card(what):
                    return self._bad(43012, wrong)
                buttons = [(button["text"], button["key"]) for button in what["button_list"]]
                words = what.get("sub_title_text") or what["main_title"]["title"]
                shown = Shown(body["touser"], words, buttons)
            case _:
                return self._bad(40008, f"no type {kind}")
        self.show(shown)
        return JSONResponse({"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": "m"})

    def new_token(self, request: Request) -> Response:
        if dict(request.query_params) != {"corpid": CORP, "corpsecret": SECRET}:
            return self._bad(40001, "invalid secret")
        token = f"token-{next(self._numbers)}"
        self.given = {token}
        return JSONResponse(
            {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200}
        )

    def _wrong_card(self, card: dict[str, object]) -> str:
        task, buttons = str(card.get("task_id", "")), card.get("button_list")
        if card["card_type"] != "button_interaction" or not card.get("main_title"):
            return "no card with buttons"
        if not re.fullmatch(r"[0-9a-zA-Z_@-]{1,128}", task) or task in self.tasks:
            return "the task_id is none of its own"
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= 6:
            return "1 to 6 buttons"
        if any(not b["text"] or not 1 <= len(b["key"].encode()) <= 1024 for b in buttons):
            return "a button without text or key"
        self.tasks.add(task)
        return ""

    def _bad(self, code: int, what: str) -> Response:
        return self.complain(what, _said(code, what))


def altered_query(webhook: Webhook, name: str) -> Webhook:
    """One character of a parameter is another one."""
    value = webhook.query[name]
    middle = len(value) // 2
    other = "1" if value[middle] != "1" else "2"
    changed = value[:middle] + other + value[middle + 1 :]
    return replace(webhook, query={**webhook.query, name: changed})


def with_other_seal(webhook: Webhook) -> list[Webhook]:
    """With one letter of what is sealed another one, and with a declaration of entities."""
    found = re.search(rb"<Encrypt><!\[CDATA\[(.{40})", webhook.content)
    assert found is not None
    place = found.end()
    other = b"A" if webhook.content[place : place + 1] != b"A" else b"B"
    content = webhook.content[:place] + other + webhook.content[place + 1 :]
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]>' + webhook.content
    return [replace(webhook, content=content), replace(webhook, content=bomb)]


def without_links(text: str) -> str:
    """What the customer reads."""
    return re.sub(r'<a href="[^"<>]*">(.*?)</a>', r"\1", text)


def wrong_articles(
    articles: list[dict[str, str]], most: int, title_bytes: int, description_bytes: int
) -> str:
    if not 1 <= len(articles) <= most:
        return f"1 to {most} articles"
    for one in articles:
        if not 1 <= len(one["title"].encode()) <= title_bytes:
            return "no title, or too long a one"
        if len(one["description"].encode()) > description_bytes:
            return "too long a description"
        if not one["url"].startswith(("http://", "https://")):
            return "an article without address"
        if not is_picture(one.get("picurl", "https://x/1.jpg")):
            return "a picture that is not shown"
    return ""


def _said(code: int, what: str) -> Response:
    return JSONResponse({"errcode": code, "errmsg": what})
