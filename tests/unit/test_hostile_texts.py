"""Nothing that a customer types holds a process for long: Python's patterns stop all threads.

The budget is processor time, and an alarm of the same clock ends what is over it.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import json
import pkgutil
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from types import FrameType, ModuleType, SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bot
import data
import llm
import retrieval
from bot.dialogue.criteria import Criteria
from bot.dialogue.notes import Notes
from bot.dialogue.turn import Turn
from bot.rasa.components import patterns
from bot.rasa.components.lookups import Lookups
from bot.settings import DEMO, ROOT
from bot.understanding.quantities import Units
from bot.understanding.reading import Request, Span
from data.models import Localized, Product, Variant
from data.rules import ShopRules, order_numbers, proofs
from data.shop import Lexicon
from retrieval import text as retrieval_text

# Of processor time for the longest message: what is linear takes a hundredth of it even on a slow
# machine, what is quadratic in a run of characters took seconds.
BUDGET_S = 0.5
LONGEST = 2000  # characters of a message, by the settings' default

# What patterns with a loop in a loop, or without a left end, are slow on.
UNITS = [
    "1", "㊿万", "1.", "1,", "1-", "1 1", "一百", "万", "A1", "a", "a.", "a-", "a@", "@a.", "ａ",
    "é", " ", "\n", "-", "_", "#", "[", "(", "](", "**", "|", "<a ", "http://", "&a", "ﷺ", "של",
    "的", "不要", "tent ", "洗过", "one hundred ", "not ", "no more than ", "1月", "1个", "上上",
    "半年", "+1", "order ", "20:",
]  # fmt: skip
RUNS = [(unit * LONGEST)[: LONGEST - 1] + "!" for unit in UNITS]
TEXTS = RUNS + [f"想买帐篷 {text}"[:LONGEST] for text in RUNS]

RULES = ShopRules.load(ROOT / DEMO)
# What a reader is told beside the text; one that needs something else belongs here, too.
ARGUMENTS: dict[str, Any] = {
    "today": date(2026, 11, 22),
    "now": datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
    "start": LONGEST,
    "lexicon": Lexicon(),
    "units": Units({}, Lexicon()),
    "rules": RULES,
    "returns": RULES.returns,
    "things": {"tents": ["tent", "帐篷"]},
    "forms": {"red": ("红色", "red")},
    "spelled": ["红色", "red"],
    "value": "red",
    "marked": ["成都"],
    "variants": [Variant(sku="T-1", options={"color": {"zh": "红色", "en": "Red"}})],
    "bare": True,
    "done": True,
    "product": Product(
        id="t", name=Localized(zh="亮灯", en="Glow Lamp"), aliases={"zh": ["灯"], "en": ["Glow"]}
    ),
    "products": (),
    "shown": ["a", "b", "c"],
}


class OverBudgetError(Exception):
    """More processor time than a text may take."""


@contextmanager
def budget(seconds: float) -> Iterator[None]:
    """Raises `OverBudgetError` where the block works longer."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise OverBudgetError

    gc.disable()  # a collection belongs to nobody's budget
    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        gc.enable()
        signal.signal(signal.SIGVTALRM, before)


def over_budget(read: Callable[[str], object], texts: Sequence[str] = TEXTS) -> list[str]:
    """The texts, by how they begin, that the reader works too long on."""
    slow = []
    for text in texts:
        try:
            with budget(BUDGET_S):
                read(text)
        except OverBudgetError:
            slow.append(text[:12])
    return slow


def modules(*packages: ModuleType) -> Iterator[ModuleType]:
    """All that can be imported here: what needs Rasa cannot."""
    for package in packages:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("__main__") or "migrations" in found.name:
                continue
            try:
                yield importlib.import_module(found.name)
            except ImportError:
                if not found.name.startswith("bot.rasa."):
                    raise


