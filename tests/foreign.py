"""Every way in for what others write, each with inputs that nobody meant: to be answered or
refused, and never to fail.

The unit test gives each a few inputs, `make bench ONLY=fuzz` ten thousand.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import jwt
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.types import ASGIApp, Message

from bot.app import create_app
from bot.channels.channel import Channel, Request
from bot.channels.errors import Refused
from bot.channels.http import Http
from bot.channels.webhooks import webhooks
from bot.gateway.identity import _usable
from bot.gateway.shapes import read_frame
from data.importer.problems import Notices, Problems
from data.importer.reading import read
from data.importer.sheets import read_source
from data.importer.systems import shopify, woocommerce
from data.importer.tables import tables
from data.importer.terms import Terms
from tests.integration.channels.platform import FakePlatform, Webhook
from tests.integration.channels.platforms import PLATFORMS
from tests.unit.fake_gateway import make_channels, make_gateway

REFUSED, TAKEN = 400, 200
Loop = asyncio.AbstractEventLoop

_UNLIMITED = dict.fromkeys(
    (
        "messages_per_minute", "address_messages_per_minute", "shop_messages_per_minute",
        "sessions_per_minute", "shop_sessions_per_minute",
    ),
    10**9,
)  # fmt: skip
_WORDS = st.text(max_size=60) | st.sampled_from(
    ["", "\x00", "\u202e", "../../etc/passwd", "%s%n", "㊿" * 50, "=1+1", "1e400", "-0", "😀" * 30]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)
_NAMES = st.sampled_from(
    [
        "identity", "text", "message_id", "language", "rating", "stars", "reason", "comment",
        "events", "event_id", "kind", "product_id", "query", "age_s", "type", "token", "after",
    ]
)  # fmt: skip


def _dumps(value: object) -> bytes:
    return json.dumps(value).encode("utf-8", errors="surrogatepass")


_BODIES = (
    st.dictionaries(_NAMES | _WORDS, _JSON, max_size=6).map(_dumps)
    | _JSON.map(_dumps)
    | st.binary(max_size=300)
    | st.integers(1, 3000).map(lambda deep: b"[" * deep)
    | st.integers(1, 3000).map(lambda deep: b'{"a":' * deep)
)


@dataclass(frozen=True)
class Door:
    """`take` returns an HTTP status, or what one would be; it raises where something is wrong."""

    name: str
    inputs: st.SearchStrategy[Any]
    take: Callable[[Any], int]


class House:
    """A gateway with all platforms, in this process, and files in a folder of its own."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self._loop = asyncio.new_event_loop()
        gateway = make_gateway(self.folder / "state", **_UNLIMITED)
        http = Http()
        self.fakes: dict[str, FakePlatform] = {}
        self.channels: dict[str, Channel] = {}
        for kind in PLATFORMS:
            fake = kind()
            fake.url = "http://127.0.0.1:9"
            self.fakes[kind.channel.name] = fake
            self.channels[kind.channel.name] = fake.channel(
                fake.settings(), http, public_url="https://shop.example"
            )
        held = make_channels(list(self.channels.values()), gateway, http)
        self._app: ASGIApp = create_app(gateway, routers=[webhooks(held)], link_codes=held)
        opened, body = self._run(self._call("POST", "/api/v1/sessions", {}, b"{}"))
        assert opened == 201, body
        self.token = str(json.loads(body)["token"])

    def close(self) -> None:
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        self._folder.cleanup()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> int:
        return int(self._run(self._call(method, path, headers, body))[0])

    async def _call(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """One request, without a network and without a client that mends what it is given."""
        plain, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
            "scheme": "https", "path": plain, "raw_path": quote(plain).encode(),
            "query_string": query.encode("utf-8", errors="surrogatepass"), "root_path": "",
            "headers": [
                (b"host", b"shop.example"), (b"content-type", b"application/json"),
                *((k.lower().encode(), v.encode("latin-1", "replace")) for k, v in headers.items()),
            ],
            "client": ("127.0.0.1", 1), "server": ("shop.example", 443), "state": {},
        }  # fmt: skip
        sent: list[Message] = []
        left = [{"type": "http.request", "body": body, "more_body": False}]
        ended = asyncio.Event()

        async def receive() -> Message:
            if left:
                return left.pop()
            await ended.wait()  # nobody hangs up before the answer
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                ended.set()

        await self._app(scope, receive, send)
        status = next(m["status"] for m in sent if m["type"] == "http.response.start")
        answer = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
        return int(status), answer


