"""How well messages are understood: the trained Rasa model on the questions that training never
sees, and its intent classifier on CLINC150 (data set folder clinc150/), trained anew.

In-scope accuracy counts a text as wrong when it is refused; out-of-scope texts are those that no
intent fits. All of it runs in Rasa's environment.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from bot.processes import environment
from bot.settings import Settings
from tests.benchmarks import _bench
from weights import WeightsError, locate

_PYTHON = _bench.ROOT / ".venv-rasa" / "bin" / "python"
# Published for CLINC150: in-scope accuracy and out-of-scope recall in percent, oos-threshold.
_PUBLISHED = [("Rasa (Larson et al. 2019)", 0.915, 0.453), ("BERT (same)", 0.962, 0.523)]


def measure(options: argparse.Namespace) -> _bench.Figures:
    figures: _bench.Figures = {}
    try:
        figures |= _own(Settings())
    except _bench.Missing as missing:
        _bench.skipped("the shop's own test set", missing)
    try:
        figures |= _clinc(_bench.data_folder(options.data, "clinc150"))
    except _bench.Missing as missing:
        _bench.skipped("CLINC150", missing)
    return figures


def _own(settings: Settings) -> _bench.Figures:
    model = settings.state / "rasa" / "model.tar.gz"
    if not model.is_file():
        raise _bench.Missing(f"there is no {model}; train it with: make setup")
    figures = _in_rasa("own", model, settings)
    _bench.show(
        "The trained model on bot/rasa/tests",
        ["language", "examples", "macro F1", "accuracy"],
        [
            [each, *(figures[f"own_{what}_{each}"] for what in ("examples", "f1", "accuracy"))]
            for each in ("zh", "en")
        ],
    )
    return figures


def _clinc(folder: Path) -> _bench.Figures:
    figures = _in_rasa("clinc150", folder, Settings())
    ours = [figures[key] for key in ("in_scope_accuracy", "oos_recall", "oos_precision")]
    _bench.show(
        f"CLINC150, measured on {figures['measured_on']}",
        ["classifier", "in-scope accuracy", "out-of-scope recall", "precision"],
        [["ours", *ours], *([*row, None] for row in _PUBLISHED)],
    )
    _bench.say("Published figures are of the test part, ours as the title says.")
    return figures


def _in_rasa(what: str, path: Path, settings: Settings) -> dict[str, Any]:
    if not _PYTHON.exists():
        raise _bench.Missing("Rasa's environment is not set up; run: make setup")
    try:
        embedder = locate("e5-small")
    except WeightsError as error:
        raise _bench.Missing(str(error)) from error
    script = Path(__file__).with_name("_in_rasa.py")
    ran = subprocess.run(
        [str(_PYTHON), str(script), what, str(path.resolve())],
        env=environment(
            SHOPGUIDE_STATE=settings.state.resolve(),
            SHOPGUIDE_EMBEDDER=embedder,
            PYTHONWARNINGS="ignore",  # pages of them while Rasa is imported
        ),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return cast("dict[str, Any]", json.loads(ran.stdout.splitlines()[-1]))


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("understanding", __doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
