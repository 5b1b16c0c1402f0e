"""`shopguide campaign …`: whom the shop writes to and with what, personal coupons, and whether it
worked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.commands.campaigning import Desk
    from data.campaigns.running import Audience

campaign = typer.Typer(
    help="Whom the shop writes to and with what, personal coupons, and whether it worked.\n\n"
    "Examples: `shopguide campaign new back.yaml --dry-run`, `shopguide campaign audience back`, "
    "`shopguide campaign run back`, `shopguide campaign report back`, `shopguide campaign stop "
    "back`, `shopguide campaign redeem CODE ORDER`. docs/marketing-campaigns.md shows a plan.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be, change nothing.")]
_Name = Annotated[str, typer.Argument(metavar="NAME")]
_SHOWN = 5


@campaign.command("new")
def new(
    file: Annotated[Path, typer.Argument(metavar="PLAN.yaml")], dry_run: _DryRun = False
) -> None:
    """Check a plan and store it as a draft. Nobody is chosen or written to yet.

    \b
    shopguide campaign new back.yaml --dry-run
    shopguide campaign new back.yaml
    """
    plan = _desk().new(file, dry_run=dry_run)
    if dry_run:
        typer.echo(f"{file} is right; nothing was stored.")
        return
    typer.echo(f"{plan.name} is a draft. Next: `shopguide campaign audience {plan.name}`.")


@campaign.command("list")
def list_campaigns() -> None:
    """All campaigns, with what of their budgets is used or promised: `shopguide campaign list`."""
    with _desk().open() as uow:
        found = uow.campaigns.all()
    for each in found:
        begun = f"{each.begun_at:%Y-%m-%d %H:%M} UTC" if each.begun_at else "–"
        typer.echo(
            f"{each.name}  {each.state}  {begun}  {each.reserved} of {each.budget} {each.currency}"
        )
    if not found:
        typer.echo("There is none. `shopguide campaign new PLAN.yaml` stores one.")


@campaign.command("audience")
def audience(
    plan: Annotated[str, typer.Argument(metavar="NAME|PLAN.yaml")],
    show: Annotated[int, typer.Option(min=0, help="So many of them, with why.")] = _SHOWN,
) -> None:
    """Whom a campaign would be for, now, and why; changes nothing.

    \b
    shopguide campaign audience back
    shopguide campaign audience back.yaml --show 20
    """
    from data.campaigns.running import expected_cost

    desk = _desk()
    wanted = desk.plan_of(plan)
    found = desk.audience(wanted, lambda line: typer.echo(line, err=True))
    typer.echo(
        f"{len(found.chosen)} customers of {len(found.eligible)} who may be written to; "
        f"{found.fitting} meet the rules."
    )
    if found.unmoved:
        typer.echo(f"{found.unmoved} left out: with them a coupon is not expected to pay.")
    if found.beyond:
        typer.echo(f"{found.beyond} left out: the budget does not reach them.")
    if wanted.coupon is not None:
        cost = expected_cost(wanted, len(found.chosen))
        typer.echo(f"Coupons for them cost {cost} {desk.rules.shop.currency} at most.")
    for line in _groups(found):
        typer.echo(line)
    for each in found.chosen[:show]:
        profile = each.profile
        why = desk.text("en").why(each.why)
        typer.echo(
            f"  {profile.customer_id}  recency {profile.recency} frequency {profile.frequency} "
            f"money {profile.money}  {profile.value:.0f} a year: {why}"
        )


def _groups(found: Audience) -> Sequence[str]:
    """How evenly groups are chosen that nobody can be chosen by."""
    lines = []
    for language in sorted({each.language for each in found.eligible}):
        of_all = sum(each.language == language for each in found.eligible)
        chosen = sum(each.profile.language == language for each in found.chosen)
        lines.append(f"language {language}: {chosen} of {of_all} ({chosen / of_all:.0%})")
    return lines


@campaign.command("run")
def run(name: _Name, dry_run: _DryRun = False) -> None:
    """Choose the members of a draft and write to whom is due. Run it again, hourly say, until all
    are: quiet hours and caps leave some for later, and nobody is written to twice.

    \b
    shopguide campaign run back --dry-run
    shopguide campaign run back
    """

    def tell(line: str) -> None:
        typer.echo(line, err=True)

    found = _desk().run(name, tell, dry_run=dry_run, progress=tell)
    for what, count in sorted(found.items()):
        typer.echo(f"{count}  {what}")
    if not found:
        typer.echo("Nobody is left to write to.")
    if dry_run:
        typer.echo("Nothing was stored or sent.")


@campaign.command("report")
def show_report(
    name: _Name,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
) -> None:
    """What came of it, beside those who were held out, and how evenly it fell.

    \b
    shopguide campaign report back
    shopguide campaign report back --json
    """
    from data.campaigns import report

    desk = _desk()
    with desk.open() as uow:
        found = report.read(uow, uow.campaigns.get(name), desk.policy, desk.clock())
    if not any(arm.members for arm in found.arms):
        typer.echo(f"{name} has no members yet. `shopguide campaign run {name}` chooses them.")
        return
    if as_json:
        typer.echo(json.dumps(report.as_figures(found), ensure_ascii=False, default=str, indent=1))
        return
    for line in report.as_lines(found):
        typer.echo(line)


@campaign.command("stop")
def stop(
    name: _Name,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="End open coupons, too, which were promised.")
    ] = False,
    dry_run: _DryRun = False,
) -> None:
    """Write to nobody any more. Open coupons stay good, unless they are withdrawn.

    \b
    shopguide campaign stop back
    shopguide campaign stop back --withdraw
    """
    desk = _desk()
    with desk.open() as uow:
        gone = uow.campaigns.stop(uow.campaigns.get(name), desk.clock(), withdraw=withdraw)
        if not dry_run:
            uow.commit()
    told = f"{name} would be" if dry_run else f"{name} is"
    typer.echo(f"{told} stopped; {gone} coupons withdrawn.")


@campaign.command("remove")
def remove(
    name: _Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: _DryRun = False,
) -> None:
    """Delete a campaign with its members and coupons: `shopguide campaign remove back`."""
    desk = _desk()
    with desk.open() as uow:
        found = uow.campaigns.get(name)
        people = len(uow.campaigns.members(found))
        coupons = len(uow.campaigns.coupons(found))
        told = f"{name}, with {people} members and {coupons} coupons"
        if dry_run:
            typer.echo(f"{told}, would be deleted.")
            return
        if not yes:
            typer.confirm(f"Delete {told}?", abort=True)
        uow.campaigns.remove(found)
        uow.commit()
    typer.echo(f"{told}, is deleted.")


@campaign.command("coupons")
def list_coupons(who: Annotated[str, typer.Argument(metavar="EMAIL")]) -> None:
    """A customer's coupons that can be used now: `shopguide campaign coupons lin@example.com`."""
    from data import personal

    desk = _desk()
    with desk.open() as uow:
        found = uow.campaigns.open_coupons(personal.find(uow, who).id, desk.clock())
    typer.echo(desk.text("en").coupons(found) if found else "This customer has no coupon.")


