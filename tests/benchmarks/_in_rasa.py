"""The half of the benchmark `understanding` that runs in Rasa's environment.

`.venv-rasa/bin/python tests/benchmarks/_in_rasa.py own MODEL`       the trained model, its test set
`.venv-rasa/bin/python tests/benchmarks/_in_rasa.py clinc150 FOLDER` the classifier, trained anew

Both print one JSON object as their last line.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.rasa import environment  # noqa: E402

environment.prepare()

from bot.rasa.components.intent_model import IntentModel  # noqa: E402
from bot.rasa.crossvalidate import macro_f1, read  # noqa: E402
from retrieval.embedder import Embedder  # noqa: E402

_OUTSIDE = "oos"
_TESTS = ROOT / "bot" / "rasa" / "tests"
_CONFIG = ROOT / "bot" / "rasa" / "config.yml"


def own(model: Path) -> dict[str, Any]:
    """Macro F1 over the intents of bot/rasa/tests/, after the fallback's threshold."""
    from rasa.core.agent import Agent

    environment.quiet_logs(logging.ERROR)
    agent = Agent.load(str(model))
    figures: dict[str, Any] = {}
    for language in ("zh", "en"):
        examples = read(_TESTS / f"nlu_{language}.yml", language)
        parsed = [asyncio.run(agent.parse_message(each.text)) for each in examples]
        said = [str(each["intent"]["name"]) for each in parsed]
        right = [each.intent for each in examples]
        figures[f"own_f1_{language}"] = round(macro_f1(right, said), 4)
        figures[f"own_accuracy_{language}"] = round(_share(right, said), 4)
        figures[f"own_examples_{language}"] = len(examples)
        figures[f"own_wrong_{language}"] = [
            [each.text, each.intent, given]
            for each, given in zip(examples, said)  # noqa: B905 - equally long, Python 3.10
            if each.intent != given
        ]
    return figures


def clinc150(folder: Path) -> dict[str, Any]:
    """Train on train and oos_train; choose the threshold and measure as `judge` tells."""
    parts: dict[str, list[list[str]]] = {}
    for file in sorted(folder.glob("*.json")):
        parts.update(json.loads(file.read_text(encoding="utf-8")))
    embedder = Embedder(environment.embedder_folder())

    def vectors(rows: list[list[str]]) -> np.ndarray:
        return np.asarray(embedder.embed_queries([text for text, _ in rows]), np.float32)

    train = parts["train"] + parts["oos_train"]
    model = IntentModel.fit(
        [text for text, _ in train], vectors(train), [label for _, label in train], **_settings()
    )

    def scored(rows: list[list[str]]) -> tuple[list[str], list[str], np.ndarray]:
        likely = model.probabilities([text for text, _ in rows], vectors(rows))
        said = [model.labels[i] for i in likely.argmax(axis=1)]
        return [label for _, label in rows], said, likely.max(axis=1)

    held = scored(parts["val"] + parts["oos_val"])
    if "test" in parts and "oos_test" in parts:
        tested = scored(parts["test"] + parts["oos_test"])
        figures = figures_at(*tested, threshold(*held))
        measured_on = "test and oos_test; threshold from val and oos_val"
    else:
        figures = crossed(*held)
        measured_on = "val and oos_val; threshold for each half chosen on the other half"
    return {**figures, "measured_on": measured_on, "train_rows": len(train)}


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
    candidates = np.arange(0.0, 0.9, 0.005)
    return float(max(candidates, key=lambda each: _share(right, gated(said, confidence, each))))


def gated(said: list[str], confidence: np.ndarray, limit: Any) -> list[str]:
    below = confidence < limit
    return [_OUTSIDE if low else label for label, low in zip(said, below)]  # noqa: B905


def figures_at(
    right: list[str], said: list[str], confidence: np.ndarray, limit: Any
) -> dict[str, Any]:
    given = gated(said, confidence, limit)
    pairs = list(zip(right, given))  # noqa: B905
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


def _settings() -> dict[str, float]:
    """What config.yml gives to the classifier, so that the shop's own settings are measured."""
    import ruamel.yaml

    config = ruamel.yaml.YAML(typ="safe").load(_CONFIG.read_text(encoding="utf-8"))
    (chosen,) = [s for s in config["pipeline"] if s["name"].endswith("HybridIntentClassifier")]
    return {name: float(value) for name, value in chosen.items() if name != "name"}


def _share(right: list[str], said: list[str]) -> float:
    return sum(r == s for r, s in zip(right, said)) / len(right)  # noqa: B905


if __name__ == "__main__":
    wanted, path = sys.argv[1:]
    print(json.dumps({"own": own, "clinc150": clinc150}[wanted](Path(path)), ensure_ascii=False))