def doors(house: House) -> list[Door]:
    """All of them."""
    key = {"Authorization": f"Bearer {house.token}"}

    def posts(
        method: str, path: str, headers: dict[str, str], **fitting: st.SearchStrategy[Any]
    ) -> Door:
        """Half of the bodies have the fields that are asked for."""
        bodies = _BODIES | st.fixed_dictionaries(fitting).map(_dumps) if fitting else _BODIES
        return Door(f"{method} {path}", bodies, lambda body: house.ask(method, path, headers, body))

    line = st.from_regex(r"[A-Za-z0-9.-]{1,20}", fullmatch=True)
    told = {"event_id": line}
    event = st.fixed_dictionaries(
        {**told, "kind": st.just("search"), "query": _WORDS}, optional={"age_s": st.floats()}
    ) | st.fixed_dictionaries(
        {**told, "kind": st.sampled_from(["view", "cart", "dislike"]), "product_id": line | _WORDS},
        optional={"pieces": st.integers(), "ref": line},
    )
    found = [
        posts("POST", "/api/v1/sessions", {}),
        posts("PUT", "/api/v1/sessions/identity", key),
        posts("POST", "/api/v1/messages", key, text=_WORDS | st.text(), message_id=line),
        posts("POST", "/api/v1/feedback", key, stars=st.integers(-1, 7), comment=_WORDS),
        posts("POST", "/api/v1/events", key, events=st.lists(event, max_size=3)),
        Door(
            "GET /api/v1/messages?after=",
            _WORDS,
            lambda word: house.ask("GET", f"/api/v1/messages?after={word}", key, b""),
        ),
        Door(
            "DELETE /api/v1/links/…",
            _WORDS,
            lambda word: house.ask("DELETE", f"/api/v1/links/{word}", key, b""),
        ),
        Door("a path", _WORDS, lambda word: house.ask("GET", f"/{word}", {}, b"")),
        Door(
            "a file of the widget",
            st.lists(
                st.sampled_from(["..", ".", "", "%2e%2e", "\\", "widget.js", "x"]), max_size=6
            ),
            lambda parts: house.ask("GET", f"/widget/{'/'.join(parts)}", {}, b""),
        ),
        Door(
            "a token",
            _WORDS | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")) | _tokens(),
            lambda word: house.ask(
                "GET", "/api/v1/sessions/current", {"Authorization": f"Bearer {word}"}, b""
            ),
        ),
        Door("a frame of a socket", _BODIES, _frame),
        Door("published keys", _JSON.map(_dumps) | _key_sets(), _keys),
    ]
    for name, channel in house.channels.items():
        path = f"/channels/{name}"
        found.append(
            Door(f"POST {path}", _BODIES, lambda body, path=path: house.ask("POST", path, {}, body))
        )
        found.append(Door(f"{name}, signed", _changes(house.fakes[name]), _events(channel)))
    return [*found, *_imports(house.folder)]


def _tokens() -> st.SearchStrategy[str]:
    """Well-formed, signed by a key that is not ours, by none, or claiming anything."""
    return st.builds(
        lambda claims, algorithm: jwt.encode(
            claims, "k" * 64 if algorithm != "none" else "", algorithm=algorithm
        ),
        st.dictionaries(st.sampled_from(["sub", "sid", "exp", "aud", "epoch"]), _WORDS, max_size=5),
        st.sampled_from(["HS256", "HS512", "none"]),
    )


def _frame(body: bytes) -> int:
    try:
        read_frame.validate_json(body)
    except ValidationError:
        return REFUSED
    return TAKEN


def _key_sets() -> st.SearchStrategy[bytes]:
    key = st.dictionaries(
        st.sampled_from(["kty", "alg", "use", "kid", "n", "e", "crv", "x", "y", "k"]),
        st.sampled_from(["RSA", "EC", "oct", "RS256", "sig", "enc", "AQAB", "P-256", ""]) | _JSON,
        max_size=8,
    )
    return st.lists(key, max_size=3).map(lambda keys: _dumps({"keys": keys}))


