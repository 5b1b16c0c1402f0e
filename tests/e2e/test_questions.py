"""Questions in both languages through the whole system, and what each answer must hold."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.evaluation.asking import last_answer
from bot.evaluation.judging import judge
from bot.evaluation.questions import Question, load
from tests.e2e.conftest import inexcusable
from tests.running import System

HERE = Path(__file__).parent
CASES = load(HERE / "questions.yaml").entries
WEAK: dict[str, str] = yaml.safe_load((HERE / "known_weak.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_question(case: Question, system: System) -> None:
    language = case.answered_in(("zh", "en"))
    answer = last_answer(system, case, language)
    told = f"\n{case.key}\n→ {answer.all_words}\ncites {answer.sources}\n{answer.trace}"
    weak = WEAK.get(case.key)
    assert not inexcusable(answer, case, (), weak), told
    assert answer.deltas == [] or answer.deltas[-1] in answer.text
    wrong = judge(answer, case, (), language).faults
    if wrong and weak is not None:
        pytest.xfail(weak)
    assert not wrong, f"{wrong}{told}"
