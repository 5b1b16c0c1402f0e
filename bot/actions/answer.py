"""Questions about products and about the shop's ways: answered from its own texts, with citations.

Retrieval and its threshold decide whether there is an answer; the generator only words it and is
checked (llm/grounded.py); without a passage the shopper is told so and offered a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.actions import coupons, curated, offers, search
from bot.actions.handoff import hand_over_own_data
from bot.actions.skill import Skill
from bot.dialogue import behaviour, references
from bot.dialogue.notes import Worded
from bot.dialogue.turn import Turn
from bot.messages import CitationView
from bot.runtime.metrics import ANSWERS
from bot.understanding import doing, following, quantities, spans, superlatives
from bot.wording import formats, views
from llm.quotes import standing_alone, tells, tells_by_attribute, tells_how, units
from llm.tables import rows_for
from llm.types import Citation
from retrieval.retriever import holds_answer, likely
from retrieval.types import Filters, Hit

_PASSAGES = 4
_CANDIDATES = 12
# Products of a kind that are told one by one, and how near in merit to the best the others must be.
_SEVERAL, _NEAR = 3, 2.0
# How much likelier another page must be than the one that answered the request before.
_STAYS = 4.0
# What telling the doing weighs for a question of how, in merit, and how much farther off such a
# section may be than the nearest; of 40 such questions on the demo's pages 36 get the right section
# first so, 32 without; from 5 on it is the same.
_DOING, _ABOUT_AS_NEAR = 6.0, 0.03
# A page that stands out: its cosine, and by how much it is ahead of the next one.
_NEAR_PAGE, _AHEAD = 0.64, 0.1
# What was understood to be none of the shop's business must be answered this surely, and so must
# what is followed by an offer. Of poems, jokes, weather, matches and homework none is above .5, of
# questions about goods most are.
_SURELY = 0.7
_OUT_OF_SCOPE = "out_of_scope"
# Acts that what is none of the shop's business is taken for, and from which certainty on they are
# not doubted; and the spans that show that it is.
_FOREIGN = {"product_question": 0.95, "policy_question": 0.8, "problem": 0.8}
_OF_THE_SHOP = ("product", "goods", "other_product", "brand", "order", "that", "place_in_list",
                "option", "property", "payment", "tier", "place")  # fmt: skip
# What an utterance's words are told back without, and how many of them can be.
_AROUND, _LONGEST = " ,;.?!+，；。？！、", 80
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
        if hand_over_own_data(turn) or coupons.answered(turn):
            return
        if curated.answered(turn, self.services):
            return
        if not self.answered(turn):
            curated.note_unanswered(turn, self.services)
            dont_know(turn)

    def answered(self, turn: Turn) -> bool:
        """Answer from the shop's texts; False, and nothing said, when they hold no answer."""
        named = references.named_products(turn)
        picked = references.picked_by_place(turn.text, references.recently_shown(turn))
        about = next(iter([*named, *picked]), None)
        if about is None and turn.intent == "product_question":
            about = references.product_in_question(turn)
        category = self.services.products.category(turn.text) if about is None else None
        kind = category or (references.kind_of_page(turn) if about is None else None)
        meets = (kind and not _pages_alone(turn)) and (
            quantities.measures(turn.text, self.services.units)
            or superlatives.superlative(turn.text, self.services.shop.lexicon)
            or self.services.products.asks_which(turn.text)
        )
        wanted = about is None and references.asks_what_there_is(turn.text)
        if meets or (wanted and turn.intent == "product_question"):
            # "Which sleeping bag for −10 °C?" is answered by the products that meet it.
            search.find(turn, self.services)
            return True
        alone = bool(picked and not named)
        own = frozenset([*named, *_pointed_to(turn, named)] or filter(None, [about]))
        for question in self._questions(turn, about):
            hits = self._passages(turn, question, own, category, alone=alone)
            told = about and any(tells(turn.text, hit.passage.text) for hit in hits)
            if told or self._may_answer(turn, hits):
                break
        else:
            return False
        if category:  # a kind that is asked about by its name is known best by its products
            hits = [hit for hit in hits if _is_near(hit, hits) and _is_product(hit)] or hits
        if len(own) != 1 and _is_product(hits[0]):
            self._answer_by_product(turn, hits)
        else:
            self._answer(turn, question, hits, about)
        return True

    def _questions(self, turn: Turn, about: str | None) -> Iterator[str]:
        """What is looked for: the words of the request, after the name of the product that they do
        not name; then, where they go on with it, what was said before them too."""
        question = turn.text
        unnamed = about is not None and about not in references.named_products(turn)
        if about is not None and unnamed and not _FOOT.search(turn.text):
            name = self.services.catalogue[about].name[turn.language]
            question = f"{name} {question}"  # "is it waterproof?"
        yield question
        if (before := turn.said_last()) and following.goes_on(turn.text):
            yield f"{before}\n{turn.text}"

    def _may_answer(self, turn: Turn, hits: list[Hit]) -> bool:
        if turn.intent == "out_of_scope" and likely(hits) < _SURELY:
            return False
        if may_be_foreign(turn) and likely(hits[:1]) < _SURELY:
            return False
        return holds_answer(hits) or _stands_out(turn, hits)

    def of_pages(
        self, turn: Turn, question: str | None = None, *, surely: bool = False,
        at_length: bool = False,
    ) -> tuple[str, list[CitationView]] | None:  # fmt: skip
        """What the help pages say to it, or to the `question`, in their own words, and what it
        cites; None when they hold no answer, or no sure one. A request that names nothing is
        understood beside the others of its utterance: "can I pay in parts, and from how much?"."""
        question = question or (turn.text if turn.request.spans else turn.whole.words)
        hits = self.services.retriever.answering(
            question, filters=Filters(kind="document"), k=_PASSAGES, language=turn.language
        )
        if not holds_answer(hits) or (surely and likely(hits[:1]) < _SURELY):
            return None
        passage = hits[0].passage
        quote = self.services.writer.quote(question, passage, turn.language, at_length=at_length)
        citation = Citation(1, passage.title, passage.source, quote, passage.url)
        _note_passages(turn, hits)
        return formats.marked(quote, [1], turn.language), [views.citation_view(citation)]

    def _passages(
        self, turn: Turn, question: str, own: frozenset[str], category: str | None, *, alone: bool
    ) -> list[Hit]:
        """`own`: the products that it is about; `alone`: they are all that is spoken of, as the
        second of a list is. Their texts and the shop's pages are asked alike: of the questions on a
        named product whose answer is known, on the trades kept for choosing, .65 are answered first
        so, .16 by its own texts alone."""
        theirs = self._found(turn, question, Filters(sources=own)) if own else []
        pages = _pages_alone(turn) or (own and (alone or turn.intent == "product_question"))
        rest = self._found(turn, question, Filters(kind="document" if pages else None))
        if category:
            products = self.services.products
            kept = products.of_kind(turn.text) or products.of_category(category)
            rest = [
                hit for hit in rest if hit.passage.kind == "document" or hit.passage.source in kept
            ]
        found = theirs + [hit for hit in rest if hit.passage.source not in own]
        # The page that answered the request before is asked under its own title: what is asked
        # beside it is mostly said there too.
        title, page = _told_before(turn) if not own else ("", "")
        if page:
            stays = self._found(turn, f"{title}\n{question}", Filters(sources=frozenset({page})))
            stays = [replace(hit, score=hit.score + _STAYS) for hit in stays if holds_answer([hit])]
            there = {hit.passage.id for hit in stays}
            found = [hit for hit in found if hit.passage.id not in there]
            if stays and stays[0].score >= max((hit.score for hit in found), default=0.0):
                return stays[:_PASSAGES]
        found = _on_doing(turn, found)
        figured = frozenset[str]() if _pages_alone(turn) else own
        # A table that the question's figure is looked up in goes before what is only near, and so
        # does the product's own figure, where that is asked for.
        found.sort(
            key=lambda hit: (
                not rows_for(turn.text, units(hit.passage)),
                not (hit.passage.source in figured and tells_by_attribute(turn.text, hit.passage)),
                -hit.score,
            )
        )
        if found and doing.asks_how(turn.text) and tells_how(found[0].passage):
            return found[:1]  # what stands beside it are its cases
        told = [hit for hit in found[:1] if hit.passage.source in figured]
        if any(tells_by_attribute(turn.text, hit.passage) for hit in told):
            return told  # a description may speak of another thing's weight
        return found[:_PASSAGES]

    def _found(self, turn: Turn, question: str, filters: Filters) -> list[Hit]:
        return self.services.retriever.answering(
            question, filters=filters, k=_CANDIDATES, language=turn.language
        )

    def _answer(self, turn: Turn, question: str, hits: Sequence[Hit], about: str | None) -> None:
        writer = self.services.writer
        passages = [hit.passage for hit in hits]
        product = self.services.catalogue.get(about or passages[0].source)
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
        turn.note(wording=Worded(answer.origin, answer.reason))
        _note_passages(turn, hits)
        turn.say(answer.text, citations=[views.citation_view(c) for c in answer.citations])
        if product is not None:
            turn.note(product=product.id)
            behaviour.asked_about(turn, product)
            # A page on a product's use warns and explains: no moment to sell beside.
            if passages[0].source == product.id and likely(hits) >= _SURELY:
                offers.goes_with(turn, product.id)

    def _answer_by_product(self, turn: Turn, hits: Sequence[Hit]) -> None:
        """A question about a kind of goods, answered for each product that has an answer: one
        product's sentence, told without its name, would seem to hold for all."""
        best: dict[str, Hit] = {}
        for hit in hits:
            if _is_product(hit) and _is_near(hit, hits):
                best.setdefault(hit.passage.source, hit)
        lines, citations = [], []
        for number, (product_id, hit) in enumerate([*best.items()][:_SEVERAL], start=1):
            name = self.services.catalogue[product_id].name[turn.language]
            quote = self.services.writer.quote(turn.text, hit.passage, turn.language)
            told = formats.marked(standing_alone(quote), [number], turn.language)
            lines.append(f"{name}{formats.colon(turn.language)}{told}")
            citation = Citation(number, name, product_id, quote, hit.passage.url)
            citations.append(views.citation_view(citation))
        ANSWERS.labels(origin="quote", reason="by product").inc()
        turn.note(wording=Worded("quote", "by product"), shown=tuple(best)[:_SEVERAL])
        _note_passages(turn, hits)
        turn.say("\n".join(lines), citations=citations)


