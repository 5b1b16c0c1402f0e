"""`shopguide reviews`: what customers speak of, how, and what to mend first."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from bot.commands.forecast import write_rows
from bot.commands.naming import meant
from bot.errors import ShopguideError
from bot.settings import Settings

if TYPE_CHECKING:
    from data.models import Product
    from data.reviews.findings import Findings, Line, Mention, Part
    from data.reviews.reading import Opinion
    from data.reviews.trust import Trust
    from retrieval.embedder import TextEmbedder
    from retrieval.tagger import Tagger

_READ = ("zh", "en")
_LEAST = 3  # reviews that speak of an aspect, to be listed
_WHERE = 2  # products of an aspect that the table names
_RECENT = timedelta(days=90)
_UNHAPPY = 3  # stars, and fewer, that are answered with an apology


class ReviewsRefused(ShopguideError):
    """There is nothing to tell, or it cannot be written; the text says why."""


@dataclass(frozen=True)
class Heard:
    """Reviews, and behind them lines of the chat, with what was read in them. `names`: an aspect's
    most frequent one in each language; `unread`: reviews in a language that is not read."""

    opinions: list[Opinion]
    trusts: list[Trust]
    languages: list[str | None]
    moods: list[float | None]
    mentions: list[Mention]
    names: Mapping[int, Mapping[str, str]]
    unread: int
    left_out: int

    def name(self, aspect: int) -> str:
        return " / ".join(dict.fromkeys(self.names[aspect].values()))


def reviews(
    products: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PRODUCT]...",
            help="Names, ids or kinds of products; without any, all.",
            show_default=False,
        ),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Only the last days; without it, all.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="So many aspects are told with quotes.")] = 8,
    chat: Annotated[
        bool, typer.Option("--chat", help="Count what customers blame in the chat, too.")
    ] = False,
    most: Annotated[
        int, typer.Option(min=1, help="Texts whose words are read, the newest first.")
    ] = 20_000,
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Drafts of answers, to be accepted or mended."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Stars and aspects over time: .png, .svg or .pdf."),
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="All aspects, as a table.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All aspects as JSON.")] = False,
) -> None:
    """What reviews speak of, how, how that moves, and what to mend first; with quotes.

    \b
    shopguide reviews
    shopguide reviews "NAME OF A PRODUCT" --plot stars.png
    shopguide reviews --days 180 --csv aspects.csv
    shopguide reviews --answers answers.csv
    """
    from data.reviews import findings
    from data.rules import ShopRules
    from data.unit_of_work import open_database

    if answers is not None and answers.exists():
        raise ReviewsRefused(
            f"{answers} is there already, perhaps with answers that somebody mended; name a new "
            "file."
        )
    settings = Settings()
    rules = ShopRules.load(settings.shop)
    now = datetime.now(UTC)
    with open_database(settings.database)() as uow:
        catalogue = {product.id: product for product in uow.products.catalogue()}
        opinions = _opinions(uow, products or [], list(catalogue.values()), days, now, chat=chat)
    tagger, embedder = _models(settings)
    background = [
        text
        for product in catalogue.values()
        for text in (product.category.name.zh, product.category.name.en, *_attributes(product))
    ]
    heard = hear(opinions, tagger, embedder, sorted(set(background)), most)
    found = findings.find(heard.opinions, heard.trusts, heard.mentions)
    lines = [line for line in found.lines if line.reviews >= _LEAST]
    if table is not None:
        write_rows([_as_row(heard, line) for line in lines], table)
        typer.echo(f"Written: {table}, {len(lines)} aspects.", err=as_json)
    if answers is not None:
        rows = _drafts(settings, heard, catalogue, rules.shop.country)
        write_rows(rows, answers)
        typer.echo(f"Written: {answers}, {len(rows)} drafts to be accepted or mended.", err=as_json)
    if plot is not None:
        _write_plot(heard, lines, catalogue, rules.timezone, plot)
        typer.echo(f"Written: {plot}.", err=as_json)
    if as_json:
        rows = [_as_row(heard, line, rules.shop.country) for line in lines]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    _show(heard, found, lines[:top], len(lines), catalogue, now, rules.shop.country)


def _opinions(
    uow: Any, named: Sequence[str], catalogue: Sequence[Product], days: int | None, now: datetime,
    *, chat: bool,
) -> list[Opinion]:  # fmt: skip
    from data.reviews import reading

    opinions = reading.reviews(uow)
    if not opinions:
        raise ReviewsRefused(
            "There are no reviews yet: import them with `shopguide import FOLDER`, where FOLDER "
            "holds reviews.csv (docs/import.md)."
        )
    if named:
        wanted = set[str]()
        for name in named:
            hit = meant(name, catalogue)
            if not hit:
                raise ReviewsRefused(
                    f"The shop sells nothing that is called “{name}”; write a product's name or "
                    "id, or a kind of products."
                )
            wanted |= {product.id for product in hit}
        opinions = [each for each in opinions if each.product in wanted]
    if chat:
        opinions += reading.chat(uow)
    if days is not None:
        opinions = [each for each in opinions if each.at >= now - timedelta(days=days)]
    if not any(each.source == "review" for each in opinions):
        when = f" in the last {days} days" if days is not None else ""
        raise ReviewsRefused(f"Nobody has written a review of this{when} yet.")
    return opinions


def _models(settings: Settings) -> tuple[Tagger, TextEmbedder]:
    from retrieval.embedders import load_embedder
    from retrieval.tagger import Tagger
    from weights import CATALOGUE, ensure, locate
    from weights.progress import shown

    learned = CATALOGUE["reviews"].learned
    if learned is None or not learned.is_file():
        raise ReviewsRefused(
            f"The tagger of reviews is not trained: {learned} is missing. Train it with "
            "`python -m retrieval.learning.tagging --data FOLDER` (docs/marketing-reviews.md)."
        )
    with shown() as progress:
        ensure("reviews", progress)
    return Tagger(locate("reviews")), load_embedder(locate(settings.embedder))


def hear(
    opinions: Sequence[Opinion],
    tagger: Tagger,
    embedder: TextEmbedder,
    background: Sequence[str],
    most: int,
) -> Heard:
    """Reads the newest `most` texts; the stars of the others count all the same. Reviews come
    before lines of the chat."""
    from data.reviews.findings import Mention
    from data.reviews.trust import trust
    from retrieval import naming
    from retrieval.text import detect_language
    from weights.progress import shown

    opinions = sorted(opinions, key=lambda each: each.source != "review")
    told = [row for row, each in enumerate(opinions) if each.text.strip()]
    told.sort(key=lambda row: opinions[row].at, reverse=True)
    languages: list[str | None] = [None] * len(opinions)
    for row in told[:most]:
        languages[row] = detect_language(opinions[row].text)
    rows = [row for row in told[:most] if languages[row] in _READ]
    with shown() as progress:
        tagged = tagger.read(
            [opinions[row].text for row in rows],
            lambda done, of: progress("reading reviews", done, of),
        )
    counts: Counter[str] = Counter()
    spelled: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for row, each in zip(rows, tagged, strict=True):
        for aspect in each.aspects:
            words = opinions[row].text[aspect.start : aspect.end]
            counts[naming.normal(words)] += 1
            spelled[naming.normal(words)][cast("str", languages[row]), words] += 1
    numbers = naming.groups(counts, embedder, background)
    mentions = [
        Mention(row, numbers[name], aspect.start, aspect.end, aspect.leaning)
        for row, each in zip(rows, tagged, strict=True)
        for aspect in each.aspects
        if (name := naming.normal(opinions[row].text[aspect.start : aspect.end])) in numbers
    ]
    moods: list[float | None] = [None] * len(opinions)
    for row, each in zip(rows, tagged, strict=True):
        moods[row] = each.mood
    return Heard(
        opinions,
        trust([each for each in opinions if each.source == "review"]),
        languages,
        moods,
        mentions,
        _names(numbers, spelled),
        unread=sum(languages[row] == "other" for row in told[:most]),
        left_out=max(len(told) - most, 0),
    )


def _names(
    numbers: Mapping[str, int], spelled: Mapping[str, Counter[tuple[str, str]]]
) -> dict[int, dict[str, str]]:
    """The most frequent words for each aspect, by language."""
    found: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    for name, number in numbers.items():
        found[number] += spelled[name]
    return {
        number: {
            language: words
            for language in _READ
            for (_, words), _ in Counter(
                {key: count for key, count in counted.items() if key[0] == language}
            ).most_common(1)
        }
        for number, counted in found.items()
    }


def _attributes(product: Product) -> Iterable[str]:
    return (text for attribute in product.attributes for text in attribute["name"].values())


def _show(
    heard: Heard, found: Findings, lines: Sequence[Line], of: int,
    catalogue: Mapping[str, Product], now: datetime, country: str,
) -> None:  # fmt: skip
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False, soft_wrap=True)
    for sentence in _summary(heard, now):
        console.print(sentence)
    if not lines:
        console.print(
            f"No aspect is spoken of by {_LEAST} reviews; nothing can be told of any by name."
        )
        return
    table = Table(
        "mend first", "n", "blame", "praise", "share of blame", "in a year", "costs", "where"
    )
    for column in table.columns[1:-1]:
        column.justify = "right"
    for line in lines:
        table.add_row(
            heard.name(line.aspect),
            str(line.reviews),
            str(line.complaints),
            str(line.praises),
            f"{line.share.value:.0%} ({line.share.low:.0%}–{line.share.high:.0%})",
            _moves(line),
            _costs(line),
            ", ".join(_part(part, catalogue) for part in line.products[:_WHERE]),
        )
    Console(highlight=False, markup=False, width=None if console.is_terminal else 150).print(table)
    for number, line in enumerate(lines, start=1):
        console.print(f"{number}. {heard.name(line.aspect)}, n = {line.reviews}. {_said(line)}")
        for part in line.variants:
            console.print(
                f"   {part.id}: {part.complaints} of {part.mentions} blame it, more than of the "
                "other variants, beyond chance."
            )
        for mention in line.quotes:
            console.print(f"   {_quote(heard, mention, catalogue, country)}")
    if of > len(lines):
        console.print(f"{of - len(lines)} more aspects: --top {of} or --csv tells them all.")
    explained = found.explained
    console.print(
        "Costs: what a blame takes from a review's stars, other aspects and the product being the "
        "same; with * it is sure (95 %, all aspects looked at together). "
        + (
            "The reviews are too few for a regression: the order is that of the blame."
            if explained is None
            else f"The aspects explain {explained:.0%} of how the stars of one product differ."
        )
    )


def _summary(heard: Heard, now: datetime) -> Iterable[str]:
    import numpy as np

    trusts = heard.trusts
    opinions = heard.opinions[: len(trusts)]
    weights = np.array([each.weight for each in trusts])
    stars = np.array([each.stars or 0 for each in opinions], float)
    recent = np.array([each.at >= now - _RECENT for each in opinions])
    worded = sum(mood is not None for mood in heard.moods[: len(trusts)])
    sentence = (
        f"{len(opinions):,} reviews, {worded:,} of them read; "
        f"{np.average(stars, weights=weights):.2f} stars"
    )
    if recent.any() and not recent.all():
        new, old = (
            float(np.average(stars[part], weights=weights[part])) for part in (recent, ~recent)
        )
        sentence += (
            f", {new:.2f} in the last {_RECENT.days} days (n = {int(recent.sum())}), "
            f"{old:.2f} before"
        )
    yield f"{sentence}."
    weighed = Counter(reason for each in trusts for reason in each.reasons)
    if weighed:
        told = ", ".join(f"{reason} {count}" for reason, count in weighed.most_common())
        yield (
            f"Weighed down, not left out: {told}; together the reviews count as "
            f"{weights.sum():,.0f}."
        )
    if heard.unread:
        yield (
            f"{heard.unread:,} {'text is' if heard.unread == 1 else 'texts are'} in neither "
            "Chinese nor English: their stars count, their words are not read."
        )
    if heard.left_out:
        yield (
            f"The words of the oldest {heard.left_out:,} texts are not read, their stars count; "
            f"--most {heard.left_out + len(heard.opinions):,} reads all."
        )


def _moves(line: Line) -> str:
    if line.trend.own is None:
        return "–"
    return f"×{line.trend.factor:.1f}{'*' if line.trend.sure else ''}"


def _costs(line: Line) -> str:
    return f"{line.effect.stars:.1f}{'*' if line.effect.sure else ''} → {line.cost:.1f}"


def _said(line: Line) -> str:
    told = f"{line.complaints} blame it, {line.praises} praise it"
    if line.chat:
        told += f", {line.chat} in the chat"
    own, trend = line.effect.own, line.trend.own
    if own is None:
        told += "; too few to say what that does to the stars by itself"
    else:
        told += f"; a blame takes {own.value:.1f} stars ({own.low:.1f} to {own.high:.1f})"
    if trend is None:
        return f"{told}; too few to say how it moves."
    moves = "more" if trend.value > 1 else "fewer"
    sure = f"×{trend.value:.1f} in a year, {trend.low:.1f} to {trend.high:.1f}"
    return (
        f"{told}; it becomes {moves} ({sure})." if line.trend.sure else f"{told}; steady ({sure})."
    )


def _part(part: Part, catalogue: Mapping[str, Product]) -> str:
    product = catalogue.get(part.id)
    return f"{product.name.zh if product else part.id} {part.complaints}/{part.mentions}"


def _quote(heard: Heard, mention: Mention, catalogue: Mapping[str, Product], country: str) -> str:
    opinion = heard.opinions[mention.opinion]
    product = catalogue.get(opinion.product or "")
    language = "zh" if heard.languages[mention.opinion] == "zh" else "en"
    name = product.name[language] if product else opinion.product or ""
    stars = f", {opinion.stars} stars" if opinion.stars is not None else ""
    return f"“{excerpt(opinion.text, mention, country)}” {name}{stars}, {opinion.at:%Y-%m-%d}"


def excerpt(text: str, mention: Mention, country: str) -> str:
    """The sentence of the mention, without what says who somebody is."""
    from data.reviews.reading import sentence_of

    return _masked(sentence_of(text, mention.start, mention.end), country)


def _masked(text: str, country: str) -> str:
    """Where nothing is hidden, as it was written: masking makes full-width marks narrow."""
    from data.masking import mask

    masked = mask(text, country)
    return text if masked == unicodedata.normalize("NFKC", text) else masked


def _as_row(heard: Heard, line: Line, country: str | None = None) -> dict[str, Any]:
    names = heard.names[line.aspect]
    effect, trend = line.effect.own, line.trend.own
    row: dict[str, Any] = {
        "aspect_zh": names.get("zh"),
        "aspect_en": names.get("en"),
        "reviews": line.reviews,
        "blame": line.complaints,
        "praise": line.praises,
        "chat": line.chat,
        "share": round(line.share.value, 3),
        "share_low": round(line.share.low, 3),
        "share_high": round(line.share.high, 3),
        "factor_a_year": round(trend.value, 2) if trend else None,
        "factor_low": round(trend.low, 2) if trend else None,
        "factor_high": round(trend.high, 2) if trend else None,
        "stars_a_blame": round(effect.value, 2) if effect else None,
        "stars_low": round(effect.low, 2) if effect else None,
        "stars_high": round(effect.high, 2) if effect else None,
        "sure": line.effect.sure,
        "cost_of_100": round(line.cost, 2),
        "products": " ".join(f"{p.id}:{p.complaints}/{p.mentions}" for p in line.products[:5]),
        "variants": " ".join(f"{p.id}:{p.complaints}/{p.mentions}" for p in line.variants),
    }
    if country is not None:
        row["quotes"] = [
            excerpt(heard.opinions[each.opinion].text, each, country) for each in line.quotes
        ]
    return row


def _drafts(
    settings: Settings, heard: Heard, catalogue: Mapping[str, Product], country: str
) -> list[dict[str, Any]]:
    """An answer to each review with words that counts in full, the newest first."""
    from bot.wording.phrases import Phrases
    from bot.wording.review_answers import draft
    from data.reviews.findings import CLEAR
    from data.shop import ShopFolder

    phrases = Phrases.load(ShopFolder.open(settings.shop))
    said: dict[int, list[Mention]] = defaultdict(list)
    for mention in heard.mentions:
        said[mention.opinion].append(mention)
    rows = []
    for row, (opinion, trust) in enumerate(zip(heard.opinions, heard.trusts, strict=False)):
        language, mood = heard.languages[row], heard.moods[row]
        if mood is None or trust.reasons:
            continue
        words = {
            praised: [
                opinion.text[m.start : m.end]
                for m in said[row]
                if (m.leaning > CLEAR if praised else m.leaning < -CLEAR)
            ]
            for praised in (True, False)
        }
        content = mood >= 0.5 if opinion.stars is None else opinion.stars > _UNHAPPY
        text = draft(
            phrases,
            cast("Literal['zh', 'en']", language),
            pick=str(opinion.id),
            content=content,
            blamed=words[False],
            praised=words[True],
        )
        product = catalogue.get(opinion.product or "")
        rows.append(
            {
                "review": opinion.id,
                "product": product.id if product else None,
                "stars": opinion.stars,
                "language": language,
                "written": f"{opinion.at:%Y-%m-%d}",
                "text": _masked(opinion.text, country),
                "answer": text,
                "status": "to be accepted",
            }
        )
    return rows[::-1]


def _write_plot(
    heard: Heard, lines: Sequence[Line], catalogue: Mapping[str, Product], zone: tzinfo, path: Path
) -> None:
    from data.pictures import has_chinese
    from data.reviews import plot

    counts = Counter(each.product for each in heard.opinions if each.product)
    shown = [product for product, _ in counts.most_common(plot.MOST)]
    chinese = has_chinese()
    names = {
        line.aspect: heard.name(line.aspect) if chinese else heard.names[line.aspect]["en"]
        for line in lines
        if chinese or "en" in heard.names[line.aspect]
    }
    if len(names) < len(lines):
        typer.echo(
            f"No font here has Chinese: {len(lines) - len(names)} aspects that have no English "
            "name are left out of the picture; install Noto Sans CJK.",
            err=True,
        )
    courses = []
    for product in shown:
        known = catalogue.get(product)
        title = (known.name.zh if chinese else known.name.en) if known else product
        courses.append(
            plot.course(title, product, heard.opinions, heard.trusts, heard.mentions, names, zone)
        )
    plot.write(path, courses)
    if len(counts) > plot.MOST:
        typer.echo(f"The picture shows the {plot.MOST} with the most reviews.", err=True)
