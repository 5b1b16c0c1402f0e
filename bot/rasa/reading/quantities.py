"""Measures the reading of quantities on the training ground.

    python -m bot.rasa.reading.quantities                    # the trades of the test
    python -m bot.rasa.reading.quantities toys pets --wrong 40

A quantity is right when its role, bound, value, upper end and unit are, and more than half of its
words and the meant ones' together are shared. What is only another way to say it is equal: 1.5 kg
and 1500 g, 12:00 and 12, a price without a unit and one in the shop's currency, an age without a
unit and one in years; what things are counted in (个, people, devices) is no unit.
"""

from __future__ import annotations

import argparse
import json
import time as clock
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

import yaml

from bot.rasa.score import Score, share_most
from bot.understanding.quantities import units
from bot.understanding.quantities.grammar import read
from bot.understanding.quantities.quantity import Quantity
from ground import readings as ground
from ground.readings import GoldMessage, GoldQuantity

# When the messages of the ground are written (ground/README.md).
NOW = datetime(2026, 11, 27, 10, 0)
Reader = Callable[[str], Sequence[Quantity]]


@dataclass
class Scores:
    """By language and by role. `near` is what is understood: it counts words within words ("three"
    and "three bulbs"), "under" and "at most" alike, and "over" and "at least",
    and leaves out what is read within an option that the ground marks ("the 3 m one"): some trades
    mark it as a quantity as well, others do not."""

    languages: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    near: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    roles: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    wrong: list[str] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        found = {}
        for name, scores in (("quantities", self.languages), ("quantities_near", self.near)):
            both = Score()
            for language in ("zh", "en"):
                score = scores[language]
                found[f"{name}_f1_{language}"] = round(score.f1, 3)
                both.add(score.right, score.given, score.wanted)
            found[f"{name}_f1"] = round(both.f1, 3)
        found["quantities_ms"] = round(sum(self.ms) / max(1, len(self.ms)), 3)
        return found


def evaluate(trades: Iterable[str], reader: Reader = lambda text: read(text, NOW)) -> Scores:
    scores = Scores()
    for trade in trades:
        shop = yaml.safe_load((ground.FOLDER / trade / "shop.yaml").read_text(encoding="utf-8"))
        for message in ground.messages(trade):
            began = clock.process_time()
            said = [each for each in reader(message.text) if each.role is not None]
            scores.ms.append(1000 * (clock.process_time() - began))
            _take(scores, message, said, str(shop["currency"]))
    return scores


def _take(scores: Scores, message: GoldMessage, said: list[Quantity], currency: str) -> None:
    wanted = [each for request in message.requests for each in request.quantities]
    pairs = _pairs(wanted, said, message.text, near=False)
    loosely = _pairs(wanted, said, message.text, near=True)
    right = [(g, q) for g, q in pairs if _equal(g, q, currency, near=False)]
    near = sum(_equal(g, q, currency, near=True) for g, q in loosely)
    options = [s for r in message.requests for s in r.spans if s.kind == "option"]
    paired = {id(q) for _, q in loosely}
    of_options = sum(
        id(q) not in paired and any(s.start <= q.start and q.end <= s.end for s in options)
        for q in said
    )
    scores.languages[message.language].add(len(right), len(said), len(wanted))
    scores.near[message.language].add(near, len(said) - of_options, len(wanted))
    for meant in wanted:
        scores.roles[meant.role].wanted += 1
    for quantity in said:
        scores.roles[str(quantity.role)].given += 1
    for meant, _ in right:
        scores.roles[meant.role].right += 1
    good, theirs = {id(g) for g, _ in right}, {id(q) for _, q in right}
    missed = [_gold_told(g, message.text) for g in wanted if id(g) not in good]
    extra = [_told(q, message.text) for q in said if id(q) not in theirs]
    if missed or extra:
        scores.wrong.append(
            f"[{message.trade}] {message.text[:200]}\n    wanted {missed}\n    given  {extra}"
        )


def _pairs(
    wanted: Sequence[GoldQuantity], said: Sequence[Quantity], text: str, *, near: bool
) -> list[tuple[GoldQuantity, Quantity]]:
    """The same words twice in a request both stand, in the ground, at the first of them."""
    left = list(said)
    found = []
    for meant in wanted:
        for other in left:
            within = near and (
                (meant.start <= other.start and other.end <= meant.end)
                or (other.start <= meant.start and meant.end <= other.end)
            )
            alike = text[meant.start : meant.end] == text[other.start : other.end]
            if share_most(meant, other) or alike or within:
                left.remove(other)
                found.append((meant, other))
                break
    return found


_SIDES = {"less_than": "at_most", "more_than": "at_least"}


def _equal(meant: GoldQuantity, said: Quantity, currency: str, *, near: bool) -> bool:
    one, two = meant.bound, str(said.bound)
    if near:
        one, two = _SIDES.get(one, one), _SIDES.get(two, two)
    if meant.role != said.role or one != two:
        return False
    return _same(meant.value, meant.unit, said.value, said, currency) and (
        (meant.to is None) == (said.to is None)
        and (meant.to is None or _same(meant.to, meant.unit, said.to, said, currency))
    )


def _same(meant: str, unit: str | None, value: object, said: Quantity, currency: str) -> bool:
    if isinstance(value, time):
        return _time(meant) == value
    if isinstance(value, date):
        return meant == value.isoformat()
    if said.role == "size":
        return meant.casefold().replace(" ", "") == str(value).casefold().replace(" ", "")
    try:
        number = Decimal(meant)
    except InvalidOperation:
        return False
    if not isinstance(value, Decimal):
        return False
    if said.role == "count":
        return number == value
    if said.role == "price":
        return number == value and (unit or currency) == (said.unit or currency)
    if said.role == "age":
        unit = "year" if unit in (None, "岁") else unit
    theirs = units.of(unit) if unit else None
    mine = units.UNITS.get(said.unit) if said.unit else None
    if theirs is None or mine is None or theirs.what != mine.what:
        return theirs is mine and number == value
    return abs(number * theirs.holds - value * mine.holds) <= value.copy_abs() * mine.holds / 1000


def _time(written: str) -> time | None:
    hours, _, minutes = written.partition(":")
    try:
        return time(int(hours), int(minutes or 0))
    except ValueError:
        return None


def _gold_told(meant: GoldQuantity, text: str) -> str:
    to = f"..{meant.to}" if meant.to else ""
    words = text[meant.start : meant.end]
    return f"{words} = {meant.role} {meant.bound} {meant.value}{to} {meant.unit or ''}"


def _told(said: Quantity, text: str) -> str:
    to = f"..{said.to}" if said.to is not None else ""
    words = text[said.start : said.end]
    return f"{words} = {said.role} {said.bound} {said.value}{to} {said.unit or ''}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trades", nargs="*", default=ground.TEST)
    parser.add_argument("--wrong", type=int, default=0, help="so many wrong readings are shown")
    options = parser.parse_args()
    scores = evaluate(options.trades)
    for line in scores.wrong[: options.wrong]:
        print(line)
    if options.wrong:
        for role, score in sorted(scores.roles.items()):
            print(f"{role:10} F1 {score.f1:.2f}  wanted {score.wanted}, given {score.given}")
    print(json.dumps(scores.figures(), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
