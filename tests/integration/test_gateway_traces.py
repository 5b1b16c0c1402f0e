"""A turn's trace through gateway, Rasa and actions, as a collector receives it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from bot.evaluation.asking import ask
from bot.runtime import tracing
from tests.running import running


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """An OTLP endpoint that keeps what it gets."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        thread.join()


def spans(payloads: list[bytes]) -> list[Span]:
    return [
        span
        for payload in payloads
        for resource in ExportTraceServiceRequest.FromString(payload).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_a_turn_is_one_trace_without_a_word_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with collector() as (endpoint, got):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        with running(tmp_path, generator="off") as system:
            with system.client("chen.hao@example.com") as client:
                answer = ask(client, "我的包裹到哪了")
                assert "SP61840357" in answer.text
                session = client.session
            assert session is not None
    found = spans(got)
    [turn] = [span for span in found if span.name == "turn"]
    trace = [span for span in found if span.trace_id == turn.trace_id]
    by_id = {span.span_id: span for span in trace}

    def path(span: Span) -> list[str]:
        names = [span.name]
        while span.parent_span_id:
            span = by_id[span.parent_span_id]
            names.append(span.name)
        return names[::-1]

    [action] = [span for span in trace if span.name == "action"]
    assert path(action)[:2] == ["turn", "rasa"]
    assert {a.key: a.value.string_value for a in action.attributes} == {
        "action": "action_order_status"
    }
    assert "order_status" in {a.value.string_value for a in turn.attributes}
    everything = b"".join(got)
    for secret in ("包裹", "SP61840357", "chen.hao", "陈浩", session.id, session.token):
        assert secret.encode() not in everything


def test_nothing_is_traced_without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    tracing.configure()
    with tracing.span("turn"):
        assert tracing.carrier() == {}
        tracing.note(kind="answer")
