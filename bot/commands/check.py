"""`shopguide check`: what is missing in a shop, what is odd, and what it cannot answer."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.text import Text
from sqlalchemy import make_url

from bot.settings import ROOT, Settings
from data.checks import Finding, Kind, odd, silent
from data.checks.catalogue import Imported, check_catalogue
from data.checks.folder import Pages, check_examples, check_folder, told
from data.errors import DatabaseUnavailable, DataError
from data.rules import ShopRules
from data.shop import ShopFolder

# What reads vectors takes seconds to import.
if TYPE_CHECKING:
    from retrieval.retriever import Retriever

_QUESTIONS = Path(__file__).parent / "questions.yaml"
_INTENTS = ROOT / "bot" / "rasa" / "intents"
_STYLES = {Kind.WRONG: "bold red", Kind.ODD: "yellow", Kind.SILENT: "dim"}
_NOT_FOUND = 5  # questions of customers; `shopguide sources` shows more


def check(
    folder: Annotated[
        Path | None, typer.Argument(help="The shop's folder; SHOPGUIDE_SHOP's without it.")
    ] = None,
) -> None:
    """Say what is missing in a shop (✗), what is worth a look (!), and what the assistant will not
    be able to answer (·). Looks at the files, and at what was imported and indexed.

    \b
    shopguide check
    shopguide check ~/my-shop
    """
    settings = Settings()
    path = folder or settings.shop
    found = list(findings(path, settings))
    _print(path, found)
    raise typer.Exit(1 if any(each.kind is Kind.WRONG for each in found) else 0)


def findings(path: Path, settings: Settings) -> Iterator[Finding]:
    """All that there is to say. The database and the index are of the shop that the settings name:
    of another folder only the files are looked at."""
    unread: list[Finding] = []
    own = settings if path.resolve() == settings.shop.resolve() else None
    in_files, rules, shop = check_folder(path, partial(_pages, settings=own, unread=unread))
    yield from in_files
    if not path.is_dir():
        return
    yield from _phrases(path, shop)
    examples = path / "examples.yaml"
    yield from check_examples(examples if examples.exists() else None, intents())
    if rules is None:
        return
    yield from unread
    if shop is None:
        return
    if path.resolve() != settings.shop.resolve():
        yield silent(
            "catalogue", f"not looked at: SHOPGUIDE_SHOP is another shop, {settings.shop}."
        )
        return
    if rules.shop.by_code and not settings.smtp_host:
        yield odd(
            "shop.yaml",
            "identify names code, but no mail server is set: set SHOPGUIDE_SMTP_HOST, or nobody "
            "is sent one.",
        )
    yield from _catalogue(settings, rules, shop)
    yield from _unanswered(settings, rules)


def _phrases(path: Path, shop: ShopFolder | None) -> Iterator[Finding]:
    from bot.wording.phrases import Phrases

    if shop is None:
        return
    try:
        Phrases.load(shop)
    except DataError as error:
        yield from told(error, path)


@cache
def intents() -> frozenset[str]:
    """What customers may mean."""
    files = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in _INTENTS.glob("*.yml"))
    return frozenset(file["intent"] for file in files)


def _pages(
    documents: Path, languages: tuple[str, ...], settings: Settings | None, unread: list[Finding]
) -> Pages:
    """The texts of the pages, with `settings` also of those that lie beside the folder; `unread`
    gets a finding of each that is read in part or not."""
    from retrieval import books
    from retrieval.errors import RetrievalError
    from retrieval.ingest import LANGUAGES, Given, read_documents
    from retrieval.origins import Origins

    spoken = [each for each in LANGUAGES if each in languages]
    pages: dict[str, dict[str, str]] = {language: {} for language in languages}
    known, beside, gone = {}, list[Given](), list[str]()
    try:
        if settings is not None:
            known = books.known(settings.index_folder)  # what has not changed is not read again
            beside = list(Origins(settings.pages_folder).given(spoken, gone))
        found = read_documents(documents, spoken, known=known, beside=beside)
    except RetrievalError:
        return pages
    warnings = [*gone, *found.warnings]
    unread += [odd("documents", line.replace(f"{documents}/", "")) for line in warnings]
    for each in found.passages:
        told = pages[each.language].get(each.source, "")
        pages[each.language][each.source] = f"{told}\n{each.heading}\n{each.text}"
    return pages


def _catalogue(settings: Settings, rules: ShopRules, shop: ShopFolder) -> Iterator[Finding]:
    from data.unit_of_work import open_database

    url = make_url(settings.database)
    missing = url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()
    try:
        if missing:  # to look must not make one
            raise DatabaseUnavailable("there is no database yet; `make setup` makes it.")
        with open_database(settings.database)() as uow:
            imported = Imported.read(uow)
            asked = uow.unanswered.most_asked(_NOT_FOUND)
    except DatabaseUnavailable as error:
        yield odd("catalogue", f"not looked at: {error}")
        return
    yield from check_catalogue(imported, rules, shop.lexicon)
    for each in asked:
        yield silent("questions", f"asked {each.count} times and not found: {each.text}")


def _unanswered(settings: Settings, rules: ShopRules) -> Iterator[Finding]:
    retriever = _retriever(settings)
    if retriever is None:
        yield silent("questions", "not tried: there is no index yet; `make setup` makes it.")
        return
    try:
        for language in rules.shop.languages:
            for question in questions():
                if not _is_decided(question, rules) and not _has_page(
                    question[language], language, retriever
                ):
                    yield silent("questions", f"neither a rule nor a page: {question[language]}")
    finally:
        retriever.index.close()


def _retriever(settings: Settings) -> Retriever | None:
    from retrieval.embedders import load_embedder
    from retrieval.errors import RetrievalError
    from retrieval.judge import load_judge
    from retrieval.retriever import Retriever
    from weights import WeightsError, locate

    if not settings.index_folder.exists():
        return None
    try:
        embedder = load_embedder(locate(settings.embedder))
        return Retriever.open(settings.index_folder, embedder, load_judge())
    except (RetrievalError, WeightsError):
        return None


@cache
def questions() -> list[dict[str, Any]]:
    """What customers of every shop ask."""
    found: list[dict[str, Any]] = yaml.safe_load(_QUESTIONS.read_text(encoding="utf-8"))
    return found


def _is_decided(question: dict[str, Any], rules: ShopRules) -> bool:
    return any(
        setting(rules, key) not in (None, False, {}, ()) for key in question.get("decided", ())
    )


def setting(rules: ShopRules, key: str) -> object:
    """What stands under a key such as returns.how; None where a section above it is absent."""
    value: object = rules
    for part in key.split("."):
        value = None if value is None else getattr(value, part)
    return value


def _has_page(question: str, language: Any, retriever: Retriever) -> bool:
    from retrieval.retriever import holds_answer
    from retrieval.types import Filters

    pages = Filters(kind="document")
    return holds_answer(retriever.answering(question, filters=pages, k=1, language=language))


def _print(path: Path, found: Sequence[Finding]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for line in lines(path, found):
        if sys.stdout.isatty():
            console.print(line)
        else:
            typer.echo(line.plain)


def lines(path: Path, found: Sequence[Finding]) -> Iterable[Text]:
    """The worst first, under the files that they are about; and the sum of it."""
    order = list(Kind)
    for each in sorted(found, key=lambda each: order.index(each.kind)):
        style = _STYLES[each.kind]
        yield Text.assemble((f"{each.kind.value} ", style), (each.where, "bold"), f": {each.text}")
    counts = Counter(each.kind for each in found)
    told = [
        f"{counts[Kind.WRONG]} to mend",
        f"{counts[Kind.ODD]} worth a look",
        f"{counts[Kind.SILENT]} that the assistant will say nothing of",
    ]
    yield Text(f"{path}: {', '.join(told)}.")
