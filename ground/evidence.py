"""Which sentences of a shop answer what its customers asked: evidence.yaml of each trade, which
begins with the questions, asked.yaml, which begins with the sentences, and near.yaml, which sets
what a sentence answers beside what it only seems to.

README.md says how they are chosen. `python -m ground.evidence [TRADE]` counts them.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from ground.readings import FOLDER, trades

FILE, NEAR, BY_SENTENCE = "evidence.yaml", "near.yaml", "asked.yaml"
VERDICTS = ("yes", "no", "depends")
_KEYS = {"question", "within", "after", "verdict", "answers", "partly", "near"}


@dataclass(frozen=True)
class Sentence:
    """`says` stands in the page or product `source`, letter for letter."""

    source: str
    says: str


@dataclass(frozen=True)
class Asked:
    """`within`: the whole message, `after`: what the assistant said before it. `answers` are empty
    where no sentence of the shop answers; `verdict` is None where yes or no is not asked for."""

    trade: str
    question: str
    within: str
    after: str
    verdict: str | None
    answers: tuple[Sentence, ...]
    partly: tuple[Sentence, ...]
    near: tuple[Sentence, ...]


def asked(trade: str) -> list[Asked]:
    """Raises `ValueError`, which says where, for what README.md does not allow."""
    found = [
        _one(trade, entry, f"{trade}, {file}, entry {n}")
        for file in (FILE, NEAR)
        for n, entry in enumerate(_listed(trade, file), start=1)
    ]
    for entry in _listed(trade, BY_SENTENCE):
        answers = _sentences(entry["answers"])
        found += [_plainly(trade, str(question), answers) for question in entry["asked"]]
    return found


def _listed(trade: str, file: str) -> list[dict[str, Any]]:
    path = FOLDER / trade / file
    if not path.is_file():
        return []
    listed: list[dict[str, Any]] = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    return listed


def _plainly(trade: str, question: str, answers: tuple[Sentence, ...]) -> Asked:
    return Asked(trade, question, question, "", None, answers, (), ())


def _one(trade: str, entry: Mapping[str, Any], place: str) -> Asked:
    if odd := set(entry) - _KEYS:
        raise ValueError(f"{place}: there is no {sorted(odd)}.")
    verdict, answers = entry.get("verdict"), _sentences(entry.get("answers"))
    if verdict not in (None, *VERDICTS) or (verdict and not answers):
        raise ValueError(f"{place}: {verdict!r} is no verdict, or nothing gives it.")
    question = str(entry["question"])
    return Asked(
        trade,
        question,
        str(entry.get("within", question)),
        str(entry.get("after", "")),
        verdict,
        answers,
        _sentences(entry.get("partly")),
        _sentences(entry.get("near")),
    )


def _sentences(listed: Sequence[Mapping[str, str]] | None) -> tuple[Sentence, ...]:
    return tuple(
        Sentence(str(source), says) for each in listed or () for source, says in each.items()
    )


if __name__ == "__main__":
    for wanted in sys.argv[1:] or trades():
        found = asked(wanted)
        counts = Counter("none" if not each.answers else each.verdict or "-" for each in found)
        print(f"{wanted}: {len(found)} questions, {dict(counts)}")
