"""Every question to the shops that the product was not written around, through the whole system.

A question that is answered badly so far is listed in the shop's known_weak.yaml; what does harm is
excused by no list.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.evaluation.asking import last_answer
from bot.evaluation.judging import judge
from bot.evaluation.questions import Question
from tests.e2e.conftest import SHOP_ANSWER, inexcusable
from tests.running import System, running_shop
from tests.shops.files import SHOPS, ShopFiles

CASES = [
    pytest.param(shop, case, id=f"{shop.name}: {case}")
    for shop in SHOPS
    for case in shop.questions.entries
]


class NowRight(UserWarning):
    """A question that is listed as weak is answered well."""


@pytest.fixture(scope="module")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Systems]:
    with ExitStack() as stack:
        yield Systems(tmp_path_factory.mktemp("shops"), stack)


class Systems:
    """The shops' assistants, one at a time: each is started when its first question comes."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._name = ""

    def of(self, shop: ShopFiles) -> System:
        if shop.name != self._name:
            self._stack.close()
            self._name = shop.name
            self._system = self._stack.enter_context(running_shop(shop, self._folder / shop.name))
        return self._system


@pytest.mark.parametrize(("shop", "case"), CASES)
def test_question(
    shop: ShopFiles,
    case: Question,
    systems: Systems,
    record_property: Callable[[str, object], None],
) -> None:
    language, never = case.answered_in(tuple(shop.shop["languages"])), shop.questions.never
    answer = last_answer(systems.of(shop), case, language)
    told = f"\n{case.key}\n→ {answer.all_words}\ncites {answer.sources}\n{answer.trace}"
    wrong = judge(answer, case, never, language).faults
    record_property(SHOP_ANSWER, (shop.name, not wrong))
    weak = shop.known_weak.get(case.key)
    assert not inexcusable(answer, case, never, weak), f"{wrong}{told}"
    if weak is None:
        assert not wrong, f"{wrong}{told}"
    elif wrong:
        pytest.xfail(weak)
    else:
        warnings.warn(f"{shop.name}: {case.key!r} is right now; unlist it", NowRight, stacklevel=1)
