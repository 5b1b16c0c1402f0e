"""Whether something can go back, until when and at what cost: decided by the shop's rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, time

from bot.actions import offers, orders
from bot.actions.answer import Answer
from bot.actions.skill import Skill
from bot.actions.stock import Stock
from bot.dialogue import ordered, references
from bot.dialogue.notes import Pending
from bot.dialogue.turn import Turn, tier_of
from bot.messages import Button
from bot.understanding import conditions, giving_back, quantities
from bot.understanding.named import named, words_of
from bot.wording import formats, views
from bot.wording.return_sentences import ReturnSentences
from data import access
from data.capabilities import Capability
from data.models import Customer, Order, OrderLine, Product
from data.rules import cancellation, returns
from data.rules import shop as rules
from data.rules.returns import STANDARD, Case, Reason, ReturnDecision
from data.unit_of_work import UnitOfWork
from retrieval.types import Filters

# Another page knows better than that of the window when it is nearer by so much; pages as near as
# that to "can I return it" are about anything.
_NEAREST, _BETTER = 8, 0.01

_MOST_BUTTONS = 4
# Acts that a question of what sending back costs is taken for.
_ASKING_COST = frozenset({"product_question", "policy_question", "price_question", "delivery_cost"})
_GOES_ON = 2  # turns in which a message that names goods tells which are to go back
# What such a message may be understood as, whatever goods it names.
_TELLS_WHICH = frozenset(
    {"product_search", "stock_check", "order_status", "order_history", "problem", "affirm",
     "refine", "recommend", "out_of_scope", "nlu_fallback"}
)  # fmt: skip


class Returns(Skill):
    action = "action_return"

    def act(self, turn: Turn) -> None:
        terms = self.services.rules.returns
        if terms is None:
            Answer(self.services).act(turn)
            return
        swap = exchanges(turn)
        if swap and terms.exchange is None:
            Answer(self.services).act(turn)
            return
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow, Capability.OWN_TERMS)
            found = self._meant(turn, uow, terms)
            if self._names_nothing(turn, uow, terms, found):
                self._ask_which(turn, uow, terms, customer, swap=swap)
                return
            if found:
                turn.note(product=found[0])
            if not swap and self.cost_told(turn, terms, customer):
                return
            if swap:
                self._say_exchange(turn, uow, terms, customer, found[:1])
                return
            number = references.order_number(turn)
            if number:
                self._say_number(turn, uow, terms, customer, number, found)
                return
            meant = found[:1] or self._kind(turn)
            if (
                customer is not None
                and meant
                and quantities.past_day(turn.text, turn.today) is None
            ):
                option = " ".join(turn.request.said("option"))
                bought = orders.bought(turn, uow, meant, option)
                if bought is not None:
                    self._say_order(turn, terms, customer, bought[0], [bought[1]])
                    return
            product = references.current(uow, found[0]) if found else None
        self._say_case(turn, terms, customer, product)

    def cost_told(self, turn: Turn, terms: rules.Returns, customer: Customer | None) -> bool:
        """Tell who asks what sending back costs just that, by their own tier; False, and nothing
        said, for every other question, and where the shop does not say."""
        dated = quantities.past_day(turn.text, turn.today) or references.order_number(turn)
        if dated or not giving_back.asks_cost(turn.text):
            return False
        wording = ReturnSentences(turn, terms)
        faulty = conditions.faulty(turn.request)
        costs = wording.costs(tier_of(customer), faulty=faulty)
        if not costs:
            return False
        lines = [costs, *self._or_swap(turn, wording)]
        if giving_back.asks_whether(turn.text) and not faulty:
            return_class = self._class_told(turn, terms)
            lines.append(self._in_general(turn, terms, tier_of(customer), None, return_class))
        source = "returns.faulty" if faulty else "returns.window"
        turn.say_with_sources(formats.together(lines, turn.language), source)
        return True

    def _meant(self, turn: Turn, uow: UnitOfWork, terms: rules.Returns) -> list[str]:
        """Ids of the products that are named, else of the one talked of: what holds for that may
        be less than what holds for goods in general."""
        if found := references.named_products(turn):
            return found
        if giving_back.asks_detail(turn.text) and not exchanges(turn):
            return []
        talked_of = references.product_in_question(turn)
        elsewhere = (
            references.order_number(turn)
            or turn.request.said("order")
            or giving_back.of_any_goods(turn.text)
            or named(turn.text, _words_of_classes(terms))
        )
        if talked_of is None or elsewhere:
            return []
        kind = self._kind(turn)
        if kind and talked_of not in kind:
            return []
        own = orders.bought(turn, uow, kind) and not orders.bought(turn, uow, [talked_of])
        return [] if own else [talked_of]  # "my jacket" is the one that they bought

    def _names_nothing(
        self, turn: Turn, uow: UnitOfWork, terms: rules.Returns, found: Sequence[str]
    ) -> bool:
        """Whether goods shall go back, and neither which nor anything else of the case is told."""
        if not giving_back.only_wishes(turn.text) or self._kind(turn):
            return False
        case = (
            references.order_number(turn)
            or turn.request.said("order")
            or conditions.told(turn.request, terms)
            or conditions.faulty(turn.request)
            or quantities.past_day(turn.text, turn.today)
        )
        points = turn.request.said("that") or (found and orders.bought(turn, uow, found))
        return not (case or points)

    def _ask_which(
        self, turn: Turn, uow: UnitOfWork, terms: rules.Returns, customer: Customer | None,
        *, swap: bool,
    ) -> None:  # fmt: skip
        """Which of their goods it is, with those that may still go back to choose from; and the
        rule and the steps in short."""
        wording, tier = ReturnSentences(turn, terms), tier_of(customer)
        names = []
        for order in access.orders_for_session(uow, turn.session_id, now=self.services.clock()):
            for line in order.lines:
                product = line.variant.product
                decision = self._decided(
                    turn, terms, customer, product.return_class, product, (order, line)
                )
                if decision is not None and decision.allowed:
                    names.append(turn.name_of(product))
        lines = [
            turn.phrase("returns.which_swap" if swap else "returns.which"),
            turn.phrase("returns.as_return") if swap else "",
            wording.in_short(tier),
            wording.other_classes(tier),
            wording.how(swap=swap),
        ]
        turn.note(giving_back="exchange" if swap else "return_eligibility")
        turn.say_with_sources(
            formats.together(lines, turn.language),
            "returns.exchange" if swap else "returns.window",
            buttons=[
                *(Button(title=n, payload=n) for n in [*dict.fromkeys(names)][:_MOST_BUTTONS]),
                turn.button("human"),
            ],
        )

    def _kind(self, turn: Turn) -> Collection[str]:
        """Ids of the goods of the kind that is named, by the catalogue's words or the customer's
        own."""
        return self.services.products.of_kind(turn.text) or ordered.goods(turn)

    def _say_number(
        self, turn: Turn, uow: UnitOfWork, terms: rules.Returns, customer: Customer | None,
        number: str, found: Collection[str],
    ) -> None:  # fmt: skip
        now = self.services.clock()
        order = access.order_for_session(uow, turn.session_id, number, now=now)
        if order is not None:
            lines = [line for line in order.lines if line.variant.product_id in found]
            self._say_order(turn, terms, customer, order, lines or order.lines)
        elif customer is not None:
            turn.say(turn.phrase("order.not_found", number=number))
        else:
            orders.ask_identity(turn, Pending("order_status", number))

    def _say_order(
        self, turn: Turn, terms: rules.Returns, customer: Customer | None, order: Order,
        lines: list[OrderLine],
    ) -> None:  # fmt: skip
        turn.note(orders=(order.number,))
        wording = ReturnSentences(turn, terms)
        texts: list[str] = []
        sources: list[str] = []
        waits = False
        for line in lines:
            product = line.variant.product
            case = self._case(
                turn, terms, product.return_class, order.placed_at, orders.arrived(order), product,
            )  # fmt: skip
            decision = returns.decide(
                self.services.rules, case, self.services.clock(), tier_of(customer)
            )
            if decision is not None:
                name = wording.name_of(product)
                said = [wording.decided(decision, name, product)]
                said += self._or_swap(turn, wording) if decision.allowed else []
                texts.append(formats.together(said, turn.language))
                sources.append(_source(product.return_class, decision.reason == Reason.FAULTY))
                waits |= decision.reason == Reason.NOT_DELIVERED
        head = turn.phrase("returns.of_order", number=order.number)
        text = "\n".join([head, *(f"· {t}" for t in texts)]) if len(texts) > 1 else texts[0]
        cancel = cancellation.decide(self.services.rules, order.status)
        if waits and cancel is not None and cancel.allowed:
            text = formats.together([text, turn.phrase("returns.cancel_instead")], turn.language)
        buttons = [turn.button("how_to_return"), turn.button("human")]
        turn.say_with_sources(text, *dict.fromkeys(sources), buttons=buttons)
        if len(lines) == 1:
            self._offer(turn, lines[0].variant.product)

    def _offer(self, turn: Turn, product: Product) -> None:
        """What is faulty is put right; what only did not suit may have a better match."""
        if not conditions.faulty(turn.request):
            offers.instead_of(turn, product.id)

    def _say_case(
        self, turn: Turn, terms: rules.Returns, customer: Customer | None, product: Product | None
    ) -> None:
        """A case told in words, or the rule in general when no day is named."""
        wording = ReturnSentences(turn, terms)
        since = quantities.past_day(turn.text, turn.today)
        if giving_back.asks_steps(turn.text) and since is None:
            self._say_steps(turn, terms)
            return
        return_class = product.return_class if product else self._class_told(turn, terms)
        if since is None and return_class is None and self._a_page_knows(turn, terms):
            return
        if since is None:
            text = self._in_general(turn, terms, tier_of(customer), product, return_class)
            allowed = True
        else:
            text, allowed = self._dated(turn, terms, customer, product, return_class, since)
        asked = turn.noted(lambda notes: notes.giving_back, within=_GOES_ON)
        lines = [text, *(self._or_swap(turn, wording) if allowed else [])]
        if asked and customer is not None and product is not None and since is None:
            lines.insert(0, turn.phrase("order.none_with", goods=turn.name_of(product)))
        known = return_class or STANDARD
        source = _source(known, _faulty(turn, terms, known))
        text = formats.together(lines, turn.language)
        turn.say_with_sources(text, source, buttons=[turn.button("how_to_return")])
        if product is not None and allowed:
            self._offer(turn, product)

    def _or_swap(self, turn: Turn, wording: ReturnSentences) -> list[str]:
        """That what does not fit can be swapped as well."""
        return wording.or_swap() if "wrong_size" in turn.request.facts else []

    def _a_page_knows(self, turn: Turn, terms: rules.Returns) -> bool:
        """Whether a question of no case is answered by another page than that of the window: how
        something goes back, when the money comes."""
        if conditions.told(turn.request, terms) or conditions.faulty(turn.request):
            return False
        own = self.services.sources.pages("returns.window")
        hits = self.services.retriever.search(
            turn.text, filters=Filters(kind="document"), k=_NEAREST, language=turn.language
        )
        best = max((hit.similarity for hit in hits if hit.passage.source in own), default=0.0)
        if not own or not hits or hits[0].similarity < best + _BETTER:
            return False
        turn.turn_to(replace(turn.request, act="policy_question"))
        return Answer(self.services).answered(turn)

    def _in_general(
        self, turn: Turn, terms: rules.Returns, tier: str | None, product: Product | None,
        return_class: str | None,
    ) -> str:  # fmt: skip
        wording = ReturnSentences(turn, terms)
        known = return_class or STANDARD
        name = wording.name_of(product) if product else wording.name_of_class(known)
        if _faulty(turn, terms, known):
            own = product.warranty_months if product else None
            return wording.faulty_in_general(name if return_class else None, known, own)
        told = conditions.told(turn.request, terms)
        if return_class is None and (text := wording.once(told, tier)):
            return text
        lines = [wording.in_general(known, name, tier, told)]
        voided = returns.voided_by(terms, known, told)
        if return_class is None and not voided:
            lines.append(wording.other_classes(tier))
        if returns.window_days(self.services.rules, known, tier) and not voided:
            lines.append(wording.ask_day())
        return formats.together(lines, turn.language)

    def _dated(
        self, turn: Turn, terms: rules.Returns, customer: Customer | None,
        product: Product | None, return_class: str | None, since: date,
    ) -> tuple[str, bool]:  # fmt: skip
        """The decision for goods that came, or were bought, on that day; whether it is yes."""
        wording = ReturnSentences(turn, terms)
        known = return_class or STANDARD
        name = wording.name_of(product) if product else wording.name_of_class(known)
        begun = datetime.combine(since, time(12), tzinfo=self.services.rules.timezone)
        case = self._case(turn, terms, known, begun, begun, product)
        now = self.services.clock()
        decision = returns.decide(self.services.rules, case, now, tier_of(customer))
        if decision is None:
            raise ValueError("A shop without rules of returns decides no case; say so before.")
        lines = [wording.decided(decision, name, product)]
        if customer is None and decision.reason == Reason.WINDOW_OVER:
            better = self._tier_in_time(terms, case, now)
            lines.append(wording.tier_note(known, better) if better else "")
        return formats.together(lines, turn.language), decision.allowed

    def _case(
        self, turn: Turn, terms: rules.Returns, return_class: str, bought_at: datetime,
        delivered_at: datetime | None, product: Product | None,
    ) -> Case:  # fmt: skip
        return Case(
            return_class,
            bought_at,
            delivered_at,
            conditions=conditions.told(turn.request, terms),
            faulty=_faulty(turn, terms, return_class),
            warranty_months=product.warranty_months if product else None,
        )

    def _tier_in_time(self, terms: rules.Returns, case: Case, now: datetime) -> str | None:
        """A tier to whose customers the window would still be open."""
        for tier in returns.terms(terms, case.return_class).days_by_tier:
            decision = returns.decide(self.services.rules, case, now, tier)
            if decision is not None and decision.allowed:
                return tier
        return None

    def _class_told(self, turn: Turn, terms: rules.Returns) -> str | None:
        """The class that most products of the kind named have, else the one whose words are named;
        None for goods in general."""
        products = self.services.products
        kind = products.of_kind(turn.text)
        if not kind and (category := products.category(turn.text)):
            kind = products.of_category(category)
        if not kind and conditions.told(turn.request, terms):
            kind = frozenset(ordered.goods(turn))  # 内裤, which only a product's name says
        common = returns.common_class(
            self.services.catalogue[each].return_class for each in kind or ()
        )
        if common not in (None, STANDARD):
            return common
        return next(iter(named(turn.text, _words_of_classes(terms))), common)

    def _say_steps(self, turn: Turn, terms: rules.Returns) -> None:
        text = ReturnSentences(turn, terms).steps()
        if text:
            turn.say_with_sources(text, "returns.steps")
        else:
            Answer(self.services).act(turn)

    def _say_exchange(
        self, turn: Turn, uow: UnitOfWork, terms: rules.Returns, customer: Customer | None,
        meant: Sequence[str],
    ) -> None:  # fmt: skip
        """Whether this customer's goods may be swapped, until when, who pays, and whether what is
        wanted is there."""
        wording = ReturnSentences(turn, terms)
        bought = orders.bought(turn, uow, meant or self._kind(turn))
        product = bought[1].variant.product if bought else None
        if product is None and meant:
            product = references.current(uow, meant[0])
        return_class = product.return_class if product else self._class_told(turn, terms)
        known = return_class or STANDARD
        name = wording.name_of(product) if product else wording.name_of_class(known)
        decision = self._decided(turn, terms, customer, known, product, bought)
        lines = []
        if bought is None and customer is not None and meant and product is not None:
            lines.append(turn.phrase("order.none_with", goods=turn.name_of(product)))
        voided = returns.voided_by(terms, known, conditions.told(turn.request, terms))
        days = returns.window_days(self.services.rules, known, tier_of(customer))
        if decision is not None and not decision.allowed:
            lines += [wording.decided(decision, name, product), turn.phrase("returns.as_return")]
        elif voided or not days:
            told = conditions.told(turn.request, terms)
            lines.append(wording.in_general(known, name, tier_of(customer), told))
            lines.append(turn.phrase("returns.as_return"))
        else:
            last = decision.last_day if decision else None
            lines.append(wording.exchange(known, name, tier_of(customer), last))
            if return_class is None:
                lines.append(wording.other_classes(tier_of(customer)))
            if product is not None:
                lines.append(self._there(turn, product, bought[1] if bought else None))
        turn.say_with_sources(formats.together(lines, turn.language), "returns.exchange")

    def _decided(
        self, turn: Turn, terms: rules.Returns, customer: Customer | None, return_class: str,
        product: Product | None, bought: tuple[Order, OrderLine] | None,
    ) -> ReturnDecision | None:  # fmt: skip
        """What holds for goods that were bought, or came on a day that is told; None where neither
        is known. An exchange has the window and the conditions of a return."""
        since = quantities.past_day(turn.text, turn.today)
        if since is not None:
            begun = datetime.combine(since, time(12), tzinfo=self.services.rules.timezone)
            case = self._case(turn, terms, return_class, begun, begun, product)
        elif bought is not None:
            order, arrived = bought[0], orders.arrived(bought[0])
            case = self._case(turn, terms, return_class, order.placed_at, arrived, product)
        else:
            return None
        now, tier = self.services.clock(), tier_of(customer)
        return returns.decide(self.services.rules, case, now, tier)

    def _there(self, turn: Turn, product: Product, line: OrderLine | None) -> str:
        """Whether what is wanted of the product is in stock; what it has in stock where that is
        not told."""
        wanted = references.options_asked(turn, product)
        stock = Stock(self.services)
        if not wanted:
            return stock.listed(turn, product) if len(product.variants) > 1 else ""
        others = [v for v in wanted.of(product.variants) if line is None or v.sku != line.sku]
        if not others:
            return stock.asked(turn, product, wanted)
        there = [variant for variant in others if variant.stock > 0]
        key = "returns.exchange_there" if there else "returns.exchange_gone"
        options = formats.listed(
            [views.options_text(turn, variant) for variant in there or others], turn.language
        )
        return turn.phrase(key, options=options)


def cost_asked(turn: Turn) -> bool:
    """Tell who asks what sending back costs, however the act was read; False, and nothing said, for
    any other message, and where the shop has decided nothing of it."""
    terms = turn.services.rules.returns
    if terms is None or turn.intent not in _ASKING_COST or not giving_back.asks_cost(turn.text):
        return False
    if not giving_back.sends_back(turn.text) or giving_back.swaps(turn.text):
        return False
    with turn.services.unit_of_work() as uow:
        customer = turn.customer(uow, Capability.OWN_TERMS)
    return Returns(turn.services).cost_told(turn, terms, customer)


def which_told(turn: Turn) -> bool:
    """Go on with what shall go back, where it was asked which, and a message names it; False, and
    nothing said, for any other."""
    wanted = turn.noted(lambda notes: notes.giving_back, within=_GOES_ON)
    if wanted is None or turn.intent not in _TELLS_WHICH or giving_back.asks(turn.text):
        return False
    goods = references.named_products(turn) or ordered.goods(turn)
    kind = goods or turn.services.products.of_kind(turn.text)
    if not kind and references.order_number(turn) is None:
        return False
    turn.turn_to(replace(turn.request, act=wanted))
    Returns(turn.services).act(turn)
    return True


def _words_of_classes(terms: rules.Returns) -> dict[str, list[str]]:
    return {each: words_of(None, its.words) for each, its in terms.classes.items()}


def exchanges(turn: Turn) -> bool:
    """Whether goods shall be swapped for another size or colour of the same; what is faulty is
    dealt with as a fault."""
    wants = turn.intent == "exchange" or giving_back.swaps(turn.text)
    return wants and not giving_back.returns(turn.text) and not conditions.faulty(turn.request)


def _faulty(turn: Turn, terms: rules.Returns, return_class: str) -> bool:
    """Whether a fault is told of; where the rules take back no damaged goods, what the customer
    broke is none."""
    broken = "damaged" in conditions.told(turn.request, terms)
    excluded = "damaged" in returns.terms(terms, return_class).voided_by
    return conditions.faulty(turn.request) and not (broken and excluded)


def _source(return_class: str, faulty: bool) -> str:
    """The decision that a page of the shop may prove."""
    if faulty:
        return "returns.faulty"
    return "returns.window" if return_class == STANDARD else f"returns.class.{return_class}"
