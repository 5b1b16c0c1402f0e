"""`shopguide index`, `shopguide sources`: what the assistant answers from, and where it found
nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.settings import Settings

if TYPE_CHECKING:
    from retrieval.ingest import Document
    from retrieval.origins import Origins

_ASKED = 20  # questions without an answer that are shown unless more are asked for


def index(
    places: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH|URL]...", help="Beside the shop's documents; kept in mind."),
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Forget these paths and sites instead.")
    ] = False,
    pages: Annotated[int, typer.Option(min=1, help="The most pages of a site.")] = 2000,
    minutes: Annotated[float, typer.Option(min=0.1, help="The longest for a site.")] = 15.0,
) -> None:
    """Read the shop's documents, and what is named here: files, folders, sites. Only what has
    changed is read and embedded again; sites that were named before are looked at again, too. A
    running assistant goes on with the new index within seconds.

    \b
    shopguide index
    shopguide index ~/manuals https://shop.example/help/
    shopguide index --remove https://shop.example/help/

    Markdown, HTML, PDF, DOCX, XLSX, CSV, plain text, and questions with answers as JSONL.
    docs/knowledge.md says how each is read.
    """
    from retrieval import build
    from retrieval.origins import Origins, is_address

    settings = Settings()
    origins = Origins(settings.pages_folder)
    named = [place if is_address(place) else _path(place) for place in places or ()]
    if remove:
        for place in named:
            if not origins.remove(place):
                raise typer.BadParameter(
                    f"{place} is not known. Known are: {', '.join(origins.all()) or 'none'}."
                )
    else:
        for place in named:
            if not is_address(place) and not Path(place).exists():
                raise typer.BadParameter(f"There is no {place}.")
        failed = _fetch(origins, [*filter(is_address, [*origins.all(), *named])], pages, minutes)
        for place in named:
            if place not in failed:
                origins.add(place)
    arguments = ["--database", settings.database, "--shop", str(settings.shop)]
    arguments += ["--out", str(settings.index_folder), "--pages", str(settings.pages_folder)]
    raise typer.Exit(build.main([*arguments, "--embedder", settings.embedder]))


def _path(place: str) -> str:
    return str(Path(place).expanduser().resolve())


def _fetch(origins: Origins, sites: Sequence[str], pages: int, minutes: float) -> set[str]:
    """Fetch the sites; returns those that could not be, whose pages of before stay."""
    from retrieval.errors import SiteError
    from retrieval.site import Limits, Site

    failed = set()
    for address in dict.fromkeys(sites):
        limits = Limits(pages=pages, seconds=minutes * 60)
        try:
            crawl = Site(address, origins.site_folder(address), limits=limits).fetch()
        except SiteError as error:
            typer.echo(f"warning: {error}", err=True)
            failed.add(address)
            continue
        for problem in crawl.problems:
            typer.echo(f"warning: {problem}", err=True)
        typer.echo(
            f"{address}: {len(crawl.pages)} pages, {crawl.fetched} new or changed"
            + (f", {crawl.forbidden} that robots.txt keeps" if crawl.forbidden else "")
        )
    return failed


def sources(
    asked: Annotated[
        int, typer.Option(min=0, help="How many questions without an answer to show.")
    ] = _ASKED,
) -> None:
    """The documents that answers come from, with their passages and last change; and what was asked
    and not found.

    \b
    shopguide sources
    shopguide sources --asked 100
    """
    from data.unit_of_work import open_database
    from retrieval import books

    settings = Settings()
    for line in _listed(books.documents(settings.index_folder), settings.shop):
        typer.echo(line)
    with open_database(settings.database)() as uow:
        found = uow.unanswered.most_asked(asked)
    if found:
        typer.echo(f"\nAsked and not found ({len(found)} shown):")
    for each in found:
        typer.echo(f"  {each.count}×  {each.last_at:%Y-%m-%d}  {each.language}  {each.text}")
    if found:
        typer.echo('Answer one by `shopguide answers add "QUESTION" "ANSWER"`, or by a page.')


def _listed(documents: Sequence[Document], shop: Path) -> Sequence[str]:
    ordered = sorted(documents, key=lambda each: each.place)
    width = max((len(each.source) for each in ordered), default=0)
    lines = []
    for each in ordered:
        place = each.place.removeprefix(f"{shop}/")
        languages = "+".join(each.languages)
        told = f"{each.passages:4} passages  {languages:5}  {each.changed}"
        lines.append(f"{each.source.ljust(width)}  {told}  {place}")
        lines += [f"    ! {note}" for note in each.notes]
        if each.repeated:
            lines.append(f"    ! {each.repeated} passages stand in another document, too.")
    total = sum(each.passages for each in documents)
    return [*lines, f"{len(documents)} documents, {total} passages."]
