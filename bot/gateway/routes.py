"""The public interface over HTTP, version 1 (see /docs for its OpenAPI page)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.channels.service import Channels
from bot.gateway.door import Door
from bot.gateway.errors import SENTENCES, Refusal
from bot.gateway.limits import address_key
from bot.gateway.shapes import (
    CurrentSession,
    Customer,
    ErrorBody,
    EventsTaken,
    History,
    Identity,
    LinkCode,
    NewEvents,
    NewMessage,
    NewSession,
    OpenedSession,
    Stars,
    Thumb,
)
from bot.gateway.text import clean
from bot.gateway.tokens import mint_session
from bot.gateway.turns import Event, RunningTurn

Responses = dict[int | str, dict[str, Any]]

_bearer = HTTPBearer(
    auto_error=False, description="the `token` of POST /api/v1/sessions", scheme_name="session"
)


def door_of(request: Request) -> Door:
    return cast("Door", request.app.state.door)


def session_of(
    door: Annotated[Door, Depends(door_of)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> str:
    """The session whose token came with the request."""
    return door.session_of(credentials.credentials if credentials else "")


def address_of(request: Request) -> str:
    return address_key(request.client.host if request.client else "unknown")


def channels_of(request: Request) -> Channels:
    if request.app.state.channels is None:
        raise Refusal(404, "not_found")
    return cast("Channels", request.app.state.channels)


TheDoor = Annotated[Door, Depends(door_of)]
TheChannels = Annotated[Channels, Depends(channels_of)]
TheSession = Annotated[str, Depends(session_of)]
TheAddress = Annotated[str, Depends(address_of)]


def _refusals(**codes: int) -> Responses:
    """The refusals of a route, one example each: code=status."""
    found: Responses = {}
    for code, status in {"unreadable": 400, "too_large": 413, "invalid": 422, **codes}.items():
        zh, en = SENTENCES[code]
        example = {"error": {"code": code, "message": {"zh": zh, "en": en}}}
        answer = found.setdefault(
            status,
            {
                "model": ErrorBody,
                "description": en,
                "content": {"application/json": {"examples": {}}},
            },
        )
        answer["content"]["application/json"]["examples"][code] = {"value": example}
        if status == 429:
            seconds = {"schema": {"type": "integer"}, "description": "seconds to wait"}
            answer["headers"] = {"Retry-After": seconds}
    return found


_EVENTS = """\
event: delta
data: {"seq": 1, "text": "满 99 元"}

event: message
data: {"text": "满 99 元包邮。[1]", "buttons": [], "cards": [], "citations": [], "table": null, …}

event: done
data: {}

"""
_STREAM: Responses = {
    200: {
        "description": "`delta` {seq, text: the whole text so far}, `message` once or more, "
        "`done` {unanswered: true after an apology; the same message_id asks again}",
        "content": {
            "text/event-stream": {
                "schema": {
                    "type": "object",
                    "required": ["event", "data"],
                    "properties": {
                        "event": {"enum": ["delta", "message", "trace", "done"]},
                        "data": {"type": "string", "description": "JSON on one line"},
                    },
                },
                "example": _EVENTS,
            }
        },
    }
}

api = APIRouter(prefix="/api/v1", tags=["conversation"])
operations = APIRouter(tags=["operations"])


@api.post(
    "/sessions",
    status_code=201,
    responses=_refusals(identity_refused=401, origin_refused=403, too_many=429, unavailable=503),
)
async def open_session(body: NewSession, door: TheDoor, address: TheAddress) -> OpenedSession:
    """Open a conversation. Keep the token: it is the only key to it."""
    session = await door.open_session(body.identity, address)
    token = mint_session(session.id, session.expires_at, door.settings.session_key)
    return OpenedSession(
        session_id=session.id,
        token=token,
        expires_at=session.expires_at.isoformat(),
        customer=session.customer,
    )


@api.get(
    "/sessions/current",
    responses=_refusals(unauthorized=401, origin_refused=403, unavailable=503),
)
async def current(session_id: TheSession, door: TheDoor) -> CurrentSession:
    """The conversation that the token opens, as it stands."""
    session = await door.conversations.current(session_id)
    if session is None:
        raise Refusal(401, "unauthorized", headers={"WWW-Authenticate": "Bearer"})
    return CurrentSession(
        session_id=session.session_id,
        customer=session.customer,
        language=session.language,
        expires_at=session.expires_at.isoformat(),
        handoff=session.handoff,
    )


@api.put(
    "/sessions/identity",
    responses=_refusals(
        unauthorized=401, identity_refused=401, origin_refused=403, too_many=429, unavailable=503
    ),
)
async def identify(body: Identity, session_id: TheSession, door: TheDoor) -> Customer:
    """Tell an open conversation who signed in on the shop's page. It stays with that customer."""
    return Customer(customer=await door.identify(session_id, body.identity))


