"""`shopguide train` and `shopguide eval`: groups of commands that several modules add to."""

from __future__ import annotations

import typer

training = typer.Typer(help="Train models.", no_args_is_help=True, rich_markup_mode=None)
evaluation = typer.Typer(
    help="Measure how well the assistant answers, and its models.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
