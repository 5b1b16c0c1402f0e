"""The Messenger Platform's Send API and webhooks, as far as a shop's assistant uses them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.platforms.messenger import Messenger, MessengerSettings
from tests.integration.channels.meta import TOKEN, FakeMeta
from tests.integration.channels.platform import Shown, Webhook, is_picture

PAGE = "1057000000"


class FakeMessenger(FakeMeta):
    channel = Messenger

    def __init__(self) -> None:
        super().__init__()
        self.typing: list[str] = []
        self.human_agent = False
        self.sent: list[dict[str, Any]] = []

    def settings(self) -> MessengerSettings:
        return MessengerSettings(
            _env_file=None, page="shop", human_agent=self.human_agent, **self.secrets()
        )

    def event(self, user: str, n: int, **what: Any) -> Webhook:
        said = {
            "sender": {"id": f"PSID{user}"},
            "recipient": {"id": PAGE},
            "timestamp": 1458692752478 + n,
            **what,
        }
        return self.signed(
            {"object": "page", "entry": [{"id": PAGE, "time": 1, "messaging": [said]}]}
        )

    def says(self, text: str, *, user: str = "1", group: bool = False, n: int = 0) -> Webhook:
        return self.event(user, n, message={"mid": f"m_{user}-{n}", "text": text})

    def presses(self, shown: Shown, payload: str, *, user: str = "1", n: int = 0) -> Webhook:
        title = next(title for title, sent in shown.buttons if sent == payload)
        said = {"mid": f"m_{user}-{n}", "text": title, "quick_reply": {"payload": payload}}
        return self.event(user, n, message=said)

    def sends_picture(self, *, user: str = "1", n: int = 0) -> Webhook:
        picture = {"type": "image", "payload": {"url": f"{self.url}/v25.0/cdn/1.jpg"}}
        return self.event(user, n, message={"mid": f"m_{user}-{n}", "attachments": [picture]})

    def chat_of(self, user: str, *, group: bool = False) -> str:
        return f"PSID{user}"

    def refusal(self) -> Response:
        return self.refused(551, 1545041)

    async def take(self, path: str, request: Request) -> Response:
        if path == "/v25.0/cdn/1.jpg" and request.method == "GET":
            if "authorization" in request.headers:
                return self.bad("the token is shown where it is not asked for")
            return self.gives_picture()
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.complain("a wrong token", self.refused(190, status=401))
        if path != "/v25.0/me/messages":
            return self.bad(f"no such path {path}")
        body = await request.json()
        user = body["recipient"]["id"]
        if "sender_action" in body:
            if set(body) != {"recipient", "sender_action"} or body["sender_action"] != "typing_on":
                return self.bad("no sender action")
            self.typing.append(user)
            return JSONResponse({"recipient_id": user})
        how = (body.get("messaging_type"), body.get("tag"))
        if how not in (("RESPONSE", None), ("MESSAGE_TAG", "HUMAN_AGENT")):
            return self.bad(f"messaging_type {how}")
        if extra := set(body) - {"recipient", "messaging_type", "tag", "message"}:
            return self.bad(f"unknown {extra}")
        shown = Shown(user, "")
        try:
            _message(body["message"], shown)
        except AssertionError as error:
            return self.bad(str(error))
        self.sent.append(body)
        return JSONResponse({"recipient_id": user, "message_id": self.show(shown)})


def _message(message: dict[str, Any], shown: Shown) -> None:
    assert set(message) <= {"text", "quick_replies", "attachment"}
    assert ("text" in message) != ("attachment" in message), "text or attachment"
    if "text" in message:
        shown.text = message["text"]
        assert shown.text.strip()
        assert len(shown.text) <= 2000, f"{len(shown.text)} characters"
    else:
        payload = message["attachment"]["payload"]
        assert message["attachment"]["type"] == "template"
        assert payload["template_type"] == "generic"
        assert 1 <= len(payload["elements"]) <= 10
        for element in payload["elements"]:
            assert set(element) <= {"title", "subtitle", "image_url", "default_action", "buttons"}
            assert 1 <= len(element["title"]) <= 80
            assert 1 <= len(element["subtitle"]) <= 80, "a long subtitle"
            assert is_picture(element.get("image_url", "https://x/1.jpg"))
            action = element.get("default_action", {"type": "web_url"})
            assert set(action) <= {"type", "url"}
            assert action["type"] == "web_url"
            shown.cards.append(f"{element['title']}\n{element['subtitle']}")
    for reply in message.get("quick_replies", []):
        assert set(reply) == {"content_type", "title", "payload"}
        assert reply["content_type"] == "text"
        assert 1 <= len(reply["title"]) <= 20
        assert 1 <= len(reply["payload"]) <= 1000
        shown.buttons.append((reply["title"], reply["payload"]))
    assert len(shown.buttons) <= 13
