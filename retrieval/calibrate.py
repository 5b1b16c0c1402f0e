"""Fits the "nothing relevant" threshold on written questions: `python -m retrieval.calibrate`.

The questions stand in calibration/*.yaml: `in_scope`, which the shop's documents or products
answer, and `out_of_scope`, which they do not, though many sound as if they might. Tests and
benchmarks use other questions.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml

from retrieval.embedders import load_embedder
from retrieval.errors import RetrievalError
from retrieval.index import PassageIndex, replace_text
from retrieval.relevance import FILE, Calibration, Relevance, Signals, signals
from retrieval.retriever import Retriever
from weights import WeightsError, locate

QUESTIONS = Path(__file__).parent / "calibration"
# Of the questions that the shop can answer, so many at least shall pass: a question turned away
# costs a customer more than a passage that does not fit, which later checks catch.
_PASS = 0.95
_PENALTY = 0.02
_FOLDS = 5

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    language: str
    in_scope: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Measured by cross-validation: each question by a model that never saw it."""

    language: str
    questions: int
    auc: float
    passed: float  # of the questions in scope (true positive rate)
    held: float  # of those out of scope (true negative rate)

    def __str__(self) -> str:
        return (
            f"{self.language}: {self.questions} questions, ROC AUC {self.auc:.3f}; at the "
            f"threshold {self.passed:.1%} in scope pass, {self.held:.1%} out of scope are held"
        )


def read_questions(folder: Path = QUESTIONS) -> list[Question]:
    """Questions of all *.yaml files: {"zh" | "en": {in_scope: [...], out_of_scope: [...]}}."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        for language, groups in yaml.safe_load(path.read_text("utf-8")).items():
            for group, texts in groups.items():
                found += [Question(str(text), language, group == "in_scope") for text in texts]
    return found


def calibrate(
    retriever: Retriever, questions: Sequence[Question]
) -> tuple[Calibration, list[Report]]:
    """The fitted models and their reports, one a language; a language without questions keeps the
    default. Raises `RetrievalError` when a language has too few questions of either sort."""
    models: dict[str, Relevance] = {}
    reports = []
    for language in sorted({question.language for question in questions}):
        asked = [question for question in questions if question.language == language]
        models[language], report = _calibrate(retriever, asked, language)
        reports.append(report)
    return Calibration(**models), reports


def _calibrate(
    retriever: Retriever, questions: Sequence[Question], language: str
) -> tuple[Relevance, Report]:
    right = np.array([question.in_scope for question in questions], bool)
    if min(right.sum(), (~right).sum()) < 2 * _FOLDS:
        raise RetrievalError(
            f"Calibration needs at least {2 * _FOLDS} questions in scope and as many out of scope "
            f"in each language; {QUESTIONS} shows how they are written."
        )
    found = [_signals(retriever, question.text) for question in questions]
    values = np.array([[s.similarity, s.margin, s.shared] for s in found], np.float64)
    # Each fold holds every fifth question of either sort.
    fold = np.empty(len(right), int)
    for sort in (right, ~right):
        fold[sort] = np.arange(sort.sum()) % _FOLDS
    scores = np.empty(len(right))
    passes = np.empty(len(right), bool)
    for number in range(_FOLDS):
        train, test = fold != number, fold == number
        model = _fit(values[train], right[train])
        scores[test] = [model.of(found[i]) for i in np.flatnonzero(test)]
        passes[test] = scores[test] >= model.threshold
    report = Report(
        language=language,
        questions=len(right),
        auc=auc(scores[right], scores[~right]),
        passed=float(passes[right].mean()),
        held=float((~passes[~right]).mean()),
    )
    return _fit(values, right), report


def _signals(retriever: Retriever, text: str) -> Signals:
    hits = retriever.search(text)
    return signals(hits, retriever.index.lexical, text) if hits else Signals(0.0, 0.0, 0.0)


def _fit(values: Floats, right: npt.NDArray[np.bool_]) -> Relevance:
    """Logistic regression by Newton's method, both sorts weighing the same, a little pulled to
    zero; then the highest threshold that lets `_PASS` of the questions in scope through."""
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    rows = np.hstack([(values - mean) / spread, np.ones((len(values), 1))])
    importance = np.where(right, 0.5 / right.sum(), 0.5 / (~right).sum())
    penalty = _PENALTY * np.diag([1.0] * values.shape[1] + [0.0])
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        probability = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (importance * (probability - right)) + penalty @ weights
        bend = (rows.T * (importance * probability * (1 - probability))) @ rows + penalty
        step = np.linalg.solve(bend + 1e-9 * np.eye(len(bend)), slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    probability = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
    threshold = float(np.quantile(probability[right], 1 - _PASS))
    scale = weights[:-1] / spread
    return Relevance(
        similarity=float(scale[0]),
        margin=float(scale[1]),
        shared=float(scale[2]),
        bias=float(weights[-1] - scale @ mean),
        threshold=threshold,
    )


def auc(positive: Floats, negative: Floats) -> float:
    """Area under the ROC curve: how often a positive score lies above a negative one."""
    above = (positive[:, None] > negative[None, :]).mean()
    equal = (positive[:, None] == negative[None, :]).mean()
    return float(above + equal / 2)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m retrieval.calibrate", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("var/index"), help="the index's folder")
    parser.add_argument("--embedder", default="e5-small", help="a known name or a folder")
    parser.add_argument("--questions", type=Path, default=QUESTIONS, help="folder of *.yaml")
    options = parser.parse_args(arguments)
    try:
        embedder = load_embedder(locate(options.embedder))
        retriever = Retriever(PassageIndex.open(options.out, embedder.fingerprint), embedder)
        model, reports = calibrate(retriever, read_questions(options.questions))
        replace_text(retriever.index.folder / FILE, model.text())
    except (RetrievalError, WeightsError) as error:
        print(error, file=sys.stderr)
        return 1
    for report in reports:
        print(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
