"""What browsers are told: whose pages may ask, and what a page may load."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from fake_gateway import FakeGateway, make_gateway, make_settings
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.responses import HTMLResponse

from bot.app import create_app

pytestmark = pytest.mark.anyio

LISTED = "https://shop.example"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def gateway(tmp_path: Path) -> FakeGateway:
    return make_gateway(tmp_path, allowed_origins=f"{LISTED}, https://m.shop.example")


def browser(
    gateway: FakeGateway, host: str = "chat.example", site: FastAPI | None = None
) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(gateway, site=site))
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")


async def test_listed_pages_may_ask_and_read_the_answer(gateway: FakeGateway) -> None:
    async with browser(gateway) as http:
        for origin in (LISTED, "https://m.shop.example"):
            asked = {
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
            }
            preflight = await http.options("/api/v1/messages", headers=asked)
            assert preflight.status_code == 200
            assert preflight.headers["access-control-allow-origin"] == origin
            answer = await http.post("/api/v1/sessions", json={}, headers={"Origin": origin})
            assert answer.status_code == 201
            assert answer.headers["access-control-allow-origin"] == origin
            assert "Origin" in answer.headers["vary"]
            assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example:444",
        "https://shop.example.evil.example",
        "null",
        "",
        "chat.example",
        "http://chat.example@evil.example",
    ],
)
async def test_other_pages_may_not(gateway: FakeGateway, origin: str) -> None:
    async with browser(gateway) as http:
        for method in ("POST", "OPTIONS"):
            headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            answer = await http.request(method, "/api/v1/sessions", json={}, headers=headers)
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "origin_refused"
            assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("chat.example", "http://chat.example"),
        ("chat.example", "https://chat.example"),  # a proxy ends the TLS
        ("chat.example:443", "https://chat.example"),
        ("chat.example:8080", "http://chat.example:8080"),
    ],
)
async def test_its_own_pages_and_programs_may_ask(
    gateway: FakeGateway, host: str, origin: str
) -> None:
    async with browser(gateway, host) as http:
        for headers in ({"Origin": origin, "Host": host}, {"Host": host}):
            answer = await http.post("/api/v1/sessions", json={}, headers=headers)
            assert answer.status_code == 201


async def test_every_answer_carries_the_headers(gateway: FakeGateway) -> None:
    site = FastAPI(openapi_url=None)

    @site.get("/page")
    async def page() -> HTMLResponse:
        return HTMLResponse("<p>hello")

    @site.get("/own")
    async def own() -> HTMLResponse:
        return HTMLResponse("<p>hello", headers={"Content-Security-Policy": "default-src 'none'"})

    async with browser(gateway, site=site) as http:
        answers = {
            path: await http.get(path)
            for path in ("/healthz", "/api/v1/messages", "/docs", "/nowhere", "/page", "/own")
        }
        refused = await http.post("/api/v1/sessions", headers={"Origin": "https://evil.example"})
    for answer in (*answers.values(), refused):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"]
        assert answer.headers["x-frame-options"]
        assert (
            "frame-ancestors" in answer.headers["content-security-policy"]
            or answer is answers["/own"]
        )
    assert "default-src 'none'" in answers["/healthz"].headers["content-security-policy"]
    assert "default-src 'self'" in answers["/page"].headers["content-security-policy"]
    assert answers["/own"].headers["content-security-policy"] == "default-src 'none'"


async def test_the_reference_needs_nothing_from_elsewhere(gateway: FakeGateway) -> None:
    async with browser(gateway) as http:
        page = await http.get("/docs")
        assert page.status_code == 200
        for path in ("/api/v1/messages", "/api/v1/sessions/current", "/metrics"):
            assert path in page.text
        assert "<script" not in page.text
        for address in re.findall(r'(?:href|src)="([^"]+)"', page.text):
            assert address.startswith("/")
            assert (await http.get(address)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"allowed_origins": "shop.example"},
        {"allowed_origins": "https://shop.example/"},
        {"allowed_origins": "*"},
        {"allowed_origins": "https://*.shop.example"},
        {"trusted_proxies": "nginx"},
        {"trusted_proxies": "10.0.0.1/8"},
        {"identity_algorithm": "RS256"},
        {"identity_algorithm": "ES256", "identity_jwks_url": "http://shop.example/jwks"},
        {"identity_algorithm": "none"},
    ],
)
def test_settings_that_would_open_or_close_too_much_are_refused(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    with pytest.raises(ValidationError) as refusal:
        make_settings(tmp_path, **wrong)
    assert len(refusal.value.errors()) == 1
