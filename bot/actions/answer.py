"""Questions about products and about the shop's ways: answered from its own texts, with citations.

Retrieval and its threshold decide whether there is an answer; the generator only words it and is
checked (llm/grounded.py); without a passage the shopper is told so and offered a person.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.actions import interests, mentions, offers, views
from bot.actions.skill import Skill, Turn
from bot.metrics import ANSWERS
from retrieval.types import Filters, Hit, Kind

_PASSAGES = 4


class Answer(Skill):
    action = "action_answer"

    def act(self, turn: Turn) -> None:
        if not self.answered(turn):
            dont_know(turn)

    def answered(self, turn: Turn) -> bool:
        """Answer from the shop's texts; False, and nothing said, when they hold no answer."""
        named = mentions.named_products(turn)
        about = named[0] if named else None
        if about is None and turn.intent == "product_question":
            about = mentions.product_in_question(turn)
        hits = self._passages(turn, about)
        if not self.services.retriever.relevant(hits, turn.text):
            return False
        self._answer(turn, hits, about)
        return True

    def _passages(self, turn: Turn, about: str | None) -> list[Hit]:
        search = self.services.retriever.search
        own: list[Hit] = []
        question = turn.text
        if about is not None:
            product = self.services.catalogue[about]
            if about not in mentions.named_products(turn):
                question = f"{product.name[turn.language]} {turn.text}"  # "is it waterproof?"
            filters = Filters(language=turn.language, sources=frozenset({about}))
            own = search(question, filters=filters, k=_PASSAGES)
        if own and turn.intent == "product_question":
            return own
        kind: Kind | None = "document" if turn.intent == "policy_question" else None
        rest = search(question, filters=Filters(language=turn.language, kind=kind), k=_PASSAGES)
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
        turn.notes["passages"] = [
            [hit.passage.id, hit.passage.heading, round(hit.similarity, 3)] for hit in hits
        ]
        turn.say(answer.text, citations=[views.citation_view(c) for c in answer.citations])
        if product is not None:
            turn.notes |= {"product": product.id}
            interests.asked_about(turn, product)
            offers.goes_with(turn, product.id)


def dont_know(turn: Turn) -> None:
    """Say so, and offer a person: better than a guess."""
    turn.notes["expects"] = "human"
    turn.say(turn.phrase("answer.unknown"), buttons=[turn.button("human")])
