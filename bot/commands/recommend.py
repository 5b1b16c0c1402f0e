"""`shopguide train recommend`, `shopguide eval recommend` and `shopguide related`: what they ask
for; the work is in train_recommend.py and related.py."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.groups import evaluation, training
from bot.settings import Settings


class TrainFit(StrEnum):
    without = "without"
    with_ = "with"
    all = "all"


class EvalFit(StrEnum):
    without = "without"
    with_ = "with"
    both = "both"


File = Annotated[
    Path | None,
    typer.Argument(
        help="One line a customer: the customer's id, then item ids in the order of time. "
        "Without it: the shop's own orders."
    ),
]
Models = Annotated[
    list[str] | None, typer.Option("--only", metavar="MODEL", help="This model; may be repeated.")
]
Texts = Annotated[
    Path | None, typer.Option(help="Item texts: an id, a tab and the text in each line.")
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same models.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Most epochs of the sequence network.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Cluster = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Train the sequence network on this Ray cluster."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Figures as JSON on standard output.")]


@training.command("recommend")
def train_recommend(
    file: File = None,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the models go; default: STATE/recommend."),
    ] = None,
    fit: Annotated[
        TrainFit, typer.Option(help="On all items, or without each customer's last ones.")
    ] = TrainFit.all,
    only: Models = None,
    texts: Texts = None,
    seed: Seed = 0,
    epochs: Epochs = None,
    device: Device = "auto",
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Train the recommendation models and keep them; goes on after an interruption.

    \b
    shopguide train recommend
    shopguide train recommend orders.txt --to models/ --texts names.tsv
    shopguide train recommend orders.txt --to models/ --fit without --only sequence
    shopguide train recommend orders.txt --to models/ --cluster local
    """
    from bot.commands.train_recommend import Asked, train_models

    settings = Settings()
    folder = to or settings.recommend_folder
    names = tuple(only or ())
    train_models(
        Asked(file, fit.value, texts, names, seed, epochs, device, folder, cluster, as_json),
        settings,
    )


@evaluation.command("recommend")
def eval_recommend(
    file: File = None,
    models: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Models that were trained before; where there are none, training keeps its "
            "checkpoints there.",
        ),
    ] = None,
    fit: Annotated[
        EvalFit, typer.Option(help="Fitted without the validation items, with them, or both.")
    ] = EvalFit.both,
    only: Models = None,
    texts: Texts = None,
    seed: Seed = 0,
    epochs: Epochs = None,
    device: Device = "auto",
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Train and measure every model: the last item of each customer, ranked among all items.

    \b
    shopguide eval recommend
    shopguide eval recommend orders.txt
    shopguide eval recommend orders.txt --fit without --only cooccurrence --only transitions
    shopguide eval recommend orders.txt --models models/ --json
    """
    from bot.commands.train_recommend import Asked, evaluate_models

    names = tuple(only or ())
    evaluate_models(
        Asked(file, fit.value, texts, names, seed, epochs, device, models, cluster, as_json),
        Settings(),
    )


def related(
    item: Annotated[str, typer.Argument(help="A product's name or id; with FILE, an item's id.")],
    file: File = None,
    k: Annotated[int, typer.Option("-k", min=1, help="So many of each.")] = 5,
) -> None:
    """What goes with an item, and what people take instead of it.

    \b
    shopguide related "NAME OF A PRODUCT"
    shopguide related 4711 orders.txt
    """
    from bot.commands.related import show_related

    show_related(item, file, k, Settings())
