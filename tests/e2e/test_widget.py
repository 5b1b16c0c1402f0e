"""The widget in real Chromium against a whole system; the tests themselves stand in widget/."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from bot.dialogue.desk import Desk
from data.database import create_engine, session_factory
from data.unit_of_work import UnitOfWork
from tests.chromium import chromium
from tests.node import WIDGET, node_modules
from tests.running import System, running

SUITE = Path(__file__).parent / "widget"
_SECONDS = 900


class Supervisor:
    """What the browser's tests ask for and cannot do themselves."""

    def __init__(self, system: System) -> None:
        self._system = system
        sessions = session_factory(create_engine(system.settings.database))
        self._desk = Desk(lambda: UnitOfWork(sessions), None)

    def restart(self) -> dict[str, Any]:
        """The whole system, at the same addresses."""
        self._system.__exit__(None, None, None)
        self._system.__enter__()
        self._system.wait()
        return {}

    def identity(self, email: str) -> dict[str, Any]:
        return {"identity": self._system.identity(email)}

    def take(self, name: str) -> dict[str, Any]:
        ticket = self._desk.waiting()[-1].id
        self._desk.take(ticket, name)
        return {"ticket": ticket}

    def say(self, ticket: int, text: str) -> dict[str, Any]:
        self._desk.say(ticket, text)
        return {}

    def close(self, ticket: int) -> dict[str, Any]:
        self._desk.close(ticket)
        return {}


@contextmanager
def listening(supervisor: Supervisor) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            act: Callable[..., dict[str, Any]] = getattr(supervisor, self.path.strip("/"))
            try:
                status, answer = 200, act(**json.loads(asked))
            except Exception as error:
                status, answer = 500, {"error": repr(error)}
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, format: str, *args: object) -> None:
            """The tests' output is theirs."""

    # One request after another, all in a thread that stays: a system that is started anew ends with
    # the thread that started it.
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_the_page_side_in_chromium() -> None:
    """With a gateway in memory: what is about the page, the cart, files and errors only."""
    browser = chromium()
    node = node_modules()
    shots = WIDGET.parents[1] / "build" / "e2e-front"
    done = subprocess.run(
        [node, "--test", "--test-reporter=spec", str(SUITE / "front.test.js")],
        env=os.environ | {"CHROMIUM": browser, "SHOTS": f"{shots}/"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]


def test_the_widget_in_chromium(tmp_path: Path) -> None:
    browser = chromium()
    node = node_modules()
    with running(tmp_path) as system, listening(Supervisor(system)) as control:
        done = subprocess.run(
            [node, "--test", "--test-reporter=spec", str(SUITE / "suite.test.js")],
            env=os.environ | {"GATEWAY": system.url, "CONTROL": control, "CHROMIUM": browser},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
