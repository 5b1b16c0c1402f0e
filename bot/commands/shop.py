"""`shopguide new-shop`: the commented beginning of a shop's folder."""

from __future__ import annotations

import importlib.resources
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from string import Template
from typing import Annotated, get_args
from zoneinfo import ZoneInfo

import typer
from babel.numbers import get_territory_currencies, is_currency

from bot.errors import ShopguideError
from data.places import is_country
from data.rules.shop import Language

START = Path(__file__).parent / "new_shop"
LANGUAGES: tuple[str, ...] = get_args(Language)


class NewShopRefused(ShopguideError):
    """A folder or an option that does not do; the text says what would."""


def new_shop(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or an empty folder.")],
    country: Annotated[
        str, typer.Option(help="Where the shop is at home, by its ISO 3166 code: US, CN, DE …")
    ],
    name: Annotated[str, typer.Option(help="The shop's name; empty: the folder's.")] = "",
    languages: Annotated[
        str, typer.Option(help="zh, en, or both with a comma; the first is the shop's own.")
    ] = "en",
    currency: Annotated[str, typer.Option(help="ISO 4217; empty: the country's.")] = "",
    timezone: Annotated[
        str, typer.Option(help="Such as Europe/Berlin; empty: the country's, if it has one.")
    ] = "",
) -> None:
    """Begin a shop of your own: a folder with its files, commented, to be filled in.

    \b
    shopguide new-shop ~/my-shop --country DE
    shopguide new-shop shops/tea --name "Leaf & Pot" --country US --timezone America/Chicago
    shopguide new-shop shops/laowang --name 老王茶叶 --languages zh,en --country CN
    """
    for line in begin(
        folder, name or folder.resolve().name, languages, country, currency, timezone
    ):
        typer.echo(line)


def begin(
    folder: Path, name: str, languages: str, country: str, currency: str, timezone: str
) -> list[str]:
    """Write the files; returns what to tell of it. Raises `NewShopRefused`, and writes nothing."""
    country = country.upper()
    if not is_country(country):
        raise NewShopRefused(
            f"--country {country} is no country's code; write two letters of ISO 3166, such as US, "
            "CN or DE."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NewShopRefused(f"{folder} is not empty; name a new folder.")
    words = {
        "name": _quoted(name),
        "languages": ", ".join(_languages(languages)),
        "country": country,
        "currency": _currency(currency.upper(), country),
        "timezone": _timezone(timezone, country),
    }
    written = [path for file in _files() for path in _write(file, folder, words)]
    pages = folder / "documents"
    return [
        f"{folder} is begun:",
        *(f"  {path.relative_to(folder)}" for path in written),
        "What comes next (docs/your-shop.md leads through it):",
        f"  1. Look over {folder / 'shop.yaml'}; uncomment in {folder / 'rules.yaml'} what you "
        "have decided.",
        f"  2. Put your help pages into {pages}: Markdown, PDF, DOCX, XLSX ….",
        f"  3. Write SHOPGUIDE_SHOP={folder.resolve()} into the file .env, and SHOPGUIDE_STATE=var/"
        f"{folder.resolve().name}, so that the demo shop's products stay out of yours.",
        "  4. Import products, customers and orders: `shopguide import shopify EXPORTS`, or as "
        "docs/import.md says.",
        "  5. `shopguide check` says what is missing; then `make setup` and `make chat`.",
    ]


def _files() -> list[Path]:
    return sorted(path for path in START.rglob("*") if path.is_file())


def _write(file: Path, folder: Path, words: dict[str, str]) -> list[Path]:
    """A page is written for each language, when there are several."""
    path = folder / file.relative_to(START)
    languages = words["languages"].split(", ")
    paths = [path]
    if path.parent.name == "documents" and len(languages) > 1:
        paths = [path.parent / language / path.name for language in languages]
    text = Template(file.read_text(encoding="utf-8")).safe_substitute(words)
    for each in paths:
        each.parent.mkdir(parents=True, exist_ok=True)
        each.write_text(text, encoding="utf-8")
    return paths


def _quoted(text: str) -> str:
    """A text that YAML reads as itself, whatever stands in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _languages(given: str) -> list[str]:
    found = [word.strip() for word in given.split(",") if word.strip()]
    if not found or not set(found) <= set(LANGUAGES):
        raise NewShopRefused(
            f"--languages {given} does not do; the assistant speaks {' and '.join(LANGUAGES)}."
        )
    return list(dict.fromkeys(found))


def _currency(given: str, country: str) -> str:
    if given and not is_currency(given):
        raise NewShopRefused(f"--currency {given} is no currency's code of ISO 4217, such as USD.")
    known = [given] if given else get_territory_currencies(country)
    if not known:
        raise NewShopRefused(f"Name the shop's currency with --currency; {country} has none.")
    return str(known[0])


def _timezone(given: str, country: str) -> str:
    if given:
        try:
            ZoneInfo(given)
        except (KeyError, ValueError, OSError):
            raise NewShopRefused(
                f"--timezone {given} is not known; write one such as Europe/Berlin."
            ) from None
        return given
    zones = _zones().get(country, [])
    if len(zones) == 1:
        return zones[0]
    some = f" {country} has {', '.join(zones)}." if zones else ""
    raise NewShopRefused(f"Name the shop's time zone with --timezone.{some}")


@cache
def _zones() -> dict[str, list[str]]:
    """The time zones of each country, the most populous first; of those whose clocks agree all
    year one stands for all."""
    table = importlib.resources.files("tzdata.zoneinfo").joinpath("zone.tab")
    found: dict[str, dict[tuple[timedelta | None, ...], str]] = {}
    for line in table.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, zone, *_ = line.split("\t")
            found.setdefault(country, {}).setdefault(_clock(zone), zone)
    return {country: list(zones.values()) for country, zones in found.items()}


def _clock(zone: str) -> tuple[timedelta | None, ...]:
    year = datetime.now(UTC).year
    return tuple(ZoneInfo(zone).utcoffset(datetime(year, month, 15)) for month in (1, 7))
