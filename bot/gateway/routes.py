"""The public interface over HTTP, version 1 (see /docs for its OpenAPI page)."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Protocol, cast

from fastapi import APIRouter, Depends, Header, Request, Response, Security
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from bot.gateway.errors import SENTENCES, Refusal
from bot.gateway.files import named
from bot.gateway.gateway import Gateway
from bot.gateway.limits import address_key
from bot.gateway.shapes import (
    Contact,
    CurrentSession,
    ErrorBody,
    EventsTaken,
    History,
    Identity,
    KeptFile,
    Link,
    LinkCode,
    Links,
    MessageId,
    NewEvents,
    NewMessage,
    NewSession,
    Notice,
    OpenedSession,
    SignedInCustomer,
    Stars,
    Thumb,
    ThumbTakenBack,
)
from bot.gateway.turns import RunningTurn
from bot.runtime.clean import clean

Responses = dict[int | str, dict[str, Any]]

_bearer = HTTPBearer(
    auto_error=False, description="the `token` of POST /api/v1/sessions", scheme_name="session"
)


def gateway_of(request: Request) -> Gateway:
    return cast("Gateway", request.app.state.gateway)


async def session_of(
    gateway: Annotated[Gateway, Depends(gateway_of)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> str:
    """The session whose token came with the request."""
    claim = await gateway.claim_of(credentials.credentials if credentials else "")
    return claim.session_id


def address_of(request: Request) -> str:
    return address_key(request.client.host if request.client else "unknown")


class IssuedCode(Protocol):
    @property
    def code(self) -> str: ...

    @property
    def expires_at(self) -> datetime: ...


class LinkedChat(Protocol):
    @property
    def id(self) -> int: ...

    @property
    def platform(self) -> str: ...

    @property
    def linked_at(self) -> datetime | None: ...


class LinkCodes(Protocol):
    """Who gives out the codes by which a customer is known on a messaging platform, and keeps the
    links. All answer None where the session is nobody's, or that is not proven well enough."""

    async def new_code(self, session_id: str) -> tuple[IssuedCode, dict[str, str]] | None:
        """A code, and the addresses that open a chat with it, by platform."""

    async def links(self, session_id: str) -> Sequence[LinkedChat] | None:
        """The chats that are linked to the customer."""

    async def end_link(self, session_id: str, number: int) -> bool | None:
        """End one of them, by its id; False when there is no such."""


def link_codes_of(request: Request) -> LinkCodes:
    if request.app.state.link_codes is None:
        raise Refusal(404, "not_found")
    return cast("LinkCodes", request.app.state.link_codes)


TheGateway = Annotated[Gateway, Depends(gateway_of)]
TheLinkCodes = Annotated[LinkCodes, Depends(link_codes_of)]
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
        "`done` {unanswered: true after an apology; the same message_id asks again; token, "
        "expires_at: when the customer proved who they are, the one that opens the conversation "
        "from now on}",
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
async def open_session(body: NewSession, gateway: TheGateway, address: TheAddress) -> OpenedSession:
    """Open a conversation. Keep the token: it is the only key to it."""
    opened = await gateway.open_session(body.identity, address)
    return OpenedSession(
        session_id=opened.id,
        customer=opened.customer,
        **gateway.token_of(opened.id, opened.epoch),
    )


@api.get(
    "/sessions/current",
    responses=_refusals(unauthorized=401, origin_refused=403, too_many=429, unavailable=503),
)
async def current(
    session_id: TheSession, gateway: TheGateway, address: TheAddress
) -> CurrentSession:
    """The conversation that the token opens, as it stands."""
    await gateway.check_read(session_id, address)
    found = await gateway.conversations.current(session_id)
    if found is None:
        raise Refusal(401, "unauthorized", headers={"WWW-Authenticate": "Bearer"})
    return CurrentSession(
        session_id=found.session_id,
        customer=found.customer,
        language=found.language,
        expires_at=found.expires_at.isoformat(),
        handoff=found.handoff,
    )


@api.delete(
    "/sessions/current",
    status_code=204,
    responses=_refusals(unauthorized=401, origin_refused=403, unavailable=503),
)
async def end_session(session_id: TheSession, gateway: TheGateway) -> Response:
    """End the conversation: its tokens open nothing any more, and its sockets are closed."""
    await gateway.end_session(session_id)
    return Response(status_code=204)


