"""What keeps a conversation going: help, feedback, yes, no, and asking back."""

from __future__ import annotations

import re

from bot.actions import mentions, search, views
from bot.actions.answer import Answer
from bot.actions.criteria import excludes
from bot.actions.handoff import hand_over
from bot.actions.price import Price
from bot.actions.skill import Skill, Turn
from data.models import Feedback
from data.rules import provinces

_UNHAPPY = re.compile(
    r"差|烂|没用|不满|失望|垃圾|生气|bad|useless|terrible|unhelpful|disappoint|wrong|awful|slow",
    re.I,
)

_PRICE = re.compile(r"多少钱|价格|怎么卖|几块|how much|\bprices?\b|\bcosts?\b", re.I)


class Help(Skill):
    action = "action_help"

    def act(self, turn: Turn) -> None:
        turn.say(
            turn.phrase("help", shop=turn.services.rules.shop.name.model_dump()[turn.language]),
            buttons=[turn.button(key) for key in ("find", "track", "returns", "for_me", "human")],
        )


class Fallback(Skill):
    """Not understood, or not the shop's business: an answer if the shop's texts have one, else a
    useful question instead of a shrug."""

    action = "action_fallback"

    def act(self, turn: Turn) -> None:
        buttons = [turn.button(key) for key in ("find", "track", "returns", "human")]
        named = mentions.named_products(turn)
        if turn.intent == "out_of_scope" and not named:
            turn.say(turn.phrase("fallback.out_of_scope"), buttons=buttons)
            return
        if named and _PRICE.search(turn.text):
            Price(self.services).act(turn)
            return
        if named and not provinces.find(turn.text):
            product = turn.services.catalogue[named[0]]
            turn.notes |= {"product": product.id, "shown": [product.id]}
            with turn.services.unit_of_work() as uow:
                now = mentions.current(uow, product.id)
            cards = [views.product_card(turn, now)] if now else []
            turn.say(turn.phrase("fallback.product", name=turn.name_of(product)), cards=cards)
            return
        if turn.services.products.category(turn.text):
            search.find(turn, turn.services)
            return
        # The intent may be unclear where the words are not: the shop's texts may know. A mere
        # question mark has none, though some passage always lies nearest to it.
        worded = any(character.isalnum() for character in turn.text)
        if not (worded and Answer(self.services).answered(turn)):
            turn.say(turn.phrase("fallback.ask"), buttons=buttons)


class Affirm(Skill):
    """Yes: to what was offered last."""

    action = "action_affirm"

    def act(self, turn: Turn) -> None:
        expects = str(turn.noted("expects", within=1) or "")
        if expects == "human":
            hand_over(turn, "no_answer")
            return
        if expects.startswith("show:"):
            with turn.services.unit_of_work() as uow:
                product = mentions.current(uow, expects.removeprefix("show:"))
            if product is not None:
                turn.notes |= {"product": product.id, "shown": [product.id]}
                turn.say(
                    product.description[turn.language], cards=[views.product_card(turn, product)]
                )
                return
        turn.say(turn.phrase("affirm"))


class Deny(Skill):
    """No: nothing is offered again in this conversation."""

    action = "action_deny"

    def act(self, turn: Turn) -> None:
        shown = [self.services.catalogue[i] for i in mentions.recently_shown(turn)]
        if excludes(turn, shown) and search.narrowed(turn, self.services):
            return
        if turn.noted("offer", within=1):
            turn.notes["declined"] = True
            turn.say(turn.phrase("deny.offer"))
        else:
            turn.say(turn.phrase("deny.other"))


class TakeFeedback(Skill):
    action = "action_feedback"

    def act(self, turn: Turn) -> None:
        unhappy = bool(_UNHAPPY.search(turn.text))
        with turn.services.unit_of_work() as uow:
            uow.feedbacks.add(
                Feedback(
                    session_id=turn.session_id,
                    message_id=None,
                    rating=-1 if unhappy else 1,
                    comment=turn.text,
                    created_at=turn.services.clock(),
                )
            )
            uow.commit()
        key = "feedback.unhappy" if unhappy else "feedback.thanks"
        buttons = [turn.button("human")] if unhappy else []
        turn.say(turn.phrase(key), buttons=buttons)
