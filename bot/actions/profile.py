"""What the shop knows of a customer: they may see it, correct it, and switch its use off; and what
they are not interested in is never recommended again.

Only the customer whom the session proves sees a profile; to a visitor it is explained.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from bot.actions import coupons
from bot.actions.handoff import hand_over_own_data
from bot.actions.skill import Skill
from bot.dialogue import references
from bot.dialogue.notes import Pending
from bot.dialogue.turn import Turn
from bot.wording import formats, identity_sentences
from bot.wording.profile_text import Dossier
from data import consent
from data.capabilities import Capability, Level
from data.models import BehaviourEvent, ChannelUser, Customer, EventKind, ProfileCorrection
from data.profile import Profile, named_categories, profile_of
from data.unit_of_work import UnitOfWork

_REACH = 4  # customer turns for which "this one" may mean what was recommended

_SIZE = re.compile(
    r"(?<![A-Za-z0-9.'’])(?P<size>(?:3[4-9]|4[0-8])(?:\.5)?|[2-4]?X{0,3}[SL]|M"
    r"|(?<=size )[xsml]{1,3}|[xsml]{1,3}(?=\s*[码号]))(?![A-Za-z0-9]|\.\d)"
)
_NOT = re.compile(
    r"(?:不再?穿|不是|别记|(?:don['’]t|do not|never|no longer) (?:wear|take)|\bnot|instead of)"
    r"\s*(?:an? )?(?:size )?$",
    re.I,
)


class ShowProfile(Skill):
    action = "action_profile"

    def act(self, turn: Turn) -> None:
        if hand_over_own_data(turn):
            return
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow, Capability.SEE_PROFILE)
            if customer is None:
                turn.note(pending=Pending("see_profile"))
                _ask_for_more(turn, uow, "profile.visitor")
                return
            unwanted = uow.behaviour.disliked(customer.id, turn.session_id)
            profile = _profile(turn, uow, customer) if customer.personalised else None
            linked = uow.channels.linked_to(customer.id)
            campaigns = coupons.text_of(turn).standing(uow, customer)
        lines = _dossier(turn).lines(profile, unwanted)
        lines += [f"· {line}" for line in campaigns]
        lines += [_linked(turn, user) for user in linked]
        if profile is None:
            turn.say(
                "\n".join([turn.phrase("profile.not_used"), *lines]),
                buttons=[turn.button("history_on")],
            )
            return
        if not lines:
            turn.say(turn.phrase("profile.nothing", name=customer.name))
            return
        heading = turn.phrase("profile.here", name=customer.name)
        correct_it = turn.phrase("profile.correct", subject=_example(turn, profile))
        turn.say(
            "\n".join([heading, *lines, correct_it]),
            buttons=[turn.button("for_me"), turn.button("history_off")],
        )


class CorrectProfile(Skill):
    """A size that has changed, or a category or brand that is not the customer's."""

    action = "action_correct_profile"

    def act(self, turn: Turn) -> None:
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow, Capability.CORRECT_PROFILE)
            if customer is None:
                _ask_for_more(turn, uow, "profile.visitor")
                return
            if not customer.personalised:
                turn.say(turn.phrase("profile.correct_off"), buttons=[turn.button("history_on")])
                return
            corrections, told = self._read(turn, _profile(turn, uow, customer))
            for aspect, subject, value in corrections:
                correct(uow, turn, customer, aspect, subject, value)
            uow.commit()
        turn.say(told, buttons=[turn.button("profile")])

    def _read(self, turn: Turn, profile: Profile) -> tuple[list[tuple[str, str, str | None]], str]:
        """(aspect, subject, value) of what is corrected, and what to say to it."""
        now, gone = read_sizes(turn.text)
        category = _kind(turn)
        if now or gone:
            subjects = self._sized(profile, now, gone, category)
            names = formats.listed([_category(turn, s) for s in subjects], turn.language)
            if subjects and now:
                told = turn.phrase("profile.size_noted", subjects=names, value=now)
                return [("size", subject, now) for subject in subjects], told
            if subjects:
                told = turn.phrase("profile.size_removed", subjects=names, value=min(gone))
                return [("size", subject, None) for subject in subjects], told
        brand = _brand(turn)
        if brand is not None:
            return [("brand", brand, None)], turn.phrase("profile.removed", subject=brand)
        if category is not None and not (now or gone):
            name = _category(turn, category)
            return [("category", category, None)], turn.phrase("profile.removed", subject=name)
        return [], turn.phrase("profile.which", subject=_example(turn, profile))

    def _sized(
        self, profile: Profile, now: str | None, gone: set[str], category: str | None
    ) -> list[str]:
        """The categories that a size is about: the one that is named; else those with the size
        that is gone; else those with a size of that kind; else all that are made in it."""
        made: dict[str, set[str]] = {}
        for product in self.services.catalogue.values():
            for variant in product.variants:
                size = variant.options.get("size", {}).get("en", "")
                made.setdefault(product.category_id, set()).add(size)
        fitting = [c for c, sizes in made.items() if now is None or now in sizes]
        if category in fitting:
            return [category]
        known = {line.subject: line.value for line in profile.of("size")}
        was = [c for c in fitting if known.get(c) in gone]
        if was or now is None:
            return was
        return [c for c in fitting if c in known] or fitting


