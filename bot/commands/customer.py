"""`shopguide customer …`: what is kept of one customer, and the chats in which they are known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.settings import Settings

customer = typer.Typer(
    help="What hangs on one customer: to give out, to erase, and their linked chats.\n\nExamples: "
    "`shopguide customer export lin.yue@example.com`, "
    "`shopguide customer erase lin.yue@example.com`, "
    "`shopguide customer links lin.yue@example.com`, "
    "`shopguide customer unlink lin.yue@example.com 7`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

STILL_OPEN = (
    "Some of it still stands in a database's write-ahead log, which another program was reading "
    "all the time. Run `shopguide purge` when less is going on."
)

_Who = Annotated[
    str, typer.Argument(metavar="EMAIL", help="Or a telephone number, +8613800138000.")
]


@customer.command("export")
def export(
    who: _Who,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.zip", help="Without it, customer-NUMBER.zip.")
    ] = None,
) -> None:
    """Write all that is kept of a customer into a zip: overview.html to read, data.json for
    programs, and the files that they sent.

    \b
    shopguide customer export lin.yue@example.com lin-yue.zip

    Give it only to the customer, on a way that you know to be theirs.
    """
    from bot.commands.takeout import write

    typer.echo(f"Written: {write(Settings(), who, file)}")


@customer.command("erase")
def erase(
    who: _Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete all that names a customer. Their orders stay for the shop's books, as nobody's.

    \b
    shopguide customer erase lin.yue@example.com

    Erase them in the shop's own system first, or its next import brings them back.
    """
    from bot.commands import erasure

    settings = Settings()
    told = erasure.about(settings, who)
    if not yes:
        typer.confirm(f"{told}\nDelete it for good?", abort=True)
    erased = erasure.erase(settings, who)
    typer.echo(
        f"Deleted: {erased.rows} rows, {len(erased.sessions)} conversations and "
        f"{erased.copies} copies of the database. {erased.orders} orders stay, as nobody's."
    )
    if not erased.clean:
        typer.echo(STILL_OPEN, err=True)
        raise typer.Exit(1)


@customer.command("links")
def list_links(who: _Who) -> None:
    """The chats on messaging platforms in which this customer is known, with their numbers.

    \b
    shopguide customer links lin.yue@example.com
    """
    from data import personal
    from data.unit_of_work import open_database

    with open_database(Settings().database)() as uow:
        linked = uow.channels.linked_to(personal.find(uow, who).id)
    for user in linked:
        since = f", since {user.linked_at:%Y-%m-%d %H:%M} UTC" if user.linked_at else ""
        typer.echo(f"{user.id}  {user.channel}{since}")
    if not linked:
        typer.echo("No chat is linked to this customer.")


@customer.command("unlink")
def end_links(
    who: _Who,
    number: Annotated[
        int | None, typer.Argument(help="Of one link, as `links` shows it; without it, all.")
    ] = None,
) -> None:
    """Let chats on messaging platforms be nobody's from now on.

    \b
    shopguide customer unlink lin.yue@example.com
    shopguide customer unlink lin.yue@example.com 7
    """
    from datetime import timedelta

    from bot.channels.linking import Linking
    from bot.channels.people import People
    from data import personal
    from data.unit_of_work import open_database

    settings = Settings()
    people = People(Linking(settings.session_key), timedelta(hours=settings.session_hours))
    with open_database(settings.database)() as uow:
        linked = uow.channels.linked_to(personal.find(uow, who).id)
        ended = [user for user in linked if number in (None, user.id)]
        if number is not None and not ended:
            raise typer.BadParameter(f"This customer has no link {number}.")
        for user in ended:
            people.end_link(user, uow)
        uow.commit()
    typer.echo(f"{len(ended)} ended.")
