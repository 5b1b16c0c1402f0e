"""A served Rasa for the tests, with a tracker of its own."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from bot.rasa import environment
from bot.runtime import processes

ROOT = environment.ROOT
PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
_READY_S = 240


@dataclass(frozen=True)
class Rasa:
    url: str
    log: Path

    def say(
        self, sender: str, text: str, headers: dict[str, str] | None = None, **metadata: str
    ) -> list[str]:
        reply = httpx.post(
            f"{self.url}/webhooks/rest/webhook",
            json={"sender": sender, "message": text, "metadata": metadata},
            headers=headers,
            timeout=60,
        )
        reply.raise_for_status()
        return [message["text"] for message in reply.json()]

    def parse(self, text: str) -> dict[str, Any]:
        reply = httpx.post(f"{self.url}/model/parse", json={"text": text}, timeout=60)
        reply.raise_for_status()
        return dict(reply.json())

    def slots(self, sender: str) -> dict[str, Any]:
        reply = httpx.get(f"{self.url}/conversations/{sender}/tracker", timeout=60)
        reply.raise_for_status()
        return dict(reply.json()["slots"])


@contextmanager
def serving(folder: Path, **variables: object) -> Iterator[Rasa]:
    """`bot/rasa/serve.py` until the block ends; needs Rasa's environment and a trained model."""
    port = processes.free_port("127.0.0.1", 0)
    log = folder / "rasa.log"
    tracker = f"sqlite:///{folder / 'tracker.db'}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [PYTHON, ROOT / "bot" / "rasa" / "serve.py", "--port", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=processes.environment(SHOPGUIDE_RASA_TRACKER=tracker, **variables),
        )
    try:
        served = Rasa(f"http://127.0.0.1:{port}", log)
        give_up = time.monotonic() + _READY_S
        while True:
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < give_up, log.read_text()[-2000:]
            try:
                httpx.get(served.url, timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.5)
        yield served
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def listening(take: Callable[[BaseHTTPRequestHandler, bytes], bytes]) -> Iterator[str]:
    """An HTTP server that answers each POST with what `take` makes of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = take(self, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
