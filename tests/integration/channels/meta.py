"""What Meta's servers have in common: signed webhooks, tokens, errors of the Graph API."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from starlette.responses import JSONResponse, Response

from tests.integration.channels.platform import (
    FakePlatform,
    Webhook,
    altered,
    flipped,
    hidden,
    without,
)

TOKEN = "EAAJB-a-token"
SECRET = "It's a Secret to Everybody"
VERIFY = "the-verify-token"
_SIGNATURE = "x-hub-signature-256"


class FakeMeta(FakePlatform):
    groups = False

    def secrets(self) -> dict[str, Any]:
        return {
            "token": hidden(TOKEN),
            "app_secret": hidden(SECRET),
            "verify_token": hidden(VERIFY),
            "api": f"{self.url}/v25.0",
        }

    def signed(self, body: dict[str, Any]) -> Webhook:
        content = json.dumps(body).encode()
        digest = hmac.new(SECRET.encode(), content, hashlib.sha256).hexdigest()
        headers = {_SIGNATURE: f"sha256={digest}", "content-type": "application/json"}
        return Webhook(content, headers)

    def subscription(self, token: str = VERIFY) -> Webhook:
        query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": token}
        return Webhook(b"", method="GET", query=query)

    def forgeries(self, webhook: Webhook) -> list[Webhook]:
        unnamed = webhook.headers[_SIGNATURE].removeprefix("sha256=")
        return [
            altered(webhook, _SIGNATURE),
            without(webhook, _SIGNATURE),
            flipped(webhook),
            Webhook(webhook.content, {**webhook.headers, _SIGNATURE: unnamed}),
            Webhook(b"", method="GET"),
        ]

    def refused(self, code: int, subcode: int | None = None, status: int = 400) -> Response:
        error: dict[str, Any] = {"message": "(#x)", "type": "OAuthException", "code": code}
        if subcode is not None:
            error["error_subcode"] = subcode
        return JSONResponse({"error": {**error, "fbtrace_id": "A"}}, status)

    def bad(self, what: str) -> Response:
        return self.complain(what, self.refused(100))