@api.post(
    "/sessions/current/contact",
    status_code=204,
    responses=_refusals(
        unauthorized=401,
        origin_refused=403,
        no_ticket=404,
        contact_unreadable=422,
        too_many=429,
        unavailable=503,
    ),
)
async def leave_contact(body: Contact, session_id: TheSession, gateway: TheGateway) -> Response:
    """Leave an e-mail address or a telephone number for the people who will answer. It proves
    nothing of who the customer is."""
    await gateway.leave_contact(session_id, body.contact)
    return Response(status_code=204)


@api.post(
    "/sessions/current/handoff/withdraw",
    status_code=204,
    responses=_refusals(
        unauthorized=401, origin_refused=403, no_ticket=404, too_many=429, unavailable=503
    ),
)
async def withdraw(session_id: TheSession, gateway: TheGateway) -> Response:
    """No person is needed any more: the ticket is closed, and the assistant goes on."""
    await gateway.withdraw(session_id)
    return Response(status_code=204)


_FILE = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@api.post(
    "/sessions/current/files",
    status_code=201,
    openapi_extra=_FILE,
    responses=_refusals(
        unauthorized=401,
        origin_refused=403,
        not_kept=403,
        not_a_picture=415,
        wrong_kind=415,
        too_many=429,
        unavailable=503,
    ),
)
async def send_file(
    request: Request,
    session_id: TheSession,
    gateway: TheGateway,
    address: TheAddress,
    x_file_name: Annotated[
        str | None,
        Header(max_length=1800, description="what the customer calls it, percent-encoded UTF-8"),
    ] = None,
) -> KeptFile:
    """Send a file, as it is, for the people behind the assistant; `files` of a message then says
    that it goes with it. What it is, its own bytes tell. Pictures lose what a camera wrote into
    them."""
    await gateway.check_file(session_id, address)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > gateway.settings.keep_file_mb * 1_000_000:
            raise Refusal(413, "too_large")
    declared = request.headers.get("content-type", "")
    return await gateway.keep_file(session_id, bytes(body), declared, named(x_file_name))


@api.get("/notice")
async def notice(gateway: TheGateway) -> Notice:
    """Who writes with the assistant writes with the shop's people too; how long it is kept, and
    where to ask about it."""
    return gateway.notice


@api.put(
    "/sessions/identity",
    responses=_refusals(
        unauthorized=401, identity_refused=401, origin_refused=403, too_many=429, unavailable=503
    ),
)
async def identify(body: Identity, session_id: TheSession, gateway: TheGateway) -> SignedInCustomer:
    """Tell an open conversation who signed in on the shop's page. It stays with that customer, and
    only the token of this answer opens it from now on."""
    name, epoch = await gateway.identify(session_id, body.identity)
    return SignedInCustomer(customer=name, **gateway.token_of(session_id, epoch))


_OF_LINKS = _refusals(
    unauthorized=401,
    no_customer=403,
    origin_refused=403,
    not_found=404,
    too_many=429,
    unavailable=503,
)


@api.post("/link-code", status_code=201, responses=_OF_LINKS)
async def link_code(
    session_id: TheSession, gateway: TheGateway, link_codes: TheLinkCodes
) -> LinkCode:
    """A one-time code by which the customer is known on a messaging platform. It takes a sign-in
    or a code by e-mail: an e-mail address and a postcode do not do."""
    await gateway.check_links(session_id)
    made = await link_codes.new_code(session_id)
    if made is None:
        raise Refusal(403, "no_customer")
    code, links = made
    return LinkCode(code=code.code, expires_at=code.expires_at.isoformat(), links=links)


@api.get("/links", responses=_OF_LINKS)
async def links(session_id: TheSession, gateway: TheGateway, link_codes: TheLinkCodes) -> Links:
    """The chats on messaging platforms in which the customer is known."""
    await gateway.check_links(session_id)
    linked = await link_codes.links(session_id)
    if linked is None:
        raise Refusal(403, "no_customer")
    return Links(
        links=[
            Link(
                id=chat.id,
                platform=chat.platform,
                linked_at=chat.linked_at.isoformat() if chat.linked_at else None,
            )
            for chat in linked
        ]
    )


