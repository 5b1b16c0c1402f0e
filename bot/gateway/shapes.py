"""What clients send and get, over HTTP and by WebSocket, as the OpenAPI page shows it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator

from bot.messages import BotMessage, HandoffView
from data.attachments import AttachmentKind
from retrieval.types import Language

MessageId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,56}$")]
# Also the ids of answers ("m1.1") and of what people write ("desk:…").
LineId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]
Token = Annotated[str, Field(max_length=4096)]
Comment = Annotated[str, Field(max_length=2000)]


class Sentences(BaseModel):
    zh: str
    en: str


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


class ShopView(BaseModel):
    """Who the shop is, as far as it says so."""

    name: Sentences
    phone: str | None = None
    email: str | None = None
    agent_picture: str | None = Field(None, description="of the people behind the assistant")
    sign_in_url: str | None = None
    cart_url: str | None = None


class Notice(BaseModel):
    """What whoever writes should know before."""

    keep_days: int = Field(description="days after its end that a conversation is kept")
    files: list[AttachmentKind] = Field(description="kinds of files that the shop takes")
    file_mb: int = Field(description="the largest of them, in MB")
    picture_hosts: list[str] = Field(description="whose pictures products and people have")
    shop: ShopView
    privacy_url: str | None = Field(description="the shop's page on personal data")
    email: str | None = Field(description="where to ask about it")


class Identity(BaseModel):
    identity: Token = Field(description="JWT signed by the shop")


class SignedInCustomer(BaseModel):
    customer: str
    token: str = Field(description="opens this conversation from now on, in place of the earlier")
    expires_at: str


class Link(BaseModel):
    id: int
    platform: str
    linked_at: str | None


class Links(BaseModel):
    links: list[Link]


class LinkCode(BaseModel):
    code: str = Field(description="one-time; the customer sends it to the shop's bot on a platform")
    expires_at: str
    links: dict[str, str] = Field(
        description="addresses that open the chat with the code, by platform, where there are such"
    )


Short = Annotated[str, Field(max_length=200)]
Long = Annotated[str, Field(max_length=500)]
FileId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]

_PAGE_BYTES = 8_000  # of a page as JSON: what it may bring into each turn's memory
MOST_FILES = 3  # with one message


class CartLine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    product_id: Short
    variant_id: Short | None = None
    quantity: int = Field(ge=1, le=1000)


class Page(BaseModel):
    """What the customer looks at while they write. Nothing of it is believed: ids are looked up,
    unknown ones dropped, and nothing of it is shown back."""

    model_config = ConfigDict(extra="forbid")

    url: Long | None = None
    title: Long | None = None
    language: Short | None = Field(
        None, description="of the page; decides the language of a message that has none of its own"
    )
    product_id: Short | None = Field(None, description="an id or a SKU of the catalogue")
    variant_id: Short | None = Field(None, description="the SKU that is chosen on the page")
    category: Short | None = Field(None, description="an id or a name of the catalogue")
    order_number: Short | None = None
    search: Short | None = Field(None, description="what was searched for on the page")
    cart: list[CartLine] | None = Field(
        None, max_length=50, description="what is in the cart; [] for an empty one"
    )

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if len(self.model_dump_json(exclude_none=True).encode()) > _PAGE_BYTES:
            raise ValueError(f"is larger than {_PAGE_BYTES} bytes")
        return self


class NewMessage(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "订单满多少包邮？", "message_id": "m-1"}]}
    )

    text: str = Field(description="not blank, unless files come along")
    message_id: MessageId = Field(description="made by the client; repeat it when you retry")
    language: Language | None = Field(None, description="answer in this language")
    page: Page | None = Field(None, description="what the customer looks at")
    files: list[FileId] = Field(
        default_factory=list,
        max_length=MOST_FILES,
        description="ids of files sent before; with some of them the text may be empty",
    )


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


class ThumbTakenBack(BaseModel):
    """No thumb any more for a line that had one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"message_id": "m-1.1", "rating": 0}]}
    )

    rating: int = Field(strict=True, ge=0, le=0)
    message_id: LineId


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


class _PageEvent(BaseModel):
    model_config = ConfigDict(extra="forbid")

    event_id: EventId = Field(description="made by the page; repeat it when you retry")
    age_s: Age = Field(0, description="seconds since it happened")


class Looked(_PageEvent):
    """At a product: its page, the cart, or away from it for good."""

    kind: Literal["view", "cart", "dislike"]
    product_id: ProductId
    pieces: Pieces | None = Field(None, description="put into the cart")
    ref: Ref | None = Field(None, description="of the address of the page, where it has one")


class Searched(_PageEvent):
    kind: Literal["search"]
    query: str = Field(min_length=1, max_length=200)


class Rated(_PageEvent):
    kind: Literal["rating"]
    product_id: ProductId
    stars: StarCount


class Clicked(_PageEvent):
    """A recommended product's page was opened; `ref` stands in its address."""

    kind: Literal["click"]
    ref: Ref


PageEvent = Looked | Searched | Rated | Clicked


class NewEvents(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "events": [
                        {"event_id": "e-1", "kind": "view", "product_id": "blue-mug"},
                        {"event_id": "e-2", "kind": "search", "query": "mug", "age_s": 3},
                    ]
                }
            ]
        },
    )

    events: list[Annotated[PageEvent, Field(discriminator="kind")]] = Field(
        min_length=1, max_length=20
    )


class RefusedEvent(BaseModel):
    event_id: str
    reason: str = Field(description="`unknown_product`, `unknown_ref` or `empty_query`")


class EventsTaken(BaseModel):
    stored: int
    repeated: int = Field(description="kept before, under the same event_id")
    ignored: int = Field(description="not kept: the customer does not want their history used")
    refused: list[RefusedEvent]


class SentFile(BaseModel):
    file_id: FileId
    kind: AttachmentKind
    name: str


class KeptFile(SentFile):
    size: int = Field(description="bytes, as it is kept")


class Contact(BaseModel):
    contact: str = Field(max_length=254, description="an e-mail address or a telephone number")


class HistoryLine(BotMessage):
    """A line of the history. A customer's or an agent's has `text` alone of what a bot's has; a
    customer's may have `files`."""

    files: list[SentFile] = Field(default_factory=list)

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
    messages: list[HistoryLine]


class Error(BaseModel):
    code: str = Field(description="for programs")
    message: Sentences = Field(description="for people")


class ErrorBody(BaseModel):
    error: Error


class Hello(BaseModel):
    type: Literal["hello"]
    token: Token
    after: LineId | None = None


class MessageFrame(NewMessage):
    type: Literal["message"]


class Identify(Identity):
    type: Literal["identify"]


class Ping(BaseModel):
    type: Literal["ping"]


Frame = Hello | MessageFrame | Identify | Ping
read_frame: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


def complaint(problems: list[Any]) -> str:
    """What is wrong with the fields, without repeating what was sent."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'][1:]) or 'body'}: {problem['msg']}"
        for problem in problems[:3]
    )
