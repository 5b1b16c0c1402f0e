"""`shopguide train recommend` and `shopguide eval recommend`: trains the models, measures them, and
prints what came of it.
"""

from __future__ import annotations

import csv
import json
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bot.settings import Settings
from retrieval.errors import SequencesError
from retrieval.recommend import store
from retrieval.recommend.evaluation import ItemScorer, Report, Scores, evaluate
from retrieval.recommend.fitting import (
    NAMES,
    Choice,
    Fitted,
    Plan,
    ProgressCallback,
    check_names,
    choose,
    fit,
)
from retrieval.recommend.sequences import Sequences, read_sequences, split
from retrieval.recommend.training import Epoch
from weights.progress import shown

if TYPE_CHECKING:
    from data.models import Product
    from retrieval.products import ProductSearch
    from retrieval.recommend import PurchaseRow


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says. `file` None: the shop's own orders. `texts`: rows of an item's id
    and its text, with a tab between."""

    file: Path | None
    fit: str
    texts: Path | None = None
    models: tuple[str, ...] = ()
    seed: int = 0
    epochs: int | None = None
    device: str = "auto"
    folder: Path | None = None
    cluster: str | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one fit: each model's report, and the seconds of training in all and of each model."""

    fit: str
    reports: Mapping[str, Report]
    train_s: float
    seconds: Mapping[str, float]


def train_models(asked: Asked, settings: Settings) -> None:
    """Choose, fit and keep the models in a folder."""
    sequences, texts = gather(asked, settings)
    plan = plan_of(asked)
    started = time.perf_counter()
    with progress_shown() as tell:
        choice, fitted = choose(sequences, plan, texts=texts, told=tell)
        if asked.fit != "without":
            fitted = _fit_again(asked.fit, sequences, choice, plan, texts, tell)
    folder = asked.folder or settings.recommend_folder
    store.save(folder, sequences.items, asked.fit, choice, fitted.models)  # type: ignore[arg-type]  # the command line allows no other
    # What is finished needs no going on: the next training may be of other orders.
    for checkpoint in (folder / "training").rglob("checkpoint.pt"):
        checkpoint.unlink()
    seconds = time.perf_counter() - started
    if asked.as_json:
        print(json.dumps({"folder": str(folder), "train_s": round(seconds, 1)}))
    else:
        _console().print(
            f"{len(fitted.models)} models of {len(sequences.customers):,} customers and "
            f"{len(sequences.items):,} items are in {folder} after {seconds:.0f} s."
        )


def evaluate_models(asked: Asked, settings: Settings) -> None:
    """Measure every model and print one table, or JSON."""
    sequences, texts = gather(asked, settings)
    if asked.folder is not None and (asked.folder / "model.json").is_file():
        measured = [_measure_stored(asked.folder, sequences)]
    else:
        with progress_shown() as tell:
            measured = measure(sequences, plan_of(asked), asked.fit, texts=texts, told=tell)
    if asked.as_json:
        print(json.dumps(as_figures(measured), ensure_ascii=False, indent=2))
    else:
        show(sequences, measured, texts=texts)


def measure(
    sequences: Sequences,
    plan: Plan,
    fit_name: str = "both",
    *,
    texts: Scores | None = None,
    told: ProgressCallback,
) -> list[Measured]:
    """Train and measure on the test items: fitted without the validation items, with them, or
    `both`."""
    found = []
    started = time.perf_counter()
    choice, fitted = choose(sequences, plan, texts=texts, told=told)
    if fit_name in ("without", "both"):
        seconds = time.perf_counter() - started
        found.append(_measured("without", sequences, fitted, seconds, told))
    if fit_name in ("with", "both"):
        started = time.perf_counter()
        fitted = _fit_again("with", sequences, choice, plan, texts, told)
        seconds = time.perf_counter() - started
        found.append(_measured("with", sequences, fitted, seconds, told))
    return found


