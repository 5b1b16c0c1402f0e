"""One utterance of the customer and the bot's answer to it: what a skill is told, and how it
speaks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from itertools import islice, takewhile
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from rasa_sdk import Tracker

from bot import languages
from bot.dialogue import page
from bot.dialogue.notes import Notes
from bot.dialogue.page import Page
from bot.dialogue.services import Services
from bot.messages import (
    BotMessage,
    Button,
    CitationView,
    HandoffView,
    OrderCard,
    ProductCard,
    Table,
    WantedFact,
)
from bot.understanding.reading import COURTESIES, Reading, Request
from bot.wording import formats, replies
from data import access
from data.capabilities import Capability, Level
from data.models import Customer, Product
from data.rules import ShopRules, proofs
from data.taste import Taste, taste_of
from data.unit_of_work import UnitOfWork
from retrieval.text import detect_language
from retrieval.types import Language

# Below it the utterance is taken as one request: two answers where one was wanted read worse than
# one answer where two were.
_SURE = 0.6
_ANSWERS = frozenset({"affirm", "deny"})
_PERSON, _ANGER, _TROUBLE = "human", "complaint", "problem"
_MOST_REQUESTS = 3  # who wants more gets the first ones, in a reply that can still be read

_P = ParamSpec("_P")
_T = TypeVar("_T")


_CODE_TURNS = 3  # people ask something else while the mail is on its way


def _as_in(
    form: Callable[_P, Notes],
) -> Callable[[Callable[..., None]], Callable[Concatenate[Turn, _P], None]]:
    """Types the keywords of a method as those of `form`."""
    return lambda method: method


class Turn:
    """One customer utterance and the bot's answer to it.

    State between turns is not kept in slots but read back from the notes that earlier messages
    carry in the tracker (`noted`), so there is one record of what was said, shown and offered.
    """

    def __init__(self, tracker: Tracker, services: Services) -> None:
        self.services = services
        self.session_id: str = tracker.sender_id
        latest = tracker.latest_message
        text: str = latest.get("text") or ""
        intent: str = (latest.get("intent") or {}).get("name") or ""
        self.whole = Request(intent, 1.0, "", 0, len(text), text)
        self.reading = Reading.read(latest.get("reading") or {})
        self.request = self._alone()
        metadata = latest.get("metadata") or {}
        self.turn_id: str = metadata.get("turn_id", "")
        self._message_id: str = metadata.get("message_id", "")
        self.asked_from: str = metadata.get("asked_from", "")  # stands for the network address
        self._entities: list[dict[str, Any]] = latest.get("entities") or []
        self._events: list[dict[str, Any]] = tracker.events
        sent = metadata.get("page") or {}
        # For the people behind the assistant, and never shown back to the customer.
        self.page_said = {name: sent[name] for name in ("url", "title", "language") if name in sent}
        self.page: Page | None = page.read(sent, services.places) if sent else None
        wanted = metadata.get("language") or self._spoken() or tracker.get_slot("language")
        self.languages = languages.of_shop(services.rules)
        self.language: Language = languages.spoken(wanted, self.languages)
        self.foreign = self._is_foreign(chosen="language" in metadata)
        self.messages: list[BotMessage] = []
        self.notes = Notes()
        self.own = Notes()  # what the request that is being served noted
        self.alone = True  # whether the utterance is one request
        self._settled = Notes()  # by the requests of this utterance that are served already
        self.events: list[dict[str, Any]] = []  # for Rasa: slots to set
        self._started = time.perf_counter()

    def _spoken(self) -> str | None:
        """The language of a message that has none of its own: that of the customer's last words
        that had one, else the page's; None where the message has one, or no page is known."""
        if self.page is None or self.page.language is None or languages.own(self.whole.words):
            return None
        before = (languages.own(event.get("text") or "") for event in self._said_before())
        return next(filter(None, before), self.page.language)

    def _is_foreign(self, *, chosen: bool) -> bool:
        """Whether the customer writes in a language that the shop does not speak. Whoever chose
        the language of the answers and yet writes in a third one knows what comes."""
        written = detect_language(self.whole.words)
        if written is None or written in self.languages:
            return False
        return written != "other" or not chosen

    # What the customer said

    @property
    def text(self) -> str:
        """The words of the request that is being served; of the whole utterance where it has only
        this one."""
        return self.request.words

    @property
    def intent(self) -> str:
        return self.request.act

    def requests(self) -> Sequence[Request]:
        """What is wanted, in order: several requests where the reading is sure of each, else the
        utterance as one. A greeting or thanks beside a request is none, nor is a yes that answers
        nothing, nor a no, which only turns to it: "hm no. the trousers then", 算了 …呢."""
        beside = COURTESIES | ({"deny"} if self._awaits_answer() else _ANSWERS)
        read = self.reading.requests
        wanted = [each for each in read if each.act not in beside]
        if any(each.act == _PERSON for each in wanted):
            # Who is angry and wants a person is told once that one comes.
            wanted = [each for each in wanted if each.act != _ANGER]
            if any(each.act == _TROUBLE for each in wanted):
                wanted = [each for each in wanted if each.act != _PERSON]
        if any(each.act == _TROUBLE for each in wanted):
            # Nor is who is angry about what they report answered twice.
            wanted = [each for each in wanted if each.act != _ANGER]
        sure = all(each.certainty >= _SURE for each in wanted)
        if sure and len(wanted) > 1:
            return wanted[:_MOST_REQUESTS]
        beside_person = len(wanted) == 1 and wanted[0].act == _PERSON
        if len(wanted) == 1 and len(read) > 1 and (self.intent in _ANSWERS or beside_person):
            return wanted if sure else [replace(self.request, act=wanted[0].act)]
        return [self.request]

    def _awaits_answer(self) -> bool:
        return self.noted(lambda notes: notes.expects or notes.offer, within=1) is not None

    def turn_to(self, request: Request) -> None:
        """Serve this request from now on; what was noted for those before it is known to it."""
        self._settled, self.own = self.notes, Notes()
        self.request = request

    def _alone(self) -> Request:
        """The utterance as one request: Rasa's intent, and all that was read in it."""
        read = self.reading.requests
        sure = read[0] if len(read) == 1 and read[0].act == self.whole.act else self.whole
        return replace(
            self.whole,
            certainty=sure.certainty,
            runner_up=sure.runner_up,
            spans=tuple(span for request in read for span in request.spans),
            facts=frozenset().union(*(request.facts for request in read)),
        )

    def entities(self, name: str) -> list[str]:
        return [
            str(entity["value"])
            for entity in self._entities
            if entity["entity"] == name
            and self.request.start <= entity.get("start", 0) < max(1, self.request.end)
        ]

    @property
    def rules(self) -> ShopRules:
        return self.services.rules

    @property
    def today(self) -> date:
        return self.rules.today(self.services.clock())

    # What was said before

    def earlier(self) -> Iterator[tuple[int, Notes]]:
        """The notes of earlier turns, latest first, each with how many customer turns ago; before
        them those for earlier requests of this turn."""
        turns_ago = 0
        if self._settled != Notes():
            yield turns_ago, self._settled
        for event in reversed(self._events):
            if event.get("event") == "user":
                turns_ago += 1
            elif event.get("event") == "bot":
                notes = ((event.get("data") or {}).get("custom") or {}).get("notes")
                if notes:
                    yield turns_ago, Notes.read(notes)

    def noted(self, what: Callable[[Notes], _T | None], *, within: int) -> _T | None:
        """The latest of what was noted at most `within` customer turns ago; None when it was not:
        `turn.noted(lambda notes: notes.shown, within=4)`."""
        for turns_ago, notes in self.earlier():
            if turns_ago > within:
                break
            if (found := what(notes)) is not None:
                return found
        return None

    def awaited_code(self) -> tuple[str, str] | None:
        """The e-mail address that a one-time code was asked for lately, and the code that this
        utterance is; None when it is none, or none is awaited."""
        email = self.noted(lambda notes: notes.code_for, within=_CODE_TURNS)
        code = proofs.code(self.text) if email else None
        return (email, code) if email and code else None

    def read_lately(self, turns: int) -> list[Reading]:
        """The readings of this utterance and of so many before it, latest first."""
        said = self._said_before()
        before = ((event.get("parse_data") or {}).get("reading") or {} for event in said)
        return [self.reading, *map(Reading.read, islice(before, turns))]

    def said_last(self) -> str | None:
        """The customer's utterance before this one."""
        return next((event.get("text") for event in self._said_before()), None)

    def _said_before(self) -> list[dict[str, Any]]:
        """The customer's utterances before this one, latest first."""
        return [event for event in reversed(self._events) if event.get("event") == "user"][1:]

    @cached_property
    def turns_on_page(self) -> int:
        """How many turns ago the customer first wrote from the page that they are on, without
        having been on another one since: what was noted so lately is newer than the page."""
        if self.page is None:
            return 0
        earlier = (
            page.read((event.get("metadata") or {}).get("page") or {}, self.services.places)
            for event in self._said_before()
        )
        here = takewhile(lambda each: each is not None and each.key == self.page_key, earlier)
        return sum(1 for _ in here)

    @property
    def page_key(self) -> str:
        return self.page.key if self.page else ""

    # What the bot says

    @_as_in(Notes)
    def note(self, **noted: Any) -> None:
        """Keep for the turns to come; each of the names is a field of `Notes`."""
        self.notes = replace(self.notes, **noted)
        self.own = replace(self.own, **noted)

    def say(
        self,
        text: str,
        *,
        cards: Sequence[ProductCard | OrderCard] = (),
        citations: Sequence[CitationView] = (),
        buttons: Sequence[Button] = (),
        table: Table | None = None,
        handoff: HandoffView | None = None,
        asks: Literal["identity"] | None = None,
        wanted: Sequence[WantedFact] = (),
    ) -> None:
        self.messages.append(
            BotMessage(
                text=text,
                cards=list(cards),
                citations=list(citations),
                buttons=list(buttons),
                table=table,
                language=self.language,
                handoff=handoff,
                asks=asks,
                wanted=list(wanted),
            )
        )

    def say_with_sources(self, text: str, *decisions: str, buttons: Sequence[Button] = ()) -> None:
        """Say what was decided, with the sentence of the shop's pages that proves it: "… [1]".
        `decisions`: what it is, as the shop's sources.yaml names it ("delivery.cost"), the most
        important one first."""
        citations = self.services.sources.of(text, decisions, self.language)
        marked = formats.marked(text, [citation.number for citation in citations], self.language)
        self.say(marked, citations=citations, buttons=buttons)

    def phrase(self, key: str, **facts: object) -> str:
        return self.services.phrases.say(key, self.language, self.turn_id, **facts)

    def button(self, key: str) -> Button:
        """A button whose press says what stands on it."""
        title = self.phrase(f"button.{key}")
        return Button(title=title, payload=title)

    def publish(self, text: str) -> None:
        """Stream the whole text so far of what is being said."""
        if self.messages:
            # Behind other answers its citations get other numbers in the end.
            said = replies.as_one(self.messages).text
            text = replies.joined([said, text.partition("[")[0]])
        self.services.streams.publish(self.turn_id, text)

    @property
    def shop_name(self) -> str:
        return str(self.services.rules.name[self.language])

    def notice_of_languages(self) -> str:
        """Which languages the shop speaks."""
        names = [formats.language_name(each, self.language) for each in sorted(self.languages)]
        return self.phrase("languages", languages=formats.listed(names, self.language))

    def name_of(self, product: Product) -> str:
        return product.name[self.language]

    def customer(self, uow: UnitOfWork, capability: Capability) -> Customer | None:
        """Whom the session is bound to, whatever the conversation claims; None also where that is
        not proven well enough for `capability`."""
        now = self.services.clock()
        return access.customer_of_session(uow, self.session_id, capability, now=now)

    def proof(self, uow: UnitOfWork) -> Level:
        """How well it is proven whom the session is bound to."""
        return access.proof_of_session(uow, self.session_id, now=self.services.clock())

    def effect(self, name: str) -> str:
        """The key of something that this message brings about once, whoever asks again; "" where
        the message has no id."""
        if not self._message_id:
            return ""
        return f"{self.session_id}:{self._message_id}:{self.request.start}:{name}"

    def taste(self, uow: UnitOfWork) -> Taste:
        """What a recommendation may know of whoever speaks, as it stands now."""
        customer = self.customer(uow, Capability.OWN_TERMS)
        services = self.services
        return taste_of(uow, customer, self.session_id, services.catalogue, services.clock())

    def seconds(self) -> float:
        """Since the action began."""
        return time.perf_counter() - self._started


def tier_of(customer: Customer | None) -> str | None:
    """The id of the customer's tier; None for a visitor and where the shop has no tiers."""
    return customer.tier if customer is not None else None
