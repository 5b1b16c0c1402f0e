"""The `shopguide` command."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from bot.commands import (
    answers,
    campaign,
    check,
    copy,
    customer,
    evaluate,
    forecast,
    groups,
    knowledge,
    language,
    needs,
    recommend,
    reviews,
    shop,
    tickets,
)
from bot.errors import known_errors
from bot.settings import Settings

# Commands import what they run: `shopguide --help` should not wait for PyTorch.
if TYPE_CHECKING:
    from data.unit_of_work import UnitOfWork

app = typer.Typer(
    help="Shopguide, a customer-service assistant for an online shop, in Chinese and English.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(tickets.tickets, name="tickets")
app.add_typer(groups.training, name="train")
app.add_typer(groups.evaluation, name="eval")
groups.evaluation.command("answers")(evaluate.answers)
app.command("related")(recommend.related)
app.command("sample")(language.sample)
app.command("forecast")(forecast.forecast)
app.command("needs")(needs.needs)
app.command("reviews")(reviews.reviews)
app.command("copy")(copy.copy)
app.command("new-shop")(shop.new_shop)
app.command("check")(check.check)
app.command("index")(knowledge.index)
app.command("sources")(knowledge.sources)
app.add_typer(answers.answers, name="answers")
app.add_typer(campaign.campaign, name="campaign")
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
app.add_typer(customer.customer, name="customer")


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
    from bot.terminal import shell

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
    from bot.commands import serve

    serve.serve(Settings(), traced=traced)


@app.command()
def gateway() -> None:
    """Run all but Rasa, which runs elsewhere.

    \b
    SHOPGUIDE_RASA_URL=http://rasa:5005 shopguide gateway
    """
    from bot.commands import serve

    serve.gateway(Settings())


@app.command()
def doctor() -> None:
    """Say what is installed, what is missing, and how to mend it."""
    from install import doctor as checks

    raise typer.Exit(checks.main([]))


class DecimalMark(StrEnum):
    point = "point"
    comma = "comma"


class DayForm(StrEnum):
    iso = "YYYY-MM-DD"
    american = "MM/DD/YYYY"
    british = "DD/MM/YYYY"
    dotted = "DD.MM.YYYY"


@app.command("import")
def import_files(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="[shopify|woocommerce|events] PATH...",
            help="A folder with files in our form; or a system and what it exported; or events.",
        ),
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="For any other system: our columns from its own."),
    ] = None,
    shop: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The shop's folder, if it is not SHOPGUIDE_SHOP's."),
    ] = None,
    decimal: Annotated[
        DecimalMark | None, typer.Option(help="How amounts are written: 49.95 or 49,95.")
    ] = None,
    dates: Annotated[DayForm | None, typer.Option(help="How days are written.")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of files that are not UTF-8: big5, shift_jis, …")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, store nothing.")
    ] = False,
) -> None:
    """Take over a shop's own products, customers, orders and events; all of it, or nothing.

    Currency, country and time zone are those of the shop's shop.yaml.

    \b
    shopguide import my-shop/ --dry-run
    shopguide import my-shop/
    shopguide import shopify products_export.csv customers_export.csv orders_export.csv
    shopguide import woocommerce exports/ --decimal comma --dates DD.MM.YYYY
    shopguide import --mapping my-system.yaml exports/
    shopguide import events clicks.parquet
    """
    from datetime import UTC

    from data.importer import __main__ as importer

    settings = Settings()
    own = ["--database", settings.database, "--shop", str(shop or settings.shop)]
    arguments = [*map(str, paths), *own]
    for option, value in (
        ("--mapping", mapping),
        ("--decimal", decimal),
        ("--dates", dates),
        ("--encoding", encoding),
    ):
        arguments += [option, str(value)] if value is not None else []
    code = importer.main(arguments + ["--dry-run"] * dry_run)
    if code == 0 and not dry_run and str(paths[0]) != "events":
        mark = settings.state / "setup" / "imported"  # install/places.py knows it too
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(f"{datetime.now(UTC).isoformat()}\n", encoding="utf-8")
        typer.echo(
            "Next: `shopguide check` says what is missing; `make setup` makes what is new known to "
            "the assistant; then start it anew."
        )
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
    from data.rules import ShopRules

    country = ShopRules.load(Settings().shop).shop.country
    with _open_database()() as uow:
        frame = sequences.sequences(uow, country)
    frame = sequences.split(frame, valid_days=valid_days, test_days=test_days)
    sequences.write(frame, file)
    for part in ("train", "valid", "test"):
        rows = frame[frame["split"] == part]
        typer.echo(f"{part}: {len(rows)} steps of {rows['subject'].nunique()} subjects")


@app.command()
def purge(
    days: Annotated[int | None, typer.Option(min=1, help="Instead of SHOPGUIDE_KEEP_DAYS.")] = None,
) -> None:
    """Delete what was kept long enough, each thing by its age; run it daily.

    \b
    shopguide purge
    shopguide purge --days 30

    docs/privacy.md says what is kept how long.
    """
    from datetime import UTC

    from bot.commands import purge as retention

    purged = retention.purge(Settings(), datetime.now(UTC), days=days)
    gone = purged.rows
    typer.echo(
        f"Deleted: {gone.conversations} conversations, {gone.messages} messages, {gone.tickets} "
        f"tickets, {gone.attachments} files, {gone.events} views and searches, "
        f"{gone.undelivered} undelivered, {purged.copies} copies of the database."
    )
    if not purged.clean:
        typer.echo(customer.STILL_OPEN, err=True)
        raise typer.Exit(1)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE.tar.gz", help="Is not there yet.")],
) -> None:
    """Write all that cannot be made again into one file: the shop's database, Rasa's events, and
    the keys of STATE/secrets.json. People may go on talking meanwhile.

    \b
    shopguide backup shop-2026-11-27.tar.gz

    It holds customers' data and keys: keep it where only you can read it, and delete it in time.
    """
    from bot.commands import backup as saving

    saved = saving.backup(Settings(), file)
    keys = "with" if saved.secrets else "without"
    typer.echo(f"Written: {file}, {saved.rows} rows, {saved.events} events, {keys} keys.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE.tar.gz")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete what the databases hold now.")
    ] = False,
) -> None:
    """Put a backup back, into the databases that the settings name; stop the system before.

    \b
    shopguide restore shop-2026-11-27.tar.gz

    A backup of an older version is migrated, one from SQLite goes into PostgreSQL too.
    """
    from bot.commands import backup as saving

    saved = saving.restore(Settings(), file, replace=replace)
    typer.echo(f"Restored: {saved.rows} rows, {saved.events} events.")


@app.command()
def profile(
    email: str,
    lang: Annotated[Lang, typer.Option(help="Language; auto is the customer's.")] = Lang.auto,
) -> None:
    """What is known of a customer, line by line, with the evidence of each.

    \b
    shopguide profile emma.clarke@example.com
    """
    from bot.wording import profile_text
    from bot.wording.phrases import Phrases
    from data.rules import ShopRules
    from data.shop import ShopFolder

    settings = Settings()
    rules = ShopRules.load(settings.shop)
    phrases = Phrases.load(ShopFolder.open(settings.shop))
    language = None if lang is Lang.auto else cast("Literal['zh', 'en']", lang.value)
    with _open_database()() as uow:
        lines = profile_text.of_email(uow, email, rules, phrases, language)
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
    with _open_database()() as uow:
        found = report.read(uow, name, shares, metric=by.value, window_days=days)
        known = [each or "(none)" for each in uow.impressions.experiments()]
    if not any(arm.people for arm in found.arms):
        typer.echo(f"Nothing was recommended in {name or 'no experiment'}.")
        typer.echo(f"There is something of: {', '.join(known) or 'nothing at all'}.")
        return
    for line in report.as_lines(found, ShopRules.load(settings.shop).shop.currency):
        typer.echo(line)


@channels.command("list")
def list_channels() -> None:
    """Each platform: on or off and why, and what waits there or could not be delivered."""
    from bot.channels import registry

    with _open_database()() as uow:
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
    from datetime import UTC

    from bot.channels import registry

    known = [channel.name for channel in registry.CHANNELS]
    if name is not None and name not in known:
        raise typer.BadParameter(f"No platform is called {name}; there are {', '.join(known)}.")
    with _open_database()() as uow:
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
    from data import personal

    with _open_database()() as uow:
        made = Linking(Settings().session_key).code_for(uow, personal.find(uow, email))
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


def _open_database() -> Callable[[], UnitOfWork]:
    from data.unit_of_work import open_database

    return open_database(Settings().database)


def main() -> int:
    """Run the command; a known error is one sentence and exit code 1."""
    os.umask(0o077)  # what is written is the shop's and its customers': nobody else reads it
    try:
        app(prog_name="shopguide")
    except ValidationError as error:
        return _fail("\n".join(_setting(problem) for problem in error.errors()))
    except Exception as error:
        if (
            not isinstance(error, known_errors())
            or os.environ.get("SHOPGUIDE_LOG_LEVEL") == "debug"
        ):
            raise
        return _fail(str(error))
    return 0


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