def gather(asked: Asked, settings: Settings) -> tuple[Sequences, Scores | None]:
    """The histories, and the vectors of the items' texts where there are any."""
    if asked.file is None:
        return _from_shop(settings)
    sequences = read_sequences(asked.file)
    if asked.texts is None:
        return sequences, None
    return sequences, _embedded(asked.texts, sequences, settings)


def plan_of(asked: Asked) -> Plan:
    plan = Plan(device=asked.device)
    networks = tuple(
        replace(one, seed=asked.seed, epochs=asked.epochs or one.epochs) for one in plan.networks
    )
    names = check_names(asked.models) or NAMES
    folder = None if asked.folder is None else asked.folder / "training"
    plan = replace(plan, names=names, networks=networks, folder=folder)
    if asked.cluster is not None:
        from retrieval.recommend.cluster import ClusterTrainer

        plan = replace(plan, trainer=ClusterTrainer(asked.cluster))
    return plan


def as_figures(measured: list[Measured]) -> dict[str, Any]:
    return {
        one.fit: {
            "train_s": round(one.train_s, 1),
            "seconds": {name: round(seconds, 1) for name, seconds in one.seconds.items()},
            "models": {name: report.as_dict() for name, report in one.reports.items()},
        }
        for one in measured
    }


def show(sequences: Sequences, measured: list[Measured], *, texts: Scores | None) -> None:
    console = _console()
    told = {"without": "without", "with": "with", "all": "with"}
    for one in measured:
        table = Table(
            title=f"Fitted {told[one.fit]} the validation items, {one.train_s:.0f} s",
            title_justify="left",
        )
        columns = ["HR@5", "HR@10", "NDCG@10", "MRR", "coverage", "novelty", "diversity", "popular"]
        for number, column in enumerate(["model", *columns, "NDCG@10 by history"]):
            table.add_column(column, justify="right" if 0 < number < 9 else "left")
        for name, report in one.reports.items():
            groups = ", ".join(f"{g['ndcg10']:.4f} {k}" for k, g in report.groups.items())
            table.add_row(
                name,
                f"{report.hr[5].mean:.4f}",
                _interval(report.hr[10].mean, report.hr[10].low, report.hr[10].high),
                _interval(report.ndcg[10].mean, report.ndcg[10].low, report.ndcg[10].high),
                f"{report.mrr.mean:.4f}",
                f"{report.coverage:.2f}",
                f"{report.novelty:.1f}",
                f"{report.diversity:.2f}",
                f"{report.popular:.2f}",
                groups,
            )
        if texts is None and "content" not in one.reports:
            table.add_row("content", *["–"] * 8, "the items have no texts here")
        console.print(table)
    count = next(iter(measured[0].reports.values())).customers
    console.print(
        f"{count:,} of {len(sequences.customers):,} customers, ranked among all "
        f"{len(sequences.items):,} items; ties count as their mean; "
        "in brackets 95 % of the bootstrap."
    )


@contextmanager
def progress_shown() -> Iterator[ProgressCallback]:
    """Progress on stderr: a bar a model where that is a terminal, else lines."""
    with shown() as report:

        def tell(what: str, epoch: Epoch | None) -> None:
            if epoch is None:
                print(f"{what} …", file=sys.stderr, flush=True)
                return
            report(what, epoch.number, epoch.of)
            if not sys.stderr.isatty():
                good = "" if math.isnan(epoch.ndcg10) else f", NDCG@10 {epoch.ndcg10:.4f}"
                print(
                    f"{what}: epoch {epoch.number}, loss {epoch.loss:.3f}{good}, "
                    f"{epoch.seconds:.0f} s",
                    file=sys.stderr,
                    flush=True,
                )

        yield tell


def _fit_again(
    name: str,
    sequences: Sequences,
    choice: Choice,
    plan: Plan,
    texts: Scores | None,
    tell: ProgressCallback,
) -> Fitted:
    if name == "all":
        histories = list(sequences.histories)
    else:
        histories = list(split(sequences, "test", with_validation=True).train)
    return fit(histories, len(sequences.items), choice, plan, texts=texts, told=tell)


