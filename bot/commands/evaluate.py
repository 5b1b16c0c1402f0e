"""`shopguide eval answers`: how well the assistant answers, on the shop that the settings name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.settings import Settings

# What asks and judges takes seconds to import.
if TYPE_CHECKING:
    from bot.evaluation.figures import Figures, Judged

# Wide enough for the table when the output is a file.
_WIDTH = 110
_NOTE = (
    "Score: right less wrong. Refused: of the questions that nothing answers, those that it did "
    "not answer, which is right. Proven: of the right answers that cite, those of which one "
    "citation alone holds all that must be told. From nowhere: of the answers that quote texts, "
    "those with a figure or a product's name that stands neither in what they cite or show nor in "
    "the question; what rules and database work out stands in no text and is not counted there."
)


def answers(
    file: Annotated[
        Path,
        typer.Argument(metavar="QUESTIONS.yaml", help="Questions, and what answers must hold."),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Figures and verdicts, as JSON.")
    ] = None,
) -> None:
    """Ask the questions of a file, and tell how many are answered right, wrong, or not at all.

    \b
    shopguide eval answers questions.yaml
    shopguide eval answers questions.yaml --out figures.json
    SHOPGUIDE_GENERATOR=off shopguide eval answers questions.yaml

    A system of its own is started on a copy of the shop: no conversation and no ticket of it
    reaches the shop itself. docs/benchmarks.md says what the file may hold, for instance:

    \b
    questions:
      - say: ["how much is delivery?"]
        must: ['5\.95']
        cites: [delivery]
        kind: policy
      - say: ["do you repair zips?"]
        answerable: false
    """
    from bot.evaluation.figures import by, count
    from bot.evaluation.measuring import measure
    from bot.evaluation.questions import load
    from weights.progress import shown

    settings = Settings()
    asked = load(file)
    if out is not None and not out.parent.is_dir():
        raise typer.BadParameter(f"There is no folder {out.parent} for {out.name}.")
    with shown() as progress:
        measured = measure(settings, asked, progress)
    judged = measured.judged
    every = count(judged)
    languages = by(judged, lambda each: each.language)
    kinds = by(judged, lambda each: each.question.kind)
    console = Console(width=None if Console().is_terminal else _WIDTH, highlight=False)
    for line in _weak(judged):
        console.print(line, markup=False, soft_wrap=True)
    console.print(_table({"all": every}, languages, kinds))
    console.print(_NOTE, markup=False)
    if measured.generator != settings.generator:
        console.print("The language model could not be loaded: answers quote the shop's texts.")
    if out is not None:
        found = {
            "all": every.plain(),
            "languages": {name: each.plain() for name, each in languages.items()},
            "kinds": {name: each.plain() for name, each in kinds.items()},
            "answers": [_plain(each) for each in judged],
            "about": {
                "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "shop": settings.shop.name,
                "questions": file.name,
                "generator": measured.generator,
            },
        }
        text = json.dumps(found, ensure_ascii=False, indent=2)
        out.write_text(f"{text}\n", encoding="utf-8")
        console.print(f"Written: {out}", markup=False, soft_wrap=True)


def _weak(judged: Sequence[Judged]) -> Iterator[str]:
    """What is not right, and why."""
    for each in judged:
        if each.verdict.faults:
            why = " ".join(each.verdict.faults)
            yield f"{each.question.number}. {each.question} – {each.verdict.outcome}: {why}"
        if each.unsupported:
            named = ", ".join(each.unsupported)
            yield f"{each.question.number}. {each.question} – from nowhere: {named}"


def _table(*groups: dict[str, Figures]) -> Table:
    table = Table()
    table.add_column("")
    for column in ("questions", "right", "wrong", "held back", "score", "refused", "cite", "proven",
                   "from nowhere"):  # fmt: skip
        table.add_column(column, justify="right")
    for group in groups:
        for name, figures in group.items():
            table.add_row(name, *_cells(figures))
        table.add_section()
    return table


def _cells(figures: Figures) -> Iterator[str]:
    plain = (figures.questions, figures.right, figures.wrong, figures.held_back, figures.score)
    yield from map(str, plain)
    yield _part(figures.refused, figures.unanswerable)
    yield str(figures.cited)
    yield _part(figures.proven, figures.provable)
    yield _part(figures.unsupported, figures.quoting)


def _part(part: int, whole: int) -> str:
    return f"{part} of {whole}" if whole else "–"


def _plain(judged: Judged) -> dict[str, Any]:
    question, verdict = judged.question, judged.verdict
    return {
        "entry": question.number,
        "say": question.say,
        "kind": question.kind,
        "language": judged.language,
        "outcome": verdict.outcome,
        "faults": list(verdict.faults),
        "cites": list(judged.cites),
        "proven": verdict.proven,
        "unsupported": None if judged.unsupported is None else list(judged.unsupported),
        "text": judged.text,
    }
