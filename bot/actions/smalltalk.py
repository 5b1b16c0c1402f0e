"""What keeps a conversation going: greetings, help, feedback, yes, no, and asking back."""

from __future__ import annotations

import re

from bot.actions import coupons, search
from bot.actions.answer import Answer
from bot.actions.handoff import hand_over
from bot.actions.price import Price
from bot.actions.skill import Skill
from bot.dialogue import corrected, references
from bot.dialogue.fitting import excludes
from bot.dialogue.turn import Turn
from bot.runtime.steps import reached
from bot.understanding import chat_itself, refinements
from bot.wording import formats, views
from data.models import Feedback

_UNHAPPY = re.compile(
    r"差|烂|没用|不满|失望|垃圾|生气|bad|useless|terrible|unhelpful|disappoint|wrong|awful|slow",
    re.I,
)

_PRICE = re.compile(r"多少钱|价格|怎么卖|几块|how much|\bprices?\b|\bcosts?\b", re.I)


# What a mere value is taken for.
_SMALL_TALK = frozenset(
    {"deny", "thanks", "greet", "goodbye", "complaint", "feedback", "out_of_scope",
     "nlu_fallback", "not_interested"}
)  # fmt: skip

# What can be asked about where the shop has decided on it, in the order in which it is told.
_SECTIONS = ("delivery", "returns", "warranty", "membership", "invoice")


def topics(turn: Turn) -> str:
    """What the assistant knows about in this shop: "products, orders, delivery and returns"."""
    decided = [s for s in _SECTIONS if getattr(turn.services.rules, s, None) is not None]
    names = [turn.phrase(f"topic.{name}") for name in ("products", "orders", *decided)]
    return formats.listed(names, turn.language)


class Greet(Skill):
    action = "action_greet"

    def act(self, turn: Turn) -> None:
        turn.say(turn.phrase("greet", shop=turn.shop_name, topics=topics(turn)))
        coupons.offer(turn)


class Goodbye(Skill):
    action = "action_goodbye"

    def act(self, turn: Turn) -> None:
        turn.say(turn.phrase("goodbye"))


class Thanks(Skill):
    action = "action_thanks"

    def act(self, turn: Turn) -> None:
        turn.say(turn.phrase("thanks"))


class BotChallenge(Skill):
    """Whether one speaks with a machine."""

    action = "action_bot_challenge"

    def act(self, turn: Turn) -> None:
        text = turn.phrase("bot_challenge", shop=turn.shop_name, topics=topics(turn))
        if meant := chat_itself.challenged(turn.text):
            offer = turn.phrase("handoff.ask_for_one")
            text = formats.together([turn.phrase(f"challenge.{meant}"), offer], turn.language)
            turn.note(expects="human")
        turn.say(text, buttons=[turn.button("human")])


class Help(Skill):
    action = "action_help"

    def act(self, turn: Turn) -> None:
        turn.say(
            turn.phrase("help", shop=turn.shop_name, topics=topics(turn)),
            buttons=[turn.button(key) for key in ("find", "track", "returns", "for_me", "human")],
        )


class Fallback(Skill):
    """Not understood, or not the shop's business, which the shop itself knows best: an answer if
    its goods or texts have one, else a useful question or a refusal instead of a shrug."""

    action = "action_fallback"

    def act(self, turn: Turn) -> None:
        buttons = [turn.button(key) for key in ("find", "track", "returns", "human")]
        named = references.named_products(turn)
        if named and _PRICE.search(turn.text):
            Price(self.services).act(turn)
            return
        if named and not turn.services.rules.places.find(turn.text):
            product = turn.services.catalogue[named[0]]
            turn.note(product=product.id, shown=(product.id,))
            with turn.services.unit_of_work() as uow:
                now = references.current(uow, product.id)
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
            text = (
                turn.phrase("fallback.out_of_scope", topics=topics(turn))
                if turn.intent == "out_of_scope"
                else turn.phrase("fallback.ask")
            )
            turn.note(lost=True)
            turn.say(text, buttons=buttons)


class Affirm(Skill):
    """Yes: to what was offered last."""

    action = "action_affirm"

    def act(self, turn: Turn) -> None:
        expects = turn.noted(lambda notes: notes.expects, within=1)
        offered = turn.noted(lambda notes: notes.offer, within=1)
        if expects == "human":
            hand_over(turn, "no_answer")
            return
        if expects == "offer" and offered is not None:
            with turn.services.unit_of_work() as uow:
                product = references.current(uow, offered)
            if product is not None:
                turn.note(product=product.id, shown=(product.id,))
                turn.say(
                    product.description[turn.language], cards=[views.product_card(turn, product)]
                )
                return
        turn.say(turn.phrase("affirm"))


class Deny(Skill):
    """No: nothing is offered again in this conversation, unless only this one thing is let go."""

    action = "action_deny"

    def act(self, turn: Turn) -> None:
        shown = [self.services.catalogue[i] for i in references.recently_shown(turn)]
        if excludes(turn, shown) and search.narrowed(turn, self.services):
            return
        offered = turn.noted(lambda notes: notes.offer, within=1)
        if offered and not refinements.gives_up(turn.text):
            turn.note(declined=True)
            turn.say(turn.phrase("deny.offer"))
        else:
            turn.say(turn.phrase("deny.other"))


def nothing_put_right(turn: Turn) -> bool:
    """Ask what a value belongs to that is put right where nothing was asked with it, and that was
    taken for small talk; False, and nothing said, for anything else."""
    if turn.intent not in _SMALL_TALK or not turn.alone:
        return False
    said = corrected.of_nothing(turn)
    if said is None:
        return False
    turn.say(turn.phrase("corrected.of_what", said=said))
    return True


class TakeFeedback(Skill):
    action = "action_feedback"

    def act(self, turn: Turn) -> None:
        unhappy = bool(_UNHAPPY.search(turn.text))
        now = turn.services.clock()
        with turn.services.unit_of_work() as uow:
            if uow.effects.first(turn.effect("feedback"), now):
                uow.feedbacks.add(
                    Feedback(
                        session_id=turn.session_id,
                        message_id=None,
                        rating=-1 if unhappy else 1,
                        comment=turn.text,
                        created_at=now,
                    )
                )
            uow.commit()
        reached("effect stored")
        key = "feedback.unhappy" if unhappy else "feedback.thanks"
        buttons = [turn.button("human")] if unhappy else []
        turn.say(turn.phrase(key), buttons=buttons)
