"""What came of recommendations: clicks, purchases and money by an experiment's arm.

Counted is what customers did, not what the recommendations can claim: a customer has bought when
they placed any order within the window after they were first shown something. What everybody buys
anyway would else speak for the arm that recommends it. `claimed` tells what was recommended and
then bought, beside that. Conversations of visitors count for clicks alone, as nobody knows what
they bought.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from data.experiments.statistics import (
    ALPHA,
    Interval,
    bootstrap,
    evidence,
    ratio_interval,
    wilson,
)
from data.models import EventKind
from data.repositories import Sale
from data.unit_of_work import UnitOfWork

Metric = Literal["clicks", "purchases"]
_SURELY_WRONG = 1000.0  # evidence that arms were not handed out by their shares


@dataclass(frozen=True)
class Shown:
    """One recommended product. `whose`: the customer's id, else the conversation's."""

    whose: int | str
    arm: str
    product_id: str
    at: datetime
    clicked: bool


@dataclass(frozen=True)
class Arm:
    """`people`: customers and conversations; `customers`: those whose purchases are known.
    `click_through`: clicks by products shown; `clicking`: people who clicked by people;
    `conversion`: customers who bought by customers; `revenue`: by customer."""

    name: str
    people: int
    shown: int
    clicks: int
    click_through: Interval
    clickers: int
    clicking: Interval
    customers: int
    buyers: int
    conversion: Interval
    revenue: Interval
    claimed: float


@dataclass(frozen=True)
class Comparison:
    """An arm beside the first one: how many times as often its people convert, and whether the
    experiment may stop, with which of the two ahead."""

    name: str
    against: str
    ratio: Interval
    evidence: float
    needed: float
    ahead: str | None


@dataclass(frozen=True)
class Report:
    experiment: str
    metric: Metric
    window_days: int
    arms: list[Arm]
    comparisons: list[Comparison]
    warnings: list[str]


@dataclass
class _Person:
    """What one person was shown, and what they did within the window."""

    arm: str
    first: datetime
    shown: int = 0
    clicks: int = 0
    orders: int = 0
    revenue: float = 0.0
    claimed: float = 0.0


def read(
    uow: UnitOfWork,
    experiment: str,
    shares: Mapping[str, int] | None,
    *,
    metric: Metric = "purchases",
    window_days: int = 7,
) -> Report:
    """The report of an experiment, or with the empty name of everything that was part of none, by
    model. `shares` of the arms, the first being what others are compared with; None: equal."""
    impressions = uow.impressions.of_experiment(experiment)
    clicked = uow.impressions.answers(experiment, EventKind.CLICK)
    shown = [
        Shown(
            row.customer_id if row.customer_id is not None else str(row.session_id),
            row.arm or row.model,
            row.product_id,
            row.shown_at,
            row.id in clicked,
        )
        for row in impressions
    ]
    sales = _sales(uow, shown[0].at) if shown else []
    return report(shown, sales, experiment, shares, metric=metric, window_days=window_days)


def _sales(uow: UnitOfWork, since: datetime) -> list[Sale]:
    """Orders, and what came as an event of a purchase that no order of that day tells of."""
    orders = uow.orders.sales(since)
    told = {(sale.customer_id, sale.product_id, sale.at.date()) for sale in orders}
    return orders + [
        sale
        for sale in uow.behaviour.sales(since)
        if (sale.customer_id, sale.product_id, sale.at.date()) not in told
    ]


def report(
    shown: Sequence[Shown],
    sales: Iterable[Sale],
    experiment: str,
    shares: Mapping[str, int] | None,
    *,
    metric: Metric = "purchases",
    window_days: int = 7,
) -> Report:
    """`shown` in the order of time."""
    warnings: list[str] = []
    people, moved = _people(shown, sales, timedelta(days=window_days))
    if moved:
        warnings.append(
            f"{moved} people were in two arms: shares were changed under the same name. They "
            "count for their first arm; give a changed experiment a new name."
        )
    by_arm: dict[str, list[tuple[int | str, _Person]]] = defaultdict(list)
    for whose, person in people.items():
        by_arm[person.arm].append((whose, person))
    names = list(shares) if shares else sorted(by_arm)
    arms = [_arm(name, by_arm[name]) for name in names]
    comparisons: list[Comparison] = []
    if experiment and len(arms) > 1:
        of_all = shares or dict.fromkeys(names, 1)
        warnings += _uneven(arms, of_all)
        comparisons = [_compared(arms[0], arm, of_all, metric, len(arms) - 1) for arm in arms[1:]]
    return Report(experiment, metric, window_days, arms, comparisons, warnings)


def _people(
    shown: Iterable[Shown], sales: Iterable[Sale], window: timedelta
) -> tuple[dict[int | str, _Person], int]:
    """Everybody who was shown something, and how many of them changed their arm."""
    people: dict[int | str, _Person] = {}
    moved: set[int | str] = set()
    offered: dict[tuple[int | str, str], datetime] = {}
    for item in shown:
        person = people.setdefault(item.whose, _Person(item.arm, item.at))
        if person.arm != item.arm:
            moved.add(item.whose)
            continue
        person.shown += 1
        person.clicks += item.clicked
        offered.setdefault((item.whose, item.product_id), item.at)
    for sale in sales:
        buyer = people.get(sale.customer_id)
        if buyer is None or not buyer.first < sale.at <= buyer.first + window:
            continue
        buyer.orders += 1
        buyer.revenue += float(sale.amount)
        at = offered.get((sale.customer_id, sale.product_id))
        if at is not None and at < sale.at:
            buyer.claimed += float(sale.amount)
    return people, len(moved)


def _arm(name: str, people: Sequence[tuple[int | str, _Person]]) -> Arm:
    everybody = [person for _, person in people]
    customers = [person for whose, person in people if isinstance(whose, int)]
    clicks = [person.clicks for person in everybody]
    shown = [person.shown for person in everybody]
    clickers = sum(count > 0 for count in clicks)
    buyers = sum(person.orders > 0 for person in customers)
    return Arm(
        name,
        people=len(everybody),
        shown=sum(shown),
        clicks=sum(clicks),
        click_through=bootstrap(clicks, shown),
        clickers=clickers,
        clicking=wilson(clickers, len(everybody)),
        customers=len(customers),
        buyers=buyers,
        conversion=wilson(buyers, len(customers)),
        revenue=bootstrap([person.revenue for person in customers]),
        claimed=sum(person.claimed for person in customers),
    )


def _uneven(arms: Sequence[Arm], shares: Mapping[str, int]) -> list[str]:
    """People who are not spread by the shares were not handed out by the hash alone, or not all
    of them were kept: then no comparison holds."""
    total, everybody = sum(shares.values()), sum(arm.people for arm in arms)
    odd = [
        arm.name
        for arm in arms
        if evidence(arm.people, everybody, shares[arm.name] / total) >= _SURELY_WRONG
    ]
    if not odd:
        return []
    return [
        f"The number of people in {', '.join(odd)} does not fit its share: compare nothing before "
        "the reason is found."
    ]


def _compared(
    first: Arm, arm: Arm, shares: Mapping[str, int], metric: Metric, comparisons: int
) -> Comparison:
    """With several arms each comparison gets its part of α, so that all of them together stop
    wrongly with a probability of at most α."""
    alpha = ALPHA / comparisons
    share = shares[arm.name] / (shares[arm.name] + shares[first.name])
    ours, theirs = (
        each.buyers if metric == "purchases" else each.clickers for each in (arm, first)
    )
    bet = evidence(ours, ours + theirs, share)
    ratio = ratio_interval(ours, ours + theirs, share, alpha)
    ahead = None
    if bet >= 1 / alpha:
        ahead = arm.name if ratio.value > 1 else first.name
    return Comparison(arm.name, first.name, ratio, bet, 1 / alpha, ahead)


def as_lines(report: Report, currency: str) -> list[str]:
    """The report in lines for people."""
    name = report.experiment or "no experiment, by model"
    lines = [f"{name}; purchases within {report.window_days} days of being shown something first"]
    for arm in report.arms:
        lines += [
            "",
            f"{arm.name}: {arm.people} people, {arm.shown} products shown, {arm.clicks} clicks",
            f"  click-through       {_percent(arm.click_through)} of the products shown",
            f"  people who clicked  {_percent(arm.clicking)}",
            f"  conversion          {_percent(arm.conversion)} of {arm.customers} customers",
            f"  revenue             {_money(arm.revenue, currency)} a customer; "
            f"{arm.claimed:.2f} {currency} in all for what was recommended",
        ]
    for each in report.comparisons:
        lines += [
            "",
            f"{each.name} beside {each.against}, by {report.metric}: {_ratio(each.ratio)}",
        ]
        if each.ahead:
            lines.append(f"  STOP: {each.ahead} is better")
        else:
            lines.append("  go on: nothing is decided yet")
        lines[-1] += f" (evidence {each.evidence:.3g}, {each.needed:.0f} is needed)"
    return lines + [f"WARNING: {warning}" for warning in report.warnings]


def _percent(interval: Interval) -> str:
    if interval.value != interval.value:
        return "–"
    return f"{interval.value:.2%} ({interval.low:.2%} to {interval.high:.2%})"


def _money(interval: Interval, currency: str) -> str:
    if interval.value != interval.value:
        return "–"
    return f"{interval.value:.2f} {currency} ({interval.low:.2f} to {interval.high:.2f})"


def _ratio(interval: Interval) -> str:
    return (
        f"{interval.value:.2f} times as often ({interval.low:.2f} to {interval.high:.2f}, at all "
        "times together)"
    )
