"""What customers of the ground's shops write, and what it means.

README.md says how messages are written and what a reading holds. `python -m ground.readings` checks
them and counts what there is:

    python -m ground.readings              # all trades
    python -m ground.readings pharmacy     # one
"""

from __future__ import annotations

import csv
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

FOLDER = Path(__file__).parent / "shops"

# Trades that no model is trained on or chosen by. Their messages are by somebody who saw no others.
TEST = ("car-parts", "flowers", "musical-instruments")
# Kept apart while settings are chosen, and learned from like the others once they are: one Chinese
# at heart, one English.
DEVELOPMENT = ("fashion", "toys")

ACTS = (
    "product_search", "refine", "recommend", "recommend_companion", "recommend_gift", "why",
    "not_interested", "wish_list", "product_question", "compare", "price_question", "stock_check",
    "delivery_cost", "delivery_time", "order_status", "order_history", "cancel_order",
    "change_order", "return_eligibility", "exchange", "problem", "policy_question", "membership",
    "provide_identity", "see_profile", "correct_profile", "history_off", "history_on", "human",
    "complaint", "feedback", "greet", "goodbye", "thanks", "help", "bot_challenge", "affirm",
    "deny", "out_of_scope",
)  # fmt: skip
SPANS = (
    "product", "goods", "other_product", "brand", "that", "place_in_list", "order", "option",
    "property", "need", "person", "place", "excluded", "payment", "tier", "premise",
)  # fmt: skip
FACTS = (
    "opened", "unopened", "used", "unused", "washed", "altered", "activated",
    "broken_by_customer", "faulty", "arrived_damaged", "wrong_item", "missing", "late", "reaction",
    "changed_mind", "wrong_size", "present", "no_packaging", "no_receipt", "reduced",
    "refund_awaited", "payment_failed",
)  # fmt: skip
MOODS = ("calm", "pleased", "worried", "annoyed", "angry", "urgent")
ROLES = ("price", "count", "measure", "size", "age", "date", "duration", "time")
BOUNDS = ("exact", "at_most", "at_least", "about", "between", "more_than", "less_than")

_MESSAGE = {"text", "mood", "requests"}
_REQUEST = {"act", "words", "spans", "quantities", "facts", "answerable"}
_QUANTITY = {"words", "role", "bound", "value", "to", "unit"}


