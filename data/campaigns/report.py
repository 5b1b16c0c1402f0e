"""What came of a campaign, counted by the arm that people were given, whether or not a message
reached them: who was not reached would else be missing in one arm only.

A member's outcome is known when they have been watched for `observe_days`; only then does it enter
the test. Margin is the price of what was bought times the shop's margin, less what coupons took
off; orders' sums are taken as they stand before a coupon.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from data.campaigns.evidence import UNEVEN, Effect, effect, uneven
from data.campaigns.plan import Plan, Policy
from data.campaigns.profiles import BEGINNING
from data.campaigns.tables import Arm, Campaign, CampaignMember, Coupon, CouponState, Step
from data.experiments.statistics import ALPHA, Interval, evidence, ratio_interval, wilson
from data.models import Customer
from data.repositories import Sale
from data.unit_of_work import UnitOfWork

# The best-sellers that make a fifth of all purchases are the head, the rest is the long tail; as
# docs/recommend.md counts what is popular.
_HEAD = 0.2
NEW = timedelta(days=180)


@dataclass(frozen=True)
class ArmResult:
    """`revenue` and `margin` are means of a member; margin is None where the shop says none."""

    name: str
    members: int
    sent: int
    opened: int
    coupons: int
    used: int
    taken: Decimal
    buyers: int
    bought: Interval
    revenue: float
    margin: float | None


@dataclass(frozen=True)
class Group:
    """Customers of one language, or new or old ones: how many of those who could have been chosen
    were, and how many bought before and after, by arm."""

    name: str
    eligible: int
    chosen: int
    sent: int
    used: int
    bought_before: float
    bought_after: Mapping[str, float]

    @property
    def share_chosen(self) -> float:
        return self.chosen / self.eligible if self.eligible else float("nan")


@dataclass(frozen=True)
class Fairness:
    """`shown_tail`: the share of the products that the message shows which are of the long tail;
    the others are shares of purchases, before and after. `gaps`: the largest difference between
    groups in the share that was chosen, and in the shares that bought."""

    shown_tail: float | None
    tail_before: float | None
    tail_after: Mapping[str, float | None]
    groups: Mapping[str, Sequence[Group]]
    gaps: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Report:
    name: str
    state: str
    currency: str
    budget: Decimal
    reserved: Decimal
    arms: Sequence[ArmResult]
    steps: Mapping[str, int]
    notes: Mapping[str, int]
    watched: int
    observe_days: int
    margin: Effect | None
    ratio: Interval | None
    evidence: float | None
    uneven: float
    fairness: Fairness
    warnings: Sequence[str] = field(default_factory=list)


@dataclass
class _Person:
    member: CampaignMember
    customer: Customer
    coupon: Coupon | None
    before: list[Sale]
    after: list[Sale]

    @property
    def offered(self) -> bool:
        return self.member.arm == Arm.OFFERED.value

    @property
    def taken(self) -> Decimal:
        return (self.coupon.taken if self.coupon else None) or Decimal(0)

    def gained(self, margin: Decimal) -> float:
        revenue = sum((sale.amount for sale in self.after), Decimal(0))
        return float(revenue * margin - self.taken)

    @property
    def revenue(self) -> float:
        return float(sum((sale.amount for sale in self.after), Decimal(0)))


def people(uow: UnitOfWork, campaign: Campaign, plan: Plan) -> list[_Person]:
    """Members who are somebody still, with what they bought as long before they were chosen as
    after."""
    window = timedelta(days=plan.observe_days)
    sales: dict[int, list[Sale]] = defaultdict(list)
    for sale in uow.orders.sales(BEGINNING):
        sales[sale.customer_id].append(sale)
    coupons = {each.customer_id: each for each in uow.campaigns.coupons(campaign)}
    found = []
    for member in uow.campaigns.members(campaign):
        customer = uow.customers.get(member.customer_id)
        if customer is None:
            continue
        at, theirs = member.chosen_at, sales[member.customer_id]
        found.append(
            _Person(
                member,
                customer,
                coupons.get(member.customer_id),
                [sale for sale in theirs if at - window < sale.at <= at],
                [sale for sale in theirs if at < sale.at <= at + window],
            )
        )
    return found


def read(
    uow: UnitOfWork,
    campaign: Campaign,
    policy: Policy,
    now: datetime,
    eligible: Iterable[Customer] | None = None,
) -> Report:
    """`eligible`: who could have been chosen; without, all customers who are known by then."""
    plan = Plan.of(campaign.plan, campaign.name)
    everybody = people(uow, campaign, plan)
    could = list(eligible) if eligible is not None else _customers(uow, everybody)
    arms = {
        arm: [each for each in everybody if each.member.arm == arm.value]
        for arm in (Arm.OFFERED, Arm.HELD)
    }
    window = timedelta(days=plan.observe_days)
    watched = [each for each in everybody if each.member.chosen_at + window <= now]
    # All of a campaign are chosen at one moment; within it by number, which says nothing of them.
    watched.sort(key=lambda each: (each.member.chosen_at, each.member.id))
    held = plan.held() / 1000
    chance = uneven(len(arms[Arm.OFFERED]), len(arms[Arm.HELD]), held)
    ratio, bet = _by_purchases(watched, held)
    margin = None
    if policy.margin is not None and held:
        share = policy.margin
        margin = effect(
            [each.gained(share) for each in watched], [each.offered for each in watched], held
        )
    return Report(
        name=campaign.name,
        state=campaign.state,
        currency=campaign.currency,
        budget=campaign.budget,
        reserved=campaign.reserved,
        arms=[_arm(arm, each, policy) for arm, each in arms.items()],
        steps=Counter(each.member.step for each in arms[Arm.OFFERED]),
        notes=Counter(each.member.note for each in everybody if each.member.note),
        watched=len(watched),
        observe_days=plan.observe_days,
        margin=margin,
        ratio=ratio,
        evidence=bet,
        uneven=chance,
        fairness=_fairness(uow, plan, everybody, could),
        warnings=_warnings(chance, held, policy),
    )


def _warnings(chance: float, held: float, policy: Policy) -> list[str]:
    found = []
    if chance < UNEVEN:
        found.append(
            f"The arms are not of the sizes that they were to have (p = {chance:.2g}): compare "
            "nothing before the reason is found."
        )
    if not held:
        found.append("Nobody was held out, so nothing says what would have been without it.")
    if policy.margin is None:
        found.append(
            "campaigns.yaml of the shop names no margin, so what it earned is not told; revenue is."
        )
    return found


def _customers(uow: UnitOfWork, everybody: Sequence[_Person]) -> list[Customer]:
    from sqlalchemy import select

    chosen_at = min((each.member.chosen_at for each in everybody), default=None)
    rows = uow.session.scalars(select(Customer).where(Customer.personalised)).unique().all()
    return [
        each
        for each in rows
        if (each.email or each.phone)
        and (chosen_at is None or each.joined_at is None or each.joined_at <= chosen_at)
    ]


def _arm(arm: Arm, members: Sequence[_Person], policy: Policy) -> ArmResult:
    count = len(members)
    buyers = sum(bool(each.after) for each in members)
    used = [each for each in members if each.coupon and each.coupon.state == CouponState.USED.value]
    margin = policy.margin
    gained = sum(each.gained(margin) for each in members) if margin is not None else None
    return ArmResult(
        name=arm.value,
        members=count,
        sent=sum(each.member.step == Step.SENT.value for each in members),
        opened=sum(each.member.opened_at is not None for each in members),
        coupons=sum(each.coupon is not None for each in members),
        used=len(used),
        taken=sum((each.taken for each in members), Decimal(0)),
        buyers=buyers,
        bought=wilson(buyers, count),
        revenue=sum(each.revenue for each in members) / count if count else 0.0,
        margin=None if gained is None else gained / count if count else 0.0,
    )


def _by_purchases(watched: Sequence[_Person], held: float) -> tuple[Interval | None, float | None]:
    """How many times as often a member bought who was offered something, at all times together."""
    if not 0 < held < 1:
        return None, None
    bought = [each for each in watched if each.after]
    offered = sum(each.offered for each in bought)
    share = 1 - held
    return ratio_interval(offered, len(bought), share), evidence(offered, len(bought), share)


def needed() -> float:
    """The evidence from which something is decided."""
    return 1 / ALPHA


def _fairness(
    uow: UnitOfWork, plan: Plan, everybody: Sequence[_Person], could: Sequence[Customer]
) -> Fairness:
    chosen_at = min((each.member.chosen_at for each in everybody), default=None)
    past = [s for s in uow.orders.sales(BEGINNING) if chosen_at is None or s.at <= chosen_at]
    head = _head(past)
    offered = [each for each in everybody if each.offered]
    held = [each for each in everybody if not each.offered]
    groups = {
        "language": _groups(everybody, could, lambda customer: customer.language),
        "new or old": _groups(everybody, could, lambda customer: _age(customer, chosen_at)),
    }
    return Fairness(
        shown_tail=_tail(plan.products, head),
        tail_before=_tail((s.product_id for each in everybody for s in each.before), head),
        tail_after={
            arm.value: _tail((s.product_id for each in members for s in each.after), head)
            for arm, members in ((Arm.OFFERED, offered), (Arm.HELD, held))
        },
        groups=groups,
        gaps={name: _gaps(each) for name, each in groups.items()},
    )


def _age(customer: Customer, at: datetime | None) -> str:
    if at is None or customer.joined_at is None:
        return "not known"
    return "new" if at - customer.joined_at < NEW else "old"


def _head(past: Sequence[Sale]) -> frozenset[str]:
    counts = Counter(sale.product_id for sale in past)
    left = _HEAD * counts.total()
    found = set()
    for product_id, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        if left <= 0:
            break
        found.add(product_id)
        left -= count
    return frozenset(found)


def _tail(products: Iterable[str], head: frozenset[str]) -> float | None:
    shown = list(products)
    return sum(product not in head for product in shown) / len(shown) if shown else None


def _groups(
    everybody: Sequence[_Person], could: Sequence[Customer], of: Callable[[Customer], str]
) -> list[Group]:
    eligible = Counter(of(customer) for customer in could)
    members: dict[str, list[_Person]] = defaultdict(list)
    for each in everybody:
        members[of(each.customer)].append(each)
    return [
        _group(name, max(eligible[name], len(members[name])), members[name])
        for name in sorted({*eligible, *members})
    ]


def _group(name: str, eligible: int, members: Sequence[_Person]) -> Group:
    after = {
        arm.value: _share([bool(e.after) for e in members if e.member.arm == arm.value])
        for arm in (Arm.OFFERED, Arm.HELD)
    }
    return Group(
        name=name,
        eligible=eligible,
        chosen=len(members),
        sent=sum(each.member.step == Step.SENT.value for each in members),
        used=sum(each.coupon is not None and each.coupon.used_at is not None for each in members),
        bought_before=_share([bool(each.before) for each in members]),
        bought_after=after,
    )


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else float("nan")


def _gaps(groups: Sequence[Group]) -> Mapping[str, float]:
    """Of groups that have members. A gap of what is bought is there before, too: what counts is
    whether it grows in the offered arm."""
    return {
        "chosen": _gap([each.share_chosen for each in groups if each.eligible]),
        "bought before": _gap([each.bought_before for each in groups]),
        "bought after, held out": _gap([each.bought_after[Arm.HELD.value] for each in groups]),
        "bought after, offered": _gap([each.bought_after[Arm.OFFERED.value] for each in groups]),
    }


def _gap(shares: Sequence[float]) -> float:
    known = [share for share in shares if share == share]
    return max(known) - min(known) if len(known) > 1 else float("nan")


def outcomes(
    uow: UnitOfWork, campaign: Campaign, margin: Decimal, now: datetime
) -> list[tuple[int, datetime, bool, float]]:
    """(customer, chosen at, offered, gained) of those who were watched long enough: to learn from
    whom a coupon moves. Only of customers who still let their history be used."""
    plan = Plan.of(campaign.plan, campaign.name)
    window = timedelta(days=plan.observe_days)
    return [
        (each.customer.id, each.member.chosen_at, each.offered, each.gained(margin))
        for each in people(uow, campaign, plan)
        if each.member.chosen_at + window <= now and each.customer.personalised
    ]


def as_figures(report: Report) -> dict[str, Any]:
    """For programs."""
    from dataclasses import asdict

    return asdict(report)


def as_lines(report: Report) -> list[str]:
    """For people."""
    money = report.currency
    lines = [
        f"{report.name}: {report.state}; of {report.budget} {money} {report.reserved} {money} "
        f"are used or promised; watched for {report.observe_days} days, so far {report.watched} "
        f"of {sum(arm.members for arm in report.arms)}",
    ]
    for arm in report.arms:
        told = f"{arm.margin:.2f} {money}" if arm.margin is not None else "–"
        lines += [
            "",
            f"{arm.name}: {arm.members} customers, {arm.sent} sent, {arm.opened} known to have "
            "seen it",
            f"  coupons   {arm.coupons} handed out, {arm.used} used, {arm.taken} {money} taken off",
            f"  bought    {_percent(arm.bought)}",
            f"  revenue   {arm.revenue:.2f} {money} a customer",
            f"  margin    {told} a customer, coupons taken off",
        ]
    if report.notes:
        lines += ["", "not written to: " + ", ".join(
            f"{count} {note}" for note, count in sorted(report.notes.items()))]  # fmt: skip
    lines += ["", *_effects(report), "", *_fair(report.fairness)]
    return lines + [f"WARNING: {warning}" for warning in report.warnings]


def _effects(report: Report) -> list[str]:
    lines = [f"sizes of the arms: chance alone gives such or worse with p = {report.uneven:.2g}"]
    if report.ratio is not None and report.evidence is not None:
        decided = "decided" if report.evidence >= needed() else "not decided yet"
        lines.append(
            f"offered beside held out, who bought: {report.ratio.value:.2f} times as often "
            f"({report.ratio.low:.2f} to {report.ratio.high:.2f}, at all times together); "
            f"{decided} (evidence {report.evidence:.3g}, {needed():.0f} is needed)"
        )
    if report.margin is not None:
        interval = report.margin.interval
        if interval.value != interval.value:
            lines.append(f"margin: {report.margin.members} watched, too few to say anything")
        else:
            decided = "decided" if report.margin.decided else "not decided yet"
            lines.append(
                f"margin of a member more by the campaign: {interval.value:+.2f} "
                f"{report.currency} ({interval.low:+.2f} to {interval.high:+.2f}, at all times "
                f"together); {decided}"
            )
    return lines


def _fair(fairness: Fairness) -> list[str]:
    after = ", ".join(f"{arm} {_share_told(each)}" for arm, each in fairness.tail_after.items())
    lines = [
        f"long tail: {_share_told(fairness.shown_tail)} of the products shown; of what was bought "
        f"{_share_told(fairness.tail_before)} before; after {after}"
    ]
    for name, groups in fairness.groups.items():
        for group in groups:
            bought = ", ".join(
                f"{arm} {_share_told(share)}" for arm, share in group.bought_after.items()
            )
            lines.append(
                f"{name} {group.name}: {group.chosen} of {group.eligible} chosen "
                f"({_share_told(group.share_chosen)}), {group.sent} sent, {group.used} used; "
                f"bought {_share_told(group.bought_before)} before; after {bought}"
            )
        gaps = ", ".join(f"{what} {_share_told(gap)}" for what, gap in fairness.gaps[name].items())
        lines.append(f"  largest gap: {gaps}")
    return lines


def _share_told(share: float | None) -> str:
    return "–" if share is None or share != share else f"{share:.0%}"


def _percent(interval: Interval) -> str:
    if interval.value != interval.value:
        return "–"
    return f"{interval.value:.1%} ({interval.low:.1%} to {interval.high:.1%})"
