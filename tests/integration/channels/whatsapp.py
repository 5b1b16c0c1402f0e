"""WhatsApp's Cloud API and webhooks, as far as a shop's assistant uses them."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.channels.platforms.whatsapp import WhatsApp, WhatsAppSettings
from tests.integration.channels.meta import TOKEN, FakeMeta
from tests.integration.channels.platform import Shown, Webhook

PHONE_ID = "106540352242922"
MEDIA_ID = "1003383421387256"


class FakeWhatsApp(FakeMeta):
    channel = WhatsApp

    def __init__(self) -> None:
        super().__init__()
        self.typing: list[str] = []
        self.template = ""

    def settings(self) -> WhatsAppSettings:
        return WhatsAppSettings(
            _env_file=None,
            phone_id=PHONE_ID,
            number="+1 555 078 3881",
            template=self.template,
            **self.secrets(),
        )

    def event(self, phone_id: str = PHONE_ID, **value: Any) -> Webhook:
        metadata = {"display_phone_number": "15550783881", "phone_number_id": phone_id}
        change = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        entry = {"id": "WABA", "changes": [{"value": change, "field": "messages"}]}
        return self.signed({"object": "whatsapp_business_account", "entry": [entry]})

    def message(self, user: str, n: int, **content: Any) -> Webhook:
        contact = {"profile": {"name": "Li"}, "wa_id": f"1650{user}", "user_id": f"US.{user}"}
        message = {
            "from": f"1650{user}",
            "from_user_id": f"US.{user}",
            "id": f"wamid.{user}-{n}",
            "timestamp": "1749416383",
            **content,
        }
        return self.event(contacts=[contact], messages=[message])

    def says(self, text: str, *, user: str = "1", group: bool = False, n: int = 0) -> Webhook:
        where = {"group_id": "G1"} if group else {}
        return self.message(user, n, type="text", text={"body": text}, **where)

    def presses(self, shown: Shown, payload: str, *, user: str = "1", n: int = 0) -> Webhook:
        kind = "button_reply" if len(shown.buttons) <= 3 else "list_reply"
        title = next(title for title, id in shown.buttons if id == payload)
        pressed = {"type": kind, kind: {"id": payload, "title": title}}
        return self.message(user, n, type="interactive", interactive=pressed)

    def sends_picture(self, *, user: str = "1", n: int = 0) -> Webhook:
        picture = {"mime_type": "image/jpeg", "sha256": "x", "id": MEDIA_ID}
        return self.message(user, n, type="image", image=picture)

    def chat_of(self, user: str, *, group: bool = False) -> str:
        return f"1650{user}"

    def refusal(self) -> Response:
        return self.refused(131030)

    async def take(self, path: str, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.complain("a wrong token", self.refused(190, status=401))
        if request.method == "GET" and path == f"/v25.0/{MEDIA_ID}":
            return JSONResponse(
                {
                    "messaging_product": "whatsapp",
                    "url": f"{self.url}/v25.0/lookaside/?mid={MEDIA_ID}",
                    "mime_type": "image/jpeg",
                    "sha256": "x",
                    "file_size": len(self.picture),
                    "id": MEDIA_ID,
                }
            )
        if path == "/v25.0/lookaside/" and request.query_params.get("mid") == MEDIA_ID:
            return self.gives_picture()
        if path != f"/v25.0/{PHONE_ID}/messages":
            return self.bad(f"no such path {path}")
        body = await request.json()
        if body.pop("messaging_product", None) != "whatsapp":
            return self.bad("no messaging_product")
        if "status" in body:
            return self._read(body)
        if body.pop("recipient_type", None) != "individual":
            return self.bad("no recipient_type")
        chat = body.pop("to", None) or body.pop("recipient", None)
        kind = body.pop("type", None)
        if not chat or list(body) != [kind]:
            return self.bad(f"a message of {kind} with {sorted(body)}")
        shown = Shown(str(chat), "")
        try:
            match kind:
                case "text":
                    shown.text = _text(body["text"].pop("body"), 4096)
                    assert body["text"] == {"preview_url": False}
                case "interactive":
                    _interactive(body["interactive"], shown)
                case "template":
                    _template(body["template"], shown, self.template)
                case _:
                    raise AssertionError(f"no type {kind}")
        except AssertionError as error:
            return self.bad(f"131009 {error}")
        id = self.show(shown)
        contact = {"input": chat, "wa_id": chat}
        return JSONResponse(
            {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": id}]}
        )

    def _read(self, body: dict[str, Any]) -> Response:
        id = body.pop("message_id", "")
        if body != {"status": "read", "typing_indicator": {"type": "text"}}:
            return self.bad("no typing indicator")
        if not id.startswith("wamid."):
            return self.bad("no such message")
        self.typing.append(id)
        return JSONResponse({"success": True})


def _text(text: str, most: int) -> str:
    assert text.strip(), "an empty text"
    assert len(text) <= most, f"{len(text)} characters"
    return rendered(text)


def _interactive(body: dict[str, Any], shown: Shown) -> None:
    assert set(body) == {"type", "body", "action"}
    shown.text = _text(body["body"]["text"], 1024)
    action = body["action"]
    if body["type"] == "button":
        assert set(action) == {"buttons"}
        for button in action["buttons"]:
            assert button["type"] == "reply"
            shown.buttons.append((button["reply"]["title"], button["reply"]["id"]))
        titles, most, longest, longest_id = {t for t, _ in shown.buttons}, 3, 20, 256
        assert len(titles) == len(shown.buttons), "two buttons alike"
    else:
        assert body["type"] == "list"
        assert 1 <= len(action["button"]) <= 20
        [section] = action["sections"]
        for row in section["rows"]:
            assert set(row) <= {"id", "title", "description"}
            assert len(row.get("description", "")) <= 72
            shown.buttons.append((row["title"], row["id"]))
        most, longest, longest_id = 10, 24, 200
    assert 1 <= len(shown.buttons) <= most, "too many buttons"
    assert len({id for _, id in shown.buttons}) == len(shown.buttons), "two ids alike"
    for title, id in shown.buttons:
        assert 1 <= len(title) <= longest, f"a title of {len(title)}"
        assert 1 <= len(id) <= longest_id
        assert id == id.strip()


def _template(body: dict[str, Any], shown: Shown, name: str) -> None:
    assert body["name"] == name
    assert body["language"]["code"] in ("zh_CN", "en")
    [component] = body["components"]
    [variable] = component["parameters"]
    assert (component["type"], variable["type"]) == ("body", "text")
    assert 1 <= len(variable["text"]) <= 1024
    assert not re.search(r"[\n\t]| {5}", variable["text"])
    shown.text = f"About your question: {variable['text']}"


def rendered(text: str) -> str:
    """As the app shows it: styles without their marks, zero-width spaces unseen."""
    for mark in "*_~`":
        sign = re.escape(mark)
        styled = rf"(?<!\w){sign}(?![\s\u200b{sign}])([^\n{sign}]*[^\s\u200b{sign}]){sign}(?!\w)"
        text = re.sub(styled, r"\1", text)
    return text.replace("\u200b", "")
