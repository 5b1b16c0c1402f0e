"""Which size somebody takes: the row of the shop's own size chart that their figures stand in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from bot.actions.stock import Stock
from bot.dialogue import references
from bot.dialogue.turn import Turn
from bot.understanding import body, colours, options
from bot.understanding.body import Body, Part
from bot.understanding.quantities import UNDATED, read, units
from bot.wording import formats, views
from data.models import Product
from llm.types import Citation
from retrieval.passages import PassageStore
from retrieval.types import Passage

_ACTS = frozenset({"product_question", "product_search", "stock_check", "recommend", "compare",
                   "policy_question", "out_of_scope", "nlu_fallback"})  # fmt: skip
_FEWEST_ROWS = 3  # of a chart
_BORDER = 2  # sizes that share the figure at which one ends and the other begins
_PARTS: tuple[Part, ...] = ("height", "weight", "chest", "waist")


@dataclass(frozen=True)
class _Row:
    """A line of a chart: `label` as it is written ("Size XL"), and from where to where each part
    of the body reaches, in centimetres and kilograms."""

    line: str
    label: str
    ranges: Mapping[Part, tuple[Decimal, Decimal]]


def answered(turn: Turn) -> bool:
    """Name the size; False, and nothing said, where none is asked, no figures are given, or no
    chart of the shop has the sizes that the product comes in."""
    if turn.request.act not in _ACTS or not body.asks_size(turn.text):
        return False
    about = references.product_in_question(turn)
    told = body.told(turn.text)
    product = turn.services.catalogue.get(about or "")
    if not told.figures:
        return False
    if product is None:
        return _said_of_any(turn, told)
    chart = _chart(turn, product, told)
    if chart is None:
        return False
    passage, rows = chart
    found = _found(rows, told)
    if not found:
        return False
    weightless = "weight" in told.figures and not any("weight" in row.ranges for row in rows)
    _say(turn, product, passage, found, weightless=weightless)
    return True


def _found(rows: Sequence[_Row], told: Body) -> list[tuple[Part, list[_Row]]]:
    return [(part, those) for part in _PARTS if (those := _rows(rows, part, told))]


def _said_of_any(turn: Turn, told: Body) -> bool:
    """The size by the shop's charts, where no product is spoken of: by the chart for those who are
    spoken of, by each where that is not told."""
    charts = [
        (passage, found)
        for passage, rows in _charts(turn.services.retriever.index.passages)
        if passage.language == turn.language and (found := _found(rows, told))
    ]
    if told.woman or told.man:
        own = [c for c in charts if body.is_for_women(c[0].heading) is told.woman]
        charts = own[:1]
    lines: list[str] = []
    citations: list[Citation] = []
    for passage, found in charts:
        for part, rows in found:
            number = len(citations) + 1
            said = [row.label.split()[-1] for row in rows]
            name = passage.heading.split(" > ")[-1]
            text = _by(turn, part, said, "chart", name)
            citations.append(Citation(number, passage.title, passage.source, rows[0].line, ""))
            lines.append(formats.marked(text, [number], turn.language))
    if not lines:
        return False
    turn.say("\n".join(lines), citations=[views.citation_view(each) for each in citations])
    return True


def _by(turn: Turn, part: Part, sizes: Sequence[str], of: str, name: str) -> str:
    """The size by one figure; of two in which it stands at the border, when to take which. `of`:
    whether `name` is a chart's or a product's."""
    figure = turn.phrase(f"size.{part}")
    if len(sizes) == _BORDER:
        one, other = sizes
        return turn.phrase(f"size.between_{of}", part=figure, one=one, other=other, name=name)
    size = formats.enumerated(sizes, turn.language)
    return turn.phrase(f"size.take_{of}", part=figure, size=size, name=name)


def _chart(turn: Turn, product: Product, told: Body) -> tuple[Passage, list[_Row]] | None:
    """The shop's chart for the product's sizes: of several the one for women, where one is spoken
    of, and else the first that is not."""
    sizes = _sizes(turn, product)
    charts = [
        (passage, rows)
        for passage, rows in _charts(turn.services.retriever.index.passages)
        if passage.language == turn.language
        if any(part in row.ranges for row in rows for part in told.figures)
        if sum(_size(row, sizes) is not None for row in rows) >= min(2, len(sizes))
    ]
    charts.sort(key=lambda chart: body.is_for_women(chart[0].heading) is not told.woman)
    return charts[0] if charts else None


@lru_cache(maxsize=1)
def _charts(passages: PassageStore) -> list[tuple[Passage, list[_Row]]]:
    """Every size chart of the shop's pages, read once an index."""
    return [
        (passage, rows)
        for passage in passages
        if passage.kind == "document" and len(rows := list(_read(passage))) >= _FEWEST_ROWS
    ]


