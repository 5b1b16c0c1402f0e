"""How well messages are understood: the reading on trades that it never saw (ground/),
beside one request a message by logistic regression on the plain embedder's vectors; on the
questions of tests/understanding; and its way of learning on CLINC150 (data set folder clinc150/).

In-scope accuracy counts a text as wrong when it is refused; out-of-scope texts are those that no
intent fits.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bot.rasa import examples
from bot.rasa.components.acts import Acts
from bot.rasa.components.lookups import Lookups
from bot.rasa.components.masking import masked
from bot.rasa.components.reading_model import BEGINS, GOES_ON, tokenized
from bot.rasa.reading import evaluate, quantities
from bot.rasa.reading.samples import Sample, entities
from bot.understanding.reading import Reading, Request
from ground import readings as ground
from tests.benchmarks import _bench
from weights import WeightsError, locate

_TESTS = _bench.ROOT / "tests" / "understanding"
_LANGUAGES = ("zh", "en")
_OUTSIDE, _REFUSED = "oos", "out_of_scope"
_FALLBACK = 0.35  # bot/rasa/config.yml
# Published for CLINC150: in-scope accuracy and out-of-scope recall, oos-threshold.
_PUBLISHED = [("Rasa (Larson et al. 2019)", 0.915, 0.453), ("BERT (same)", 0.962, 0.523)]
_CLINC_EPOCHS = 5


def measure(options: argparse.Namespace) -> _bench.Figures:
    figures: _bench.Figures = {}
    try:
        model = evaluate.trained()
    except (WeightsError, FileNotFoundError) as error:
        _bench.skipped("the reading", _bench.Missing(f"{error}; make it by: make setup"))
    else:
        figures |= _unseen_trades(model) | _own(model) | _unseen_names(model)
    try:
        figures |= _clinc(_bench.data_folder(options.data, "clinc150"))
    except _bench.Missing as missing:
        _bench.skipped("CLINC150", missing)
    return figures


def _unseen_trades(model: Acts) -> _bench.Figures:
    scores, ms = evaluate.evaluate(model, ground.TEST)
    figures: _bench.Figures = evaluate.figures(scores, ms)
    figures |= quantities.evaluate(ground.TEST).figures()
    plain = evaluate.figures(_plain(), 0.0)
    parts = ("requests", "references", "spans", "facts")
    _bench.show(
        f"F1 on trades never seen ({', '.join(ground.TEST)})",
        ["part", "both", *_LANGUAGES, "plain", *(f"plain {each}" for each in _LANGUAGES)],
        [
            [part, *(of[f"{part}_f1{ending}"] for of in (figures, plain)
                     for ending in ("", "_zh", "_en"))]
            for part in parts
        ],
    )  # fmt: skip
    rows = []
    for trade in ground.TEST:
        of_trade = evaluate.figures(*evaluate.evaluate(model, [trade]))
        figures |= {f"{part}_f1_{trade}": of_trade[f"{part}_f1"] for part in parts}
        rows.append([trade, *(of_trade[f"{part}_f1"] for part in parts)])
    _bench.show("The same by trade", ["trade", *parts], rows)
    figures["plain_requests_f1"] = plain["requests_f1"]
    figures["facets_f1"] = figures["facts_f1"]
    return figures


def _plain() -> evaluate.Scores:
    """The whole message as one request, its act by logistic regression on the plain embedder's
    vectors, learned from the same trades and sentences."""
    from sklearn.linear_model import LogisticRegression

    from retrieval.embedder import Embedder

    learned = [
        (message.text, message.requests[0].act)
        for trade in ground.trades()
        if trade not in ground.TEST
        for message in ground.messages(trade)
        if len(message.requests) == 1
    ] + [(example.text, example.intent) for example in examples.training()]
    embedder = Embedder(locate("e5-small"))
    vectors = embedder.embed_queries([text for text, _ in learned])
    centre = vectors.mean(axis=0)
    regression = LogisticRegression(max_iter=300, class_weight="balanced")
    regression.fit((vectors - centre) * 15.0, [act for _, act in learned])
    messages = [message for trade in ground.TEST for message in ground.unseen(trade)]
    asked = embedder.embed_queries([message.text for message in messages])
    said = regression.predict((asked - centre) * 15.0)
    scores = evaluate.Scores()
    for message, act in zip(messages, said, strict=True):
        request = Request(str(act), 1.0, "", 0, len(message.text), message.text)
        scores.take(message, Reading((request,)))
    return scores


def _own(model: Acts) -> _bench.Figures:
    """Macro F1 over the intents of tests/understanding, after the fallback's threshold."""
    figures: _bench.Figures = {}
    rows = []
    for language in _LANGUAGES:
        asked = list(examples.templates(_TESTS / f"nlu_{language}.yml"))
        said = [_intent(model, text, Lookups({})) for _, text in asked]
        right = [intent for intent, _ in asked]
        figures |= {
            f"own_f1_{language}": round(macro_f1(right, said), 4),
            f"own_accuracy_{language}": round(_share(right, said), 4),
            f"own_examples_{language}": len(asked),
        }
        rows.append([language, *(figures[f"own_{what}_{language}"]
                                 for what in ("examples", "f1", "accuracy"))])  # fmt: skip
    _bench.show(
        "Single sentences of tests/understanding",
        ["language", "examples", "macro F1", "accuracy"],
        rows,
    )
    return figures


