"""Questions about products and about the shop's ways: answered from its own texts, with citations.

Retrieval and its threshold decide whether there is an answer; the generator only words it and is
checked (llm/grounded.py); without a passage the shopper is told so and offered a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot import reading
from bot.actions import interests, mentions, offers, search, views
from bot.actions.skill import Skill, Turn
from bot.metrics import ANSWERS
from llm.types import Citation
from retrieval.types import Filters, Hit, Kind

_PASSAGES = 4
_CANDIDATES = 12
# Products of a kind that are told one by one, and how near to the best of them the others must be.
_SEVERAL, _NEAR = 3, 0.02
_AS_NEAR = 0.01
# A foot's length or a shoe's size is looked up in the size guide, whatever product stands.
_FOOT = re.compile(
    r"脚长|脚.{0,4}(?:厘米|毫米|cm|mm)|欧码\s*\d|\b(?:foot|feet)\b.*\d"
    r"|\b(?:eu|euro(?:pean)?)(?: size)? ?(?:3[4-9]|4[0-9])\b",
    re.I,
)


# The price of a day is in the shop's pages, that of a purchase in the catalogue.
RENT = re.compile(r"租|\brent(?:al|ing|ed|s)?\b|\bhire\b", re.I)
_LENGTH = re.compile(r"多长|毫米|厘米|\b(?:mm|cm|millimet|centimet|length|how long)\b", re.I)


def asks_for_length(text: str) -> bool:
    """Whether a text asks how long a foot or a shoe of some size is, not whether it is there."""
    return _FOOT.search(text) is not None and _LENGTH.search(text) is not None


class Answer(Skill):
    action = "action_answer"

    def act(self, turn: Turn) -> None:
        if not self.answered(turn):
            dont_know(turn)

    def answered(self, turn: Turn) -> bool:
        """Answer from the shop's texts; False, and nothing said, when they hold no answer."""
        named = mentions.named_products(turn)
        picked = mentions.picked_by_place(turn.text, mentions.recently_shown(turn))
        about = next(iter([*named, *picked]), None)
        if about is None and turn.intent == "product_question":
            about = mentions.product_in_question(turn)
        category = self.services.products.category(turn.text) if about is None else None
        meets = (category and not _pages_alone(turn)) and (
            reading.measures(turn.text)
            or reading.superlative(turn.text)
            or self.services.products.asks_which(turn.text)
        )
        wanted = about is None and mentions.asks_what_there_is(turn.text)
        if meets or (wanted and turn.intent == "product_question"):
            # "Which sleeping bag for −10 °C?" is answered by the products that meet it.
            search.find(turn, self.services)
            return True
        hits = self._passages(turn, about, category)
        if not self.services.retriever.relevant(hits, turn.text):
            return False
        if about is None and (pages := _pages_first(hits)):
            hits = pages
        if about is None and hits[0].passage.kind == "product":
            self._answer_by_product(turn, hits)
        else:
            self._answer(turn, hits, about)
        return True

    def _passages(self, turn: Turn, about: str | None, category: str | None) -> list[Hit]:
        search = self.services.retriever.search
        own: list[Hit] = []
        question = turn.text
        if about is not None:
            product = self.services.catalogue[about]
            if about not in mentions.named_products(turn):
                question = f"{product.name[turn.language]} {turn.text}"  # "is it waterproof?"
            filters = Filters(language=turn.language, sources=frozenset({about}))
            own = search(question, filters=filters, k=_PASSAGES)
        if own and turn.intent == "product_question" and not _FOOT.search(turn.text):
            return own
        kind: Kind | None = "document" if _pages_alone(turn) else None
        rest = search(question, filters=Filters(language=turn.language, kind=kind), k=_CANDIDATES)
        if category:
            kept = self.services.products.of_category(category)
            rest = [
                hit for hit in rest if hit.passage.kind == "document" or hit.passage.source in kept
            ]
        rest = rest[:_PASSAGES]
        return own + [hit for hit in rest if hit.passage.source != about] if own else rest

    def _answer(self, turn: Turn, hits: Sequence[Hit], about: str | None) -> None:
        writer = self.services.writer
        passages = [hit.passage for hit in hits]
        product = self.services.catalogue.get(about or passages[0].source)
        question = turn.text
        if about is not None and product is not None:
            # All passages are this product's: which of them answers, its name cannot tell.
            question = mentions.without_name(turn.text, product)
            passages = writer.ranked(question, passages)
        answer = writer.answer(
            question,
            passages,
            turn.language,
            product_names=self.services.names(turn.language),
            on_delta=turn.publish,
            deadline_s=max(0.0, self.services.answer_deadline_s - turn.seconds()),
        )
        reason = (answer.reason or "").partition(":")[0]
        ANSWERS.labels(origin=answer.origin, reason=reason).inc()
        turn.notes["wording"] = {"origin": answer.origin, "reason": answer.reason}
        _note_passages(turn, hits)
        turn.say(answer.text, citations=[views.citation_view(c) for c in answer.citations])
        if product is not None:
            turn.notes |= {"product": product.id}
            interests.asked_about(turn, product)
            offers.goes_with(turn, product.id)

    def _answer_by_product(self, turn: Turn, hits: Sequence[Hit]) -> None:
        """A question about a kind of goods, answered for each product that has an answer: one
        product's sentence, told without its name, would seem to hold for all."""
        nearest = max(hit.similarity for hit in hits)
        best: dict[str, Hit] = {}
        for hit in hits:
            if hit.passage.kind == "product" and hit.similarity >= nearest - _NEAR:
                best.setdefault(hit.passage.source, hit)
        lines, citations = [], []
        for number, (product_id, hit) in enumerate([*best.items()][:_SEVERAL], start=1):
            name = self.services.catalogue[product_id].name[turn.language]
            quote = self.services.writer.quote(turn.text, hit.passage, turn.language)
            colon, gap = ("：", "") if turn.language == "zh" else (": ", " ")
            lines.append(f"{name}{colon}{quote}{gap}[{number}]")
            citation = Citation(number, name, product_id, quote, hit.passage.url)
            citations.append(views.citation_view(citation))
        ANSWERS.labels(origin="quote", reason="by product").inc()
        turn.notes["wording"] = {"origin": "quote", "reason": "by product"}
        turn.notes["shown"] = [*best][:_SEVERAL]
        _note_passages(turn, hits)
        turn.say("\n".join(lines), citations=citations)


def _pages_alone(turn: Turn) -> bool:
    """Whether only the help pages may answer, not what products' texts say."""
    return turn.intent == "policy_question" or any(
        pattern.search(turn.text) for pattern in (_FOOT, RENT)
    )


def _pages_first(hits: Sequence[Hit]) -> list[Hit]:
    """The help pages among the hits, where one is as near as the nearest product: what holds in
    general goes before what one product says."""
    nearest = max(hit.similarity for hit in hits)
    pages = [hit for hit in hits if hit.passage.kind == "document"]
    return pages if any(hit.similarity >= nearest - _AS_NEAR for hit in pages) else []


def _note_passages(turn: Turn, hits: Sequence[Hit]) -> None:
    turn.notes["passages"] = [
        [hit.passage.id, hit.passage.heading, round(hit.similarity, 3)] for hit in hits
    ]


def dont_know(turn: Turn) -> None:
    """Say so, and offer a person: better than a guess."""
    turn.notes["expects"] = "human"
    turn.say(turn.phrase("answer.unknown"), buttons=[turn.button("human")])
