"""What the bot says, as far as a platform can show it: one rule for each kind of content.

    text        cut at sentences under the platform's limit
    buttons     the platform's own; when they are too many or too long, numbered lines, and the
                customer writes the number
    cards       the platform's own when it has such; else a block of lines each
    table       a block a row: its name, then "column: value"
    citations   a line each at the end, with a link where there is one

A piece of the result is one message of the platform, made of lines of spans: each platform writes
them in its own dialect (`Markup`), escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

from bot.channels.split import Measure, split
from bot.messages import BotMessage, Button, OrderCard, ProductCard
from bot.wording.facts import order_facts, product_facts
from bot.wording.formats import colon
from bot.wording.phrases import phrase

# Platforms show JPEG and PNG; some refuse the whole message for another picture.
_UNSEEN = re.compile(r"\.(?:svg|webp|avif|gif|bmp|tiff?|heic)(?:[?#]|$)", re.I)


@dataclass(frozen=True)
class Span:
    """Words in one style. `url` is http(s) or ""."""

    text: str
    bold: bool = False
    url: str = ""


TextLine = tuple[Span, ...]


def _same(text: str) -> str:
    return text


def _address_behind(text: str, url: str) -> str:
    return f"{text} {url}"


@dataclass(frozen=True)
class Markup:
    """How a platform writes: `escape` makes words harmless, the others take escaped words. A
    platform without a dialect keeps the defaults: plain words, addresses behind them."""

    escape: Callable[[str], str] = _same
    bold: Callable[[str], str] = _same
    link: Callable[[str, str], str] = _address_behind

    def line(self, line: TextLine) -> str:
        return "".join(self.span(span) for span in line)

    def span(self, span: Span) -> str:
        words = self.escape(span.text)
        words = self.bold(words) if span.bold else words
        return self.link(words, span.url) if span.url else words

    def text(self, lines: Sequence[TextLine]) -> str:
        return "\n".join(self.line(line) for line in lines)


PLAIN = Markup()


@dataclass(frozen=True)
class Capabilities:
    """What a platform shows, and how much of it.

    `text` is the longest text by `measure` of what is sent, escapes included. `buttons` may stand
    under a text, with a title of `button_title` characters (longer ones are cut) and a payload of
    `button_payload` bytes (of longer ones there is no button). With `says_title`, a pressed button
    writes its title: those that mean anything else are none. `cards` may stand in one native
    group; 0: as text, as is a card whose title or line of facts is longer than `card_text`. With
    `edit_every_s`, growing text is shown by editing a message, so often at most."""

    text: int
    measure: Measure = len
    markup: Markup = PLAIN
    buttons: int = 0
    button_title: int = 20
    button_payload: int = 64
    says_title: bool = False
    cards: int = 0
    card_text: int | None = None
    edit_every_s: float | None = None


@dataclass(frozen=True)
class Card:
    """A product or an order, for platforms with cards. `url` and `image` are absolute or "";
    `image` is none of those that platforms do not show."""

    title: str
    facts: tuple[str, ...]
    url: str = ""
    image: str = ""

    @property
    def line(self) -> str:
        """The facts in one line."""
        return " · ".join(self.facts)

    def fits(self, able: Capabilities) -> bool:
        """Whether the platform shows it as a card of its own."""
        most = able.card_text
        short = most is None or all(able.measure(text) <= most for text in (self.title, self.line))
        return able.cards > 0 and short


@dataclass(frozen=True)
class Piece:
    """One message of the platform: lines with buttons under them, or a group of cards."""

    lines: tuple[TextLine, ...] = ()
    buttons: tuple[Button, ...] = ()
    cards: tuple[Card, ...] = ()

    def text(self, markup: Markup = PLAIN) -> str:
        return markup.text(self.lines)


def degrade(message: BotMessage, able: Capabilities, public_url: str = "") -> list[Piece]:
    """The message in pieces that the platform can show; the buttons stand under the last one.
    Links and pictures of the shop's own pages need `public_url`."""
    blocks = [_plain(message.text)] if message.text.strip() else []
    if message.table is not None:
        for row in message.table.rows:
            named = zip(message.table.header[1:], row[1:], strict=True)
            facts = (f"{name}{colon(message.language)}{value}" for name, value in named)
            blocks.append(((Span(row[0], bold=True),), *((Span(fact),) for fact in facts)))
    shown = [card_of(card, message.language, public_url) for card in message.cards]
    cards = [card for card in shown if card.fits(able)]
    written = [card for card in shown if not card.fits(able)]
    numbered = len(written) if len(written) > 1 else 0
    blocks += [
        _card_lines(card, f"{number}. " if numbered else "")
        for number, card in enumerate(written, 1)
    ]
    below = [
        (Span(f"[{cited.number}] "), Span(cited.title, url=_absolute(cited.url, public_url)))
        for cited in message.citations
    ]
    if below:
        blocks.append(tuple(below))
    native = fits(message.buttons, able)
    if message.buttons and not native:
        blocks.append(tuple((Span(line),) for line in numbered_lines(message, numbered + 1)))
    pieces = [Piece(lines) for lines in _packed(blocks, able)]
    groups = range(0, len(cards), max(able.cards, 1))
    pieces += [Piece(cards=tuple(cards[n : n + able.cards])) for n in groups]
    if native and message.buttons:
        buttons = tuple(_cut(button, able.button_title) for button in message.buttons)
        if not pieces or pieces[-1].cards:
            pieces.append(Piece(((Span(phrase("channel.choose", message.language)),),), buttons))
        else:
            pieces[-1] = Piece(pieces[-1].lines, buttons)
    return pieces


