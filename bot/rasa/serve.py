"""Runs Rasa for the gateway: `.venv-rasa/bin/python bot/rasa/serve.py [--host H] [--port P]`.

The environment says with what: SHOPGUIDE_ACTIONS_URL (http://127.0.0.1:5055/webhook),
SHOPGUIDE_RASA_TRACKER (an SQLite or PostgreSQL URL; STATE/rasa/tracker.db), SHOPGUIDE_REDIS_URL
(locks for several Rasa processes; in memory without it), SHOPGUIDE_RASA_HOST and
SHOPGUIDE_RASA_PORT, OTEL_EXPORTER_OTLP_ENDPOINT (traces.py), and what environment.py names. The
port opens when the model is loaded, so an answer to `GET /` means ready. Everything that Rasa
offers is open to whoever reaches the port: keep it on the loopback interface or a private network.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

PROJECT = Path(__file__).resolve().parent
sys.path.insert(0, str(PROJECT.parent.parent))

from bot.rasa.environment import model_file, prepare, quiet_logs, state  # noqa: E402
from bot.rasa.logs import keep_texts_out  # noqa: E402
from bot.rasa.shortcuts import take_shortcuts  # noqa: E402
from bot.rasa.traces import trace_turns  # noqa: E402
from bot.rasa.without_tensorflow import leave_out_tensorflow  # noqa: E402

if TYPE_CHECKING:
    from rasa.core.utils import AvailableEndpoints

_ACTIONS_URL = "http://127.0.0.1:5055/webhook"
# Rasa would wait five minutes for an action while its lock on the conversation ends after one.
_ACTION_SECONDS = 30


def tracker_url(chosen: str | None, folder: Path) -> str:
    """The tracker's database for Rasa's SQLAlchemy, whose PostgreSQL driver is psycopg2."""
    if not chosen:
        return f"sqlite:///{folder / 'rasa' / 'tracker.db'}"
    scheme, _, rest = chosen.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


def redis_settings(url: str) -> dict[str, Any]:
    """`redis[s]://[user[:password]@]host[:port][/db]` as Rasa's lock store takes it."""
    parts = urlsplit(url)
    settings: dict[str, Any] = {
        "url": parts.hostname or "localhost",  # Rasa hands it on as the host
        "port": parts.port or 6379,
        "db": int(parts.path.strip("/") or 0),
        "use_ssl": parts.scheme == "rediss",
        "key_prefix": "shopguide",
    }
    if parts.username:
        settings["username"] = unquote(parts.username)
    if parts.password:
        settings["password"] = unquote(parts.password)
    return settings


def endpoints() -> AvailableEndpoints:
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.endpoints import EndpointConfig

    os.environ.setdefault("SHOPGUIDE_ACTIONS_URL", _ACTIONS_URL)
    found = AvailableEndpoints.read_endpoints(str(PROJECT / "endpoints.yml"))
    found.tracker_store = EndpointConfig(
        type="bot.rasa.tracker_store.TrackerStore",
        url=tracker_url(os.environ.get("SHOPGUIDE_RASA_TRACKER"), state()),
    )
    if redis := os.environ.get("SHOPGUIDE_REDIS_URL"):
        found.lock_store = EndpointConfig(type="redis", **redis_settings(redis))
    return found


def _port_is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _load_for_good() -> None:
    """What is loaded stays: to look through it for garbage stopped all turns for 0.2 s and more."""
    from rasa.core import run

    load = run.load_agent_on_start

    async def load_and_freeze(*arguments: Any) -> Any:
        agent = await load(*arguments)
        gc.collect()
        gc.freeze()
        return agent

    run.load_agent_on_start = load_and_freeze


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=os.environ.get("SHOPGUIDE_RASA_HOST") or "127.0.0.1")
    parser.add_argument(
        "--port", type=int, default=int(os.environ.get("SHOPGUIDE_RASA_PORT") or 5005)
    )
    options = parser.parse_args()
    model = model_file()
    if not model.exists():
        print(f"There is no {model}; train it with bot/rasa/train.py.", file=sys.stderr)
        return 1
    if not _port_is_free(options.host, options.port):
        print(
            f"Port {options.port} on {options.host} is taken; stop what uses it, or choose "
            "another one by SHOPGUIDE_RASA_PORT.",
            file=sys.stderr,
        )
        return 1
    prepare()
    # A turn's matrices are small: more threads would only wait for the next turn, loudly. That
    # took more than half a core. It counts when NumPy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    leave_out_tensorflow()
    take_shortcuts()
    trace_turns()
    _load_for_good()
    import rasa.core.constants

    rasa.core.constants.DEFAULT_REQUEST_TIMEOUT = _ACTION_SECONDS
    from rasa.core.run import serve_application

    quiet_logs(logging.WARNING)
    keep_texts_out()
    (state() / "rasa").mkdir(parents=True, exist_ok=True)
    serve_application(
        str(model),
        interface=options.host,
        port=options.port,
        credentials=str(PROJECT / "credentials.yml"),
        endpoints=endpoints(),
        enable_api=True,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
