"""The interface does what its OpenAPI description says, whatever it is asked."""

from __future__ import annotations

import tempfile
from pathlib import Path

import schemathesis
from fake_gateway import make_door
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method
from starlette.testclient import TestClient

from bot.channels.http import Http
from bot.channels.service import Channels
from bot.gateway.app import create_app
from bot.gateway.text import clean

_UNLIMITED = (
    "messages_per_minute",
    "address_messages_per_minute",
    "shop_messages_per_minute",
    "sessions_per_minute",
    "shop_sessions_per_minute",
)


# Made when this module is read: each operation is a test of its own.
folder = tempfile.TemporaryDirectory()
door = make_door(Path(folder.name), **dict.fromkeys(_UNLIMITED, 1_000_000))
app = create_app(door, channels=Channels([], door, door.unit_of_work, http=Http()))
token = TestClient(app).post("/api/v1/sessions", json={}).json()["token"]
schema = schemathesis.openapi.from_asgi("/openapi.json", app)


def test_every_route_is_described() -> None:
    assert set(app.openapi()["paths"]) == {
        "/api/v1/sessions",
        "/api/v1/sessions/current",
        "/api/v1/sessions/identity",
        "/api/v1/link-code",
        "/api/v1/messages",
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
    key = {"Authorization": f"Bearer {token}"}
    excluded = [unsupported_method]
    if case.path.endswith("/messages") and _is_blank(case.body):
        excluded.append(positive_data_acceptance)  # no schema can say what is blank
    case.call_and_validate(headers=key, excluded_checks=excluded)


def _is_blank(body: object) -> bool:
    text = body.get("text") if isinstance(body, dict) else None
    return isinstance(text, str) and not clean(text)
