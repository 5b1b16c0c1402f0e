"""What clients send and get, over HTTP and by WebSocket, as the OpenAPI page shows it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from bot.messages import BotMessage, HandoffView

MessageId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,56}$")]
# Also the ids of answers ("m1.1") and of what people write ("desk:…").
LineId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Token = Annotated[str, Field(max_length=4096)]
Comment = Annotated[str, Field(max_length=2000)]
Language = Literal["zh", "en"]


class NewSession(BaseModel):
    identity: Token | None = Field(None, description="JWT signed by the shop")


class OpenedSession(BaseModel):
    session_id: str
    token: str = Field(description="opens this conversation; keep it as you would a password")
    expires_at: str
    customer: str | None = Field(None, description="name of the customer that the identity proves")


class CurrentSession(BaseModel):
    session_id: str
    customer: str | None
    language: Language | None = Field(description="of the last answer, else the customer's own")
    expires_at: str
    handoff: HandoffView | None = Field(description="the newest ticket of the conversation")


class Identity(BaseModel):
    identity: Token = Field(description="JWT signed by the shop")


class Customer(BaseModel):
    customer: str


class LinkCode(BaseModel):
    code: str = Field(description="one-time; the customer sends it to the shop's bot on a platform")
    expires_at: str
    links: dict[str, str] = Field(
        description="addresses that open the chat with the code, by platform, where there are such"
    )


class NewMessage(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "订单满多少包邮？", "message_id": "m-1"}]}
    )

    text: str = Field(description="not blank", json_schema_extra={"minLength": 1})
    message_id: MessageId = Field(description="made by the client; repeat it when you retry")
    language: Language | None = Field(None, description="answer in this language")


class Thumb(BaseModel):
    """Up (1) or down (-1) for one line, or without `message_id` for the conversation."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"message_id": "m-1.1", "rating": -1, "reason": "wrong"}]},
    )

    rating: Literal[-1, 1]
    message_id: LineId | None = None
    reason: Literal["wrong", "unclear", "not_helpful", "slow", "other"] | None = None
    comment: Comment | None = None


class Stars(BaseModel):
    """One to five for the conversation, at its end."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"stars": 5}]})

    stars: int = Field(ge=1, le=5)
    comment: Comment | None = None


EventId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
ProductId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
Ref = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]


def _number(value: object) -> object:
    """JSON has numbers of one kind: 3 and 3.0, but not true and not "3"."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("is not a number")
    return value


Age = Annotated[int, Field(ge=0, le=86_400), BeforeValidator(_number)]
Pieces = Annotated[int, Field(ge=1, le=1000), BeforeValidator(_number)]
StarCount = Annotated[int, Field(ge=1, le=5), BeforeValidator(_number)]


class _Event(BaseModel):
    model_config = ConfigDict(extra="forbid")

    event_id: EventId = Field(description="made by the page; repeat it when you retry")
    age_s: Age = Field(0, description="seconds since it happened")


class Looked(_Event):
    """At a product: its page, the cart, or away from it for good."""

    kind: Literal["view", "cart", "dislike"]
    product_id: ProductId
    pieces: Pieces | None = Field(None, description="put into the cart")
    ref: Ref | None = Field(None, description="of the address of the page, where it has one")


class Searched(_Event):
    kind: Literal["search"]
    query: str = Field(min_length=1, max_length=200)


class Rated(_Event):
    kind: Literal["rating"]
    product_id: ProductId
    stars: StarCount


class Clicked(_Event):
    """A recommended product's page was opened; `ref` stands in its address."""

    kind: Literal["click"]
    ref: Ref


Event = Looked | Searched | Rated | Clicked


class NewEvents(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "events": [
                        {"event_id": "e-1", "kind": "view", "product_id": "ridgeline-2-tent"},
                        {"event_id": "e-2", "kind": "search", "query": "tent", "age_s": 3},
                    ]
                }
            ]
        },
    )

    events: list[Annotated[Event, Field(discriminator="kind")]] = Field(min_length=1, max_length=20)


class RefusedEvent(BaseModel):
    event_id: str
    reason: str = Field(description="`unknown_product`, `unknown_ref` or `empty_query`")


class EventsTaken(BaseModel):
    stored: int
    repeated: int = Field(description="kept before, under the same event_id")
    ignored: int = Field(description="not kept: the customer does not want their history used")
    refused: list[RefusedEvent]


class Line(BotMessage):
    """A line of the history. A customer's or an agent's has `text` alone of what a bot's has."""

    message_id: str
    sender: Literal["customer", "bot", "agent"]
    created_at: str
    reply_to: str | None = Field(None, description="the customer's line that a bot's line answers")
    agent: str | None = Field(None, description="name of the person who wrote")
    unanswered: bool = Field(
        False,
        description="only an apology was possible; the same message_id sent again is answered",
    )


class History(BaseModel):
    messages: list[Line]


class Sentences(BaseModel):
    zh: str
    en: str


class Error(BaseModel):
    code: str = Field(description="for programs")
    message: Sentences = Field(description="for people")


class ErrorBody(BaseModel):
    error: Error


class Hello(BaseModel):
    type: Literal["hello"]
    token: Token
    after: LineId | None = None


class Said(NewMessage):
    type: Literal["message"]


class Identify(Identity):
    type: Literal["identify"]


class Ping(BaseModel):
    type: Literal["ping"]


Frame = Hello | Said | Identify | Ping
read_frame: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


def complaint(problems: list[Any]) -> str:
    """What is wrong with the fields, without repeating what was sent."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'][1:]) or 'body'}: {problem['msg']}"
        for problem in problems[:3]
    )
