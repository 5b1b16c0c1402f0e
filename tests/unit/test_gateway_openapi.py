"""The interface does what its OpenAPI description says, whatever it is asked."""

from __future__ import annotations

import tempfile
from pathlib import Path

import schemathesis
from fake_gateway import make_channels, make_gateway
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method
from starlette.testclient import TestClient

from bot.app import create_app
from bot.channels.http import Http
from bot.runtime.clean import clean

_UNLIMITED = (
    "messages_per_minute",
    "address_messages_per_minute",
    "shop_messages_per_minute",
    "sessions_per_minute",
    "shop_sessions_per_minute",
)


# Made when this module is read: each operation is a test of its own.
folder = tempfile.TemporaryDirectory()
gateway = make_gateway(Path(folder.name), **dict.fromkeys(_UNLIMITED, 1_000_000))
app = create_app(gateway, link_codes=make_channels([], gateway, Http()))


def new_token() -> str:
    return str(TestClient(app).post("/api/v1/sessions", json={}).json()["token"])


token = new_token()
schema = schemathesis.openapi.from_asgi("/openapi.json", app)


def test_every_route_is_described() -> None:
    assert set(app.openapi()["paths"]) == {
        "/api/v1/notice",
        "/api/v1/sessions",
        "/api/v1/sessions/current",
        "/api/v1/sessions/current/contact",
        "/api/v1/sessions/current/files",
        "/api/v1/sessions/current/handoff/withdraw",
        "/api/v1/sessions/identity",
        "/api/v1/link-code",
        "/api/v1/links",
        "/api/v1/links/{link}",
        "/api/v1/messages",
        "/api/v1/messages/{message_id}/stop",
        "/api/v1/feedback",
        "/api/v1/events",
        "/healthz",
        "/readyz",
        "/metrics",
    }


@schema.parametrize()
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_no_request_gets_an_answer_that_is_not_described(case: schemathesis.Case) -> None:
    ends_it = case.method == "DELETE" and case.path.endswith("/sessions/current")
    key = {"Authorization": f"Bearer {new_token() if ends_it else token}"}
    excluded = [unsupported_method]
    if case.path.endswith("/messages") and _is_blank(case.body):
        excluded.append(positive_data_acceptance)  # no schema can say what is blank
    if case.path.endswith("/contact"):
        excluded.append(positive_data_acceptance)  # nor what is an address or a number
    case.call_and_validate(headers=key, excluded_checks=excluded)


def _is_blank(body: object) -> bool:
    text = body.get("text") if isinstance(body, dict) else None
    return isinstance(text, str) and not clean(text)