@dataclass(frozen=True)
class Span:
    """`text[start:end]` of the message is a `kind`."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class GoldQuantity:
    role: str
    bound: str
    value: str
    to: str | None
    unit: str | None
    start: int
    end: int


@dataclass(frozen=True)
class GoldRequest:
    act: str
    start: int
    end: int
    spans: tuple[Span, ...] = ()
    quantities: tuple[GoldQuantity, ...] = ()
    facts: frozenset[str] = frozenset()
    answerable: bool = True


@dataclass(frozen=True)
class GoldMessage:
    """`before`: what the assistant said last, "" at the beginning."""

    trade: str
    text: str
    requests: tuple[GoldRequest, ...]
    mood: str = "calm"
    before: str = ""

    @property
    def language(self) -> str:
        return language_of(self.text)


def language_of(text: str) -> str:
    return "zh" if any("\u3400" <= c <= "\u9fff" for c in text) else "en"


def trades() -> list[str]:
    return sorted(path.parent.name for path in FOLDER.glob("*/messages"))


def messages(trade: str) -> list[GoldMessage]:
    """The messages of a trade; raises `ValueError`, which says file and place, for what
    README.md does not allow."""
    return [
        message
        for path in sorted((FOLDER / trade / "messages").glob("*.yaml"))
        for message in _of_file(trade, path)
    ]


def unseen(trade: str) -> list[GoldMessage]:
    """Those messages of a trade that stand in no other one, word for word: "where is my parcel" is
    written to every shop, and measures nothing where it was learned."""
    others = {
        normal(message.text) for other in trades() if other != trade for message in messages(other)
    }
    return [message for message in messages(trade) if normal(message.text) not in others]


def _of_file(trade: str, path: Path) -> Iterator[GoldMessage]:
    listed = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    if not isinstance(listed, list):
        raise ValueError(f"{path.name} is no list of messages.")
    for number, entry in enumerate(listed, start=1):
        place = f"{trade}/{path.name}, entry {number}"
        turns = entry.get("conversation", [entry]) if isinstance(entry, dict) else None
        if not isinstance(turns, list):
            raise ValueError(f"{place}: neither a message nor a conversation.")
        before = ""
        for turn in turns:
            if isinstance(turn, dict) and set(turn) == {"bot"}:
                before = str(turn["bot"])
                continue
            yield _message(trade, turn, before, place)
            before = ""


def _message(trade: str, entry: Any, before: str, place: str) -> GoldMessage:
    if not isinstance(entry, dict) or set(entry) - _MESSAGE or not entry.get("requests"):
        raise ValueError(f"{place}: a message has text, requests and perhaps mood: {entry!r:.200}")
    text = str(entry["text"])
    mood = _one_of(MOODS, entry.get("mood", "calm"), "mood", place)
    requests = []
    end = 0
    for said in entry["requests"]:
        request = _request(text, said, end, f"{place} ({text:.40})")
        end = request.end
        requests.append(request)
    return GoldMessage(trade, text, tuple(requests), mood, before)


def _request(text: str, said: Mapping[str, Any], after: int, place: str) -> GoldRequest:
    if odd := set(said) - _REQUEST:
        raise ValueError(f"{place}: a request has no {sorted(odd)}.")
    start, end = _found(text, str(said["words"]), after, len(text), place)
    spans = [
        Span(_one_of(SPANS, kind, "span", place), *_found(text, str(words), start, end, place))
        for kind, each in (said.get("spans") or {}).items()
        for words in (each if isinstance(each, list) else [each])
    ]
    return GoldRequest(
        _one_of(ACTS, said["act"], "act", place),
        start,
        end,
        tuple(spans),
        tuple(_quantity(text, each, start, end, place) for each in said.get("quantities") or ()),
        frozenset(_one_of(FACTS, fact, "fact", place) for fact in said.get("facts") or ()),
        bool(said.get("answerable", True)),
    )


def _quantity(text: str, said: Mapping[str, Any], start: int, end: int, place: str) -> GoldQuantity:
    if odd := set(said) - _QUANTITY:
        raise ValueError(f"{place}: a quantity has no {sorted(odd)}.")
    bound = _one_of(BOUNDS, said.get("bound", "exact"), "bound", place)
    if (bound == "between") != ("to" in said):
        raise ValueError(f"{place}: between, and nothing else, has a `to`.")
    return GoldQuantity(
        _one_of(ROLES, said["role"], "role", place),
        bound,
        str(said["value"]),
        str(said["to"]) if "to" in said else None,
        str(said["unit"]) if said.get("unit") else None,
        *_found(text, str(said["words"]), start, end, place),
    )


def _found(text: str, words: str, start: int, end: int, place: str) -> tuple[int, int]:
    at = text.find(words, start, end)
    if not words or at < 0:
        raise ValueError(f"{place}: {words!r} does not stand there, letter for letter.")
    return at, at + len(words)


def _one_of(known: Sequence[str], name: Any, what: str, place: str) -> str:
    if name not in known:
        raise ValueError(f"{place}: {name!r} is no {what}; there are {', '.join(known)}.")
    return cast("str", name)


def names(trade: str) -> dict[str, dict[str, list[str]]]:
    """What the catalogue of a trade calls its products, kinds and brands."""
    return names_of(FOLDER / trade / "catalogue")


def names_of(catalogue: Path) -> dict[str, dict[str, list[str]]]:
    """The same for a catalogue's folder, as bot/commands/lookups.py writes it for a shop."""
    found: dict[str, dict[str, list[str]]] = {"brands": {}}
    for group, of_file in (("products", "products.csv"), ("categories", "categories.csv")):
        rows = _rows(catalogue / of_file)
        found[group] = {
            row["id"]: [
                name.strip()
                for column, value in row.items()
                if column.split("_")[0] in ("name", "aliases")
                for name in (value or "").split("|")
                if name.strip()
            ]
            for row in rows
        }
        brands = {value for row in rows for key, value in row.items() if key.startswith("brand")}
        found["brands"] |= {brand: [brand] for brand in brands if brand}
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def normal(text: str) -> str:
    """The text as it is compared: plain width, small letters, no spaces, no marks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def _table(trade: str) -> str:
    found = messages(trade)
    acts = Counter(request.act for message in found for request in message.requests)
    several = sum(len(message.requests) > 1 for message in found)
    talk = sum(bool(message.before) for message in found)
    out = sum(not r.answerable for message in found for r in message.requests)
    languages = Counter(message.language for message in found)
    twins = len(found) - len({normal(message.text) for message in found})
    lines = [
        f"{trade}: {len(found)} messages (zh {languages['zh']}, en {languages['en']}), "
        f"{several} with several requests, {talk} within conversations, {out} unanswerable, "
        f"{twins} written twice",
        "  " + ", ".join(f"{act} {acts[act]}" for act in ACTS),
    ]
    spans = Counter(s.kind for m in found for r in m.requests for s in r.spans)
    facts = Counter(fact for m in found for r in m.requests for fact in r.facts)
    roles = Counter(q.role for m in found for r in m.requests for q in r.quantities)
    for names, counted in ((SPANS, spans), (FACTS, facts), (ROLES, roles)):
        lines.append("  " + ", ".join(f"{name} {counted[name]}" for name in names))
    return "\n".join(lines)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or trades():
        print(_table(wanted))