@api.post(
    "/link-code",
    status_code=201,
    responses=_refusals(
        unauthorized=401,
        no_customer=403,
        origin_refused=403,
        not_found=404,
        too_many=429,
        unavailable=503,
    ),
)
async def link_code(session_id: TheSession, door: TheDoor, channels: TheChannels) -> LinkCode:
    """A one-time code by which the signed-in customer is known on a messaging platform."""
    await door.may_link(session_id)
    made = await channels.new_code(session_id)
    if made is None:
        raise Refusal(403, "no_customer")
    code, links = made
    return LinkCode(code=code.code, expires_at=code.expires_at.isoformat(), links=links)


@api.post(
    "/messages",
    response_class=StreamingResponse,
    responses={
        **_refusals(
            unauthorized=401,
            origin_refused=403,
            too_long=413,
            empty=422,
            too_many=429,
            too_many_streams=429,
            closing=503,
            unavailable=503,
        ),
        **_STREAM,
    },
)
async def say(
    body: NewMessage, session_id: TheSession, door: TheDoor, address: TheAddress
) -> StreamingResponse:
    """Say something; the answer comes as server-sent events: `delta`, `message`, `done`."""
    turn = await door.say(session_id, address, body)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_frames(turn), media_type="text/event-stream", headers=headers)


@api.get(
    "/messages",
    responses={
        **_refusals(unauthorized=401, origin_refused=403, unavailable=503),
        200: {"model": History},
    },
)
async def history(session_id: TheSession, door: TheDoor) -> JSONResponse:
    """The conversation so far, oldest first; of a very long one its last 500 lines."""
    return JSONResponse({"messages": await door.conversations.history(session_id)})


@api.post(
    "/feedback",
    status_code=204,
    responses=_refusals(unauthorized=401, origin_refused=403, too_many=429, unavailable=503),
)
async def feedback(body: Thumb | Stars, session_id: TheSession, door: TheDoor) -> Response:
    """Thumbs up (1) or down (-1) for one line or the conversation, or stars at its end."""
    await door.may_rate(session_id)
    given = body.model_dump()
    given["comment"] = clean(body.comment) if body.comment else None
    await door.conversations.rate(session_id, **given)
    return Response(status_code=204)


@api.post(
    "/events",
    responses=_refusals(unauthorized=401, origin_refused=403, too_many=429, unavailable=503),
)
async def events(
    body: NewEvents, session_id: TheSession, door: TheDoor, address: TheAddress
) -> EventsTaken:
    """Tell what the visitor does on the shop's pages, up to 20 events at a time, each kept once."""
    return await door.take_events(session_id, address, body.events)


@operations.get("/healthz")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


_PARTS: dict[str, Any] = {"model": dict[str, bool], "description": "Which parts answer."}


@operations.get("/readyz", responses={200: _PARTS, 503: _PARTS})
async def ready(door: TheDoor) -> JSONResponse:
    """200 when Rasa, the database, the index and the generator answer, else 503."""
    parts = await door.readiness()
    return JSONResponse(parts, 200 if all(parts.values()) else 503)


@operations.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string"}}}}},
)
async def metrics() -> Response:
    """Counters and times for Prometheus; no label holds personal data."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _frames(turn: RunningTurn) -> AsyncIterator[str]:
    async for event in turn.follow():
        yield _frame(event)


def _frame(event: Event) -> str:
    return f"event: {event.name}\ndata: {json.dumps(event.data, ensure_ascii=False)}\n\n"
