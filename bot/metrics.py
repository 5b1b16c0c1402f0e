"""Prometheus metrics, by turn kind. No label holds personal data."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 2.5, 5, 10)

TURNS = Counter("shopguide_turns", "Turns answered", ["kind", "outcome"])
TURN_SECONDS = Histogram("shopguide_turn_seconds", "Whole turn", ["kind"], buckets=_SECONDS)
FIRST_DELTA_SECONDS = Histogram(
    "shopguide_first_delta_seconds", "Until the first streamed words", buckets=_SECONDS
)
OPEN_TURNS = Gauge("shopguide_open_turns", "Turns under way")
REFUSED = Counter("shopguide_refused", "Requests refused", ["reason"])
ANSWERS = Counter("shopguide_answers", "Grounded answers by who worded them", ["origin", "reason"])
