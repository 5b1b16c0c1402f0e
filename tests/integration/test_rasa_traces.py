"""A turn's spans inside Rasa arrive at a collector, in the trace of whoever asked, and the action
server is told of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from bot.rasa import environment
from tests.integration.rasa_process import PYTHON, listening, serving

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


def _wait(until: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 20
    while not until():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_one_trace_joins_caller_rasa_and_action(tmp_path: Path) -> None:
    if not PYTHON.exists() or not environment.model_file().exists():
        pytest.skip("Rasa's environment or its model is missing.")
    spans: list[Span] = []
    services: set[str] = set()
    called: list[str] = []

    def collect(_: BaseHTTPRequestHandler, body: bytes) -> bytes:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            named = {each.key: each.value.string_value for each in resource.resource.attributes}
            services.add(named["service.name"])
            spans.extend(span for scope in resource.scope_spans for span in scope.spans)
        return b""

    def act(call: BaseHTTPRequestHandler, _: bytes) -> bytes:
        called.append(call.headers["traceparent"])
        return b'{"events": [], "responses": [{"text": "here"}]}'

    with ExitStack() as stack:
        collector, actions = (stack.enter_context(listening(take)) for take in (collect, act))
        rasa = stack.enter_context(
            serving(
                tmp_path,
                SHOPGUIDE_ACTIONS_URL=f"{actions}/webhook",
                OTEL_EXPORTER_OTLP_ENDPOINT=collector,
                OTEL_BSP_SCHEDULE_DELAY=100,
            )
        )
        header = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
        assert rasa.say("traced", "what can you do?", headers=header) == ["here"]
        assert rasa.say("alone", "what can you do? zebra") == ["here"]
        _wait(lambda: [span.name for span in spans].count("rasa.turn") == 2)

    ours = [span for span in spans if span.trace_id.hex() == TRACE]
    turn = next(span for span in ours if span.name == "rasa.turn")
    action = next(span for span in ours if span.name == "rasa.action")
    inner = [span for span in ours if span is not turn]
    assert turn.parent_span_id.hex() == CALLER
    assert {span.parent_span_id for span in inner} == {turn.span_id}
    assert {span.name for span in inner} == {
        "rasa.read", "rasa.parse", "rasa.predict", "rasa.action", "rasa.save",
    }  # fmt: skip
    assert all(turn.start_time_unix_nano <= span.start_time_unix_nano for span in inner)
    assert [(each.key, each.value.string_value) for each in action.attributes] == [
        ("action", "action_help")
    ]
    # The action server may go on from the span of its call.
    assert called[0] == f"00-{TRACE}-{action.span_id.hex()}-01"
    # A request without a header is a trace of its own, not the one before.
    other = next(span for span in spans if span.name == "rasa.turn" and span is not turn)
    assert other.trace_id != turn.trace_id
    assert not other.parent_span_id
    assert services == {"shopguide-rasa"}
    assert "zebra" not in str(spans)
