"""The shop's agents are told of tickets: by a signed call, and by mail; again after a failure."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from fake_gateway import calling, make_channels, make_gateway, make_settings
from pydantic import SecretStr, ValidationError

from bot.channels import notices
from bot.channels.delivery import Pauses
from bot.channels.http import Http
from bot.dialogue.desk import Desk
from bot.dialogue.notices import Notices
from data.models import Ticket
from tests.smtp import mail_server

SECRET = "what the shop's own desk knows, too: 7c1f0e"


class Heard(HTTPServer):
    """What a desk of the shop's was told; it fails so often before it takes anything."""

    def __init__(self, failing: int) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.failing = failing
        super().__init__(("127.0.0.1", 0), _Hears)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/tickets"


class _Hears(BaseHTTPRequestHandler):
    server: Heard

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.failing:
            self.server.failing -= 1
            self.send_response(503)
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.server.calls.append((headers, body))
            self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def desk_of_the_shop(failing: int = 0) -> Iterator[Heard]:
    heard = Heard(failing)
    thread = Thread(target=heard.serve_forever)
    thread.start()
    try:
        yield heard
    finally:
        heard.shutdown()
        thread.join()
        heard.server_close()


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_agents_are_told_of_a_ticket_and_of_each_line(
    tmp_path: Path, anyio_backend: str
) -> None:
    with desk_of_the_shop(failing=1) as heard, mail_server() as box:
        gateway = make_gateway(
            tmp_path,
            notify_url=heard.url,
            notify_secret=SecretStr(SECRET),
            notify_email="desk@shop.example",
            smtp_host="127.0.0.1",
            smtp_port=box.port,
            smtp_security="none",
            smtp_from="service@shop.example",
        )
        told = Notices(calls=True, mails=["desk@shop.example"])
        gateway.conversations._notices = told
        async with calling(gateway) as caller:
            session = (await caller.http.get("/api/v1/sessions/current", headers=caller.key)).json()
            now = datetime.now(UTC)
            with gateway.unit_of_work() as uow:
                ticket = Ticket(session_id=session["session_id"], language="zh", reason="asked",
                                transcript=[], created_at=now)  # fmt: skip
                uow.tickets.add(ticket)
                uow.session.flush()
                told.of_ticket(uow, ticket, now)
                told.of_ticket(uow, ticket, now)  # asked again
                uow.commit()
            Desk(gateway.unit_of_work, None).take(1, "小李")
            for n in (1, 2):
                await caller.say(f"我的秘密 {n}", f"m{n}")
            http = Http()
            made = notices.make(gateway.settings, http)
            channels = make_channels(made, gateway, http, pauses=Pauses(0.01))
            channels.open()
            async with asyncio.timeout(20):
                while len(heard.calls) < 3:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            await asyncio.to_thread(box.next)
            second = await asyncio.to_thread(box.next)
            await channels.close()
        assert box.mails.empty()  # two lines in ten minutes are one mail
    said = [json.loads(body) for _, body in heard.calls]
    assert [each["type"] for each in said] == ["ticket", "line", "line"]
    assert {each["ticket"] for each in said} == {1}
    assert second["To"] == "desk@shop.example"
    assert "shopguide tickets show 1" in second.get_content()
    assert len({headers["idempotency-key"] for headers, _ in heard.calls}) == 3
    for headers, body in heard.calls:
        assert "秘密" not in body.decode()
        signed = headers["x-shopguide-time"].encode() + b"." + body
        expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["x-shopguide-signature"] == f"sha256={expected}"


def test_settings_that_cannot_be_are_refused(tmp_path: Path) -> None:
    for wrong in (
        {"notify_url": "https://desk.example"},
        {"notify_url": "http://desk.example", "notify_secret": SecretStr(SECRET)},
        {"notify_url": "https://desk.example", "notify_secret": SecretStr("short")},
        {"notify_email": "desk@shop.example"},
    ):
        with pytest.raises(ValidationError):
            make_settings(tmp_path, **wrong)
    assert notices.make(make_settings(tmp_path), Http()) == []
