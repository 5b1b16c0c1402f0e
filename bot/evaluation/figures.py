"""What comes of all answers: figures for all of them, by language and by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.evaluation.judging import Outcome, Verdict
from bot.evaluation.questions import Question
from retrieval.types import Language


@dataclass(frozen=True)
class Judged:
    """A question, the language of its answer, the verdict, and what of the answer is told.

    `unsupported` is None where it cannot be told (support.py), `text` where the assistant may have
    known who asked: what it tells a customer is nobody else's.
    """

    question: Question
    language: Language
    verdict: Verdict
    cites: Sequence[str] = ()
    unsupported: Sequence[str] | None = None
    text: str | None = None


@dataclass(frozen=True)
class Figures:
    """`score` is right less wrong: who says that they do not know loses nothing by it.

    Of those that nothing answers (`unanswerable`) `refused` were held back, which is right. Of the
    right ones that cite and have patterns (`provable`) one citation alone holds all patterns of
    `proven`. Of those that quote texts (`quoting`) `unsupported` name a figure or product from
    nowhere.
    """

    questions: int
    right: int
    wrong: int
    held_back: int
    unanswerable: int
    refused: int
    cited: int
    provable: int
    proven: int
    quoting: int
    unsupported: int

    @property
    def score(self) -> int:
        return self.right - self.wrong

    @property
    def citation_precision(self) -> float | None:
        return round(self.proven / self.provable, 3) if self.provable else None

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            **asdict(self),
            "score": self.score,
            "citation_precision": self.citation_precision,
        }


def count(judged: Iterable[Judged]) -> Figures:
    all_of = list(judged)
    outcomes = [each.verdict.outcome for each in all_of]
    unanswerable = [each for each in all_of if not each.question.answerable]
    proven = [each.verdict.proven for each in all_of if each.verdict.proven is not None]
    quoting = [each.unsupported for each in all_of if each.unsupported is not None]
    return Figures(
        questions=len(all_of),
        right=outcomes.count(Outcome.RIGHT),
        wrong=outcomes.count(Outcome.WRONG),
        held_back=outcomes.count(Outcome.HELD_BACK),
        unanswerable=len(unanswerable),
        refused=sum(each.verdict.outcome is Outcome.RIGHT for each in unanswerable),
        cited=sum(bool(each.cites) for each in all_of),
        provable=len(proven),
        proven=sum(proven),
        quoting=len(quoting),
        unsupported=sum(bool(each) for each in quoting),
    )


def by(judged: Sequence[Judged], group: Callable[[Judged], str | None]) -> dict[str, Figures]:
    """The figures of each group, in the order of their names; None is in no group."""
    names = sorted({name for each in judged if (name := group(each)) is not None})
    return {name: count(each for each in judged if group(each) == name) for name in names}