def compiled(value: object) -> Iterator[re.Pattern[str]]:
    """The patterns in a module's variable, in lists, tuples and dictionaries too."""
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from compiled(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from compiled(each)


def test_no_pattern_of_the_project_is_slow() -> None:
    found: dict[tuple[str, int], tuple[str, re.Pattern[str]]] = {}
    for module in modules(bot, data, llm, retrieval):
        for name, value in vars(module).items():
            for pattern in compiled(value):
                where = f"{module.__name__}.{name}"
                found.setdefault((pattern.pattern, pattern.flags), (where, pattern))
    assert len(found) > 200  # that all were found

    def read_all(pattern: re.Pattern[str], text: str) -> None:
        for _ in pattern.finditer(text):
            pass

    slow = {
        where: texts
        for where, pattern in found.values()
        if (texts := over_budget(partial(read_all, pattern), RUNS))
    }
    assert slow == {}


def readers() -> dict[str, Callable[[str], object]]:
    """Every function of `bot.understanding` that reads a text, and what reads one elsewhere."""
    found: dict[str, Callable[[str], object]] = {}
    import bot.understanding

    for module in modules(bot.understanding):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            first, *rest = [*inspect.signature(function).parameters.values()] or [None]
            if function.__module__ != module.__name__ or first is None or first.name != "text":
                continue
            needed = [p.name for p in rest if p.default is p.empty]
            if name.startswith("_") and not set(needed) <= set(ARGUMENTS):
                continue  # is reached by way of the public ones
            told = {argument: ARGUMENTS[argument] for argument in needed}
            found[f"{module.__name__}.{name}"] = partial(function, **told)
    names = {"products": {f"tent-{n}": [f"Tent {n}", "tent"] for n in range(500)}}
    return found | {
        "retrieval.text.detect_language": retrieval_text.detect_language,
        "retrieval.text.tokenize": lambda text: list(retrieval_text.tokenize(text)),
        "bot.rasa.components.patterns.find": patterns.find,
        "bot.rasa.components.lookups.find": Lookups(names).find,
        "data.rules.order_numbers.find": partial(order_numbers.find, RULES),
        "data.rules.order_numbers.odd": partial(order_numbers.odd, RULES),
        "data.rules.proofs.read": partial(proofs.read, RULES),
        "data.places.find": RULES.places.find,
        "data.places.without_postcode": RULES.places.without_postcode,
    }


READERS = readers()


@pytest.mark.parametrize("name", READERS)
def test_no_reader_is_slow(name: str) -> None:
    assert over_budget(READERS[name]) == []


@pytest.mark.parametrize("find", [Lookups({"categories": {"tents": ["tent"]}}).find, patterns.find])
def test_few_things_are_found_in_a_text_that_names_many(find: Callable[[str], list[Any]]) -> None:
    for unit in ("tent ", "a@example.com ", "SP20417388 ", "100200 邮编 "):
        assert len(find((unit * LONGEST)[:LONGEST])) <= 100


# What somebody may say to narrow what they look for, and what makes a text grow.
WORDS = ["cheaper", "others", "not", "no", "不要", "红色的", "便宜一点的", "ﷺ", "㊿万", "😀" * 99]
SAID = st.one_of(
    st.text(max_size=LONGEST),
    st.lists(st.sampled_from(WORDS), max_size=200).map(lambda words: " ".join(words)[:LONGEST]),
)


@settings(max_examples=30)
@given(st.lists(SAID, min_size=1, max_size=12))
def test_what_is_kept_of_a_conversation_is_bounded(said: list[str]) -> None:
    products = SimpleNamespace(
        category=lambda _: None, kinds=lambda _: [], lexicon=SimpleNamespace(find=lambda *_: [])
    )
    services = SimpleNamespace(products=products, catalogue={})
    criteria: Criteria | None = None
    for number, text in enumerate(said * 8):
        excluded = [text, *text.split()]
        spans = tuple(Span("excluded", 0, 0, words) for words in excluded)
        request = Request("refine", 1.0, "", 0, len(text), text, spans)
        turn = cast("Turn", SimpleNamespace(text=text, request=request, services=services))
        criteria = criteria.narrowed(turn, []) if criteria else Criteria.read(turn)
        shown = [Product(id=f"{number}-{n}".ljust(60, "x")) for n in range(5)]
        criteria = criteria.after(shown)
    assert len(json.dumps(Notes(query=criteria).plain())) < 8_000


def test_others_leave_out_what_was_shown_lately() -> None:
    criteria = Criteria("lamps")
    for n in range(60):
        criteria = criteria.after([Product(id=str(n))])
    assert {"24", "59"} <= set(criteria.seen)
    assert "23" not in criteria.seen
