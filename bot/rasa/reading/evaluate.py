"""Measures the reading on trades of the ground that it did not learn from.

    python -m bot.rasa.reading.evaluate                         # the trades of the test
    python -m bot.rasa.reading.evaluate fashion toys --learned build/trial.npz --wrong 30

A request is right when its act is, and when more than half of its words and the meant request's
together are shared; a span when its kind is and the same holds for its words; facts count by
request. F1 is over all of a language's messages together.
"""

from __future__ import annotations

import argparse
import json
import tarfile
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bot.rasa.components.acts import Acts
from bot.rasa.components.intent_model import FILES as INTENT_FILES
from bot.rasa.components.intent_model import IntentModel
from bot.rasa.components.lookups import Lookups
from bot.rasa.components.reading_model import ReadingModel
from bot.rasa.environment import model_file
from bot.rasa.reading import quantities
from bot.rasa.reading.samples import entities
from bot.rasa.score import Score, share_most
from bot.understanding.reading import Reading, Request
from ground import readings as ground
from ground.readings import GoldMessage, GoldRequest
from retrieval.embedder import Embedder
from weights import CATALOGUE, locate
from weights.cache import source_file
from weights.convert import convert
from weights.progress import silent

# What refers to things, of the kinds of spans; the others say what about them.
REFERENCES = frozenset(
    {"product", "goods", "other_product", "brand", "that", "place_in_list", "order"}
)


@dataclass
class Scores:
    """By part ("requests", "references", "spans", "facts", "acts") and language."""

    parts: dict[tuple[str, str], Score] = field(default_factory=lambda: defaultdict(Score))
    kinds: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    mood: list[bool] = field(default_factory=list)
    wrong: list[tuple[GoldMessage, Reading]] = field(default_factory=list)
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)

    def take(self, message: GoldMessage, reading: Reading) -> None:
        language = message.language
        matched = pairs(message.requests, reading.requests, lambda a, b: a.act == b.act)
        self.parts["requests", language].add(
            len(matched), len(reading.requests), len(message.requests)
        )
        for meant in message.requests:
            self.kinds[f"act {meant.act}"].wanted += 1
        for said in reading.requests:
            self.kinds[f"act {said.act}"].given += 1
        for meant, _ in matched:
            self.kinds[f"act {meant.act}"].right += 1
        if len(matched) != max(len(message.requests), len(reading.requests)):
            self.wrong.append((message, reading))
        for meant, said in pairs(message.requests, reading.requests, lambda a, b: True):
            self.parts["facts", language].add(
                len(meant.facts & said.facts), len(said.facts), len(meant.facts)
            )
            for fact in meant.facts | said.facts:
                self.kinds[f"fact {fact}"].add(
                    fact in meant.facts & said.facts, fact in said.facts, fact in meant.facts
                )
            self.parts["acts", language].add(meant.act == said.act, 1, 1)
            if meant.act != said.act:
                self.confusions[meant.act, said.act] += 1
        gold_spans = [span for request in message.requests for span in request.spans]
        said_spans = [span for request in reading.requests for span in request.spans]
        for part, kinds in (("references", REFERENCES), ("spans", frozenset(ground.SPANS))):
            ours = [span for span in gold_spans if span.kind in kinds]
            theirs = [span for span in said_spans if span.kind in kinds]
            alike = pairs(ours, theirs, lambda a, b: a.kind == b.kind)
            self.parts[part, language].add(len(alike), len(theirs), len(ours))
        for kind in ground.SPANS:
            ours = [span for span in gold_spans if span.kind == kind]
            theirs = [span for span in said_spans if span.kind == kind]
            alike = pairs(ours, theirs, lambda a, b: True)
            self.kinds[f"span {kind}"].add(len(alike), len(theirs), len(ours))
        self.mood.append(message.mood == reading.mood)


def pairs(ours: Sequence, theirs: Sequence, fits: Callable[..., bool]) -> list[tuple]:
    """Each of `theirs` beside the first of `ours` that fits and shares more than half the words."""
    left = list(theirs)
    found = []
    for one in ours:
        for other in left:
            if share_most(one, other) and fits(one, other):
                left.remove(other)
                found.append((one, other))
                break
    return found


class Reads(Protocol):
    """What reads a message, as Rasa's component does."""

    def read(
        self, text: str, entities: Sequence[Mapping[str, Any]] = ()
    ) -> tuple[Reading, np.ndarray]: ...


def trained(reading: Path | None = None) -> Acts:
    """The reader as Rasa's model holds it; with another reading than the one of the weights' cache.
    Raises `FileNotFoundError` where no model is trained."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(model_file()) as stored:
        for member in stored.getmembers():
            name = Path(member.name).name
            if name in INTENT_FILES and (file := stored.extractfile(member)):
                Path(folder, name).write_bytes(file.read())
        intents = IntentModel.load(Path(folder))
    model = ReadingModel(reading or locate("reading"))
    return Acts(model, intents, Embedder(locate("e5-small"), threads=1))


def evaluate(model: Reads, trades: Iterable[str]) -> tuple[Scores, float]:
    """The scores over these trades, and the milliseconds that a message took."""
    scores = Scores()
    seconds, count = 0.0, 0
    for trade in trades:
        lookups = Lookups(ground.names(trade))
        for message in ground.unseen(trade):
            found = entities(message.text, lookups)
            began = time.perf_counter()
            reading, _ = model.read(message.text, found)
            seconds += time.perf_counter() - began
            count += 1
            scores.take(message, reading)
    return scores, 1000 * seconds / max(1, count)


def figures(scores: Scores, ms: float) -> dict[str, float]:
    found: dict[str, float] = {"ms_per_message": round(ms, 1)}
    for part in ("requests", "references", "facts", "spans", "acts"):
        both = Score()
        for language in ("zh", "en"):
            score = scores.parts[part, language]
            found[f"{part}_f1_{language}"] = round(score.f1, 3)
            both.add(score.right, score.given, score.wanted)
        found[f"{part}_f1"] = round(both.f1, 3)
    found["mood_accuracy"] = round(sum(scores.mood) / max(1, len(scores.mood)), 3)
    return found


def _told(requests: Iterable[GoldRequest | Request], text: str) -> str:
    return " | ".join(f"{each.act}: {text[each.start : each.end]}" for each in requests)


def _built(learned: Path, folder: Path) -> Path:
    entry = replace(CATALOGUE["reading"], learned=learned)
    convert(entry, [source_file(asset.file) for asset in entry.assets], folder, silent)
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trades", nargs="*", default=ground.TEST)
    parser.add_argument("--learned", type=Path, help="another file of what was learned")
    parser.add_argument("--wrong", type=int, default=0, help="so many wrong readings are shown")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        chosen = _built(options.learned, Path(folder)) if options.learned else locate("reading")
        scores, ms = evaluate(trained(chosen), options.trades)
    for message, reading in scores.wrong[: options.wrong]:
        print(f"- {_told(message.requests, message.text)}")
        print(f"  {_told(reading.requests, message.text)}")
    if options.wrong:
        print(scores.confusions.most_common(30))
        for kind, score in sorted(scores.kinds.items()):
            print(f"{kind:28} F1 {score.f1:.2f}  wanted {score.wanted}, given {score.given}")
    told = figures(scores, ms) | quantities.evaluate(options.trades).figures()
    print(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
