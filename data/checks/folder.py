"""What is missing or odd in the files of a shop's folder, without its database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import yaml

from data.checks.findings import Finding, odd, silent, some, wrong
from data.demand.events import Events
from data.errors import DataError
from data.own_words import OwnWords
from data.rules.shop import RULES, SHOP, ShopRules
from data.shop import ShopFolder

# Which page proves them, sources.yaml may say; bot/actions names them when it tells a decision.
DECISIONS = (
    "delivery.cost",
    "delivery.time",
    "delivery.not_served",
    "delivery.ground_only",
    "returns.window",
    "returns.faulty",
    "returns.steps",
    "returns.refund",
    "returns.exchange",
    "orders.cancellation",
    "warranty.repair",
    "membership.tiers",
    "membership.own",
    "membership.points",
    "price.fixed",
)

# What customers meet where a section is absent.
_WITHOUT: Mapping[str, str] = {
    "delivery": "fees and delivery times come from your pages alone, and no date is worked out",
    "cancellation": "whether an order can still be cancelled or redirected is not told",
    "returns": "whether an order can go back, and until when, comes from your pages alone",
    "warranty": "no warranty is ever mentioned, except of products that bring their own",
    "membership": "no customer has a tier, and questions about tiers and points are for your pages",
}
_ABSENT: Mapping[str, str] = {
    "order_number": "order numbers of any shape are looked up, and a slip in one is not noticed",
    "service_hours": "nobody is told when people answer",
    "website": "imported products have no page to link to, unless they bring their own address",
}
_REFUND = "how long a refund takes comes from your pages alone"
_HOW = "how goods are sent back comes from your pages alone"


Pages = Mapping[str, Mapping[str, str]]
"""By language, the text of each page by its source."""


def markdown_pages(documents: Path, languages: tuple[str, ...]) -> Pages:
    """The pages that are Markdown; those of a shop with one language lie in documents/, too."""
    homes = {language: documents / language for language in languages}
    if len(languages) == 1 and not homes[languages[0]].is_dir():
        homes = {languages[0]: documents}
    return {
        language: {path.stem: path.read_text("utf-8", "replace") for path in home.rglob("*.md")}
        if home.is_dir()
        else {}
        for language, home in homes.items()
    }


def check_folder(
    path: Path, read: Callable[[Path, tuple[str, ...]], Pages] = markdown_pages
) -> tuple[list[Finding], ShopRules | None, ShopFolder | None]:
    """The findings, and what could be read: the checks that follow need it. All files are looked
    at, whatever is wrong with one of them. `read` gives the pages in a folder, in languages: that
    of retrieval reads all formats."""
    if not path.is_dir():
        hint = "`shopguide new-shop FOLDER --country CODE` begins a shop"
        return [wrong(str(path), f"there is no such folder; {hint}.")], None, None
    found: list[Finding] = []
    rules = shop = None
    try:
        rules = ShopRules.load(path)
    except DataError as error:
        found += told(error, path)
    try:
        shop = ShopFolder.open(path)
    except DataError as error:
        found += told(error, path)
    for read_own in (Events.of_shop, OwnWords.of_shop):
        try:
            read_own(path)
        except DataError as error:
            found += told(error, path)
    if rules is not None:
        found += _absent(rules)
        pages = read(path / "documents", rules.shop.languages)
        found += _pages(pages, rules)
        found += _contradicted(pages, rules)
        if shop is not None:
            found += _sources(shop, rules, pages)
    return found, rules, shop


def told(error: Exception, path: Path) -> list[Finding]:
    """Each line of an error as a finding of the file that stands above it."""
    found, where = [], ""
    for line in str(error).replace(f"{path}/", "").splitlines():
        heading = re.match(r"([\w./\-]+\.ya?ml) [^:]*:$", line)
        if heading:
            where = heading[1]
        elif line.startswith("- "):
            found.append(wrong(where, line[2:]))
        elif line.startswith(" ") and found:  # YAML's own lines, with the place
            found[-1] = wrong(found[-1].where, f"{found[-1].text} {line.strip()}")
        else:
            file = re.match(r"([\w./\-]+\.ya?ml) ", line)
            where = file[1] if file else where
            found.append(wrong(where, line.removeprefix(f"{where} ")))
    return found


def _absent(rules: ShopRules) -> Iterator[Finding]:
    shop = rules.shop
    for key, meaning in _ABSENT.items():
        if getattr(shop, key) is None and not (key == "website" and shop.pages.product):
            yield silent(SHOP, f"no {key}: {meaning}.")
    if shop.email is None and shop.phone is None:
        yield silent(SHOP, "no email and no phone: who wants a person is told no address.")
    for key, meaning in _WITHOUT.items():
        if getattr(rules, key) is None:
            yield silent(RULES, f"no {key}: {meaning}.")
    if rules.delivery is not None:
        for name, method in rules.delivery.methods.items():
            if method.days is None:
                key = f"delivery.methods.{name}"
                yield silent(RULES, f"{key} has no days: no time of arrival is told of it.")
    if rules.returns is not None:
        if rules.returns.how is None:
            yield silent(RULES, f"returns has no how: {_HOW}.")
        if rules.returns.refund_working_days is None:
            yield silent(RULES, f"returns has no refund_working_days: {_REFUND}.")


def _pages(pages: Pages, rules: ShopRules) -> Iterator[Finding]:
    if not any(pages.values()):
        languages = ", ".join(rules.shop.languages)
        yield wrong(
            "documents",
            "holds no pages: put files there (Markdown, PDF, DOCX …), one a subject (languages: "
            f"{languages}).",
        )
        return
    for language, names in pages.items():
        if not names:
            yield odd(
                "documents",
                f"has no pages in {language}, which shop.yaml names: such customers get no answer "
                "from your pages.",
            )
    filled = {language: set(names) for language, names in pages.items() if names}
    every = set().union(*filled.values())
    for language, sources in filled.items():
        lacking = sorted(every - sources)
        if lacking:
            yield odd("documents", f"pages that are missing in {language}: {some(lacking)}.")
    if "about-these-pages" in every:
        yield odd("documents", "about-these-pages is no page of yours; delete it.")


def _contradicted(pages: Pages, rules: ShopRules) -> Iterator[Finding]:
    """Amounts that stand on no page: where the pages say another one, an answer and its proof
    contradict each other."""
    texts = [text for by_source in pages.values() for text in by_source.values()]
    told = {_amount(found) for text in texts for found in _NUMBER.findall(text)}
    for key, amount in _amounts(rules):
        if told and amount and amount not in told:
            yield odd(
                RULES, f"{key} is {amount}, which stands on no page: do the pages say the same?"
            )


# 1,299.00, 1.299,00, 49,95, 35
_NUMBER = re.compile(r"\d+(?:[.,]\d{3})*(?:[.,]\d{1,2})?(?!\d)")


def _amount(text: str) -> Decimal:
    whole, _, cents = re.sub(r"[.,](\d{1,2})$", r"#\1", text).partition("#")
    return Decimal(f"{re.sub('[.,]', '', whole)}.{cents or 0}")


def _amounts(rules: ShopRules) -> Iterator[tuple[str, Decimal | None]]:
    for name, method in rules.delivery.methods.items() if rules.delivery else ():
        key = f"delivery.methods.{name}"
        fees = method.fee if isinstance(method.fee, dict) else {"": method.fee}
        for zone, fee in fees.items():
            yield f"{key}.fee.{zone}".rstrip("."), fee
        yield f"{key}.free_from", method.free_from
        for tier, least in method.free_from_by_tier.items():
            yield f"{key}.free_from_by_tier.{tier}", least
    yield "returns.fee", rules.returns.fee if rules.returns else None


def _sources(shop: ShopFolder, rules: ShopRules, by_language: Pages) -> Iterator[Finding]:
    methods = rules.delivery.methods if rules.delivery else ()
    classes = rules.returns.classes if rules.returns else ()
    known = {
        *DECISIONS,
        *(f"delivery.method.{name}" for name in methods),
        *(f"returns.class.{name}" for name in classes),
    }
    pages = set().union(*by_language.values())
    for decision, named in shop.sources.items():
        if decision not in known:
            yield odd("sources.yaml", f"{decision} is no decision that is ever told; check it.")
        for page in named:
            if page not in pages:
                yield wrong(
                    "sources.yaml", f"{decision}: there is no page {page} in documents; check it."
                )


def check_examples(path: Path | None, intents: frozenset[str]) -> Iterator[Finding]:
    """Of examples.yaml, whose sentences Rasa learns."""
    if path is None:
        return
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        yield wrong(path.name, f"cannot be read: {' '.join(str(error).split())}.")
        return
    if not isinstance(content, dict):
        yield wrong(path.name, "must hold lists of sentences by intent: `greet: [hello there]`.")
        return
    for intent, sentences in content.items():
        if intent not in intents:
            yield wrong(
                path.name, f"{intent} is no intent; known are {', '.join(sorted(intents))}."
            )
        if not isinstance(sentences, list) or not all(isinstance(s, str) for s in sentences):
            yield wrong(path.name, f"{intent} needs a list of sentences.")