def _keys(body: bytes) -> int:
    try:
        _usable(body, "RS256")
    except (ValueError, jwt.PyJWTError):
        return REFUSED
    return TAKEN


def _changes(fake: FakePlatform) -> st.SearchStrategy[Webhook]:
    """Calls of the platform with some bytes changed, cut or doubled; what verifies a signature has
    been passed already."""
    calls = [fake.says("hello <b>", n=1), fake.says("好", user="2", n=2), fake.sends_picture(n=3)]

    def changed(call: Webhook, at: int, cut: int, put: bytes) -> Webhook:
        at %= max(1, len(call.content))
        content = call.content[:at] + put + call.content[at + cut :]
        return Webhook(content, call.headers, call.method, call.query)

    return st.builds(
        changed,
        st.sampled_from(calls),
        st.integers(0, 5000),
        st.integers(0, 40),
        st.binary(max_size=8)
        | st.sampled_from([b"null", b"[]", b"{}", b'"', b"<", b"&#0;", b"-1"]),
    )


def _events(channel: Channel) -> Callable[[Webhook], int]:
    def take(call: Webhook) -> int:
        url = "https://shop.example"
        try:
            received = channel.events(Request("POST", url, call.headers, call.query, call.content))
            json.dumps([event.stored() for event in received.events])
        except Refused:
            return REFUSED
        return TAKEN

    return take


def _imports(folder: Path) -> list[Door]:
    """Files of an export, as whoever runs the shop names them."""
    terms = Terms("USD", "US", ZoneInfo("America/Chicago"), ("en",), "https://shop.example")
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    known = {table.file: table for table in tables(terms)}
    cell = _WORDS | st.sampled_from(
        ["1,5", "1.234,50", "31/02/2026", "2026-02-30", "NaN", '"', "'="]
    )

    def sheet(columns: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
        """Mostly a table, else bytes; in any encoding."""
        rows = st.lists(st.lists(cell, max_size=6), max_size=4)

        def text(names: list[str], lines: list[list[str]], mark: str, encoding: str) -> bytes:
            written = "\n".join(mark.join(line) for line in [names, *lines])
            return written.encode(encoding, errors="replace")

        table = st.builds(
            text,
            st.lists(columns, max_size=6),
            rows,
            st.sampled_from([",", ";", "\t"]),
            st.sampled_from(["utf-8", "gb18030", "utf-16", "big5", "latin-1"]),
        )
        return table | st.binary(max_size=200)

    def own(body: bytes, name: str) -> int:
        problems = Problems()
        (folder / name).write_bytes(body)
        read(folder, known[name], terms, problems, Notices())
        return REFUSED if problems else TAKEN

    def system(body: bytes, translate: Callable[..., Any]) -> int:
        problems = Problems()
        file = folder / "export.csv"
        file.write_bytes(body)
        source = read_source(file, problems, Notices())
        if problems or not source.whole:
            return REFUSED
        translate([source], terms, now, Notices())
        return TAKEN

    found = []
    for name, table in known.items():
        columns = st.sampled_from([column.name for column in table.columns]) | _WORDS
        found.append(
            Door(f"import {name}", sheet(columns), lambda body, name=name: own(body, name))
        )
    shopify_columns = st.sampled_from(
        ["Handle", "Title", "Body (HTML)", "Variant SKU", "Variant Price", "Option1 Name",
         "Option1 Value", "Email", "Name", "Created at", "Lineitem name", "Lineitem quantity"]
    )  # fmt: skip
    woo_columns = st.sampled_from(
        ["ID", "Type", "SKU", "Name", "Published", "Regular price", "Categories", "Parent",
         "Attribute 1 name", "Attribute 1 value(s)", "In stock?", "Description"]
    )  # fmt: skip
    for name, names, translate in (
        ("shopify", shopify_columns, shopify.translate),
        ("woocommerce", woo_columns, woocommerce.translate),
    ):
        found.append(
            Door(
                f"import {name}",
                sheet(names),
                lambda body, translate=translate: system(body, translate),
            )
        )
    return found