def fits(buttons: Sequence[Button], able: Capabilities) -> bool:
    """Whether the platform shows these as buttons of its own."""
    return len(buttons) <= able.buttons and all(
        len(button.payload.encode()) <= able.button_payload
        and (not able.says_title or button.payload == button.title[: able.button_title])
        for button in buttons
    )


def choices(messages: Sequence[BotMessage], able: Capabilities) -> list[str]:
    """What the numbers in the last of the messages stand for, of its cards first; empty when it
    shows none."""
    if not messages:
        return []
    message = messages[-1]
    shown = (card_of(card, message.language, "") for card in message.cards)
    written = [card.title for card in shown if not card.fits(able)]
    numbered = written if len(written) > 1 else []
    if fits(message.buttons, able):
        return numbered
    return numbered + [button.payload for button in message.buttons]


def numbered_lines(message: BotMessage, first: int = 1) -> Iterator[str]:
    """The buttons by numbers, which go on behind those of the cards: one number means one thing."""
    yield phrase("channel.by_number", message.language)
    for number, button in enumerate(message.buttons, first):
        yield f"({number}) {button.title}"


def card_of(card: ProductCard | OrderCard, language: str, public_url: str) -> Card:
    """What a card tells, in the words that the shell uses too."""
    if isinstance(card, ProductCard):
        url, image = (_absolute(place or "", public_url) for place in (card.url, card.image))
        facts = tuple(product_facts(card, language))
        return Card(card.title, facts, url, "" if _UNSEEN.search(image) else image)
    named = [f"{name}{colon(language)}{value}" for name, value in order_facts(card, language)]
    return Card(named[0], tuple(named[1:]))


def _card_lines(card: Card, number: str) -> tuple[TextLine, ...]:
    title = Span(card.title, bold=True, url=card.url)
    return ((Span(number), title), *((Span(fact),) for fact in card.facts))


def _plain(text: str) -> tuple[TextLine, ...]:
    return tuple((Span(line),) for line in text.strip().split("\n"))


def _absolute(url: str, public_url: str) -> str:
    whole = urljoin(f"{public_url}/", url) if url and public_url else url
    return whole if whole.startswith(("https://", "http://")) else ""


def _cut(button: Button, most: int) -> Button:
    if len(button.title) <= most:
        return button
    return Button(title=f"{button.title[: most - 1].rstrip()}…", payload=button.payload)


def _packed(
    blocks: Sequence[tuple[TextLine, ...]], able: Capabilities
) -> Iterator[tuple[TextLine, ...]]:
    """Lines together as long as they fit, an empty line between blocks; a block starts a new piece
    when it fits there whole."""

    def size(lines: Sequence[TextLine]) -> int:
        return able.measure(able.markup.text(lines))

    packed: list[TextLine] = []
    for block in blocks:
        joined = [*packed, *([()] if packed else []), *block]
        if size(joined) <= able.text:
            packed = joined
            continue
        if packed:
            yield tuple(packed)
            packed = []
        for line in (short for whole in block for short in _short_lines(whole, able)):
            if packed and size([*packed, line]) > able.text:
                yield tuple(packed)
                packed = []
            packed.append(line)
    if packed:
        yield tuple(packed)


def _short_lines(line: TextLine, able: Capabilities) -> Iterator[TextLine]:
    """The line, or where it is too long alone its words cut up, each span for itself. A link that
    does not fit even so is left out, its words stay."""
    if able.measure(able.markup.line(line)) <= able.text:
        yield line
        return
    for span in line:
        whole = (span,)
        if able.measure(able.markup.line(whole)) <= able.text:
            if span.text.strip():
                yield whole
            continue
        for part in split(span.text, able.text, _measure(span.bold, able)):
            yield (Span(part, span.bold),)


def _measure(bold: bool, able: Capabilities) -> Measure:
    return lambda text: able.measure(able.markup.span(Span(text, bold)))
