"""OpenTelemetry spans of a turn inside Rasa, when OTEL_EXPORTER_OTLP_ENDPOINT is set.

The spans join the trace that the request's W3C `traceparent` header names; calls of the action
server carry the header on. bot/runtime/tracing.py says where they go.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from typing import Any

from bot.runtime import tracing

_headers: ContextVar[Mapping[str, str]] = ContextVar("headers", default={})  # noqa: B039 - empty


def trace_turns() -> None:
    """From now on this process's Rasa sends spans. To be called once, before it serves."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    from rasa.core.actions.action import RemoteAction
    from rasa.core.agent import Agent
    from rasa.core.channels.rest import RestInput
    from rasa.core.processor import MessageProcessor
    from rasa.utils.endpoints import EndpointConfig

    tracing.configure("shopguide-rasa")
    _remember_headers(RestInput)
    _carry_on(EndpointConfig)
    _trace(Agent, "handle_message", "rasa.turn", carried=_headers.get)
    _trace(MessageProcessor, "fetch_tracker_and_update_session", "rasa.read")
    _trace(MessageProcessor, "parse_message", "rasa.parse")
    _trace(MessageProcessor, "predict_next_with_tracker_if_should", "rasa.predict")
    _trace(MessageProcessor, "save_tracker", "rasa.save")
    _trace(RemoteAction, "run", "rasa.action", facts=lambda action: {"action": action.name()})


def _remember_headers(channel: Any) -> None:
    """The channel asks for the metadata of each request in the task that handles it."""
    get_metadata = channel.get_metadata

    def remembering(self: Any, request: Any) -> Any:
        _headers.set(request.headers)
        return get_metadata(self, request)

    channel.get_metadata = remembering


def _carry_on(endpoint: Any) -> None:
    request = endpoint.request

    def carrying(self: Any, *args: Any, **settings: Any) -> Any:
        headers = {**settings.pop("headers", {}), **tracing.carrier()}
        return request(self, *args, headers=headers, **settings)

    endpoint.request = carrying


def _trace(
    owner: Any,
    method: str,
    name: str,
    *,
    carried: Callable[[], Mapping[str, str]] = dict,
    facts: Callable[[Any], dict[str, str]] = lambda _: {},
) -> None:
    """Make each call of the method a span; `facts` of the object are its attributes."""
    original = getattr(owner, method)

    @wraps(original)
    async def in_time(self: Any, *args: Any, **settings: Any) -> Any:
        with tracing.span(name, carried(), **facts(self)):
            return await original(self, *args, **settings)

    @wraps(original)
    def at_once(self: Any, *args: Any, **settings: Any) -> Any:
        with tracing.span(name, carried(), **facts(self)):
            return original(self, *args, **settings)

    setattr(owner, method, in_time if inspect.iscoroutinefunction(original) else at_once)
