"""The widget's files: found, cached, loadable from other sites, and nothing beside them."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from fake_gateway import make_gateway
from fastapi import FastAPI, Request, Response

from bot.app import create_app
from bot.gateway import errors, widget

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "languages").mkdir(parents=True)
    (folder / "widget.js").write_text("'use strict'")
    (folder / "languages" / "fr.json").write_text("{}")
    (tmp_path / "secrets.json").write_text("secret")
    (folder / "out.js").symlink_to(tmp_path / "secrets.json")
    return folder


def browsing(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop")


async def raw(app: FastAPI, path: str) -> tuple[int, bytes]:
    """Ask for the path as it is written, which clients would tidy up."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"shop")],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(dict(message))

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


def serving(folder: Path) -> httpx.AsyncClient:
    app = FastAPI()
    errors.install(app)
    widget.install(app, folder)
    return browsing(app)


async def test_files_are_found_and_may_be_loaded_from_other_sites(built: Path) -> None:
    async with serving(built) as http:
        script = await http.get("/widget.js")
        language = await http.get("/widget/languages/fr.json")
    assert script.text == "'use strict'"
    assert script.headers["content-type"].startswith("text/javascript")
    assert language.json() == {}
    for answer in (script, language):
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "max-age=" in answer.headers["cache-control"]


async def test_an_unchanged_file_is_not_sent_again(built: Path) -> None:
    async with serving(built) as http:
        tag = (await http.get("/widget.js")).headers["etag"]
        again = await http.get("/widget.js", headers={"If-None-Match": tag})
        (built / "widget.js").write_text("'use stricter'")
        changed = await http.get("/widget.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"]
    assert (changed.status_code, changed.text) == (200, "'use stricter'")


@pytest.mark.parametrize(
    "path",
    [
        "/widget/../secrets.json",
        "/widget/%2e%2e/secrets.json",
        "/widget/..%2fsecrets.json",
        "/widget/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/widget/languages/../../secrets.json",
        "/widget//etc/passwd",
        "/widget/..\\secrets.json",
        "/widget/out.js",
        "/widget/" + "a" * 5000,
        "/widget/%00",
        "/widget/",
        "/widget/missing.js",
    ],
)
async def test_nothing_else_is_served(built: Path, path: str) -> None:
    app = FastAPI()
    errors.install(app)
    widget.install(app, built)
    status, body = await raw(app, path)
    assert status == 404
    assert b"secret" not in body
    assert b"root:" not in body


async def test_a_widget_that_was_not_built_is_not_found(tmp_path: Path) -> None:
    async with serving(tmp_path / "dist") as http:
        assert (await http.get("/widget.js")).status_code == 404
        assert (await http.get("/widget/languages/fr.json")).status_code == 404


async def test_the_shop_s_pages_come_after_the_assistant(tmp_path: Path) -> None:
    site = FastAPI(openapi_url=None)

    @site.get("/{path:path}")
    async def page(path: str, request: Request) -> Response:
        return Response(f"the shop's page /{path}")

    async with browsing(create_app(make_gateway(tmp_path), site=site)) as http:
        assert (await http.get("/")).text == "the shop's page /"
        assert (await http.get("/products/tent")).text == "the shop's page /products/tent"
        assert (await http.get("/healthz")).json() == {"status": "alive"}
        assert (await http.get("/api/v1/messages")).status_code == 401
        wrong = await http.get("/api/v1/sessions")
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
        unknown = await http.get("/api/v1/nothing")
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not_found")