def _unseen_names(model: Acts) -> _bench.Figures:
    """Accuracy in a shop whose names no sentence of training holds."""
    lookups = Lookups.read(_TESTS / "unseen_names.json")
    figures: _bench.Figures = {}
    rows = []
    for language in _LANGUAGES:
        trades = yaml.safe_load((_TESTS / f"unseen_{language}.yaml").read_text("utf-8"))
        asked = [
            (intent, text)
            for by_intent in trades.values()
            for intent, texts in by_intent.items()
            for text in texts
        ]
        said = [_intent(model, text, lookups) for _, text in asked]
        figures[f"unseen_accuracy_{language}"] = round(_share([i for i, _ in asked], said), 4)
        rows.append([language, len(asked), figures[f"unseen_accuracy_{language}"]])
    _bench.show("With names never seen", ["language", "examples", "accuracy"], rows)
    return figures


def _intent(model: Acts, text: str, lookups: Lookups) -> str:
    requests = model.read(text, entities(text, lookups))[0].requests
    likely = requests[0] if requests else None
    return likely.act if likely and likely.certainty >= _FALLBACK else _REFUSED


@dataclass(frozen=True)
class Rows:
    """Texts with their intents, as the data set has them."""

    texts: list[str]
    labels: list[str]


def _clinc(folder: Path) -> _bench.Figures:
    """Learn train and oos_train as the reading learns its acts; choose the threshold on val and
    oos_val and measure on the test part where there is one, else each half of val by the other's
    threshold."""
    import torch

    from bot.rasa.reading import train
    from bot.rasa.reading.network import Network

    parts: dict[str, list[list[str]]] = {}
    for file in sorted(folder.glob("*.json")):
        parts.update(json.loads(file.read_text(encoding="utf-8")))
    rows = [*parts["train"], *parts["oos_train"]]
    labels = sorted({label for _, label in rows})
    weights, tokenizer = train.source()
    network = Network(weights, labels)

    def sample(text: str, label: str) -> Sample:
        tokens = tokenized(tokenizer, masked(text, ()))
        length = len(tokens.ranges)
        pieces = [BEGINS, *[GOES_ON] * (length - 1)]
        act = labels.index(label) if label in labels else 0
        return Sample(tokens, pieces, [(0, length)], [act], whole=False)

    torch.manual_seed(1)
    learned = train.prepared(network, [sample(*row) for row in rows])
    began = time.perf_counter()
    train.fit(network, [], learned, len(learned), _CLINC_EPOCHS, seed=1)
    seconds = time.perf_counter() - began

    @torch.no_grad()
    def scored(rows: Sequence[Sequence[str]]) -> tuple[list[str], list[str], np.ndarray]:
        likely = []
        for at in range(0, len(rows), 64):
            some = [sample(text, label) for text, label in rows[at : at + 64]]
            below = network.below([each.tokens.ids for each in some])
            states = network.above(below)
            told = [network.told(states[n], each.bounds, each.tokens.first, each.tokens.last)
                    for n, each in enumerate(some)]  # fmt: skip
            likely.append(network.acts(torch.cat(told)).softmax(dim=1).numpy())
        together = np.concatenate(likely)
        said = [labels[i] for i in together.argmax(axis=1)]
        return [label for _, label in rows], said, together.max(axis=1)

    held = scored(parts["val"] + parts["oos_val"])
    if "test" in parts and "oos_test" in parts:
        tested = scored(parts["test"] + parts["oos_test"])
        figures = figures_at(*tested, threshold(*held))
        measured_on = "test and oos_test; threshold from val and oos_val"
    else:
        figures = crossed(*held)
        measured_on = "val and oos_val; threshold for each half chosen on the other half"
    figures |= {"measured_on": measured_on, "train_rows": len(rows), "train_s": round(seconds)}
    ours = [figures[key] for key in ("in_scope_accuracy", "oos_recall", "oos_precision")]
    _bench.show(
        f"CLINC150, measured on {measured_on}",
        ["classifier", "in-scope accuracy", "out-of-scope recall", "precision"],
        [["ours", *ours], *([*row, None] for row in _PUBLISHED)],
    )
    _bench.say("Published figures are of the test part, ours as the title says.")
    return figures


