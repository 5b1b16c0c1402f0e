"""The `shopguide` command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer
from pydantic import ValidationError
from rich import filesize
from rich.console import Console
from rich.text import Text

from bot import recommend_cli
from bot.settings import Settings

# Commands import what they run: `shopguide --help` should not wait for PyTorch.
if TYPE_CHECKING:
    from bot.desk import Desk
    from data.models import Attachment, Ticket
    from data.unit_of_work import UnitOfWork

app = typer.Typer(
    help="Shopguide, a customer-service assistant for an online shop, in Chinese and English.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
tickets = typer.Typer(
    help="Conversations that wait for a person or are with one.\n\nExamples: "
    "`shopguide tickets`, `shopguide tickets show 12`, `shopguide tickets take 12 --as 小李`, "
    '`shopguide tickets say 12 "您好"`, `shopguide tickets close 12`.',
    rich_markup_mode=None,
)
app.add_typer(tickets, name="tickets")
app.add_typer(recommend_cli.training, name="train")
app.add_typer(recommend_cli.evaluation, name="eval")
app.command("related")(recommend_cli.related)
channels = typer.Typer(
    help="Messaging platforms: which are on, what could not be delivered.\n\nExamples: "
    "`shopguide channels list`, `shopguide channels retry telegram`, "
    "`shopguide channels code lin.yue@example.com`, `shopguide channels simulate telegram`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(channels, name="channels")


events = typer.Typer(
    help="What customers do in the shop.\n\nExample: `shopguide events sequences steps.parquet`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(events, name="events")


reports = typer.Typer(
    help="What came of things.\n\nExample: `shopguide report recommend`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(reports, name="report")


class Metric(StrEnum):
    clicks = "clicks"
    purchases = "purchases"


class Lang(StrEnum):
    zh = "zh"
    en = "en"
    auto = "auto"


@app.command()
def chat(
    url: Annotated[str, typer.Option(help="A running assistant; without it one is started.")] = "",
    customer: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="Sign in as this customer.")
    ] = None,
    lang: Annotated[Lang, typer.Option(help="Language of the answers.")] = Lang.auto,
    no_color: Annotated[bool, typer.Option("--no-color", help="Without colours.")] = False,
) -> None:
    """Chat in the terminal; in a pipe, one message a line.

    \b
    shopguide chat
    shopguide chat --customer lin.yue@example.com
    shopguide chat --url http://127.0.0.1:8080
    echo "订单满多少包邮？" | shopguide chat
    """
    from bot import shell

    language = None if lang is Lang.auto else cast("Literal['zh', 'en']", lang.value)
    code = shell.chat(
        Settings(), url=url, customer=customer, language=language, colour=not no_color
    )
    raise typer.Exit(code)


@app.command()
def serve(
    traced: Annotated[
        bool, typer.Option("--traced", help="Send what was understood with each answer.")
    ] = False,
) -> None:
    """Run the whole assistant until Ctrl-C: Rasa, the public door and the actions.

    \b
    shopguide serve
    SHOPGUIDE_PORT=9000 SHOPGUIDE_GENERATOR=off shopguide serve
    """
    from bot import system

    system.serve(Settings(), traced=traced)


@app.command()
def gateway() -> None:
    """Run all but Rasa, which runs elsewhere.

    \b
    SHOPGUIDE_RASA_URL=http://rasa:5005 shopguide gateway
    """
    from bot import system

    system.gateway(Settings())


@app.command()
def doctor() -> None:
    """Say what is installed, what is missing, and how to mend it."""
    from install import doctor as checks

    raise typer.Exit(checks.main([]))


@app.command("import")
def import_files(
    folder: Annotated[
        Path, typer.Argument(help="Folder with the CSV files, or the word `events` and a file.")
    ],
    file: Annotated[
        Path | None, typer.Argument(help="After `events`: a CSV or Parquet file.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, store nothing.")
    ] = False,
    timezone: Annotated[
        str, typer.Option(help="The clock of times without an offset.")
    ] = "Asia/Shanghai",
) -> None:
    """Take over a shop's own products, customers, orders and events; all of it, or nothing.

    \b
    shopguide import my-shop/ --dry-run
    shopguide import my-shop/
    shopguide import events clicks.parquet
    """
    from datetime import UTC, datetime

    from data.importer import __main__ as importer

    settings = Settings()
    files = [str(folder), *([str(file)] if file else [])]
    arguments = [*files, "--database", settings.database, "--timezone", timezone]
    code = importer.main(arguments + ["--dry-run"] * dry_run)
    if code == 0 and not dry_run and file is None:
        mark = settings.state / "setup" / "imported"  # install/places.py knows it too
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(f"{datetime.now(UTC).isoformat()}\n", encoding="utf-8")
        typer.echo("`make setup` makes new products known to the assistant; then start it anew.")
    raise typer.Exit(code)


@events.command("sequences")
def write_sequences(
    file: Annotated[Path, typer.Argument(help="A .parquet or .csv file to write.")],
    valid_days: Annotated[int, typer.Option(min=0, help="Days to choose a model by.")] = 14,
    test_days: Annotated[int, typer.Option(min=0, help="Last days, to measure on.")] = 14,
) -> None:
    """What everybody did one after the other, split by time, without a name.

    \b
    shopguide events sequences steps.parquet --valid-days 14 --test-days 14
    """
    from data import sequences

    with _work() as uow:
        frame = sequences.sequences(uow)
    frame = sequences.split(frame, valid_days=valid_days, test_days=test_days)
    sequences.write(frame, file)
    for part in ("train", "valid", "test"):
        rows = frame[frame["split"] == part]
        typer.echo(f"{part}: {len(rows)} steps of {rows['subject'].nunique()} subjects")


@app.command()
def purge(
    days: Annotated[int | None, typer.Option(min=1, help="Instead of SHOPGUIDE_KEEP_DAYS.")] = None,
) -> None:
    """Delete conversations that ended long ago, with their tickets; run it daily.

    \b
    shopguide purge
    shopguide purge --days 30
    """
    from datetime import UTC, datetime, timedelta

    from bot import purge as retention

    settings = Settings()
    before = datetime.now(UTC) - timedelta(days=days or settings.keep_days)
    gone = retention.purge(settings, before)
    typer.echo(
        f"Ended before {before:%Y-%m-%d}: {gone.conversations} conversations, {gone.messages} "
        f"messages, {gone.tickets} tickets and {gone.attachments} files are deleted."
    )


@app.command()
def profile(
    email: str,
    lang: Annotated[Lang, typer.Option(help="Language; auto is the customer's.")] = Lang.auto,
) -> None:
    """What is known of a customer, line by line, with the evidence of each.

    \b
    shopguide profile emma.clarke@example.com
    """
    from bot.actions import dossier
    from data.rules import ShopRules

    settings = Settings()
    language = None if lang is Lang.auto else cast("Literal['zh', 'en']", lang.value)
    with _work() as uow:
        lines = dossier.of_email(uow, email, ShopRules.load(settings.rules), language)
    for line in lines:
        typer.echo(line)


@reports.command("recommend")
def report_recommend(
    experiment: Annotated[
        str | None, typer.Option(help="Its name; the one that is set, else no experiment.")
    ] = None,
    by: Annotated[Metric, typer.Option(help="What the stop rule looks at.")] = Metric.purchases,
    days: Annotated[int, typer.Option(min=1, help="After being shown something first.")] = 7,
) -> None:
    """Click-through, conversion and revenue of recommendations by arm, and whether to stop.

    \b
    shopguide report recommend
    shopguide report recommend --experiment autumn --by clicks --days 14
    """
    from data.experiments import report
    from data.experiments.assignment import Experiment
    from data.rules import ShopRules

    settings = Settings()
    running = Experiment.parse(settings.experiment) if settings.experiment else None
    name = experiment if experiment is not None else running.name if running else ""
    shares = running.arms if running and running.name == name else None
    with _work() as uow:
        found = report.read(uow, name, shares, metric=by.value, window_days=days)
        known = [each or "(none)" for each in uow.impressions.experiments()]
    if not any(arm.people for arm in found.arms):
        typer.echo(f"Nothing was recommended in {name or 'no experiment'}.")
        typer.echo(f"There is something of: {', '.join(known) or 'nothing at all'}.")
        return
    for line in report.told(found, ShopRules.load(settings.rules).shop.currency):
        typer.echo(line)


@tickets.callback(invoke_without_command=True)
def list_tickets(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    waiting = _desk().waiting()
    if not waiting:
        typer.echo("No conversation waits for a person.")
    for ticket in waiting:
        typer.echo(_heading(ticket))
        for line in ticket.transcript[-2:]:
            typer.echo(f"    {line['sender']}: {_short(line['text'])}")


@tickets.command("show")
def show_ticket(number: int) -> None:
    """The whole conversation of a ticket, up to now: `shopguide tickets show 12`."""
    desk = _desk()
    ticket, lines = desk.read(number)
    said = [
        (datetime.fromisoformat(line["at"]), f"{line['sender']}: {line['text']}")
        for line in ticket.transcript
    ]
    said += [(line.created_at, f"{line.sender}: {line.body.get('text', '')}") for line in lines]
    files = desk.files(number)
    said += [(file.created_at, f"customer: [{_file(file)}]") for file in files]
    typer.echo(_heading(ticket))
    for at, words in sorted(said, key=itemgetter(0)):
        typer.echo(f"    {at:%Y-%m-%d %H:%M} {words}")
    if any(file.state == "kept" for file in files):
        typer.echo(f"`shopguide tickets files {number} FOLDER` saves what the customer sent.")


@tickets.command("files")
def save_files(number: int, folder: Path) -> None:
    """Save the pictures, voice messages and files that the customer sent.

    \b
    shopguide tickets files 12 ~/tickets

    The customer chose what is in them: open them with care.
    """
    saved = _desk().save_files(number, folder)
    for path in saved:
        typer.echo(str(path))
    if not saved:
        typer.echo(f"Nothing is kept of ticket {number}.")


@tickets.command("take")
def take_ticket(
    number: int,
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Who the customer sees.")],
) -> None:
    """Take over a conversation: from now on the customer writes to you.

    \b
    shopguide tickets take 12 --as 小李
    """
    _desk().take(number, name)
    typer.echo(f"Ticket {number} is yours. `shopguide tickets say {number} TEXT` answers.")


@tickets.command("say")
def answer_ticket(number: int, text: str) -> None:
    """Write to the customer: `shopguide tickets say 12 "您好，我来帮您看。"`."""
    _desk().say(number, text)


@tickets.command("close")
def close_ticket(number: int) -> None:
    """Give the conversation back to the assistant: `shopguide tickets close 12`."""
    _desk().close(number)
    typer.echo(f"Ticket {number} is closed.")


@channels.command("list")
def list_channels() -> None:
    """Each platform: on or off and why, and what waits there or could not be delivered."""
    from bot.channels import registry

    with _units()() as uow:
        counts = uow.channels.counts()
        dead = uow.channels.dead()
    for state in registry.states():
        waiting = counts.get(state.channel.name, {})
        words = [f"{waiting[kind]} {kind}" for kind in ("unanswered", "waiting", "dead")
                 if waiting.get(kind)]  # fmt: skip
        found = f"on, {state.webhook}" if state.on else f"off: {state.complaint()}"
        typer.echo(f"{state.channel.title:22}  {'; '.join([found, *words])}")
    for letter in dead:
        at = f"{letter.created_at:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"dead letter of {at}, {letter.channel}: {letter.error}")


@channels.command("retry")
def retry_channel(
    name: Annotated[str | None, typer.Argument(help="One platform; without it, all.")] = None,
) -> None:
    """Send again what could not be delivered; a running gateway does so within seconds.

    \b
    shopguide channels retry
    shopguide channels retry telegram
    """
    from datetime import UTC, datetime

    from bot.channels import registry

    known = [channel.name for channel in registry.CHANNELS]
    if name is not None and name not in known:
        raise typer.BadParameter(f"No platform is called {name}; there are {', '.join(known)}.")
    with _units()() as uow:
        revived = uow.channels.revive(name, datetime.now(UTC))
        uow.commit()
    typer.echo(f"{revived} to be sent again." if revived else "There are no dead letters.")


@channels.command("code")
def link_code(email: Annotated[str, typer.Argument(metavar="EMAIL")]) -> None:
    """A one-time code for this customer, to send by e-mail: whoever sends it to the bot on a
    platform is known there as the customer.

    \b
    shopguide channels code lin.yue@example.com
    """
    from bot.channels.linking import Linking

    with _units()() as uow:
        customer = uow.customers.by_email(email)
        if customer is None:
            raise typer.BadParameter("There is no customer with this address.")
        made = Linking(Settings().session_key).code_for(uow, customer)
    typer.echo(f"{made.code}  (until {made.expires_at:%H:%M} UTC)")


@channels.command("simulate")
def simulate_channel(
    name: str,
    url: Annotated[str, typer.Option(help="The running system; empty: by the settings.")] = "",
) -> None:
    """Play a platform in the terminal: a line is what a customer writes there.

    \b
    export SHOPGUIDE_TELEGRAM_API=http://127.0.0.1:8099  # for `shopguide serve` too
    shopguide channels simulate telegram
    """
    from bot.channels.simulate import simulate

    simulate(name, url or Settings().address, typer.echo)


def _units() -> Callable[[], UnitOfWork]:
    from data.database import create_engine, session_factory
    from data.unit_of_work import UnitOfWork

    sessions = session_factory(create_engine(Settings().database))
    return lambda: UnitOfWork(sessions)


def _desk() -> Desk:
    from bot.desk import Desk
    from bot.shared import Shared

    settings = Settings()
    shared = Shared(settings.redis_url) if settings.redis_url else None
    return Desk(_units(), shared)


def _work() -> UnitOfWork:
    from data.unit_of_work import UnitOfWork

    return UnitOfWork.at(Settings().database)


def _heading(ticket: Ticket) -> str:
    state = f"with {ticket.agent}" if ticket.agent and ticket.status == "open" else ticket.status
    return (
        f"#{ticket.id}  {ticket.created_at:%Y-%m-%d %H:%M} UTC  {ticket.reason}  "
        f"{ticket.language}  {state}"
    )


def _file(file: Attachment) -> str:
    match file.state:
        case "kept":
            return f"{file.kind}, {filesize.decimal(file.size or 0)}"
        case "waiting":
            return f"{file.kind}, is being fetched"
    return f"{file.kind}, could not be kept: {file.error}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"{line[:100]}…" if len(line) > 100 else line


def main() -> int:
    """Run the command; a known error is one sentence and exit code 1."""
    try:
        app(prog_name="shopguide")
    except ValidationError as error:
        return _fail("\n".join(_setting(problem) for problem in error.errors()))
    except Exception as error:
        if not isinstance(error, _known()) or os.environ.get("SHOPGUIDE_LOG_LEVEL") == "debug":
            raise
        return _fail(str(error))
    return 0


def _known() -> tuple[type[Exception], ...]:
    from bot.client import ClientError
    from bot.desk import DeskError
    from bot.processes import SystemFailed
    from data.errors import DataError
    from llm.errors import LLMError
    from retrieval.errors import RetrievalError
    from weights.errors import WeightsError

    return (ClientError, DeskError, SystemFailed, DataError, LLMError, RetrievalError, WeightsError)


def _setting(problem: object) -> str:
    found = cast("dict[str, object]", problem)
    place = cast("tuple[str, ...]", found["loc"])
    name = f"SHOPGUIDE_{str(place[0]).upper()}" if place else "A setting"
    return f"{name} is not right: {found['msg']}. Mend it in the environment or in .env."


def _fail(text: str) -> int:
    Console(stderr=True, soft_wrap=True, highlight=False).print(Text(text, style="red"))
    return 1


if __name__ == "__main__":
    sys.exit(main())
