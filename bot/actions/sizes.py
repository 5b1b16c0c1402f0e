"""Which size somebody takes: the row of the shop's own size chart that their figures stand in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from bot.dialogue import references
from bot.dialogue.turn import Turn
from bot.understanding import body
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
    if product is None or not told.figures:
        return False
    chart = _chart(turn, product, told)
    if chart is None:
        return False
    passage, rows = chart
    found = [(part, those) for part in _PARTS if (those := _rows(rows, part, told))]
    if not found:
        return False
    _say(turn, product, passage, found)
    return True


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
    turn: Turn, product: Product, passage: Passage, found: Sequence[tuple[Part, list[_Row]]]
) -> None:
    """The size by each figure; what the product's own page says of its cut; whether it is there."""
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
        size = formats.enumerated(said, turn.language)
        told = turn.phrase(f"size.{part}", size=size, name=turn.name_of(product))
        lines.append(formats.marked(told, [number], turn.language))
    if product.sizing is not None:
        quote, number = product.sizing[turn.language], len(citations) + 1
        citations.append(Citation(number, turn.name_of(product), product.id, quote, ""))
        lines.append(formats.marked(quote, [number], turn.language))
    with turn.services.unit_of_work() as uow:
        now = references.current(uow, product.id) or product
    variants = [
        v for v in now.variants if any(o[turn.language] in named for o in v.options.values())
    ]
    if variants and all(v.stock == 0 for v in variants):
        size = formats.enumerated(named, turn.language)
        lines.append(turn.phrase("stock.none", name=turn.name_of(product), options=size))
    turn.note(product=product.id, options=references.chosen(variants, now))
    turn.say(
        formats.together(lines, turn.language),
        citations=[views.citation_view(citation) for citation in citations],
        cards=[views.product_card(turn, now, variants=variants)],
    )