def crossed(right: list[str], said: list[str], confidence: np.ndarray) -> dict[str, Any]:
    """Each half of the rows judged by the threshold of the other, since no test part is here."""
    halves = np.arange(len(right)) % 2
    limits = np.zeros(len(right))
    for half in (0, 1):
        other = np.flatnonzero(halves != half)
        limits[halves == half] = threshold(
            [right[i] for i in other], [said[i] for i in other], confidence[other]
        )
    return figures_at(right, said, confidence, limits)


def threshold(right: list[str], said: list[str], confidence: np.ndarray) -> float:
    """The confidence below which a text is out of scope: where most rows come out right, with
    out-of-scope as one more intent (the rule of the data set's authors)."""
    candidates = np.arange(0.0, 0.995, 0.005)
    return float(max(candidates, key=lambda each: _share(right, gated(said, confidence, each))))


def gated(said: list[str], confidence: np.ndarray, limit: Any) -> list[str]:
    below = np.broadcast_to(confidence < limit, (len(said),))
    return [_OUTSIDE if low else label for label, low in zip(said, below, strict=True)]


def figures_at(
    right: list[str], said: list[str], confidence: np.ndarray, limit: Any
) -> dict[str, Any]:
    given = gated(said, confidence, limit)
    pairs = list(zip(right, given, strict=True))
    inside = [(r, g) for r, g in pairs if r != _OUTSIDE]
    outside = [g for r, g in pairs if r == _OUTSIDE]
    refused = [r for r, g in pairs if g == _OUTSIDE]
    return {
        "in_scope_accuracy": round(sum(r == g for r, g in inside) / len(inside), 4),
        "oos_recall": round(outside.count(_OUTSIDE) / len(outside), 4),
        "oos_precision": round(refused.count(_OUTSIDE) / max(1, len(refused)), 4),
        "in_scope_rows": len(inside),
        "oos_rows": len(outside),
        "threshold": sorted({round(float(each), 3) for each in np.atleast_1d(limit)}),
    }


def macro_f1(right: Sequence[str], said: Sequence[str]) -> float:
    """Mean F1 over the intents that occur in `right`."""
    scores = []
    for label in sorted(set(right)):
        hits = sum(r == s == label for r, s in zip(right, said, strict=True))
        wanted, given = list(right).count(label), list(said).count(label)
        scores.append(2 * hits / (wanted + given))
    return sum(scores) / len(scores)


def _share(right: Sequence[str], said: Sequence[str]) -> float:
    return sum(r == s for r, s in zip(right, said, strict=True)) / len(right)


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("understanding", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