def _pointed_to(turn: Turn, named: Sequence[str]) -> Iterator[str]:
    """The product that "it" is beside those that are named: "does it fit into the blue pack?"."""
    before = references.product_before(turn)
    if named and before is not None and turn.request.said("that"):
        yield before


def _on_doing(turn: Turn, hits: list[Hit]) -> list[Hit]:
    """For who asks how something is done, the sections that tell the doing weigh more than those
    on cases and exceptions of it, as long as they are about as near."""
    if not hits or not doing.asks_how(turn.text):
        return hits
    near = max(hit.similarity for hit in hits) - _ABOUT_AS_NEAR
    return [
        replace(hit, score=hit.score + _DOING)
        if tells_how(hit.passage) and hit.similarity >= near
        else hit
        for hit in hits
    ]


def _stands_out(turn: Turn, hits: Sequence[Hit]) -> bool:
    """Whether to a question of how something is done one page is by far the nearest: such
    questions name the matter of a page, and the judge knows few of its ways to say it."""
    if not hits or not doing.asks_how(turn.text):
        return False
    first = hits[0]
    others = [hit.similarity for hit in hits if hit.passage.source != first.passage.source]
    return first.similarity >= _NEAR_PAGE and first.similarity - max(others, default=0) >= _AHEAD


def _told_before(turn: Turn) -> tuple[str, str]:
    """Title and source of the page that answered the request before this one in the same message,
    where this one names no goods of its own: "and when do they run out"; "" where none did."""
    if turn.alone or spans.said(turn.request, "goods", "product", "other_product"):
        return "", ""
    passages = turn.noted(lambda notes: notes.passages, within=0) or ()
    return _page_of(turn, passages[0][0]) if passages else ("", "")