class UseOfHistory(Skill):
    """Whether purchases and views may be used to recommend: at once, and until it is said again."""

    action = "action_use_of_history"

    def act(self, turn: Turn) -> None:
        if hand_over_own_data(turn):
            return
        wanted = turn.intent == "history_on"
        with self.services.unit_of_work() as uow:
            needed = Capability.START_USE_OF_HISTORY if wanted else Capability.STOP_USE_OF_HISTORY
            customer = turn.customer(uow, needed)
            if customer is None:
                _ask_for_more(turn, uow, "history.visitor")
                return
            already = customer.personalised == wanted
            consent.say(uow, customer, allowed=wanted, at=self.services.clock())
            uow.commit()
        if wanted:
            key, button = "history.on_already" if already else "history.turned_on", "profile"
        else:
            key, button = "history.off_already" if already else "history.turned_off", "history_on"
        turn.say(turn.phrase(key), buttons=[turn.button(button)])


class NotInterested(Skill):
    """What was named, or was recommended last, is not recommended again: from now on, and of a
    customer also in other conversations."""

    action = "action_not_interested"

    def act(self, turn: Turn) -> None:
        meant = _meant(turn)
        kind = _kind(turn) if not meant else None
        word, narrow = _narrow_kind(turn, kind) if kind is not None else ("", [])
        if narrow:
            meant, kind = narrow, None
        offered = turn.noted(lambda notes: notes.offer, within=1)
        if not meant and kind is None:
            turn.note(declined=bool(offered))
            turn.say(turn.phrase("deny.offer" if offered else "deny.other"))
            return
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow, Capability.OWN_TERMS)
            proven = turn.customer(uow, Capability.CORRECT_PROFILE) is not None
            if kind is not None and customer is not None and proven and customer.personalised:
                correct(uow, turn, customer, "category", kind, None)
            elif kind is not None:
                of_kind = self.services.catalogue.values()
                _dislike(uow, turn, customer, (p.id for p in of_kind if p.category_id == kind))
            else:
                _dislike(uow, turn, customer, meant)
            uow.commit()
        turn.note(declined=bool(offered))
        told = (
            turn.phrase("dislike.kind", subject=_category(turn, kind))
            if kind is not None
            else turn.phrase("dislike.noted", names=word or _names(turn, meant))
        )
        turn.say(told, buttons=[turn.button("for_me")])


def _ask_for_more(turn: Turn, uow: UnitOfWork, visitor: str) -> None:
    """Say what a visitor is told, or to whom is known by facts alone, how to prove more."""
    if turn.proof(uow) is Level.NONE:
        turn.say(turn.phrase(visitor))
    else:
        by_code = turn.services.sends_codes
        turn.say(
            identity_sentences.prove_more(turn, by_code=by_code),
            asks="identity",
            wanted=identity_sentences.fields(turn, [("email",)] if by_code else []),
        )


