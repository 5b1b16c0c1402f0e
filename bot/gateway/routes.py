"""The public interface, version 1 (see /docs for its OpenAPI page)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from bot.gateway.door import Door
from bot.gateway.errors import Refusal
from bot.gateway.text import clean
from bot.gateway.tokens import TokenRefused, mint_session, read_identity, read_session
from bot.gateway.turns import Event, RunningTurn

MessageId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,56}$")]


class NewSession(BaseModel):
    identity: str | None = Field(None, max_length=4096, description="JWT signed by the shop")


class OpenedSession(BaseModel):
    session_id: str
    token: str
    expires_at: str
    customer: str | None = Field(None, description="name of the customer that the identity proves")


class Identity(BaseModel):
    identity: str = Field(max_length=4096)


class NewMessage(BaseModel):
    text: str
    message_id: MessageId = Field(description="made by the client; repeat it when you retry")
    language: Literal["zh", "en"] | None = Field(None, description="answer in this language")


class NewFeedback(BaseModel):
    message_id: MessageId | None = None
    rating: Literal[-1, 1]
    comment: str | None = Field(None, max_length=2000)


def door_of(request: Request) -> Door:
    return cast("Door", request.app.state.door)


def session_of(
    door: Annotated[Door, Depends(door_of)],
    authorization: Annotated[str | None, Header()] = None,
) -> str:
    """The session whose token came with the request; its id alone opens nothing."""
    scheme, _, token = (authorization or "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise TokenRefused("no bearer token")
        return read_session(token.strip(), door.settings.session_key)
    except TokenRefused:
        raise Refusal(401, "unauthorized", headers={"WWW-Authenticate": "Bearer"}) from None


TheDoor = Annotated[Door, Depends(door_of)]
TheSession = Annotated[str, Depends(session_of)]

api = APIRouter(prefix="/api/v1")
operations = APIRouter()


@api.post("/sessions", status_code=201)
async def open_session(body: NewSession, request: Request, door: TheDoor) -> OpenedSession:
    """Start a conversation, for a visitor or for the customer that `identity` names."""
    address = request.client.host if request.client else "unknown"
    _limit(door.session_rate.take(address))
    email = _identity(door, body.identity) if body.identity else None
    session = await door.conversations.open(email)
    if email and session.customer is None:
        raise Refusal(401, "identity_refused")
    token = mint_session(session.id, session.expires_at, door.settings.session_key)
    return OpenedSession(
        session_id=session.id,
        token=token,
        expires_at=session.expires_at.isoformat(),
        customer=session.customer,
    )


@api.put("/sessions/identity")
async def identify(body: Identity, session_id: TheSession, door: TheDoor) -> dict[str, str]:
    """Tell an open conversation who signed in on the shop's page."""
    name = await door.conversations.sign_in(session_id, _identity(door, body.identity))
    if name is None:
        raise Refusal(401, "identity_refused")
    return {"customer": name}


@api.post("/messages", response_class=StreamingResponse)
async def say(body: NewMessage, session_id: TheSession, door: TheDoor) -> StreamingResponse:
    """Say something; the answer comes as server-sent events: `delta`, `message`, `done`."""
    settings = door.settings
    if len(body.text) > settings.message_chars:
        raise Refusal(413, "too_long", limit=settings.message_chars)
    text = clean(body.text)
    if not text:
        raise Refusal(422, "empty")
    if not door.turns.is_open(session_id, body.message_id):
        _limit(door.message_rate.take(session_id))
        if not await door.conversations.is_open(session_id):
            raise Refusal(401, "unauthorized")
        # Nothing is awaited from here to the start, so that requests at once are counted right.
        joins = door.turns.is_open(session_id, body.message_id)
        if not joins and door.turns.open_for(session_id) >= settings.open_streams:
            raise Refusal(429, "too_many_streams", headers={"Retry-After": "2"})
    turn = door.turns.start(session_id, body.message_id, text, body.language)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_frames(turn), media_type="text/event-stream", headers=headers)


@api.get("/messages")
async def history(session_id: TheSession, door: TheDoor) -> dict[str, list[dict[str, Any]]]:
    """The conversation so far, oldest first."""
    return {"messages": await door.conversations.history(session_id)}


@api.post("/feedback", status_code=204)
async def feedback(body: NewFeedback, session_id: TheSession, door: TheDoor) -> Response:
    """Thumbs up (1) or down (-1) for one message or the whole conversation."""
    _limit(door.message_rate.take(session_id))
    comment = clean(body.comment) if body.comment else None
    await door.conversations.rate(session_id, body.message_id, body.rating, comment)
    return Response(status_code=204)


@operations.get("/healthz")
async def alive() -> dict[str, str]:
    return {"status": "alive"}


@operations.get("/readyz")
async def ready(door: TheDoor) -> JSONResponse:
    """200 when Rasa, the database, the index and the generator answer, else 503."""
    parts = await door.readiness()
    return JSONResponse(parts, 200 if all(parts.values()) else 503)


@operations.get("/metrics")
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _identity(door: Door, token: str) -> str:
    try:
        return read_identity(token, door.settings.identity_key)
    except TokenRefused:
        raise Refusal(401, "identity_refused") from None


def _limit(seconds: int) -> None:
    if seconds:
        raise Refusal(429, "too_many", headers={"Retry-After": str(seconds)}, seconds=seconds)


async def _frames(turn: RunningTurn) -> AsyncIterator[str]:
    async for event in turn.follow():
        yield _frame(event)


def _frame(event: Event) -> str:
    return f"event: {event.name}\ndata: {json.dumps(event.data, ensure_ascii=False)}\n\n"