@api.delete("/links/{link}", status_code=204, responses=_OF_LINKS)
async def end_link(
    link: int, session_id: TheSession, gateway: TheGateway, link_codes: TheLinkCodes
) -> Response:
    """End one of them: that chat is nobody's from now on."""
    await gateway.check_links(session_id)
    ended = await link_codes.end_link(session_id, link)
    if ended is None:
        raise Refusal(403, "no_customer")
    if not ended:
        raise Refusal(404, "not_found")
    return Response(status_code=204)


@api.post(
    "/messages",
    response_class=StreamingResponse,
    responses={
        **_refusals(
            unauthorized=401,
            origin_refused=403,
            already_said=409,
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
    body: NewMessage, session_id: TheSession, gateway: TheGateway, address: TheAddress
) -> StreamingResponse:
    """Say something; the answer comes as server-sent events: `delta`, `message`, `done`."""
    origin = uuid.uuid4().hex
    turn = await gateway.say(session_id, address, body, origin=origin)
    gateway.check_followers(turn)

    def fresh() -> dict[str, str]:
        if turn.renewed is None or turn.origin != origin:
            return {}
        return gateway.token_of(session_id, turn.renewed)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_frames(turn, fresh), media_type="text/event-stream", headers=headers)


@api.post(
    "/messages/{message_id}/stop",
    status_code=204,
    responses=_refusals(unauthorized=401, origin_refused=403, too_many=429, unavailable=503),
)
async def stop(
    message_id: MessageId, session_id: TheSession, gateway: TheGateway, address: TheAddress
) -> Response:
    """End the answer to a message that is growing: what was said so far stays. One that is there
    already, or has not begun to grow, comes whole."""
    await gateway.check_read(session_id, address)
    gateway.stop(session_id, message_id)
    return Response(status_code=204)


@api.get(
    "/messages",
    responses={
        **_refusals(unauthorized=401, origin_refused=403, too_many=429, unavailable=503),
        200: {"model": History},
    },
)
async def history(session_id: TheSession, gateway: TheGateway, address: TheAddress) -> JSONResponse:
    """The conversation so far, oldest first; of a very long one its last 500 lines."""
    await gateway.check_read(session_id, address)
    return JSONResponse({"messages": await gateway.conversations.history(session_id)})


@api.post(
    "/feedback",
    status_code=204,
    responses=_refusals(unauthorized=401, origin_refused=403, too_many=429, unavailable=503),
)
async def feedback(
    body: Thumb | ThumbTakenBack | Stars, session_id: TheSession, gateway: TheGateway
) -> Response:
    """Thumbs up (1) or down (-1) for one line or the conversation, or stars at its end. A line has
    one thumb: the last one that was given, none after 0."""
    await gateway.check_feedback(session_id)
    given = body.model_dump()
    comment = given.get("comment")
    given["comment"] = clean(comment) if comment else None
    await gateway.conversations.rate(session_id, **given)
    return Response(status_code=204)


@api.post(
    "/events",
    responses=_refusals(unauthorized=401, origin_refused=403, too_many=429, unavailable=503),
)
async def events(
    body: NewEvents, session_id: TheSession, gateway: TheGateway, address: TheAddress
) -> EventsTaken:
    """Tell what the visitor does on the shop's pages, up to 20 events at a time, each kept once."""
    return await gateway.take_events(session_id, address, body.events)


@operations.get("/healthz")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


_PARTS: dict[str, Any] = {"model": dict[str, bool], "description": "Which parts answer."}


@operations.get("/readyz", responses={200: _PARTS, 503: _PARTS})
async def ready(gateway: TheGateway) -> JSONResponse:
    """200 when Rasa, the database, the index and the generator answer, else 503."""
    parts = await gateway.readiness()
    return JSONResponse(parts, 200 if all(parts.values()) else 503)


@operations.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string"}}}}},
)
async def metrics() -> Response:
    """Counters and times for Prometheus; no label holds personal data."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _frames(turn: RunningTurn, fresh: Callable[[], dict[str, str]]) -> AsyncIterator[str]:
    """The events; `done` with the token that opens the conversation from now on, if it changed."""
    async for event in turn.follow():
        yield _frame(event.name, {**event.data, **fresh()} if event.name == "done" else event.data)


def _frame(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
