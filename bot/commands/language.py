"""`shopguide train language` and `shopguide sample`: what they ask for; the work is in
train_language.py and llm/small/."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.groups import training
from bot.commands.recommend import AsJson, Device, Seed
from bot.settings import Settings

Folder = Annotated[
    Path | None,
    typer.Option("--out", metavar="FOLDER", help="Where the model goes; default: STATE/language."),
]


@training.command("language")
def train_language(
    steps: Annotated[int, typer.Option(min=1, max=1_000_000, help="Steps of training.")] = 1000,
    width: Annotated[int, typer.Option(min=8, max=4096, help="Numbers a token.")] = 128,
    layers: Annotated[int, typer.Option(min=1, max=64, help="Blocks of attention.")] = 4,
    heads: Annotated[int, typer.Option(min=1, max=64, help="They share the width.")] = 4,
    context: Annotated[int, typer.Option(min=8, max=4096, help="Tokens seen at once.")] = 128,
    seed: Seed = 0,
    device: Device = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted training.")
    ] = False,
    out: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Train a small language model on the shop's pages, products and reviews, and measure it on
    texts that were kept apart.

    \b
    shopguide train language
    shopguide train language --steps 4000 --width 256 --layers 6 --heads 8 --context 256
    shopguide train language --steps 4000 --width 256 --layers 6 --heads 8 --context 256 --resume

    docs/language-model.md says what comes of it.
    """
    if width % heads:
        raise typer.BadParameter(
            f"{heads} heads cannot share a width of {width}; name a width that is a multiple."
        )
    from bot.commands.train_language import Asked, train_model

    settings = Settings()
    shape = (width, layers, heads, context)
    folder = out or settings.language_folder
    train_model(Asked(steps, *shape, seed, device, resume, folder, as_json), settings)


def sample(
    prompt: Annotated[str, typer.Option(help="What the text begins with.")] = "",
    temperature: Annotated[
        float, typer.Option(min=0.0, max=5.0, help="0 takes the likeliest each time.")
    ] = 0.8,
    top_p: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Draw from the likeliest with so much in all.")
    ] = 0.9,
    length: Annotated[int, typer.Option(min=1, max=2000, help="Most tokens.")] = 120,
    seed: Annotated[int, typer.Option(help="The same seed gives the same text.")] = 0,
    model: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Default: STATE/language.")
    ] = None,
) -> None:
    """Write with the language model that was trained. Nothing that it says is checked: it is to
    look at, not to publish.

    \b
    shopguide sample
    shopguide sample --prompt "The tent" --temperature 0.5 --seed 3
    shopguide sample --prompt 帐篷 --top-p 0.8 --length 60
    """
    from llm.small import sampling, store

    network, tokens = store.load(model or Settings().language_folder)
    told = sampling.sample(
        network, tokens, prompt, temperature=temperature, top_p=top_p, length=length, seed=seed
    )
    typer.echo(prompt + told)