def _measured(
    name: str, sequences: Sequences, fitted: Fitted, seconds: float, tell: ProgressCallback
) -> Measured:
    held = split(sequences, "test", with_validation=name == "with")
    reports = {}
    for model, scorer in fitted.models.items():
        tell(f"measuring {model}", None)
        reports[model] = evaluate(scorer, held)
    return Measured(name, reports, seconds, fitted.seconds)


def _measure_stored(folder: Path, sequences: Sequences) -> Measured:
    stored = store.load(folder)
    stored.check_items(sequences)
    if stored.fit == "all":
        raise SequencesError(
            f"The models in {folder} were fitted on the test items too; train with "
            "`--fit without` or `--fit with` to measure them."
        )
    held = split(sequences, "test", with_validation=stored.fit == "with")
    models: Mapping[str, ItemScorer] = stored.models
    reports = {name: evaluate(model, held) for name, model in models.items()}
    return Measured(stored.fit, reports, 0.0, {})


@dataclass(frozen=True, slots=True)
class Shop:
    """What the shop's database and its search index know of purchases and products."""

    purchases: Sequence[PurchaseRow]
    catalogue: Sequence[Product]
    products: ProductSearch

    @classmethod
    def open(cls, settings: Settings) -> Shop:
        """Raises what the database and the index raise."""
        from data.unit_of_work import open_database
        from retrieval.embedders import load_embedder
        from retrieval.products import ProductSearch
        from retrieval.retriever import Retriever
        from weights import locate

        with open_database(settings.database)() as uow:
            purchases = uow.orders.purchases()
            catalogue = list(uow.products.catalogue())
            categories = uow.products.categories()
        retriever = Retriever.open(settings.index_folder, load_embedder(locate(settings.embedder)))
        return cls(purchases, catalogue, ProductSearch(retriever, catalogue, categories))


def _from_shop(settings: Settings) -> tuple[Sequences, Scores]:
    """The shop's orders, and its products' vectors from the search index."""
    shop = Shop.open(settings)
    histories: dict[str, list[str]] = {}
    for row in sorted(shop.purchases, key=lambda row: row.placed_at):
        histories.setdefault(str(row.customer_id), []).append(row.product_id)
    if not histories:
        raise SequencesError("The shop has no orders yet; there is nothing to learn from.")
    sequences = Sequences.of(histories.items(), unsold=(product.id for product in shop.catalogue))
    return sequences, _rows(sequences, shop.products.vectors)


def _embedded(path: Path, sequences: Sequences, settings: Settings) -> Scores:
    from retrieval.embedders import load_embedder
    from weights import locate

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError) as error:
        raise SequencesError(f"{path} cannot be read as UTF-8 text: {error}.") from error
    for number, row in enumerate(rows, start=1):
        if len(row) != 2:
            raise SequencesError(
                f"{path}, line {number}: an item's id, a tab and its text belong there."
            )
    wanted = set(sequences.items)
    known = {item: text for item, text in rows if item in wanted and text.strip()}
    if not known:
        raise SequencesError(f"{path} has no text of any of the items.")
    embedder = load_embedder(locate(settings.embedder))
    vectors = embedder.embed_passages(list(known.values()))
    return _rows(sequences, dict(zip(known, vectors, strict=True)))


def _rows(sequences: Sequences, vectors: Mapping[str, Scores]) -> Scores:
    """By the items' numbers; zeros for those without a vector."""
    width = next((len(vector) for vector in vectors.values()), 1)
    found = np.zeros((len(sequences.items), width), np.float32)
    for number, item in enumerate(sequences.items):
        if item in vectors:
            found[number] = vectors[item]
    return found


def _interval(mean: float, low: float, high: float) -> str:
    return f"{mean:.4f} [{low:.4f}–{high:.4f}]"


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False)
