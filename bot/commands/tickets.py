"""`shopguide tickets`: conversations that wait for a person or are with one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import filesize

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.dialogue.desk import Desk
    from data.models import Attachment, ChatMessage, Ticket
    from data.repositories import Asker
    from data.rules import ShopRules

tickets = typer.Typer(
    help="Conversations that wait for a person or are with one.\n\nExamples: "
    "`shopguide tickets`, `shopguide tickets --follow`, `shopguide tickets show 12`, "
    "`shopguide tickets take 12 --as 小李`, "
    '`shopguide tickets say 12 "您好" --as 小李`, `shopguide tickets close 12`.',
    rich_markup_mode=None,
)

_FOLLOW_S = 1.0  # as often as gateways without Redis look for agents' lines
_Agent = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Who the customer sees; else SHOPGUIDE_AGENT."),
]

# How a session got to be a customer's; data/access.py writes them.
_PROOFS = {
    "sign_in": "signed in",
    "email_code": "code by e-mail",
    "link": "linked account",
}
# What became of a ticket beside words; bot/dialogue/desk.py writes them.
_EVENTS: dict[str, str] = {
    "ended": "the customer has ended the conversation, and reads nothing more here",
    "withdrawn": "the customer needs no person any more",
    "contact": "the customer has left an address",
    "taken_over": "{by} has taken over from {of}",
}


@tickets.callback(invoke_without_command=True)
def list_tickets(
    context: typer.Context,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on, and show what comes. Ends with Ctrl-C.")
    ] = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    desk = _desk()
    waiting = desk.waiting()
    askers = desk.askers(waiting)
    if not waiting:
        typer.echo("No conversation waits for a person.")
    for ticket in waiting:
        _tell(desk, ticket, askers.get(ticket.id), masked=True)
        for line in ticket.transcript[-2:]:
            typer.echo(f"    {line['sender']}: {_short(line['text'])}")
    if follow:
        _follow(desk)


@tickets.command("show")
def show_ticket(number: int) -> None:
    """The whole conversation of a ticket, up to now: `shopguide tickets show 12`."""
    desk = _desk()
    ticket, lines = desk.read(number)
    said = [
        (datetime.fromisoformat(line["at"]), f"{line['sender']}: {line['text']}")
        for line in ticket.transcript
    ]
    said += [(line.created_at, _words(line)) for line in lines]
    files = desk.files(number)
    said += [(file.created_at, f"customer: [{_file(file)}]") for file in files]
    said += [(datetime.fromisoformat(each["at"]), _event(each)) for each in ticket.events or ()]
    _tell(desk, ticket, desk.askers([ticket]).get(number), masked=False)
    local = _rules().local
    for at, words in sorted(said, key=itemgetter(0)):
        # Somebody who writes lines of several must not be able to forge lines of others.
        first, *more = words.splitlines() or [""]
        typer.echo(f"    {local(at):%Y-%m-%d %H:%M} {first}")
        for line in more:
            typer.echo(f"{'':20} │ {line}")
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
def take_ticket(number: int, name: _Agent = None) -> None:
    """Take over a conversation: from now on the customer writes to you.

    \b
    shopguide tickets take 12 --as 小李
    """
    _desk().take(number, _me(name))
    typer.echo(f"Ticket {number} is yours. `shopguide tickets say {number} TEXT` answers.")


@tickets.command("say")
def answer_ticket(
    number: int,
    text: str,
    name: _Agent = None,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Also where another agent has taken it.")
    ] = False,
) -> None:
    """Write to the customer of a ticket that you took.

    \b
    shopguide tickets say 12 "您好，我来帮您看。" --as 小李
    """
    desk = _desk()
    desk.say(number, text, _me(name), take_over=take_over)
    _tell_when_it_goes(desk, number)


@tickets.command("close")
def close_ticket(number: int) -> None:
    """Give the conversation back to the assistant: `shopguide tickets close 12`."""
    desk = _desk()
    desk.close(number)
    typer.echo(f"Ticket {number} is closed.")
    _tell_when_it_goes(desk, number)


def _me(name: str | None) -> str:
    return name if name is not None else Settings().agent


def _tell_when_it_goes(desk: Desk, number: int) -> None:
    """Gateways look every second, or are told at once."""
    if not desk.taken_up(number, within_s=3):
        typer.echo(
            "No gateway has taken it up. It is stored, and goes out when one runs: shopguide serve."
        )


def _follow(desk: Desk, look: Callable[[], object] = lambda: time.sleep(_FOLLOW_S)) -> None:
    """Tell of tickets and of customers' lines as they come, until somebody ends it."""
    news = _news(desk)
    try:
        for told in news:
            if told is None:
                look()
            else:
                typer.echo(told)
    except KeyboardInterrupt:
        return


