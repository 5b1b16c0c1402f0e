"""`shopguide answers`: the shop's own answers, which win where a question means the same."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.settings import Settings

if TYPE_CHECKING:
    from data.unit_of_work import UnitOfWork
    from retrieval.types import Language

answers = typer.Typer(
    help="The shop's own answers: one wins where a question means the same.\n\nExamples: "
    '`shopguide answers add "Do you gift-wrap?" "Yes, for $3."`, `shopguide answers list`, '
    '`shopguide answers test "can you wrap it"`, `shopguide answers import faq.csv`, '
    "`shopguide answers from-ticket 12`, `shopguide answers remove 3`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Written(StrEnum):
    zh = "zh"
    en = "en"
    auto = "auto"


_Language = Annotated[Written, typer.Option("--lang", help="auto: what the question is in.")]


@answers.command("add")
def add(question: str, answer: str, lang: _Language = Written.auto) -> None:
    """Write an answer to a question; to the same question again, a new one. A running assistant
    gives it within seconds.

    \b
    shopguide answers add "Do you gift-wrap?" "Yes, for $3; say so when you order."
    """
    with _database() as uow:
        _put(uow, question, answer, lang)
        uow.commit()


@answers.command("list")
def list_answers() -> None:
    """All of them, with the numbers by which they are removed: `shopguide answers list`."""
    with _database() as uow:
        found = uow.curated.all()
    for each in found:
        origin = f"  (ticket {each.ticket})" if each.ticket else ""
        typer.echo(f"{each.id}  {each.language}  {each.question}{origin}")
        typer.echo(f"      {each.answer}")
    if not found:
        typer.echo('There are none. `shopguide answers add "QUESTION" "ANSWER"` writes one.')


@answers.command("test")
def try_question(question: str, lang: _Language = Written.auto) -> None:
    """Which answer a question would get, and how near its question is:
    `shopguide answers test "can you wrap it as a gift"`.
    """
    from bot.bootstrap import curated_answers
    from data.unit_of_work import open_database
    from retrieval.curated import SAME
    from retrieval.embedders import load_embedder
    from weights import locate

    settings = Settings()
    known = curated_answers(
        open_database(settings.database), load_embedder(locate(settings.embedder))
    )
    language = _language(question, lang)
    nearest = known.nearest(question, language)
    if nearest is None:
        typer.echo("There is no answer in this language yet.")
        raise typer.Exit(1)
    typer.echo(f"{nearest.number}  {nearest.question}")
    typer.echo(f"      {nearest.answer}")
    if nearest.wins:
        typer.echo(f"It is given: the questions are {nearest.similarity:.3f} alike.")
        return
    typer.echo(
        f"It is not given: the questions are {nearest.similarity:.3f} alike, of "
        f"{SAME[language]} that are needed, or their figures differ. Add the question in these "
        "words, too, if it is the same."
    )
    raise typer.Exit(1)


@answers.command("import")
def import_answers(file: Path) -> None:
    """Take over many, from CSV or XLSX with the columns question and answer, or from JSONL.

    \b
    shopguide answers import faq.csv
    shopguide answers import faq.jsonl
    """
    from retrieval import formats
    from retrieval.errors import DocumentError
    from retrieval.sections import pack

    if not file.is_file():
        raise typer.BadParameter(f"There is no file {file}.")
    if not formats.readable(file.name):
        raise typer.BadParameter(f"{file} is of no kind that is read: CSV, XLSX or JSONL.")
    try:
        read = formats.read(file.read_bytes(), file.name, _languages()[0])
    except DocumentError as error:
        raise DocumentError(f"{file} {error}") from error
    for note in read.notes:
        typer.echo(f"warning: {file}: {note}", err=True)
    count = 0
    with _database() as uow:
        for section in read.sections:
            if not section.is_pair:
                typer.echo(
                    f"warning: {file}: what is no pair of question and answer was left out.",
                    err=True,
                )
                continue
            question = section.path[-1]
            language = _language(question, Written.auto)
            answer = "\n".join(pack(section.units, language))
            _put(uow, question, answer, Written(language), say=False)
            count += 1
        uow.commit()
    typer.echo(f"{count} answers taken over.")


@answers.command("remove")
def remove(number: int) -> None:
    """Forget one: `shopguide answers remove 3`."""
    with _database() as uow:
        if not uow.curated.remove(number):
            raise typer.BadParameter(
                f"There is no answer {number}. `shopguide answers list` has the numbers."
            )
        uow.commit()
    typer.echo(f"Answer {number} is removed.")


@answers.command("from-ticket")
def from_ticket(
    number: int,
    question: Annotated[
        str | None, typer.Option(help="The question, where it was asked in other words.")
    ] = None,
) -> None:
    """Make an agent's answer the shop's own: the question is what nothing was found for, else what
    the customer wrote last before the agent answered. What says who somebody is is masked; read it
    before you leave it.

    \b
    shopguide answers from-ticket 12
    shopguide answers from-ticket 12 --question "Do you repair zips?"
    """
    from bot.dialogue.desk import DeskError
    from data.masking import mask
    from data.rules import ShopRules

    country = ShopRules.load(Settings().shop).shop.country
    with _database() as uow:
        found = uow.tickets.exchange(number)
        if found is None:
            raise DeskError(
                f"There is no ticket {number}. `shopguide tickets` lists the open ones."
            )
        if not found.answers:
            raise DeskError(f"No agent has answered ticket {number} yet.")
        asked = question or mask(found.question, country)
        if not asked.strip():
            raise DeskError(f"Ticket {number} holds no question; give it by --question.")
        answer = mask("\n".join(found.answers), country)
        _put(uow, asked, answer, Written(found.language), ticket=number)
        uow.commit()


def _put(
    uow: UnitOfWork,
    question: str,
    answer: str,
    lang: Written,
    *,
    ticket: int | None = None,
    say: bool = True,
) -> None:
    if not question.strip() or not answer.strip():
        raise typer.BadParameter("A question and an answer are needed.")
    if len(question) > 500:
        raise typer.BadParameter("A question has 500 characters at most.")
    language = _language(question, lang)
    made = uow.curated.put(language, question, answer, datetime.now(UTC), ticket)
    if say:
        typer.echo(f"{made.id}  {made.language}  {made.question}")
        typer.echo(f"      {made.answer}")


def _language(question: str, lang: Written) -> Language:
    """The language of a question, of those that the shop has."""
    from retrieval.text import detect_language

    if lang is not Written.auto:
        return "zh" if lang is Written.zh else "en"
    known = _languages()
    detected = detect_language(question)
    return next((each for each in known if each == detected), known[0])


def _languages() -> list[Language]:
    from retrieval.build import languages_of

    return languages_of(Settings().shop)


def _database() -> UnitOfWork:
    from data.unit_of_work import open_database

    return open_database(Settings().database)()
