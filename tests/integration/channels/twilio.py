"""Twilio's Messages resource and webhooks, as far as a shop's assistant uses them. Webhooks are
signed by Twilio's own library."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from twilio.request_validator import RequestValidator

from bot.channels.platforms.twilio import Twilio, TwilioSettings
from tests.integration.channels.platform import (
    FakePlatform,
    Shown,
    Webhook,
    altered,
    flipped,
    hidden,
    without,
)
from tests.integration.channels.whatsapp import rendered

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "12345"
SHOP = "+18005551212"
_SIGNATURE = "x-twilio-signature"
_MEDIA = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1"


class FakeTwilio(FakePlatform):
    channel = Twilio
    groups = False
    prefix = ""

    def __init__(self) -> None:
        super().__init__()
        self.typing: list[str] = []

    def settings(self) -> TwilioSettings:
        return TwilioSettings(
            _env_file=None,
            account=ACCOUNT,
            token=hidden(TOKEN),
            api=self.url,
            messaging_api=self.url,
        )

    def signed(self, fields: dict[str, str], token: str = TOKEN) -> Webhook:
        address = f"{self.public_url}/channels/twilio"
        signature = RequestValidator(token).compute_signature(address, fields)
        headers = {
            _SIGNATURE: signature,
            "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        }
        return Webhook(urlencode(fields).encode(), headers)

    def message(self, user: str, n: int, **fields: str) -> Webhook:
        return self.signed(
            {
                "MessageSid": f"SM{int(user):016x}{n:016x}",
                "SmsStatus": "received",
                "AccountSid": ACCOUNT,
                "From": self.chat_of(user),
                "To": f"{self.prefix}{SHOP}",
                "Body": "",
                "NumMedia": "0",
                "NumSegments": "1",
                "ApiVersion": "2010-04-01",
                **fields,
            }
        )

    def says(self, text: str, *, user: str = "1", group: bool = False, n: int = 0) -> Webhook:
        return self.message(user, n, Body=text)

    def presses(self, shown: Shown, payload: str, *, user: str = "1", n: int = 0) -> Webhook:
        return self.message(user, n, Body=payload, ButtonText=payload, ButtonPayload=payload)

    def sends_picture(self, *, user: str = "1", n: int = 0) -> Webhook:
        picture = {"MediaContentType0": "image/jpeg", "MediaUrl0": f"{self.url}{_MEDIA}"}
        return self.message(user, n, NumMedia="1", **picture)

    def forgeries(self, webhook: Webhook) -> list[Webhook]:
        fields = {name: value for name, [value] in parse_qs(webhook.content.decode()).items()}
        return [
            altered(webhook, _SIGNATURE),
            without(webhook, _SIGNATURE),
            flipped(webhook),
            Webhook(webhook.content, webhook.headers, query={"more": "1"}),
            Webhook(webhook.content + b"&More=1", webhook.headers),
            self.signed(fields, "12346"),
        ]

    def chat_of(self, user: str, *, group: bool = False) -> str:
        return f"{self.prefix}+1415867{int(user):04d}"

    def refusal(self) -> Response:
        return self.error(400, 21610)

    def error(self, status: int, code: int) -> Response:
        body = {"code": code, "message": "The number +14158675309 …", "status": status}
        return JSONResponse(body, status)

    async def take(self, path: str, request: Request) -> Response:
        if path == "/storage/tent.jpg" and request.method == "GET":
            if "authorization" in request.headers:
                return self.complain("the token is shown to another", Response(status_code=400))
            return self.gives_picture()
        who = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {who}":
            return self.complain("a wrong token", self.error(401, 20003))
        if path == _MEDIA and request.method == "GET":
            elsewhere = self.url.replace("127.0.0.1", "localhost")
            return RedirectResponse(f"{elsewhere}/storage/tent.jpg")
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            return self.complain("no form", self.error(400, 20001))
        sent = parse_qs((await request.body()).decode(), keep_blank_values=True)
        form = {name: value for name, [value] in sent.items()}
        if path == "/v2/Indicators/Typing.json":
            if set(form) != {"messageId", "channel"} or form["channel"] != "whatsapp":
                return self.complain("no typing indicator", self.error(400, 60200))
            self.typing.append(form["messageId"])
            return JSONResponse({"success": True})
        if path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
            return self.complain(f"no such path {path}", self.error(404, 20404))
        if set(form) != {"To", "From", "Body"}:
            return self.complain(f"fields {sorted(form)}", self.error(400, 21602))
        if form["From"] != f"{self.prefix}{SHOP}":
            return self.complain("not our number", self.error(400, 21606))
        body = form["Body"]
        if not body.strip() or len(body) > 1600:
            return self.complain(f"a body of {len(body)}", self.error(400, 21617))
        if not self.prefix and segments(body) > 10:
            return self.complain(f"{segments(body)} segments", self.error(400, 21617))
        id = self.show(Shown(form["To"], rendered(body) if self.prefix else body))
        answer: dict[str, Any] = {"sid": f"SM{int(id):032x}", "status": "queued"}
        return JSONResponse(answer, 201)


class FakeTwilioWhatsApp(FakeTwilio):
    prefix = "whatsapp:"


def segments(text: str) -> int:
    """Of an SMS, filled one by one: 140 octets alone, 134 in a chain, no character divided."""
    basic = (
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
        "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    )
    assert len(basic) == 128
    wide = any(character not in basic + "\f^{}\\[~]|€" for character in text)
    bits = [
        8 * len(character.encode("utf-16-le")) if wide else 7 if character in basic else 14
        for character in text
    ]
    if sum(bits) <= 1120:
        return 1
    count, room = 1, 1072
    for size in bits:
        if size > room:
            count, room = count + 1, 1072
        room -= size
    return count
