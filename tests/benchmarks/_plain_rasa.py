"""bot/rasa/serve.py with Rasa as it comes, for the benchmark `action_calls`: its own tracker store,
and nothing spared."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bot.rasa import serve

chosen = serve.endpoints


def endpoints() -> serve.AvailableEndpoints:
    found = chosen()
    found.tracker_store.type = "sql"
    return found


serve.endpoints = endpoints
serve.take_shortcuts = lambda: None
raise SystemExit(serve.main())