def _linked(turn: Turn, user: ChannelUser) -> str:
    """A chat on a messaging platform that is linked to the customer."""
    channel = turn.phrase(f"platform.{user.channel}")
    if user.linked_at is None:
        return f"· {turn.phrase('profile.linked', channel=channel)}"
    since = turn.rules.local(user.linked_at).date()
    day = formats.day(since, turn.language, today=turn.today)
    return f"· {turn.phrase('profile.linked_since', channel=channel, day=day)}"


def read_sizes(text: str) -> tuple[str | None, set[str]]:
    """The size that somebody wears, and those that they do not: "I don't wear 42 any more, I
    wear 43" → ("43", {"42"})."""
    text = unicodedata.normalize("NFKC", text)
    now: str | None = None
    gone: set[str] = set()
    for match in _SIZE.finditer(text):
        size = match["size"].upper().replace("2XL", "XXL")
        if _NOT.search(text[: match.start()]):
            gone.add(size)
        else:
            now = size
    return now, gone


def correct(
    uow: UnitOfWork, turn: Turn, customer: Customer, aspect: str, subject: str, value: str | None
) -> None:
    uow.corrections.put(
        ProfileCorrection(
            customer_id=customer.id,
            aspect=aspect,
            subject=subject,
            value=value,
            at=turn.services.clock(),
        )
    )


def _dislike(
    uow: UnitOfWork, turn: Turn, customer: Customer | None, product_ids: Iterable[str]
) -> None:
    uow.behaviour.record(
        [
            BehaviourEvent(
                origin=turn.session_id,
                event_id=f"dislike:{product_id}"[:64],
                customer_id=customer.id if customer else None,
                session_id=turn.session_id,
                kind=EventKind.DISLIKE,
                product_id=product_id,
                at=turn.services.clock(),
            )
            for product_id in product_ids
        ]
    )


def _meant(turn: Turn) -> list[str]:
    """The products that somebody is not interested in: named; by their place among what was
    shown; offered; else all that were recommended last, when no kind is named."""
    named = references.named_products(turn)
    if named:
        return named
    if placed := references.picked_by_place(turn.text, references.recently_shown(turn)):
        return placed
    if _kind(turn):
        return []
    for turns_ago, notes in turn.earlier():
        if turns_ago > _REACH:
            break
        if notes.offer:
            return [notes.offer]
        if found := notes.recommended or notes.shown:
            return list(found)
    return []


def _profile(turn: Turn, uow: UnitOfWork, customer: Customer) -> Profile:
    return profile_of(uow, customer, turn.services.catalogue, turn.services.clock())


def _dossier(turn: Turn) -> Dossier:
    services = turn.services
    return Dossier(
        services.catalogue, services.rules, services.phrases, turn.language, services.clock()
    )


def _example(turn: Turn, profile: Profile) -> str:
    """A category that could be taken off: one that the customer buys from, else one of the shop."""
    own = [line.subject for line in profile.of("category")]
    shops = [product.category_id for product in turn.services.catalogue.values()]
    return _category(turn, next(iter([*own, *shops]), ""))


def _category(turn: Turn, category_id: str) -> str:
    return _dossier(turn).category(category_id)


def _kind(turn: Turn) -> str | None:
    """The category that is named, also where it is not what is asked for ("not into tents")."""
    found = named_categories(turn.text, turn.services.catalogue)
    return turn.services.products.category(turn.text) or (found[0] if found else None)


def _narrow_kind(turn: Turn, category: str) -> tuple[str, list[str]]:
    """The word for a kind within a category, and its products: headlamps, of all that gives light.
    Nothing where the word is the category's own name."""
    products = turn.services.products
    for word in products.kinds(turn.text):
        found = products.of_kind(word) or frozenset()
        stem = word.lower().removesuffix("s")
        own = stem in _category(turn, category).lower()
        if not own and 0 < len(found) < len(products.of_category(category)):
            return word, sorted(found)
    return "", []


def _brand(turn: Turn) -> str | None:
    said = turn.text.lower()
    brands = {product.brand for product in turn.services.catalogue.values() if product.brand}
    return next((brand for brand in sorted(brands) if brand.lower() in said), None)


def _names(turn: Turn, product_ids: Iterable[str]) -> str:
    return _dossier(turn).names(product_ids)