@campaign.command("redeem")
def redeem(
    code: Annotated[str | None, typer.Argument(metavar="CODE")] = None,
    order: Annotated[str | None, typer.Argument(metavar="ORDER")] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Many: the columns code and order.")
    ] = None,
    dry_run: _DryRun = False,
) -> None:
    """Note that coupons were used for orders, after these were imported; all of them, or none.

    \b
    shopguide campaign redeem 7KQ2MXWB4T SP20417388
    shopguide campaign redeem --file used.csv --dry-run
    """
    from bot.commands.campaigning import pairs_of

    if file is not None and code is None:
        pairs = pairs_of(file)
    elif code is not None and order is not None and file is None:
        pairs = [(code, order)]
    else:
        raise typer.BadParameter("Give CODE and ORDER, or --file FILE.csv.")
    desk = _desk()
    taken = desk.redeem(pairs, dry_run=dry_run)
    told = "would take off" if dry_run else "took off"
    typer.echo(f"{len(pairs)} coupons {told} {taken} {desk.rules.shop.currency}.")


@campaign.command("agree")
def agree(
    addresses: Annotated[list[str] | None, typer.Argument(metavar="EMAIL…")] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Many: the column email.")
    ] = None,
    dry_run: _DryRun = False,
) -> None:
    """Note who agreed, in the shop, to get campaigns by e-mail and on platforms. A customer's own
    no stays.

    \b
    shopguide campaign agree lin.yue@example.com
    shopguide campaign agree --file newsletter.csv --dry-run
    """
    _say(addresses, file, wanted=True, dry_run=dry_run)


@campaign.command("refuse")
def refuse(
    addresses: Annotated[list[str] | None, typer.Argument(metavar="EMAIL…")] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Many: the column email.")
    ] = None,
    dry_run: _DryRun = False,
) -> None:
    """Note who wants no campaigns, and is in none any more: `shopguide campaign refuse EMAIL`."""
    _say(addresses, file, wanted=False, dry_run=dry_run)


def _say(addresses: list[str] | None, file: Path | None, *, wanted: bool, dry_run: bool) -> None:
    from bot.commands.campaigning import addresses_of

    named = [*(addresses or []), *(addresses_of(file) if file else [])]
    if not named:
        raise typer.BadParameter("Name customers by their e-mail addresses, or a --file.")
    left = _desk().agree(named, wanted=wanted, own=not wanted, dry_run=dry_run)
    for line in left:
        typer.echo(line, err=True)
    told = "would be noted" if dry_run else "noted"
    typer.echo(f"{len(named) - len(left)} {told}.")


def _desk() -> Desk:
    from bot.commands.campaigning import Desk

    return Desk(Settings())