def _page_of(turn: Turn, passage_id: str) -> tuple[str, str]:
    """Its title, as the customer reads it."""
    passages = turn.services.retriever.index.passages
    found = [p for p in passages if p.id == passage_id and p.kind == "document"]
    found.sort(key=lambda passage: passage.language != turn.language)
    return (found[0].title, found[0].source) if found else ("", "")


def _pages_alone(turn: Turn) -> bool:
    """Whether only the help pages may answer, not what products' texts say."""
    return turn.intent == "policy_question" or any(
        pattern.search(turn.text) for pattern in (_FOOT, RENT)
    )


def _is_product(hit: Hit) -> bool:
    return hit.passage.kind == "product"


def _is_near(hit: Hit, hits: Sequence[Hit]) -> bool:
    return hit.score >= hits[0].score - _NEAR


def _note_passages(turn: Turn, hits: Sequence[Hit]) -> None:
    turn.note(
        passages=tuple(
            (hit.passage.id, hit.passage.heading, round(hit.similarity, 3)) for hit in hits
        )
    )


def may_be_foreign(turn: Turn) -> bool:
    """Whether the request may be none of the shop's business: that is what it would be else, and it
    names nothing that the shop has to do with. What hurts somebody is no fault of goods."""
    request = turn.request
    if request.act not in _FOREIGN or request.runner_up != _OUT_OF_SCOPE:
        return False
    if request.certainty >= _FOREIGN[request.act] or any(request.said(k) for k in _OF_THE_SHOP):
        return False
    products = turn.services.products
    return not (references.named_products(turn) or products.category(turn.text))


def dont_know(turn: Turn) -> None:
    """Say so, and offer a person: better than a guess. Beside other answers it is said of what."""
    from bot.actions.smalltalk import topics  # which answers, too

    turn.note(expects="human")
    if may_be_foreign(turn):
        turn.say(
            turn.phrase("fallback.out_of_scope", topics=topics(turn)),
            buttons=[turn.button("human")],
        )
        return
    words = turn.text.strip(_AROUND)
    if turn.alone or len(words) > _LONGEST:
        text = turn.phrase("answer.unknown")
    else:
        text = turn.phrase("answer.unknown_part", words=words)
    turn.say(text, buttons=[turn.button("human")])
