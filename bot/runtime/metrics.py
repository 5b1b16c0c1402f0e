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
SOCKETS = Gauge("shopguide_sockets", "Open WebSockets")
SOCKETS_CLOSED = Counter("shopguide_sockets_closed", "WebSockets closed by us", ["code"])
REDIS = Gauge("shopguide_redis_up", "1 while Redis answers, 0 while it does not or is not used")
RETRIES = Counter("shopguide_turn_retries", "Turns asked again because Rasa broke off")
CHANNEL_EVENTS = Counter("shopguide_channel_events", "Platforms' events", ["channel", "outcome"])
CHANNEL_CALLS = Counter("shopguide_channel_calls", "Calls to platforms", ["channel", "outcome"])
CHANNEL_FILES = Counter("shopguide_channel_files", "Customers' files", ["channel", "outcome"])
NOT_KEPT = Counter("shopguide_behaviour_not_kept", "Events and impressions lost", ["what"])
EVENTS = Counter("shopguide_events", "Events of pages, by what became of them", ["outcome"])
IDENTIFICATIONS = Counter(
    "shopguide_identifications", "Proofs of who a customer is, by kind", ["guessing", "outcome"]
)
MAILS = Counter("shopguide_mails", "Mails to customers", ["outcome"])
