"""How the shell shows messages: in colours on a terminal, as plain lines in a pipe."""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from bot.messages import BotMessage, OrderCard, ProductCard
from bot.terminal.client import AnswerEvent
from bot.wording import formats
from bot.wording.facts import order_facts, product_facts, word
from bot.wording.formats import money

_INDENT = " " * 5
_NAMES = {"bot": "bot", "customer": "you"}


@dataclass
class Answered:
    """What one turn brought."""

    messages: list[BotMessage] = field(default_factory=list)
    trace: dict[str, Any] | None = None

    def take(self, event: AnswerEvent) -> None:
        if event.name == "message":
            self.messages.append(BotMessage.model_validate(event.data))
        elif event.name == "trace":
            self.trace = event.data


class Screen(ABC):
    @abstractmethod
    def answer(self, events: Iterable[AnswerEvent]) -> Answered:
        """Show a turn while it comes."""

    @abstractmethod
    def say(self, text: str) -> None:
        """Something of the shell itself, or a refusal."""

    @abstractmethod
    def table(self, rows: Sequence[tuple[str, str]]) -> None:
        """Names with values."""

    @abstractmethod
    def line(self, sender: str, text: str) -> None:
        """An earlier line of the conversation."""


class Terminal(Screen):
    """Text grows in place; what came is printed for good when the turn is over."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def answer(self, events: Iterable[AnswerEvent]) -> Answered:
        answered = Answered()
        waiting = Spinner("dots", style="dim")
        with Live(waiting, console=self._console, transient=True, refresh_per_second=12) as live:
            for event in events:
                if event.name == "delta":
                    live.update(_said(str(event.data["text"])))
                answered.take(event)
        for message in answered.messages:
            self._console.print(rendered(message))
        return answered

    def say(self, text: str) -> None:
        self._console.print(Text(clean(text), style="yellow"))

    def table(self, rows: Sequence[tuple[str, str]]) -> None:
        table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
        table.add_column(style="cyan", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in rows:
            table.add_row(Text(name), Text(clean(value)))
        self._console.print(table)

    def line(self, sender: str, text: str) -> None:
        style = "bold green" if sender == "bot" else "bold"
        self._console.print(Text.assemble((f"{_NAMES[sender]}> ", style), clean(text)))


class Piped(Screen):
    """Each message after `bot> `, its further lines indented; nothing is held back."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def answer(self, events: Iterable[AnswerEvent]) -> Answered:
        answered = Answered()
        for event in events:
            answered.take(event)
        self._write(line for message in answered.messages for line in plain(message))
        return answered

    def say(self, text: str) -> None:
        self._write(_block(text.splitlines()))

    def table(self, rows: Sequence[tuple[str, str]]) -> None:
        self._write(_block([f"{name}: {value}" for name, value in rows]))

    def line(self, sender: str, text: str) -> None:
        first, *more = f"{_NAMES[sender]}> {text}".splitlines()
        self._write([_INDENT + first, *(2 * _INDENT + line for line in more)])

    def _write(self, lines: Iterable[str]) -> None:
        self._output.write("".join(f"{clean(line)}\n" for line in lines))
        self._output.flush()


def clean(text: str) -> str:
    """Without the characters that steer a terminal: a product's text must not move the cursor."""
    return "".join(
        character
        for character in text
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
    )


# On a terminal


def rendered(message: BotMessage) -> RenderableType:
    """The whole message: text, tables, sources and numbered choices."""
    language = message.language
    parts: list[RenderableType] = [_said(message.text)]
    products = [card for card in message.cards if isinstance(card, ProductCard)]
    orders = [card for card in message.cards if isinstance(card, OrderCard)]
    below: list[RenderableType] = []
    if products:
        below.append(_products(products, language))
    below += [_order(order, language) for order in orders]
    if message.table is not None:
        below.append(_facts(message.table.header, message.table.rows))
    for source in message.citations:
        title = f"[{source.number}] {source.title}"
        quote = f"  {_one_line(source.quote)}" if source.quote else ""
        below.append(Text(clean(f"{title}{quote}"), style="dim"))
    if message.buttons:
        below.append(_choices([button.title for button in message.buttons]))
    parts += [Padding(part, (0, 0, 0, len(_INDENT))) for part in below]
    return Group(*parts)


def _said(text: str) -> Table:
    """The prompt, and the text beside it: its further lines stand below its first."""
    grid = Table.grid()
    grid.add_column(width=len(_INDENT), no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text("bot>", style="bold green"), Text(clean(text)))
    return grid


def _products(cards: Sequence[ProductCard], language: str) -> Table:
    reasons = any(card.reason for card in cards)
    table = Table(header_style="cyan", border_style="dim", expand=False)
    table.add_column("#", style="dim")
    table.add_column(word("product", language), overflow="fold")
    table.add_column(word("price", language), justify="right", no_wrap=True)
    table.add_column(word("stock", language), overflow="fold")
    if reasons:
        table.add_column(word("reason", language), overflow="fold")
    for number, card in enumerate(cards, 1):
        name = Text.assemble((clean(card.title), "bold"), "\n", (clean(card.summary), "dim"))
        price = Text(money(card.price, card.currency))
        if card.list_price is not None:
            price.append("\n")
            price.append(money(card.list_price, card.currency), style="dim strike")
        stock = Text(clean(card.stock_text), style="green" if card.in_stock else "red")
        row: list[RenderableType] = [str(number), name, price, stock]
        table.add_row(*row, *([Text(clean(card.reason or ""))] if reasons else []))
    return table


def _order(card: OrderCard, language: str) -> Table:
    table = Table(show_header=False, border_style="dim")
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in order_facts(card, language):
        table.add_row(name, Text(clean(value)))
    return table


def _facts(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(header_style="cyan", border_style="dim")
    for position, name in enumerate(header):
        table.add_column(Text(clean(name)), style="" if position else "bold", overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    return table


def _choices(titles: Sequence[str]) -> Text:
    text = Text()
    for number, title in enumerate(titles, 1):
        text.append(f"{number} ", style="bold cyan")
        text.append(clean(title))
        text.append("   ")
    return text


# In a pipe


def plain(message: BotMessage) -> list[str]:
    """The message as lines, the first after `bot> `."""
    language = message.language
    lines = message.text.splitlines()
    for number, card in enumerate(message.cards, 1):
        if isinstance(card, ProductCard):
            lines.append(f"{number}. {_product_line(card, language)}")
        else:
            colon = formats.colon(language)
            lines += [f"{name}{colon}{value}" for name, value in order_facts(card, language)]
    if message.table is not None:
        lines += [" | ".join(row) for row in (message.table.header, *message.table.rows)]
    for source in message.citations:
        quote = f": {_one_line(source.quote)}" if source.quote else ""
        lines.append(f"[{source.number}] {source.title}{quote}")
    lines += [f"({number}) {button.title}" for number, button in enumerate(message.buttons, 1)]
    return list(_block(lines))


def _product_line(card: ProductCard, language: str) -> str:
    return " · ".join(_one_line(fact) for fact in (card.title, *product_facts(card, language)))


def _block(lines: Sequence[str]) -> Iterator[str]:
    """One reply: `bot> ` before its first line, spaces before the others."""
    for position, line in enumerate(lines or [""]):
        yield (("bot> " if position == 0 else _INDENT) + line).rstrip()


def _one_line(text: str) -> str:
    return " ".join(text.split())