def _news(desk: Desk) -> Iterator[str | None]:
    """What comes, line by line; None when nothing more has come since the last look."""
    known: dict[int, tuple[int, int]] | None = None
    local = _rules().local
    while True:
        now: dict[int, tuple[int, int]] = {}
        for ticket in desk.waiting():
            lines = desk.customer_lines(ticket)
            events = ticket.events or []
            now[ticket.id] = (len(lines), len(events))
            if known is None:
                continue
            seen = known.get(ticket.id)
            if seen is None:
                asker = desk.askers([ticket]).get(ticket.id)
                yield "\n".join(_lines(desk, ticket, asker, masked=True))
                continue
            for line in lines[seen[0] :]:
                words = _short(str(line.body.get("text", "")))
                yield f"#{ticket.id}  {local(line.created_at):%H:%M} customer: {words}"
            for each in events[seen[1] :]:
                yield f"#{ticket.id}  {_event(each)}"
        known = now
        yield None


def _desk() -> Desk:
    from bot.dialogue.desk import Desk
    from bot.runtime.redis_link import RedisLink
    from data.unit_of_work import open_database

    settings = Settings()
    redis_link = RedisLink(settings.redis_url) if settings.redis_url else None
    return Desk(open_database(settings.database), redis_link)


def _rules() -> ShopRules:
    from data.rules import ShopRules

    return ShopRules.load(Settings().shop)


def _tell(desk: Desk, ticket: Ticket, asker: Asker | None, *, masked: bool) -> None:
    for line in _lines(desk, ticket, asker, masked=masked):
        typer.echo(line)


def _lines(desk: Desk, ticket: Ticket, asker: Asker | None, *, masked: bool) -> Iterator[str]:
    """Who asks, and what an agent wants to know before they answer."""
    yield _heading(ticket, asker)
    if ticket.contact:
        yield f"    to be reached at {_short(ticket.contact) if masked else ticket.contact}"
    if orders := desk.orders(ticket):
        told = ", ".join(f"{order.number} ({order.status.value})" for order in orders)
        yield f"    latest orders: {told}"
    page: dict[str, Any] = ticket.page or {}
    if page:
        # Words of a page that somebody else may have made: on one line, and no longer than one.
        parts = [page.get("title"), page.get("url"), page.get("language")]
        yield f"    on the page {_short('  '.join(' '.join(str(p).split()) for p in parts if p))}"


def _who(asker: Asker | None) -> str:
    if asker is None:
        return "not known"
    proof = _PROOFS.get(asker.identified_by) or (
        asker.identified_by.replace("_", " and ", 1).replace("_", " ")
    )
    return f"{' '.join(asker.name.split())} ({proof})"


def _heading(ticket: Ticket, asker: Asker | None) -> str:
    """In the shop's own time."""
    state = ticket.status
    if ticket.status == "open" and ticket.agent:
        state = f"with {ticket.agent}"
    elif ticket.status == "open" and ticket.waiting_since is None:
        state = "noted, nobody waits"
    rules = _rules()
    return (
        f"#{ticket.id}  {rules.local(ticket.created_at):%Y-%m-%d %H:%M} "
        f"{rules.shop.timezone}  {ticket.reason}  {ticket.language}  {state}  {_who(asker)}"
    )


def _words(line: ChatMessage) -> str:
    names: Sequence[dict[str, Any]] = line.body.get("files") or ()
    sent = "".join(f" [{each['kind']}]" for each in names)
    return f"{line.sender}: {line.body.get('text', '')}{sent}"


def _event(event: dict[str, Any]) -> str:
    told = _EVENTS.get(event["kind"], event["kind"])
    return f"— {told.format(**event)}"


def _file(file: Attachment) -> str:
    match file.state:
        case "kept":
            named = f", “{' '.join(file.name.split())}”" if file.name else ""
            return f"{file.kind}, {filesize.decimal(file.size or 0)}{named}"
        case "waiting":
            return f"{file.kind}, is being fetched"
    return f"{file.kind}, could not be kept: {file.error}"


def _short(text: str) -> str:
    from data.masking import mask

    line = " ".join(mask(text, _rules().shop.country).split())
    return f"{line[:100]}…" if len(line) > 100 else line
