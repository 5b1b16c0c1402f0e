"""Runs `rasa test` on the trained model: the measuring set of each language and the test stories.

`.venv-rasa/bin/python bot/rasa/evaluate.py [--out FOLDER]` prints a summary and writes it to
FOLDER/summary.json: `f1_zh`, `f1_en` (macro F1 over intents), `accuracy_zh`, `accuracy_en`,
`stories`, `stories_right`, and `confusions` (meant, taken, text, confidence).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent
TESTS = PROJECT.parents[1] / "tests" / "understanding"
sys.path.insert(0, str(PROJECT.parent.parent))

from bot.rasa.environment import model_file, prepare, quiet_logs, state  # noqa: E402


async def evaluate(model: Path, out: Path) -> dict[str, Any]:
    from rasa.model_testing import test_core, test_nlu

    summary: dict[str, Any] = {"confusions": []}
    for language in ("zh", "en"):
        folder = out / language
        await test_nlu(
            str(model),
            str(TESTS / f"nlu_{language}.yml"),
            str(folder),
            {"disable_plotting": True, "errors": True},
        )
        report = json.loads((folder / "intent_report.json").read_text(encoding="utf-8"))
        summary[f"f1_{language}"] = report["macro avg"]["f1-score"]
        summary[f"accuracy_{language}"] = report["accuracy"]
        # The file is only written when there are errors.
        errors = folder / "intent_errors.json"
        for error in json.loads(errors.read_text(encoding="utf-8")) if errors.exists() else []:
            taken = error["intent_prediction"]
            summary["confusions"].append(
                [error["intent"], taken["name"], error["text"], round(taken["confidence"], 3)]
            )
    await test_core(
        str(model),
        str(TESTS / "test_stories.yml"),
        str(out / "stories"),
        {"e2e": True, "disable_plotting": True, "errors": True},
    )
    stories = json.loads((out / "stories" / "story_report.json").read_text(encoding="utf-8"))
    summary["stories"] = stories["conversation_accuracy"]["total"]
    summary["stories_right"] = stories["conversation_accuracy"]["correct"]
    return summary


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=state() / "rasa" / "results")
    options = parser.parse_args()
    prepare()
    quiet_logs(logging.ERROR)
    options.out.mkdir(parents=True, exist_ok=True)
    summary = asyncio.run(evaluate(model_file(), options.out))
    text = json.dumps(summary, ensure_ascii=False, indent=1)
    (options.out / "summary.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