def _sizes(turn: Turn, product: Product) -> set[str]:
    return {value[turn.language] for v in product.variants for value in v.options.values()}


def _size(row: _Row, sizes: set[str]) -> str | None:
    """The product's size that a row is of: XL of "Size XL"."""
    return next((each for each in row.label.split() if each in sizes), None)


def _read(passage: Passage) -> Iterator[_Row]:
    for line in passage.text.splitlines():
        label, _, cells = line.replace("：", ":").partition(":")
        ranges = {
            part: reach
            for cell in cells.replace("；", ";").split(";")
            for part, name in body.NAMES.items()
            if name.search(cell) and (reach := _reach(cell)) is not None
        }
        if ranges:
            yield _Row(line, label.strip(), ranges)


def _reach(cell: str) -> tuple[Decimal, Decimal] | None:
    """ "Height 181–187 cm": from where to where."""
    for said in read(cell, UNDATED):
        first, last = said.value, said.to if said.to is not None else said.value
        if isinstance(first, Decimal) and isinstance(last, Decimal):
            unit = units.UNITS.get(said.unit or "")
            metric = "kg" if unit is not None and unit.what == "mass" else "cm"
            scale = units.same(Decimal(1), said.unit or "", metric) or Decimal(1)
            return first * scale, last * scale
    return None


def _rows(rows: Sequence[_Row], part: Part, told: Body) -> list[_Row]:
    figure = told.figures.get(part)
    if figure is None:
        return []
    return [
        r for r in rows if part in r.ranges and r.ranges[part][0] <= figure <= r.ranges[part][1]
    ]


def _say(
    turn: Turn, product: Product, passage: Passage, found: Sequence[tuple[Part, list[_Row]]],
    *, weightless: bool,
) -> None:  # fmt: skip
    """The size by each figure; what the product's own page says of its cut; whether it is there, in
    the colour that is asked for. `weightless`: the chart says nothing by the weight that is told.
    """
    sizes = _sizes(turn, product)
    lines: list[str] = []
    citations: list[Citation] = []
    named: list[str] = []
    for part, rows in found:
        said = [_size(row, sizes) or row.label for row in rows]
        if said == named:
            continue  # the same by the next figure
        named = said
        number = len(citations) + 1
        quote = rows[0].line
        citations.append(Citation(number, passage.title, passage.source, quote, passage.url))
        told = _by(turn, part, said, "product", turn.name_of(product))
        lines.append(formats.marked(told, [number], turn.language))
    if weightless:
        lines.append(turn.phrase("size.no_weight"))
    if product.sizing is not None:
        quote, number = product.sizing[turn.language], len(citations) + 1
        citations.append(Citation(number, turn.name_of(product), product.id, quote, ""))
        lines.append(formats.marked(quote, [number], turn.language))
    with turn.services.unit_of_work() as uow:
        now = references.current(uow, product.id) or product
    variants = [
        v for v in now.variants if any(o[turn.language] in named for o in v.options.values())
    ]
    if (asked := _with_size(turn, now, named)) is not None:
        lines.append(Stock(turn.services).asked(turn, now, asked))
        variants = asked.of(now.variants) or variants
    elif variants and all(v.stock == 0 for v in variants):
        size = formats.enumerated(named, turn.language)
        lines.append(turn.phrase("stock.none", name=turn.name_of(product), options=size))
    closest = [v for v in variants if any(o[turn.language] == named[0] for o in v.options.values())]
    turn.note(product=product.id, shown=(product.id,), options=references.chosen(closest, now))
    turn.say(
        formats.together(lines, turn.language),
        citations=[views.citation_view(citation) for citation in citations],
        cards=[views.product_card(turn, now, variants=variants)],
    )


def _with_size(turn: Turn, product: Product, sizes: Sequence[str]) -> options.Named | None:
    """The sizes in the colour, or whatever the request names beside them; None where it names
    nothing."""
    words = " ".join([*turn.request.said("option"), *colours.named(turn.text)])
    beside = options.named(words, product.variants, bare_numbers=False)
    keys = {
        key: tuple(dict.fromkeys(v.options[key]["en"] for v in those))
        for key in {key for variant in product.variants for key in variant.options}
        if (
            those := [
                v
                for v in product.variants
                if key in v.options and v.options[key][turn.language] in sizes
            ]
        )
    }
    if not keys.keys() < {*keys, *beside.values, *beside.of_these}:
        return None
    return options.Named({**beside.values, **keys}, beside.lacking, beside.of_these)
