"""OpenTelemetry traces of a turn through the gateway, Rasa and the actions.

Nothing is imported and nothing is traced unless OTEL_EXPORTER_OTLP_ENDPOINT is set, and then its
own settings (OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, …) hold. Spans carry names, kinds and
times, never a text, a session or a customer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_tracer: Tracer | None = None


def configure(service: str = "shopguide") -> None:
    """Send spans to the endpoint of the environment, if there is one."""
    global _tracer
    if _tracer is not None or not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = os.environ.get("OTEL_SERVICE_NAME") or service
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("shopguide")


def carrier() -> dict[str, str]:
    """What joins somebody else's work to the span that is open here: {"traceparent": …}."""
    if _tracer is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carried: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carried)
    return carried


@contextmanager
def span(name: str, carried: Mapping[str, Any] | None = None, **facts: str) -> Iterator[None]:
    """Trace the block as `name`, within the trace that `carried` (of `carrier`) belongs to."""
    if _tracer is None:
        yield
        return
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract(carried) if carried else None
    # An error's own text may repeat what people wrote.
    with _tracer.start_as_current_span(
        name, context=context, attributes=facts, record_exception=False
    ):
        yield


def note(**facts: str) -> None:
    """Add facts to the span that is open here."""
    if _tracer is None:
        return
    from opentelemetry.trace import get_current_span

    get_current_span().set_attributes(facts)
