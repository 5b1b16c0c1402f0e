"""`shopguide train language`: gathers the shop's texts, trains, measures, prints."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.settings import Settings
from data.masking import mask
from llm.small import store
from llm.small.measuring import Measured, compare
from llm.small.network import NetworkSettings
from llm.small.texts import Text, parted, stream
from llm.small.tokens import Tokens
from llm.small.training import CHECKPOINT, Told, TrainSettings, train
from weights.progress import shown

# Tokens to learn, for half a megabyte of texts such as the demo shop's.
_VOCABULARY = 2048


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    steps: int
    width: int
    layers: int
    heads: int
    context: int
    seed: int
    device: str
    resume: bool
    folder: Path
    as_json: bool = False


def train_model(asked: Asked, settings: Settings) -> None:
    """Train, measure and keep a model in the folder."""
    parts = parted(gather(settings))
    tokens = Tokens.learn(parts.training, _VOCABULARY)
    network = NetworkSettings(len(tokens), asked.width, asked.layers, asked.heads, asked.context)
    folder = asked.folder / "training"
    with _progress_shown() as tell:
        trained = train(
            tokens.stream(parts.training),
            tokens.stream(parts.validation),
            TrainSettings(network, steps=asked.steps, seed=asked.seed),
            device=asked.device,
            folder=folder,
            resume=asked.resume,
            told=tell,
        )
    measured = compare(trained.network, tokens, parts, trained.seconds)
    report = {
        "training_bytes": len(stream(parts.training)),
        "held_out_bytes": len(stream(parts.held_out)),
        "tokens": len(tokens),
        "parameters": sum(each.numel() for each in trained.network.parameters()),
        "steps": asked.steps,
        "best_step": trained.step,
        "train_s": round(trained.seconds, 1),
        "models": [one.as_dict() for one in measured],
    }
    store.save(asked.folder, trained.network, tokens, report)
    # What is finished needs no going on: the next training may be of other texts.
    (folder / CHECKPOINT).unlink(missing_ok=True)
    if asked.as_json:
        print(json.dumps({"folder": str(asked.folder), **report}, ensure_ascii=False, indent=2))
    else:
        _show(asked.folder, report, measured)


def gather(settings: Settings) -> Iterator[Text]:
    """The shop's pages and products as they are searched, and its reviews; what says who somebody
    is is hidden in all of them."""
    from data.rules import ShopRules
    from data.unit_of_work import open_database
    from retrieval import build
    from retrieval.origins import Origins

    country = ShopRules.load(settings.shop).shop.country
    languages = build.languages_of(settings.shop)
    beside = Origins(settings.pages_folder).given(languages, [])
    with open_database(settings.database)() as uow:
        found = build.gather(
            settings.shop / "documents",
            uow.products.catalogue(),
            languages,
            out=settings.index_folder,
            beside=beside,
        )
        reviews = uow.reviews.texts()
    for passage in found.passages:
        lines = (passage.title, passage.heading, passage.text)
        told = "\n".join(filter(None, lines))
        yield Text(_masked(told, country), f"{passage.kind}|{passage.source}")
    for text in reviews:
        yield Text(_masked(text, country), f"review|{text}")


def _masked(text: str, country: str) -> str:
    """As `mask` gives it; where it hides nothing the text as it was written, since masking makes
    full-width marks narrow, and the shop's voice is not to lose them."""
    masked = mask(text, country)
    return text if masked == unicodedata.normalize("NFKC", text) else masked


@contextmanager
def _progress_shown() -> Iterator[Any]:
    """On stderr: a bar where that is a terminal, else a line at each measuring."""
    with shown() as report:

        def tell(told: Told) -> None:
            if sys.stderr.isatty():
                report("training", told.step, told.of)
            else:
                print(
                    f"step {told.step} of {told.of}: loss {told.loss:.3f}, validation "
                    f"{told.validation:.3f}, {told.seconds:.0f} s",
                    file=sys.stderr,
                    flush=True,
                )

        yield tell


def _show(folder: Path, report: dict[str, Any], measured: list[Measured]) -> None:
    table = Table(title="Bits per byte of texts that were kept apart", title_justify="left")
    for number, column in enumerate(("model", "bits per byte", "seconds")):
        table.add_column(column, justify="right" if number else "left")
    for one in measured:
        table.add_row(one.name, f"{one.bits_per_byte:.3f}", f"{one.seconds:.1f}")
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    console.print(table)
    console.print(
        f"Learned from {report['training_bytes']:,} bytes, measured on "
        f"{report['held_out_bytes']:,}. The weights of step {report['best_step']} of "
        f"{report['steps']}, {report['parameters']:,} numbers, are in {folder}; "
        "`shopguide sample` writes with them."
    )
