"""Measures the intent classifier on held-out folds of the training examples, by language.

`.venv-rasa/bin/python bot/rasa/crossvalidate.py`. The settings in config.yml (scales, temperature,
the fallback's threshold) are chosen here, never on the test set.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import ruamel.yaml

PROJECT = Path(__file__).resolve().parent
sys.path.insert(0, str(PROJECT.parent.parent))

from bot.rasa.components.intent_model import IntentModel  # noqa: E402
from bot.rasa.environment import embedder_folder  # noqa: E402
from retrieval.embedder import Embedder  # noqa: E402

# What customers must never be answered as if it were a question to the shop.
REFUSED = ("out_of_scope", "nlu_fallback")


@dataclass(frozen=True)
class Example:
    text: str
    intent: str
    language: str


def read(file: Path, language: str) -> list[Example]:
    """The examples of one NLU file."""
    content = ruamel.yaml.YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    return [
        Example(match[1], item["intent"], language)
        for item in content["nlu"]
        for match in re.finditer(r"^- (.+?)\s*$", item["examples"], re.MULTILINE)
    ]


def training_examples() -> list[Example]:
    return [
        example
        for language in ("zh", "en")
        for file in sorted((PROJECT / "data" / "nlu" / language).glob("*.yml"))
        for example in read(file, language)
    ]


def macro_f1(right: Sequence[str], said: Sequence[str]) -> float:
    """Mean F1 over the intents that occur in `right`."""
    scores = []
    for label in sorted(set(right)):
        hits = sum(r == s == label for r, s in zip(right, said, strict=True))
        wanted, given = right.count(label), said.count(label)
        scores.append(2 * hits / (wanted + given))
    return sum(scores) / len(scores)


def held_out(
    examples: list[Example], vectors: np.ndarray, folds: int, **settings: float
) -> tuple[np.ndarray, list[str]]:
    """Probabilities [examples, labels] that a model gave which had not seen the example."""
    labels = sorted({example.intent for example in examples})
    probabilities = np.zeros((len(examples), len(labels)), np.float32)
    # Every n-th example of an intent and language, so that folds are alike.
    fold = np.zeros(len(examples), int)
    seen: Counter[tuple[str, str]] = Counter()
    for i, example in enumerate(examples):
        fold[i] = seen[example.intent, example.language] % folds
        seen[example.intent, example.language] += 1
    for n in range(folds):
        train, test = np.flatnonzero(fold != n), np.flatnonzero(fold == n)
        model = IntentModel.fit(
            [examples[i].text for i in train],
            vectors[train],
            [examples[i].intent for i in train],
            **settings,
        )
        assert model.labels == labels  # noqa: S101 - every intent is in every fold
        probabilities[test] = model.probabilities([examples[i].text for i in test], vectors[test])
    return probabilities, labels


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--vector-scale", type=float, nargs="+", default=[15.0])
    parser.add_argument("--ngram-scale", type=float, nargs="+", default=[5.0])
    parser.add_argument("--temperature", type=float, nargs="+", default=[0.8])
    parser.add_argument("--confusions", type=int, default=15)
    options = parser.parse_args()
    examples = training_examples()
    vectors = Embedder(embedder_folder()).embed_queries([e.text for e in examples])
    right = np.array([example.intent for example in examples])
    language = np.array([example.language for example in examples])
    for vector_scale in options.vector_scale:
        for ngram_scale in options.ngram_scale:
            probabilities, labels = held_out(
                examples,
                vectors,
                options.folds,
                vector_scale=vector_scale,
                ngram_scale=ngram_scale,
            )
            said = np.array(labels)[probabilities.argmax(axis=1)]
            figures = []
            for which in ("zh", "en"):
                of_it = language == which
                figures.append(f"F1 {which} {macro_f1(list(right[of_it]), list(said[of_it])):.4f}")
            column = np.array([labels.index(r) for r in right])
            logits = np.log(np.maximum(probabilities, 1e-9))
            for temperature in options.temperature:
                scaled = logits / temperature
                scaled -= np.log(np.exp(scaled).sum(axis=1, keepdims=True))
                likelihood = -scaled[np.arange(len(right)), column].mean()
                figures.append(f"T {temperature:g}: loss {likelihood:.4f}")
            print(f"vectors x{vector_scale:g}, n-grams x{ngram_scale:g}:", "; ".join(figures))
    _print_thresholds(right, said, probabilities, options.temperature[-1])
    wrong = Counter((r, s) for r, s in zip(right.tolist(), said.tolist(), strict=True) if r != s)
    for (meant, taken), n in wrong.most_common(options.confusions):
        some = [
            example.text
            for example, s in zip(examples, said, strict=True)
            if example.intent == meant and s == taken
        ]
        print(f"{n:3} {meant} taken for {taken}: {' | '.join(some[:5])}")
    return 0


def _print_thresholds(
    right: np.ndarray, said: np.ndarray, probabilities: np.ndarray, temperature: float
) -> None:
    sharpened = probabilities ** (1 / temperature)
    confidence = (sharpened / sharpened.sum(axis=1, keepdims=True)).max(axis=1)
    foreign = np.isin(right, REFUSED)
    print("threshold  in-scope right  in-scope wrong  in-scope refused  foreign refused")
    for threshold in (0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6):
        refused = (confidence < threshold) | np.isin(said, REFUSED)
        kept = ~foreign & ~refused
        print(
            f"{threshold:9.2f}  {(kept & (said == right)).sum() / (~foreign).sum():14.4f}"
            f"  {(kept & (said != right)).sum() / (~foreign).sum():14.4f}"
            f"  {(~foreign & refused).sum() / (~foreign).sum():16.4f}"
            f"  {(foreign & refused).sum() / foreign.sum():15.4f}"
        )


if __name__ == "__main__":
    raise SystemExit(main())
